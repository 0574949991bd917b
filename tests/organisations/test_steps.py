"""The steps: one topic a page, saved when sent, nothing typed is ever lost."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from phonenumber_field.phonenumber import PhoneNumber

from core.errors import Refused
from core.models import Revision
from organisations import questions
from organisations.forms.fields import PhoneField
from organisations.models import FormerSlug, Organisation
from organisations.services import editing, registration
from tests.factories import (
    make_complete_organisation,
    make_language,
    make_municipality,
    make_organisation,
    make_target_group,
    make_topic,
)

pytestmark = pytest.mark.django_db


def step_url(organisation, step) -> str:
    return reverse("organisations:step", args=[organisation.pk, step])


@pytest.fixture
def rastatt():
    return make_municipality(name="Rastatt", postal_codes=("76437",))


@pytest.fixture
def gaggenau():
    return make_municipality(name="Gaggenau", postal_codes=("76571",))


@pytest.fixture
def filled(manager, rastatt):
    """An active organisation with something in every field."""
    return make_complete_organisation(municipality=rastatt, manager=manager)


def form_data(page) -> dict:
    """Return what a browser would send back from a page that nobody typed into."""
    form, data = page.context["form"], {"seen_version": page.context["seen_version"]}
    for name in form.fields:
        value = form[name].value()
        if value not in (None, "", False):
            data[name] = "on" if value is True else value
    return data


# --- Every step -----------------------------------------------------------------------------------
@pytest.mark.parametrize("step", ["organisation", "ort", "taetigkeit", "kontakt"])
def test_sending_back_what_one_got_changes_nothing(client_for, manager, filled, step):
    client = client_for(manager)
    entries = filled.history.count()
    data = form_data(client.get(step_url(filled, step)))
    answer = client.post(step_url(filled, step), data)
    assert answer.status_code == 302, answer.context["form"].errors
    before, after = filled, Organisation.objects.get(pk=filled.pk)
    for field in set(questions.FIELDS) - set(questions.MANY):
        assert getattr(after, field) == getattr(before, field), field
    assert after.translations == {"tr": {"description": "Buradayız."}}
    assert after.version == 1
    assert filled.history.count() == entries


@pytest.mark.parametrize("step", registration.STEPS)
def test_every_step_has_its_place_and_a_way_back(client_for, manager, draft, step):
    text = client_for(manager).get(step_url(draft, step)).content.decode()
    number = list(registration.STEPS).index(step) + 1
    assert f"Schritt {number} von 6" in text
    assert str(registration.STEPS[step]) in text
    assert "Zurück" in text or "Zur Übersicht" in text


def test_an_unknown_step_does_not_exist(client_for, manager, draft):
    assert client_for(manager).get(f"/de/meine-organisationen/{draft.pk}/alles/").status_code == 404


@pytest.mark.parametrize("step", ["organisation", "ort", "taetigkeit", "kontakt", "logo"])
def test_rejected_ones_cannot_be_changed(client_for, manager, step):
    organisation = make_organisation(state="rejected", manager=manager)
    answer = client_for(manager).post(step_url(organisation, step), {"name": "Anders"})
    assert answer.url == reverse("organisations:tasks", args=[organisation.pk])
    with pytest.raises(Refused):
        editing.save(
            organisation=organisation, values={"name": "Anders"}, seen_version=1, by=manager
        )


def test_saved_steps_lead_on_later_or_back_to_the_summary(client_for, manager, draft):
    client = client_for(manager)
    data = {"name": "Erster Versuch", "kind": "initiative"}
    url = step_url(draft, "organisation")
    assert client.post(url, data).url == step_url(draft, "ort")
    assert client.post(url, data | {"later": "1"}).url == reverse(
        "organisations:tasks", args=[draft.pk]
    )
    assert client.post(f"{url}?zurueck=senden", data).url == step_url(draft, "senden")


def test_what_was_saved_on_one_device_goes_on_on_another(client_for, manager, draft):
    phone, laptop = client_for(manager), client_for(manager)
    phone.post(
        step_url(draft, "organisation"),
        {"name": "Begonnen am Telefon", "kind": "initiative", "later": "1"},
    )
    page = laptop.get(reverse("organisations:tasks", args=[draft.pk]))
    assert "Begonnen am Telefon" in page.content.decode()
    form = laptop.get(step_url(draft, "organisation")).context["form"]
    assert (form["name"].value(), form["kind"].value()) == ("Begonnen am Telefon", "initiative")


def test_an_editor_may_edit_and_the_history_says_who(client_for, editor, organisation):
    client_for(editor).post(
        step_url(organisation, "organisation"),
        {"name": organisation.name, "kind": "association", "short_name": "HdM"},
    )
    entry = organisation.history.first()
    assert (entry.history_user, entry.history_change_reason) == (editor, "Geändert: Kurzname")
    assert (entry.short_name, entry.version) == ("HdM", 2)


def test_an_edit_of_an_active_one_is_live_at_once(client_for, client, manager, filled):
    before = Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    data = form_data(client_for(manager).get(step_url(filled, "taetigkeit")))
    client_for(manager).post(
        step_url(filled, "taetigkeit"), data | {"description": "Wir tanzen jetzt."}
    )
    assert "Wir tanzen jetzt." in client.get(filled.get_absolute_url()).content.decode()
    assert Revision.objects.get(pk=1).number != before


def test_one_form_is_one_entry_in_the_history(manager, filled):
    entries = filled.history.count()
    editing.save(
        organisation=filled,
        values={"topics": [make_topic().pk, make_topic().pk], "languages": [], "aims": "Neu"},
        seen_version=1,
        by=manager,
    )
    assert filled.history.count() == entries + 1
    latest = filled.history.first()
    assert latest.topics.count() == 2
    assert latest.languages.count() == 0


@pytest.mark.parametrize(
    ("language", "told", "kept"),
    [
        ("de", "Sie waren nicht mehr angemeldet", "Ihre Eingaben sind noch da."),
        ("en", "You were no longer logged in", "Your entries are still here."),
        ("ar", "انتهى تسجيل دخولكم", "ما أدخلتموه ما زال هنا."),
    ],
)
def test_a_session_that_ended_loses_nothing(client, manager, draft, language, told, kept):
    with translation.override(language):
        url = step_url(draft, "ort")
    data = {"municipality": "", "street": "Gartenweg 3", "postal_code": "76437"}
    away = client.post(url, data)
    assert away.url.startswith(f"/{language}/anmelden/")
    assert told in client.get(away.url).text
    client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    text = client.get(url).content.decode()
    assert kept in text
    assert "Gartenweg 3" in text
    assert 'value="76437"' in text


def test_what_changed_during_the_log_in_is_noticed(client, manager, filled):
    """The form sent again after the log-in knows which version it was filled from."""
    url = step_url(filled, "organisation")
    data = {"name": filled.name, "kind": filled.kind, "short_name": "Fluss", "seen_version": "1"}
    client.post(url, data)
    editing.save(organisation=filled, values={"short_name": "Haus"}, seen_version=1, by=manager)
    client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(url)
    assert page.context["seen_version"] == 1
    page = client.post(url, data | {"seen_version": page.context["seen_version"]})
    assert [entry["theirs"] for entry in page.context["conflicts"]] == ["Haus"]


@pytest.mark.parametrize("step", ["organisation", "ort", "taetigkeit", "kontakt"])
def test_a_form_costs_the_same_however_much_there_is(
    client_for, manager, filled, step, django_assert_max_num_queries
):
    client = client_for(manager)
    client.get(step_url(filled, step))
    with django_assert_max_num_queries(20) as few:
        client.get(step_url(filled, step))
    filled.topics.add(*(make_topic() for _number in range(29)))
    filled.active_in.add(*(make_municipality() for _number in range(29)))
    filled.languages.add(*(make_language() for _number in range(29)))
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(step_url(filled, step))


# --- organisation ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Bitte geben Sie den Namen"),
        ("name", "x" * 10_000, "160"),
        ("name", "\u202e\u2066", "Bitte geben Sie den Namen"),
        ("short_name", "x" * 41, "40"),
        ("kind", "", "Bitte wählen Sie aus"),
        ("kind", "hexenzirkel", "hexenzirkel"),
        ("founding_year", "neunzehn", "vier Ziffern"),
        ("founding_year", "12", "vier Ziffern"),
        ("founding_year", "2999", "Zukunft"),
        ("founding_year", "9" * 400, ""),
        ("charitable", "vielleicht", "vielleicht"),
    ],
)
def test_organisation_refuses_and_keeps(client_for, manager, draft, field, value, message):
    data = {"name": "Neuer Name", "kind": "association", "legal_form": "e. V."} | {field: value}
    page = client_for(manager).post(step_url(draft, "organisation"), data)
    assert message in str(page.context["form"].errors[field])
    assert page.context["form"][field].value() == value
    assert page.context["form"]["legal_form"].value() == "e. V."
    assert f'href="#id_{field}' in page.content.decode()
    draft.refresh_from_db()
    assert (draft.name, draft.version) == ("Erster Versuch", 1)


def test_organisation_is_saved(client_for, manager, draft):
    client_for(manager).post(
        step_url(draft, "organisation"),
        {
            "name": "Zweiter\u202e Versuch",
            "kind": "foundation",
            "founding_year": "1998",
            "charitable": "no",
            "state": "active",
        },
    )
    draft.refresh_from_db()
    assert (draft.name, draft.kind, draft.founding_year, draft.charitable, draft.state) == (
        "Zweiter Versuch",
        "foundation",
        1998,
        False,
        "draft",
    )


def test_a_new_name_moves_a_public_page_and_the_old_address_stays_its_own(manager, filled):
    editing.save(organisation=filled, values={"name": "Haus am Meer"}, seen_version=1, by=manager)
    filled.refresh_from_db()
    assert filled.slug == "haus-am-meer"
    assert FormerSlug.objects.get().slug == "haus-am-fluss"
    # Back again: the address is its own, and the other one redirects now.
    editing.save(
        organisation=filled, values={"name": "Haus am Fluss e. V."}, seen_version=2, by=manager
    )
    filled.refresh_from_db()
    assert filled.slug == "haus-am-fluss"
    assert FormerSlug.objects.get().slug == "haus-am-meer"


def test_a_new_name_of_a_draft_leaves_no_address_behind(manager, draft):
    editing.save(organisation=draft, values={"name": "Ganz anders"}, seen_version=1, by=manager)
    draft.refresh_from_db()
    assert draft.slug == "ganz-anders"
    assert not FormerSlug.objects.exists()


# --- ort ------------------------------------------------------------------------------------------
def place(municipality, **changes):
    return {"municipality": municipality.pk, "accessibility": "partly"} | changes


def test_place_is_saved(client_for, manager, draft, rastatt, gaggenau):
    client_for(manager).post(
        step_url(draft, "ort"),
        place(
            rastatt,
            active_in=[gaggenau.pk],
            street="Hauptstraße 1",
            postal_code=" 764 37",
            address_public="on",
            opening_times="Freitag\r\n18 Uhr",
        ),
    )
    draft.refresh_from_db()
    assert (draft.municipality, draft.postal_code, draft.place) == (rastatt, "76437", "Rastatt")
    assert (draft.address_public, draft.accessibility) == (True, "partly")
    assert draft.opening_times == "Freitag\n18 Uhr"
    assert list(draft.active_in.all()) == [gaggenau]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("7643", "fünf Ziffern"),
        ("76437a", "fünf Ziffern"),
        ("７６４３", "fünf Ziffern"),
        ("70173", "liegt nicht im Landkreis"),
        ("0" * 13, "12"),
    ],
)
def test_postcodes_are_refused_with_a_way_on(client_for, manager, draft, rastatt, code, message):
    page = client_for(manager).post(
        step_url(draft, "ort"), place(rastatt, postal_code=code, street="Weg 1")
    )
    assert message in str(page.context["form"].errors["postal_code"])
    assert page.context["form"]["postal_code"].value() == code
    assert page.context["form"]["street"].value() == "Weg 1"
    draft.refresh_from_db()
    assert draft.postal_code == ""


def test_a_postcode_of_the_neighbours_counts_as_outside(client_for, manager, draft, rastatt):
    make_municipality(name="Baden-Baden", postal_codes=("76530",), in_county=False)
    page = client_for(manager).post(step_url(draft, "ort"), place(rastatt, postal_code="76530"))
    assert "liegt nicht im Landkreis" in str(page.context["form"].errors["postal_code"])


def test_postcode_and_municipality_that_do_not_fit_are_asked_about(
    client_for, manager, draft, rastatt, gaggenau
):
    client, url = client_for(manager), step_url(draft, "ort")
    data = place(gaggenau, postal_code="76437")
    page = client.post(url, data)
    assert "gehört zu Rastatt" in str(page.context["form"].errors["postal_code"])
    assert 'name="confirm_postal_code"' in page.content.decode()
    assert client.post(url, data | {"confirm_postal_code": "on"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.municipality, draft.postal_code) == (gaggenau, "76437")


def test_a_partner_may_lie_outside_after_confirming(client_for, manager, rastatt):
    partner = make_organisation(state="draft", kind="partner", manager=manager)
    client, url = client_for(manager), step_url(partner, "ort")
    data = place(rastatt, postal_code="70173", place="Stuttgart")
    assert "bestätigen" in str(client.post(url, data).context["form"].errors["postal_code"])
    assert client.post(url, data | {"confirm_postal_code": "on"}).status_code == 302
    partner.refresh_from_db()
    assert (partner.postal_code, partner.place) == ("70173", "Stuttgart")


def test_without_loaded_postcodes_every_one_goes(client_for, manager, draft):
    data = place(make_municipality(), postal_code="12345")
    assert client_for(manager).post(step_url(draft, "ort"), data).status_code == 302


@pytest.mark.parametrize("value", ["", "999999", "x", "9" * 30])
def test_a_municipality_that_is_none(client_for, manager, draft, value):
    page = client_for(manager).post(step_url(draft, "ort"), {"municipality": value})
    assert page.context["form"].errors["municipality"]


def test_neighbours_cannot_be_chosen_unless_by_partners(client_for, manager, draft):
    neighbour = make_municipality(in_county=False)
    page = client_for(manager).post(step_url(draft, "ort"), place(neighbour))
    assert page.context["form"].errors["municipality"]


# --- taetigkeit -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ein paar Sätze"),
        ("🎉🎉🎉", "Bitte schreiben Sie hier Wörter."),
        ("123 !!!", "Bitte schreiben Sie hier Wörter."),
        ("x" * 3001, "3000"),
        ("\u202e \x07", "ein paar Sätze"),
    ],
)
def test_descriptions_are_refused_and_kept(client_for, manager, draft, text, message):
    topic = make_topic()
    page = client_for(manager).post(
        step_url(draft, "taetigkeit"), {"description": text, "topics": [topic.pk], "aims": "Ziel"}
    )
    form = page.context["form"]
    assert message in str(form.errors["description"])
    assert form["description"].value() == text
    assert form["topics"].value() == [str(topic.pk)]
    assert form["aims"].value() == "Ziel"
    draft.refresh_from_db()
    assert draft.description == ""


def test_activities_are_saved(client_for, manager, draft):
    topic, group, language = make_topic(), make_target_group(), make_language(code="tr")
    client_for(manager).post(
        step_url(draft, "taetigkeit"),
        {
            "description": "Wir singen.\r\n\r\nAlle!",
            "topics": [topic.pk],
            "target_groups": [group.pk],
            "languages": [language.pk],
        },
    )
    draft.refresh_from_db()
    assert draft.description == "Wir singen.\n\nAlle!"
    assert [*draft.topics.all(), *draft.target_groups.all(), *draft.languages.all()] == [
        topic,
        group,
        language,
    ]


def test_texts_in_a_further_language(client_for, manager, draft):
    make_language(name="Arabisch", code="ar", endonym="العربية", rtl=True)
    client, url = client_for(manager), step_url(draft, "taetigkeit")
    page = client.post(url, {"description": "Nur angefangen", "add": "1", "add_language": "ar"})
    text = page.content.decode()
    # Nothing is judged or saved yet; the fields are there, in the right direction.
    assert not page.context["form"].errors
    assert "Nur angefangen" in text
    assert 'name="translation_ar_description"' in text
    assert 'dir="rtl"' in text
    assert "Was möchten Sie erreichen? – auf Arabisch" in text
    data = {
        "description": "Wir singen.",
        "topics": [make_topic().pk],
        "translation_ar_description": "نحن نغني.",
        "translation_ar_aims": "",
        "translation_xx_aims": "keine Sprache",
    }
    assert client.post(url, data).status_code == 302
    draft.refresh_from_db()
    assert draft.translations == {"ar": {"description": "نحن نغني."}}
    assert "Geändert" in draft.history.first().history_change_reason
    client.post(url, data | {"translation_ar_description": ""})
    draft.refresh_from_db()
    assert draft.translations == {}


# --- kontakt --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("phone", "07222 381-Büro", "keine Buchstaben"),
        ("phone", "0800FLOWERS", "keine Buchstaben"),
        ("phone", "12", "mit Vorwahl"),
        ("phone", "1" * 500, ""),
        ("email", "haus@", "name@example.org"),
        ("email", "a@b\nBcc: c@example.org", "name@example.org"),
        ("website", "javascript:alert(1)", "Internetadresse"),
        ("website", "ftp://example.org", "Internetadresse"),
        ("website", "https://user:geheim@example.org", "Internetadresse"),
        ("website", "nur ein text", "Internetadresse"),
        ("social_1", "JaVaScRiPt:alert(1)//https://", "Internetadresse"),
        ("social_2", "data:text/html,x", "Internetadresse"),
    ],
)
def test_reach_refuses_and_keeps(client_for, manager, draft, field, value, message):
    data = {"phone": "07222 381-4325", "email": "haus@example.org", field: value}
    page = client_for(manager).post(step_url(draft, "kontakt"), data)
    assert message in str(page.context["form"].errors[field])
    assert page.context["form"][field].value() == value
    draft.refresh_from_db()
    assert (str(draft.phone), draft.email, draft.website, draft.social_links) == ("", "", "", [])


def test_reach_is_saved_tidily(client_for, manager, draft):
    answer = client_for(manager).post(
        step_url(draft, "kontakt"),
        {
            "phone": "Tel.: 07222/381-4325",
            "email": " Haus@Example.org ",
            "website": "www.Example.org/Haus",
            "social_1": "https://social.example.org/a",
            "social_3": "https://social.example.org/a",
            "social_4": "social.example.org/b",
        },
    )
    # Nobody is named yet: that comes next.
    assert answer.url == reverse("organisations:contact_add", args=[draft.pk])
    draft.refresh_from_db()
    assert draft.phone.as_e164 == "+4972223814325"
    assert draft.email == "haus@example.org"
    assert draft.website == "https://www.example.org/Haus"
    assert draft.social_links == ["https://social.example.org/a", "https://social.example.org/b"]


@pytest.mark.parametrize(
    "spelling",
    [
        "07222/381-4325",
        "07222 381-4325",
        "(07222) 381 43 25",
        "+49 7222 3814325",
        "+49 (0) 7222 / 381 4325",
        "0049 7222 3814325",
        "07222.381.4325",
        "٠٧٢٢٢٣٨١٤٣٢٥",
        "Tel. 07222 3814325",
        "\u202a+49 7222 3814325\u202c",
    ],
)
def test_every_spelling_of_a_number_is_accepted(spelling):
    assert PhoneField().clean(spelling).as_e164 == "+4972223814325"


@given(st.integers(min_value=200_000, max_value=99_999_999), st.sampled_from("/ -."))
def test_a_shown_number_is_the_number_typed(subscriber, separator):
    field = PhoneField()
    typed = f"07222{separator}{subscriber}"
    number = PhoneNumber.from_string(typed, "DE")
    if number.is_valid():
        assert field.clean(field.prepare_value(field.clean(typed))) == number


@given(st.text(max_size=80))
def test_no_text_breaks_the_telephone_field(text):
    try:
        value = PhoneField(required=False).clean(text)
    except ValidationError:
        return  # refused with a message, not with a crash
    assert value == "" or value.is_valid()


def test_enter_saves_and_opens_no_language(client_for, manager, filled):
    text = client_for(manager).get(step_url(filled, "taetigkeit")).text
    form = text[text.index('name="seen_version"') :]
    first = form[form.index("<button") :]
    assert "name=" not in first[: first.index(">")]
