"""Any organisation survives export and import unchanged, through all that an import does."""

import tempfile
import uuid
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from core import background, spreadsheets
from core.errors import Refused
from core.models import BackgroundTask
from organisations import columns
from organisations.models import (
    ImportMapping,
    ImportRow,
    ImportRun,
    Organisation,
)
from organisations.services.imports import applying, checking, mapping
from tests.database import rows_of_all_tables
from tests.factories import make_municipality, make_organisation, make_user
from tests.organisations.drawing import World

State = Organisation.State
WRITERS = {"xlsx": spreadsheets.write_xlsx, "csv": spreadsheets.write_csv}
# What a run may write before anybody takes it over.
OF_THE_RUN = {BackgroundTask, ImportMapping, ImportRow, ImportRun}


def exported(ending: str) -> spreadsheets.Sheet:
    """Write all organisations into a file and read it as an upload is read."""
    with tempfile.TemporaryFile() as file:
        WRITERS[ending](file, *columns.export(Organisation.objects.all(), people=True))
        file.seek(0)
        return spreadsheets.read(ContentFile(file.read(), name=f"export.{ending}"))


def checked(sheet: spreadsheets.Sheet, *, by: User, **options: Any) -> ImportRun:
    """Bring a file in as somebody does who changes nothing about what is suggested."""
    run = mapping.begin(sheet=sheet, file_name="export", by=by, creation_key=uuid.uuid4())
    guess = mapping.guess(run)
    assert guess.preset == ImportRun.Preset.EXPORT
    mapping.choose(
        run=run,
        preset=guess.preset,
        mapping=guess.mapping,
        default_municipality=None,
        default_kind=run.default_kind,
        new_state=run.new_state,
        **options,
    )
    checking.start_check(run=run, by=by)
    background.run_due()
    run.refresh_from_db()
    assert run.state == ImportRun.State.CHECKED, run.failure
    return run


def nothing_changes(run: ImportRun) -> None:
    found = run.rows.values_list("outcome", "decision", "problems", "matches")
    for outcome, decision, problems, matches in found:
        assert (outcome, decision) == ("unchanged", "skip"), (problems, matches)
    with pytest.raises(Refused):
        applying.start_apply(run=run, by=run.by)
    assert background.run_due() == {}


@pytest.mark.django_db
@pytest.mark.parametrize("clears_empty", [False, True], ids=["", "empty cells empty"])
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_organisation_survives_export_and_import(ending, clears_empty, data):
    with transaction.atomic():
        world = World()
        for _number in range(data.draw(st.integers(1, 3))):
            state = data.draw(st.sampled_from(State.values))
            fields = {"state": state}
            if state != State.DRAFT:
                fields["municipality"] = data.draw(st.sampled_from(world.terms["active_in"]))
            world.draw(data, **fields)
        by = make_user()
        before = rows_of_all_tables(besides=OF_THE_RUN)
        run = checked(exported(ending), by=by, clears_empty=clears_empty)
        assert run.rows.count() == Organisation.objects.count()
        nothing_changes(run)
        assert rows_of_all_tables(besides=OF_THE_RUN) == before
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_namesakes_and_what_is_no_longer_there_stay_as_they_are():
    """Two of one name in one town, one that was archived, one that became part of another."""
    by, town = make_user(), make_municipality(name="Musterstadt")
    kept, _namesake = (
        make_organisation(name="Chor", municipality=town, aims=aims) for aims in ("Alt", "Neu")
    )
    make_organisation(name="Vorbei", state="archived", municipality=town)
    make_organisation(
        name="Teil", state="archived", municipality=town, merged_into=kept, aims="Früher"
    )
    nothing_changes(checked(exported("xlsx"), by=by, clears_empty=False))
