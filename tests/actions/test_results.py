"""What came of an action: written by its lead, asked for once, read by everybody in the record."""

import datetime
import io

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from actions.models import ActionImage, ActionResult, JointAction
from actions.services import record, results
from core.errors import Conflict
from core.models import OutboxMessage
from tests.factories import (
    make_joint_action,
    make_organisation,
    make_representative,
    make_upload,
    make_user,
)

SAID = {"visitors": "230", "summary": "Es war schön.", "worked": "Der Bus", "to_improve": "Suppe"}


@pytest.fixture
def partner(db):
    return make_organisation(name="Partner e. V.", manager=make_user(email="partner@example.org"))


@pytest.fixture
def done(organisation, manager, partner) -> JointAction:
    return make_joint_action(lead=organisation, partners=[partner], state="done", slug="fest")


@pytest.fixture
def page(done) -> str:
    return reverse("actions:result", args=[done.slug])


def write(client, page, **values):
    return client.post(page, {"seen_version": "0"} | values)


# --- Writing --------------------------------------------------------------------------------------
def test_the_lead_writes_it_and_everybody_reads_the_public_half(client_for, done, manager, page):
    response = write(client_for(manager), page, **SAID)
    assert response.status_code == 302
    result = ActionResult.objects.get()
    assert (result.visitors, result.version, result.by) == (230, 1, manager)
    assert result.history.get().history_change_reason == "Ergebnis eingetragen"

    html = client_for(None).get(done.get_absolute_url()).content.decode()
    assert "230 Menschen waren da" in html
    assert "Es war schön." in html
    assert "Der Bus" not in html
    assert "Suppe" not in html


def test_a_partner_reads_all_of_it_and_writes_nothing(client_for, done, manager, partner, page):
    write(client_for(manager), page, **SAID)
    client = client_for(partner.representatives.get().user)
    html = client.get(page).content.decode()
    for words in ("230", "Es war schön.", "Der Bus", "Suppe"):
        assert words in html
    assert "Ergebnis speichern" not in html
    assert write(client, page, visitors="1").status_code == 404
    assert ActionResult.objects.get().visitors == 230


def test_one_that_is_over_is_done_by_that(client_for, organisation, manager):
    over = timezone.now() - datetime.timedelta(hours=2)
    action = make_joint_action(
        lead=organisation,
        state="confirmed",
        dates=[(over - datetime.timedelta(hours=2), over)],
    )
    write(client_for(manager), reverse("actions:result", args=[action.slug]), visitors="0")
    action.refresh_from_db()
    assert action.state == "done"
    assert action.result.visitors == 0


@pytest.mark.parametrize("state", ["planning", "confirmed", "cancelled"])
def test_before_it_is_over_there_is_nothing_to_say(client_for, organisation, manager, state):
    action = make_joint_action(lead=organisation, state=state)
    page = reverse("actions:result", args=[action.slug])
    client = client_for(manager)
    assert "Ergebnis speichern" not in client.get(page).content.decode()
    assert write(client, page, visitors="5").status_code == 200
    assert not ActionResult.objects.exists()
    assert client.get(reverse("actions:result_photo", args=[action.slug])).status_code == 404


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"visitors": "viele"}, "Bitte schreiben Sie eine Zahl, zum Beispiel 120."),
        ({"visitors": "-3"}, "Bitte schreiben Sie eine Zahl, zum Beispiel 120."),
        ({"visitors": "9" * 30}, "nicht im ganzen Landkreis"),
        ({"summary": "x" * 100_000}, "höchstens 2000 Zeichen"),
        ({}, "wenigstens, wie viele Menschen"),
    ],
)
def test_bad_input_is_told_and_kept(client_for, done, manager, page, values, message):
    typed = values | {"worked": "Das hier bleibt stehen."} if values else {}
    html = write(client_for(manager), page, **typed).content.decode()
    assert message in html
    assert not typed or "Das hier bleibt stehen." in html
    assert not ActionResult.objects.exists()


