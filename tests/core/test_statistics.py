import pytest
from django.db import connection

from core import jobs, statistics

pytestmark = pytest.mark.django_db


def test_the_database_counts_its_rows(organisation) -> None:
    statistics.refresh()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT count(*) FROM sqlite_stat1")
        else:
            cursor.execute("SELECT count(*) FROM pg_class WHERE reltuples > 0")
        assert cursor.fetchone()[0] > 0


def test_it_is_a_job() -> None:
    assert "core.statistics" in jobs.run_due(everything=True)
