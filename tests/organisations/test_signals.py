"""The content's revision moves on with what visitors could see, and with nothing else."""

from collections.abc import Callable

import pytest

from core import revision
from organisations.models import Organisation
from tests.factories import (
    make_contact,
    make_former_slug,
    make_image,
    make_language,
    make_organisation,
    make_postal_code,
    make_topic,
)

pytestmark = pytest.mark.django_db


def moves(change: Callable[[], object]) -> bool:
    before = revision.current()
    change()
    return revision.current() != before


@pytest.mark.parametrize(
    "change",
    [
        lambda organisation: organisation.save(),
        lambda organisation: organisation.topics.add(make_topic()),
        lambda organisation: organisation.languages.clear(),
        lambda organisation: make_contact(organisation=organisation).delete(),
        lambda organisation: make_image(organisation=organisation),
        lambda organisation: make_former_slug(slug="alt", organisation=organisation),
        lambda organisation: (organisation.representatives.all().delete(), organisation.delete()),
    ],
)
def test_changes_of_a_public_organisation_count(organisation: Organisation, change) -> None:
    assert moves(lambda: change(organisation))


@pytest.mark.parametrize(
    "change",
    [
        lambda organisation: organisation.save(),
        lambda organisation: organisation.topics.clear(),
        lambda organisation: make_contact(organisation=organisation),
        lambda organisation: make_image(organisation=organisation),
    ],
)
def test_changes_of_a_draft_do_not(change) -> None:
    draft = make_organisation(state="draft")
    assert not moves(lambda: change(draft))


def test_leaving_and_entering_the_public_counts(organisation: Organisation) -> None:
    for state in ("paused", "active", "archived"):
        organisation.state = state
        assert moves(organisation.save), state


def test_what_many_organisations_share_counts() -> None:
    assert moves(make_topic)
    assert moves(make_language)
    assert moves(make_postal_code)
    topic = make_topic()
    assert moves(lambda: topic.organisations.add(make_organisation(state="draft")))
