import re
from io import StringIO

import pytest
from django.core.management import call_command

from tests.source import APPS, files, read


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


@pytest.mark.parametrize("app", APPS)
def test_migrations_have_names(app):
    unnamed = [p.name for p in files(".py", under=f"{app}/migrations") if "_auto_" in p.name]
    assert unnamed == []


@pytest.mark.parametrize("app", APPS)
def test_migrations_that_move_data_can_be_taken_back(app):
    for path in files(".py", under=f"{app}/migrations"):
        for call in re.findall(r"RunPython\(([^)]*)\)", read(path)):
            assert "," in call or "reverse_code" in call, f"{path}: RunPython without its reverse"