def test_two_who_write_at_once_lose_nothing(client_for, done, manager, officer, page):
    write(client_for(officer), page, visitors="200", worked="Das Wetter")
    client = client_for(manager)
    html = write(client, page, visitors="230", to_improve="Mehr Bänke").content.decode()
    assert "Inzwischen geändert von" in html
    assert "200" in html
    assert 'value="230"' in html
    assert "Mehr Bänke" in html
    assert ActionResult.objects.get().visitors == 200

    answer = {"visitors": "230", "to_improve": "Mehr Bänke", "worked": "Das Wetter"}
    write(client, page, seen_version="1", **answer, **{"take-visitors": "theirs"})
    result = ActionResult.objects.get()
    # What the other one alone has written is still there.
    assert (result.visitors, result.worked, result.to_improve, result.version) == (
        200,
        "Das Wetter",
        "Mehr Bänke",
        2,
    )


def test_what_only_one_has_touched_is_no_conflict(done, manager, officer):
    first = {"visitors": 200, "summary": "", "worked": "", "to_improve": ""}
    results.save(action=done, values=first, seen_version=0, by=officer)
    results.save(
        action=done, values=first | {"visitors": None, "worked": "x"}, seen_version=0, by=manager
    )
    assert ActionResult.objects.get().visitors == 200
    with pytest.raises(Conflict) as conflict:
        results.save(action=done, values={"worked": "y"}, seen_version=1, by=officer)
    assert conflict.value.theirs == {"worked": "x"}


def test_an_ended_session_keeps_what_was_typed(client_for, done, manager, page):
    client = client_for(None)
    assert write(client, page, **SAID).status_code == 302
    client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Der Bus" in client.get(page).content.decode()


# --- Photos ---------------------------------------------------------------------------------------
def test_a_photo_is_kept_while_something_is_missing_and_then_public(client_for, done, manager):
    client = client_for(manager)
    add = reverse("actions:result_photo", args=[done.slug])
    html = client.post(add, {"file": make_upload(), "credit": "Mina"}).content.decode()
    image = ActionImage.objects.get()
    assert image.pending
    assert str(image.pk) in html

    said = {"alt_text": "Ein langer Tisch", "credit": "Mina", "has_consent": "on"}
    client.post(add, said | {"pending": str(image.pk)})
    image.refresh_from_db()
    assert (image.pending, image.kind) == (False, "result")

    visitor = client_for(None)
    html = visitor.get(done.get_absolute_url()).content.decode()
    assert 'alt="Ein langer Tisch"' in html
    address = reverse("actions_image", args=[image.pk, "mittel"])
    response = visitor.get(address)
    assert Image.open(io.BytesIO(response.content)).format == "WEBP"

    page = reverse("actions:result", args=[done.slug])
    client.post(page, {"remove": str(image.pk)})
    client.post(page, {"remove": str(image.pk)})
    assert not ActionImage.objects.exists()
    assert visitor.get(address).status_code == 404


# --- Asking for it --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days", "asked"), [(2, False), (4, True), (40, True), (61, False)], ids=lambda one: str(one)
)
def test_the_lead_is_asked_once_some_days_after(organisation, manager, editor, days, asked):
    end = timezone.now() - datetime.timedelta(days=days)
    make_joint_action(
        lead=organisation,
        state="confirmed",
        title="Sommerfest",
        dates=[(end - datetime.timedelta(days=9), end), (end, end + datetime.timedelta(minutes=1))],
    )
    for _twice in range(2):
        results.remind_due()
    mails = OutboxMessage.objects.filter(mail="actions/result_due").order_by("to")
    wanted = [manager.email, editor.email] if asked else []
    assert [mail.to for mail in mails] == wanted
    for mail in mails:
        assert mail.subject == "Wie war „Sommerfest“?"
        assert "/ergebnis/" in mail.text_body


def test_nobody_is_asked_who_has_answered_or_does_not_take_part(
    organisation, manager, partner, officer, outsider
):
    days = datetime.timedelta(days=5)
    ended = timezone.now() - days
    dates = [(ended - days, ended)]
    answered = make_joint_action(lead=organisation, state="done", dates=dates)
    with transaction.atomic():
        results.save(action=answered, values={"visitors": 3}, seen_version=0, by=manager)
    make_joint_action(lead=organisation, state="cancelled", dates=dates)
    make_joint_action(lead=organisation, state="planning", dates=dates)
    paused = make_organisation(state="paused", manager=outsider)
    silent = make_joint_action(lead=paused, partners=[partner], state="done", dates=dates)
    results.remind_due()
    assert not OutboxMessage.objects.exists()
    assert list(results.without()) == [silent]


