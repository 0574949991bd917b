"""The number of the public content."""

import pytest
from django.db import IntegrityError, transaction

from core import revision
from core.models import Revision


def test_every_change_has_a_number_of_its_own(db):
    assert revision.current() == 0
    seen = set()
    for _ in range(20):
        revision.bump()
        seen.add(revision.current())
    assert len(seen) == 20
    assert Revision.objects.count() == 1


def test_asking_costs_one_query(db, django_assert_num_queries):
    revision.bump()
    with django_assert_num_queries(1):
        revision.current()


def test_a_change_that_is_taken_back_changes_nothing(db):
    revision.bump()
    before = revision.current()
    with transaction.atomic():
        revision.bump()
        assert revision.current() != before
        transaction.set_rollback(True)
    assert revision.current() == before


def test_there_is_one_row(db):
    with pytest.raises(IntegrityError):
        Revision.objects.create(pk=2, number=1)
