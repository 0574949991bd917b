"""The number of the public content."""

import os
import time
from pathlib import Path

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


@pytest.mark.django_db(transaction=True)
def test_a_recent_number_is_asked_for_only_after_a_change(django_assert_num_queries):
    revision.bump()
    number = revision.recent()
    with django_assert_num_queries(0):
        assert revision.recent() == number
    revision.bump()
    assert revision.recent() == revision.current() != number


@pytest.mark.django_db(transaction=True)
def test_a_change_of_another_process_is_seen_with_the_next_request(settings):
    revision.bump()
    number = revision.recent()
    Revision.objects.update(number=number + 1)  # another process's transaction …
    assert revision.recent() == number
    os.utime(Path(settings.MEDIA_ROOT) / ".revision")  # … has been committed
    assert revision.recent() == number + 1


@pytest.mark.django_db(transaction=True)
def test_a_change_of_another_machine_is_seen_after_a_time(monkeypatch):
    monkeypatch.setattr(revision, "UNASKED", 0.05)
    revision.bump()
    number = revision.recent()
    Revision.objects.update(number=number + 1)
    assert revision.recent() == number
    time.sleep(revision.UNASKED)
    assert revision.recent() == number + 1


@pytest.mark.django_db(transaction=True)
def test_without_a_place_for_the_bell_a_change_is_seen_all_the_same(settings, tmp_path):
    file = tmp_path / "file"
    file.touch()
    settings.MEDIA_ROOT = file
    revision.bump()
    number = revision.recent()
    revision.bump()
    assert revision.recent() == revision.current() != number


def test_there_is_one_row(db):
    with pytest.raises(IntegrityError):
        Revision.objects.create(pk=2, number=1)