# --- The record -----------------------------------------------------------------------------------
def year_of(year: int) -> list[tuple[datetime.datetime, datetime.datetime]]:
    begins = timezone.make_aware(datetime.datetime(year, 9, 25, 15))
    return [(begins, begins + datetime.timedelta(hours=3))]


@pytest.fixture
def years(organisation, partner, officer):
    """Two actions in one year, one counted; one in the year before; one that did not take place."""
    found = {}
    for name, year, visitors in (("Fest", 2025, 120), ("Lesung", 2025, None), ("Tanz", 2024, 80)):
        action = make_joint_action(
            lead=organisation, partners=[partner], title=name, state="done", dates=year_of(year)
        )
        if visitors:
            ActionResult.objects.create(action=action, visitors=visitors, summary="So war es.")
        found[name] = action
    cancelled = {"state": "cancelled", "published_at": timezone.now()}
    make_joint_action(lead=organisation, title="Abgesagt", dates=year_of(2025), **cancelled)
    make_joint_action(lead=organisation, title="Geplant", dates=year_of(2025))
    return found


def test_the_record_adds_up_what_took_place(client, years):
    rows = record.of(client.get("/de/").wsgi_request.user)
    assert record.by_year(rows) == {
        2025: record.Sums(actions=2, organisations=2, visitors=120, uncounted=1),
        2024: record.Sums(actions=1, organisations=2, visitors=80, uncounted=0),
    }
    assert record.total(record.by_year(rows).values(), rows).organisations == 2
    html = client.get(reverse("actions:record")).content.decode()
    for words in ("Fest", "Lesung", "Tanz", "120", "80", "200", "Partner e. V.", "Bei 1 Aktion"):
        assert words in html
    assert "Abgesagt" not in html
    assert "Geplant" not in html


def test_one_year_of_the_record(client, years):
    page = reverse("actions:record")
    html = client.get(page, {"jahr": "2024"}).content.decode()
    assert "Tanz" in html
    assert "Lesung" not in html
    for nonsense in ("1999", "x", ""):
        assert client.get(page, {"jahr": nonsense}).status_code == 302


def test_who_has_left_is_counted_but_not_named(client_for, years, partner, manager, officer):
    partner.state = "paused"
    partner.save()
    page = reverse("actions:record")
    html = client_for(None).get(page).content.decode()
    assert "Partner e. V." not in html
    assert record.by_year(record.of(officer))[2025].organisations == 2


def test_what_nobody_active_took_part_in_is_in_the_record_of_those_who_did(
    client_for, officer, outsider, manager
):
    gone = make_organisation(state="paused", manager=outsider)
    make_joint_action(lead=gone, title="Von früher", state="done", dates=year_of(2024))
    page = reverse("actions:record")
    for user, sees in ((None, False), (manager, False), (outsider, True), (officer, True)):
        html = client_for(user).get(page).content.decode()
        assert ("Von früher" in html) is sees, user


@pytest.mark.parametrize("number", [1, 30])
def test_the_record_takes_a_fixed_number_of_queries(
    client_for, outsider, organisation, number, django_assert_max_num_queries
):
    for _each in range(number):
        make_joint_action(lead=organisation, state="done", dates=year_of(2024))
    client = client_for(outsider)
    client.get(reverse("actions:record"))
    with django_assert_max_num_queries(14):
        client.get(reverse("actions:record"))


def test_a_representative_of_two_is_asked_once(organisation, manager, partner):
    make_representative(user=manager, organisation=partner)
    end = timezone.now() - datetime.timedelta(days=4)
    make_joint_action(
        lead=organisation,
        partners=[partner],
        state="done",
        dates=[(end - datetime.timedelta(hours=1), end)],
    )
    results.remind_due()
    assert [mail.to for mail in OutboxMessage.objects.all()] == [manager.email]
