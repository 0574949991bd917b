"""The day somebody was here last: noted once a day, and no more exactly than that."""

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import services
from accounts.models import User
from core import outbox
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


def test_a_mailbox_counts_as_lost_when_it_refuses_not_when_a_server_is_down(outsider, settings):
    """What the mail server says of an address is a return; a mail that failed otherwise is not."""
    for key, line in [("down", "451 4.3.0 Try again later"), ("gone", "550 5.1.1 No such mailbox")]:
        with transaction.atomic():
            mail = queue_mail(
                key=key, to=outsider.email, mail="", language="de", context={},
                subject_body=("Betreff", "Text"),
            )  # fmt: skip
        mail.tries = len(outbox.PAUSES) + 1
        mail.state, mail.sending_since = OutboxMessage.State.SENDING, timezone.now()
        mail.save()
        outbox._put_back(mail, outbox.Refusal(line, permanent=key == "gone"))
        mail.refresh_from_db()
        outsider.refresh_from_db()
        assert mail.state in {OutboxMessage.State.FAILED, OutboxMessage.State.RETURNED}
        assert (outsider.mail_failed_on is not None) == (key == "gone")
