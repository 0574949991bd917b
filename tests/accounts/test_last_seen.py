"""The day somebody was here last: noted once a day, and no more exactly than that."""

import datetime

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import services
from accounts.models import User
from core.mail import queue_mail
from core.models import OutboxMessage

pytestmark = pytest.mark.django_db
PAGE = "/de/konto/"


@pytest.fixture
def long_ago(outsider: User) -> User:
    User.objects.filter(pk=outsider.pk).update(
        last_seen_on="2025-01-01", mail_failed_on="2025-02-01"
    )
    outsider.refresh_from_db()
    return outsider


def test_a_page_opened_logged_in_counts_once_a_day(
    client_for, long_ago, django_assert_max_num_queries
):
    client = client_for(long_ago)
    client.get(PAGE)
    long_ago.refresh_from_db()
    assert (long_ago.last_seen_on, long_ago.mail_failed_on) == (timezone.localdate(), None)
    with django_assert_max_num_queries(30) as first:
        client.get(PAGE)
    assert not any("UPDATE" in query["sql"] for query in first.captured_queries)


def test_visitors_are_not_noted_and_pages_open_to_all_keep_no_cookie(client, network):
    response = client.get("/de/")
    assert "Cookie" not in response.headers.get("Vary", "")


def test_mails_that_come_back_are_noted_until_the_next_visit(outsider, client_for):
    with transaction.atomic():
        mail = queue_mail(
            key="x", to=outsider.email, mail="", language="de", context={},
            subject_body=("Betreff", "Text"),
        )  # fmt: skip
    services.mail_came_back(mail)
    outsider.refresh_from_db()
    assert outsider.mail_failed_on == timezone.localdate()
    client_for(outsider).get(PAGE)
    outsider.refresh_from_db()
    assert outsider.mail_failed_on is None


def test_mails_the_server_refused_count_unless_the_person_came_since(outsider, time_machine):
    day = datetime.timedelta(days=1)
    time_machine.move_to("2026-03-02 09:00Z", tick=False)
    with transaction.atomic():
        mail = queue_mail(
            key="x", to=outsider.email, mail="", language="de", context={},
            subject_body=("Betreff", "Text"),
        )  # fmt: skip
    OutboxMessage.objects.filter(pk=mail.pk).update(state=OutboxMessage.State.FAILED)
    seen = timezone.localdate()
    User.objects.filter(pk=outsider.pk).update(last_seen_on=seen)
    assert services.note_refused_mails() == 0
    User.objects.filter(pk=outsider.pk).update(last_seen_on=seen - day)
    assert services.note_refused_mails() == 1
    assert services.note_refused_mails() == 0
    outsider.refresh_from_db()
    assert outsider.mail_failed_on == seen
