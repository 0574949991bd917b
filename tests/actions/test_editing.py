"""Writing down what an action is: nothing typed is lost, and two people get along."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from actions.models import ActionDate
from actions.services import details, joint_actions
from core.errors import Conflict, Refused
from tests import factories as make


@pytest.fixture
def action(organisation):
    return make.make_joint_action(lead=organisation, title="Fest am Fluss", slug="fest-am-fluss")


@pytest.fixture
def partner(action):
    other = make.make_organisation(name="Club Italia")
    make.make_participation(action=action, organisation=other)
    user = make.make_user(email="club@example.org", name="Carla Club")
    return make.make_representative(organisation=other, user=user).user


def page(action, section: str = "was") -> str:
    if section == "was":
        return reverse("actions:edit", args=[action.slug])
    return reverse("actions:section", args=[action.slug, section])


def filled(client, address: str) -> dict:
    """Return what a browser would send of the form as it is shown."""
    form = client.get(address).context["form"]
    found = {}
    for field in form:
        value = field.value()
        if value is True:
            found[field.html_name] = "on"
        elif value not in (None, False):
            found[field.html_name] = value
    return found


# --- Texts ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("section", "typed", "field", "stored"),
    [
        ("was", {"summary": "Kurz und gut."}, "summary", "Kurz und gut."),
        ("was", {"category": "food"}, "category", "food"),
        ("ort", {"place": "Rathaus", "accessibility": "yes"}, "accessibility", "yes"),
        ("eintritt", {"link": "www.example.org/fest"}, "link", "https://www.example.org/fest"),
        ("eintritt", {"takes_registrations": "on", "capacity": "40"}, "capacity", 40),
        ("kontakt", {"contact_phone": "07222/3814325"}, "contact_phone", "07222 381-4325"),
    ],
)
def test_each_topic_is_saved_on_its_own_page(
    action, editor, client_for, section, typed, field, stored
):
    client = client_for(editor)
    answer = client.post(page(action, section), filled(client, page(action, section)) | typed)
    assert answer.url == reverse("actions:manage", args=[action.slug])
    before = action.title, action.description, action.contact_name
    action.refresh_from_db()
    assert getattr(action, field) == stored
    assert (action.title, action.description, action.contact_name) == before
    assert action.history.latest().history_change_reason.startswith("Geändert: ")
    assert action.search_text


@pytest.mark.parametrize(
    ("section", "typed", "message"),
    [
        ("was", {"title": "  "}, "Bitte geben Sie der Aktion einen Titel."),
        ("was", {"description": "lang " * 20_000}, "5000"),
        ("eintritt", {"link": "javascript:alert(1)"}, "Bitte geben Sie eine Internetadresse ein"),
        ("eintritt", {"capacity": "0"}, "1"),
        ("eintritt", {"registration_until": "0001-01-01T00:00"}, "Dieses Jahr kennt"),
        ("kontakt", {"contact_email": "fest@"}, "Bitte prüfen Sie die E-Mail-Adresse."),
    ],
)
def test_bad_input_gets_words_and_stays_in_the_form(
    action, editor, client_for, section, typed, message
):
    client = client_for(editor)
    answer = client.post(page(action, section), filled(client, page(action, section)) | typed)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert message in text
    assert all(str(value).strip()[:1000] in text for value in typed.values())
    version = action.version
    action.refresh_from_db()
    assert action.version == version


def test_what_has_not_come_from_the_form_empties_nothing(action, editor, client_for):
    client = client_for(editor)
    answer = client.post(page(action, "ort"), {})
    assert "senden Sie sie noch einmal" in answer.content.decode()
    action.refresh_from_db()
    assert action.place == "Gemeindehaus"
    assert answer.context["form"]["seen_version"].value() == str(action.version)


def test_texts_in_further_languages(action, editor, client_for):
    make.make_language(name="Türkisch", code="tr", endonym="Türkçe")
    client, address = client_for(editor), page(action, "sprachen")
    shown = client.post(address, {"add": "1", "add_language": "tr"})
    data = filled(client, address) | {
        "translation_tr_title": "Nehir festivali",
        "translation_tr_summary": "Hep birlikte.",
    }
    assert "translation_tr_title" in shown.content.decode()
    client.post(address, data)
    action.refresh_from_db()
    assert action.translations == {"tr": {"title": "Nehir festivali", "summary": "Hep birlikte."}}
    assert "nehir" in action.search_text


def test_an_ended_session_loses_nothing(action, editor, client_for):
    typed = {"title": "Fest am Ufer", "description": "Mit Musik."}
    visitor = client_for(None)
    answer = visitor.post(page(action), typed)
    assert answer.status_code == 302
    visitor.force_login(editor, backend="allauth.account.auth_backends.AuthenticationBackend")
    text = visitor.get(page(action)).content.decode()
    assert "Fest am Ufer" in text
    assert "Mit Musik." in text


# --- Two people at once ---------------------------------------------------------------------------
def test_two_who_change_different_things_both_get_theirs(action, editor, partner, client_for):
    first, second = client_for(editor), client_for(partner)
    mine, theirs = filled(first, page(action)), filled(second, page(action))
    first.post(page(action), mine | {"title": "Fest am Ufer"})
    second.post(page(action), theirs | {"summary": "Alle kochen."})
    action.refresh_from_db()
    assert (action.title, action.summary) == ("Fest am Ufer", "Alle kochen.")


@pytest.mark.parametrize("take", ["mine", "theirs"])
def test_two_who_change_the_same_see_both_texts_and_choose(
    action, editor, partner, client_for, take
):
    first, second = client_for(editor), client_for(partner)
    mine, theirs = filled(first, page(action)), filled(second, page(action))
    second.post(page(action), theirs | {"title": "Fest der Carla"})
    answer = first.post(page(action), mine | {"title": "Fest am Ufer", "summary": "Neu."})
    text = answer.content.decode()
    for said in ("Inzwischen geändert von Carla Club", "Fest der Carla", "Fest am Ufer", "Neu."):
        assert said in text
    again = mine | {"title": "Fest am Ufer", "summary": "Neu.", "take-title": take}
    again["seen_version"] = answer.context["form"]["seen_version"].value()
    first.post(page(action), again)
    action.refresh_from_db()
    title = "Fest am Ufer" if take == "mine" else "Fest der Carla"
    assert (action.title, action.summary) == (title, "Neu.")


# --- Dates ----------------------------------------------------------------------------------------
def sent(*rows: dict, **more) -> dict:
    """Return a form of dates as a browser sends it; each row by the names of its fields."""
    data = {"termin-TOTAL_FORMS": str(len(rows)), "termin-INITIAL_FORMS": "0"} | more
    for number, row in enumerate(rows):
        data |= {f"termin-{number}-{name}": value for name, value in row.items()}
    return data


def row(day: str, begin: str, end: str, **more) -> dict:
    return {"day": day, "begin": begin, "end": end} | more


def stored(action) -> list[tuple[str, str]]:
    found = []
    for date in action.dates.all():
        begin, end = (timezone.localtime(at) for at in (date.starts_at, date.ends_at))
        found.append((f"{begin:%Y-%m-%d %H:%M %z}", f"{end:%Y-%m-%d %H:%M %z}"))
    return found


@pytest.fixture
def undated(organisation):
    return make.make_joint_action(lead=organisation, slug="ohne-termin", dates=[])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [row("2027-09-25", "20:00", "01:30")],  # over midnight, without saying so
            [("2027-09-25 20:00 +0200", "2027-09-26 01:30 +0200")],
        ),
        (
            [row("2027-09-25", "10:00", "18:00", end_day="2027-10-03")],
            [("2027-09-25 10:00 +0200", "2027-10-03 18:00 +0200")],
        ),
        (
            [row("2027-09-25", "15:00", "16:00"), row("2027-09-25", "10:00", "11:00")],
            [
                ("2027-09-25 10:00 +0200", "2027-09-25 11:00 +0200"),
                ("2027-09-25 15:00 +0200", "2027-09-25 16:00 +0200"),
            ],
        ),
        (
            [row("2027-10-30", "20:00", "04:00")],  # the night in which summer time ends
            [("2027-10-30 20:00 +0200", "2027-10-31 04:00 +0100")],
        ),
    ],
)
def test_dates_of_all_kinds(undated, editor, client_for, rows, expected):
    client, address = client_for(editor), reverse("actions:dates", args=[undated.slug])
    answer = client.post(address, sent(*rows))
    if answer.status_code == 200:  # what looks like a mistake is asked about first
        key = answer.context["form"].confirm_key
        assert "Stimmt das so?" in answer.content.decode()
        assert not undated.dates.exists()
        client.post(address, sent(*rows, confirmed=key))
    assert stored(undated) == expected


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("2027-09-25", "18:00", "15:00")], "Das Ende liegt vor dem Beginn."),
        ([row("2027-09-25", "18:00", "")], "Bitte geben Sie an, wann es endet."),
        ([row("", "", "", note="Nur Kinder")], "Bitte wählen Sie einen Tag."),
        ([row("2027-03-28", "02:30", "04:00")], "Diese Uhrzeit gibt es an diesem Tag nicht"),
        ([row("9999-12-31", "20:00", "01:00")], "kennt der Kalender nicht"),
        ([row("2027-09-25", "10:00", "11:00")] * 2, "Zwei Termine haben dieselbe Zeit."),
        (
            [row(f"2027-09-{day:02}", f"{hour}:00", f"{hour}:30")
             for day in range(1, 21) for hour in range(10, 20)],
            "Das sind 200 Termine. Höchstens 60 gehen.",
        ),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_get_words_and_stay_in_the_form(
    undated, editor, client_for, rows, message
):
    client = client_for(editor)
    answer = client.post(reverse("actions:dates", args=[undated.slug]), sent(*rows))
    text = answer.content.decode()
    assert message in text
    assert text.count('value="2027-09-') >= sum("2027-09" in one["day"] for one in rows)
    assert not undated.dates.exists()


def test_one_more_date_keeps_what_was_typed_without_a_script(undated, editor, client_for):
    client, address = client_for(editor), reverse("actions:dates", args=[undated.slug])
    answer = client.post(address, sent(row("2027-09-25", "18:00", "15:00", note="Probe"), add="1"))
    forms = answer.context["form"].forms
    assert len(forms) == 2
    assert (forms[0]["note"].value(), forms[1]["begin"].value()) == ("Probe", "18:00")
    assert not answer.context["form"].errors[0]
    # The row that was not filled in is none.
    later = timezone.localdate() + datetime.timedelta(days=40)
    client.post(address, sent(row(str(later), "10:00", "11:00"), {"begin": "10:00"}))
    assert undated.dates.count() == 1


def test_days_outside_the_campaign_are_asked_about_and_allowed(organisation, editor, client_for):
    today = timezone.localdate()
    week = datetime.timedelta(days=7)
    campaign = make.make_campaign(
        year=today.year, starts_on=today + week, ends_on=today + 2 * week, entries_until=None
    )
    action = make.make_joint_action(lead=organisation, campaign=campaign, dates=[])
    client, address = client_for(editor), reverse("actions:dates", args=[action.slug])
    data = row(str(today + 4 * week), "10:00", "11:00")
    answer = client.post(address, sent(data))
    assert "liegt nicht in den Tagen von" in answer.content.decode()
    client.post(address, sent(data, confirmed=answer.context["form"].confirm_key))
    assert action.dates.count() == 1


def shifted(date: details.Date, hours: int) -> details.Date:
    step = datetime.timedelta(hours=hours)
    return date._replace(starts_at=date.starts_at + step, ends_at=date.ends_at + step)


def change(action, version: int, by, *dates):
    return joint_actions.change(
        action=action, values={"dates": list(dates)}, seen_version=version, by=by
    )


def test_two_at_the_dates_meet_only_where_they_move_the_same(action, editor, partner):
    [date] = details.dates_of(action)
    version = change(action, action.version, editor, shifted(date, 1)).version
    [date] = details.dates_of(action)
    new = shifted(date, 48)._replace(pk=None)
    row = change(action, version, partner, shifted(date, 1), new)
    # Another one adds a third, having seen one date only: the second stays.
    third = shifted(date, 96)._replace(pk=None)
    row = change(action, version, editor, date, third)
    assert row.dates.count() == 3
    with pytest.raises(Conflict) as caught:
        change(action, version, editor, shifted(date, 5))
    assert [one.said for one in caught.value.theirs["dates"]] == [
        one.said for one in details.dates_of(row)
    ]
    # The same form sent once more adds nothing.
    assert change(action, version, editor, date, third).dates.count() == 3


def test_dates_keep_their_identity_and_may_change_places(action, editor):
    [first] = details.dates_of(action)
    row = change(action, action.version, editor, first, shifted(first, 48)._replace(pk=None))
    uids = dict(row.dates.values_list("pk", "uid"))
    one, other = details.dates_of(row)
    swapped = one._replace(starts_at=other.starts_at, ends_at=other.ends_at)
    back = other._replace(starts_at=one.starts_at, ends_at=one.ends_at)
    sequence = row.sequence
    row = change(row, row.version, editor, swapped, back)
    assert dict(row.dates.values_list("pk", "uid")) == uids
    assert row.dates.get(pk=one.pk).starts_at == other.starts_at
    assert row.sequence == sequence + 1


def test_a_date_people_have_registered_for_is_moved_but_not_lost(action, editor):
    [date] = details.dates_of(action)
    other = shifted(date, 48)._replace(pk=None)
    row = change(action, action.version, editor, date, other)
    registration = make.make_registration(date=ActionDate.objects.get(pk=date.pk), people=3)
    second = row.dates.exclude(pk=date.pk).get()
    make.make_registration(date=second, state="cancelled")
    with pytest.raises(Refused, match="schon Anmeldungen"):
        change(row, row.version, editor, details.Date(second.pk, second.starts_at, second.ends_at))
    row = change(row, row.version, editor, shifted(date, 2))
    assert [one.pk for one in row.dates.all()] == [date.pk]
    registration.refresh_from_db()
    with pytest.raises(Refused, match="3 Personen"):
        joint_actions.change(
            action=row, values={"capacity": 2}, seen_version=row.version, by=editor
        )


def test_a_public_action_keeps_what_the_public_needs(action, editor, officer):
    joint_actions.confirm(action=action, by=officer)
    for values in ({"summary": ""}, {"dates": []}, {"place": "", "address": ""}):
        with pytest.raises(Refused, match="fehl"):
            joint_actions.change(
                action=action, values=values, seen_version=action.version, by=editor
            )
