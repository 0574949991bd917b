"""Bad input: said in the reader's language, kept as typed, and nothing wrong is stored.

What each form does with all its fields is tested with the form; here every kind of bad input of
issue 2 goes once through the pages in every language of the portal.
"""

import datetime
import io

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from core.models import OutboxMessage
from core.tokens import new_token
from organisations.models import Consent, Organisation, OrganisationImage, Representative
from organisations.services import consent
from tests.accounts.test_enter import CODE, ask, newest_code, wrong
from tests.factories import (
    make_contact,
    make_invitation,
    make_municipality,
    make_organisation,
    make_upload,
    make_user,
)

LANGUAGES = ("de", "en", "ar")
SAID = {"alt_text": "Ein Baum mit bunten Blättern", "credit": "Aylin B.", "consent": "on"}

pytestmark = pytest.mark.django_db


def in_language(url: str, language: str) -> str:
    # A request leaves its language behind, so `reverse` may begin with any of them.
    return f"/{language}/{url.split('/', 2)[2]}"


def step_url(organisation, step: str) -> str:
    return reverse("organisations:step", args=[organisation.pk, step])


def picture_of(width: int, height: int) -> bytes:
    target = io.BytesIO()
    Image.new("1", (width, height)).save(target, "PNG")
    return target.getvalue()


def columns_of(row) -> dict:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.fixture
def before(draft):
    """The draft as it stands, with the county's one postcode."""
    make_municipality(name="Rastatt", postal_codes=("76437",))
    draft.refresh_from_db()
    return columns_of(draft)


@pytest.mark.parametrize(
    ("step", "field", "value"),
    [
        ("organisation", "name", "x" * 10_000),
        ("organisation", "name", "🎉🎉🎉"),
        ("taetigkeit", "description", "🎉 ❤️ 👍🏽"),
        ("kontakt", "phone", "07222 RASTATT"),
        ("kontakt", "website", "javascript:alert(document.cookie)"),
        ("kontakt", "website", "\u202ejavascript:alert(1)"),
        ("kontakt", "social_1", "data:text/html,<script>1</script>"),
        ("kontakt", "email", "a@example.org\r\nBcc: b@example.org"),
        ("ort", "postal_code", "70173"),
    ],
)
def test_a_step_says_what_is_wrong(client_for, manager, draft, before, step, field, value):
    client = client_for(manager)
    told = set()
    for language in LANGUAGES:
        page = client.post(in_language(step_url(draft, step), language), {field: value})
        assert page.status_code == 200
        errors = page.context["form"].errors[field]
        told.add(" ".join(errors))
        text = page.content.decode()
        assert f'lang="{language}"' in text
        assert f'href="#id_{field}' in text, "the summary on top leads to the field"
        assert page.context["form"][field].value() == value
        assert "alert(document.cookie)</" not in text
    assert len(told) == len(LANGUAGES), told
    draft.refresh_from_db()
    assert columns_of(draft) == before


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"MZ\x90 kein Bild", id="no picture"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", id="svg"),
        pytest.param(b"\xef\xbb\xbf <!doctype html><script>x()</script>", id="html"),
        pytest.param(b"GIF89a<script>x()</script>", id="both"),
        pytest.param(picture_of(8000, 6250), id="50 megapixels"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * (40 * 1024 * 1024), id="40 megabytes"),
    ],
)
def test_a_picture_that_is_none_is_refused(client_for, manager, draft, content, settings):
    client = client_for(manager)
    told = set()
    for language in LANGUAGES:
        url = in_language(step_url(draft, "logo"), language)
        page = client.post(url, SAID | {"file": make_upload(content=content)})
        form = page.context["form"]
        told.add(" ".join(form.errors["file"]))
        assert form["alt_text"].value() == SAID["alt_text"]
        assert form["credit"].value() == SAID["credit"]
        assert 'href="#id_file"' in page.content.decode()
    assert len(told) == len(LANGUAGES), told
    assert not OrganisationImage.objects.exists()
    assert not list(settings.MEDIA_ROOT.rglob("*")), "no file is left behind"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Chor\x00 \x07am\x1b[2J Fluss", "Chor am[2J Fluss"),
        ("\u202eChor am\u2066 Fluss\u2069", "Chor am Fluss"),
    ],
)
def test_what_cannot_be_seen_is_taken_out(client_for, manager, draft, typed, stored):
    """It comes along unnoticed when one pastes; there is nothing to ask the person about."""
    client_for(manager).post(
        step_url(draft, "organisation"), {"name": typed, "kind": "association"}
    )
    draft.refresh_from_db()
    assert draft.name == stored


def test_a_code_typed_wrong_six_times(client):
    told = set()
    for language in LANGUAGES:
        ask(client, f"neu-{language}@example.org")
        code = newest_code()
        for _time in range(6):
            page = client.post(in_language(CODE, language), {"code": wrong(code)})
        text = page.content.decode()
        assert wrong(code) in text, "what was typed is still there"
        told.add(" ".join(page.context["form"].errors["code"]))
        # Neither the right one nor anything else opens the door now.
        client.post(CODE, {"code": code})
        assert "_auth_user_id" not in client.session
    assert len(told) == len(LANGUAGES), told


# --- Links in mails -------------------------------------------------------------------------------
def invitation_link(**fields) -> str:
    token, token_hash = new_token()
    make_invitation(token_hash=token_hash, **fields)
    return reverse("organisations:invitation", args=[token])


def consent_link(contact, **fields) -> str:
    token, token_hash = new_token()
    now = timezone.now()
    values = {"requested_at": now, "expires_at": now + datetime.timedelta(days=1)} | fields
    Consent.objects.create(contact=contact, token_hash=token_hash, **values)
    return reverse("organisations:consent", args=[token])


def rows_of_everything() -> dict[str, list]:
    with connection.cursor() as cursor:
        tables = [
            name
            for name in connection.introspection.table_names(cursor)
            # Sessions and counts are not about anybody's data.
            if name not in {"django_session", "core_cache"}
        ]
        return {name: _rows(cursor, name) for name in tables}


def _rows(cursor, table: str) -> list:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
    return sorted(map(repr, cursor.fetchall()))


@pytest.fixture
def links(organisation) -> dict[str, str]:
    """Every kind of link that a mail carries and that something can be done with."""
    contact = make_contact(organisation=organisation, email="person@example.org")
    yesterday = timezone.now() - datetime.timedelta(days=1)
    return {
        "invitation": invitation_link(organisation=organisation, email="fremd@example.org"),
        "invitation used": invitation_link(organisation=organisation, accepted_at=yesterday),
        "invitation withdrawn": invitation_link(organisation=organisation, withdrawn_at=yesterday),
        "invitation expired": invitation_link(organisation=organisation, expires_at=yesterday),
        "consent": consent_link(contact),
        "consent expired": consent_link(contact, expires_at=yesterday),
        "consent declined": consent_link(contact, declined_at=yesterday),
    }


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_a_link_changes_nothing(client_for, outsider, links, method):
    """Mail programs open links by themselves, to look for harm or to show a preview."""
    visitors = [client_for(None), client_for(outsider)]
    before = rows_of_everything()
    for link in links.values():
        for client in visitors:
            for query in ("", "?nothing=1&name=on", "?action=accept"):
                assert getattr(client, method)(link + query).status_code in {200, 404, 410}
    assert rows_of_everything() == before


@pytest.mark.parametrize(
    "name", ["invitation used", "invitation withdrawn", "invitation expired", "consent expired"]
)
def test_a_link_that_is_over_says_so_and_does_nothing(client_for, outsider, links, name):
    client = client_for(outsider)
    before = rows_of_everything()
    told = set()
    for language in LANGUAGES:
        url = in_language(links[name], language)
        page = client.get(url)
        assert page.status_code in {404, 410}
        text = page.content.decode()
        told.add(text.partition("<h1")[2].partition("</h1>")[0])
        assert f'href="/{language}/' in text.partition('id="inhalt"')[2], "there is a way on"
        client.post(url, {"name_public": "on", "name": "on"})
    assert len(told) == len(LANGUAGES), told
    assert rows_of_everything() == before


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 5000, "ä\u202e", "..", "%00", "null"])
def test_a_made_up_link_says_so(client, token):
    for name in ("organisations:invitation", "organisations:consent"):
        response = client.get(reverse(name, args=[token]))
        assert response.status_code in {400, 404}
        assert "<h1" in response.content.decode()


def test_the_link_of_one_person_opens_nothing_of_another(client, organisation):
    mine = make_contact(organisation=organisation, name="Ich selbst", email="ich@example.org")
    other = make_contact(organisation=organisation, name="Jemand anderes", phone="+4972223814325")
    link = consent_link(mine)
    assert "Jemand" not in client.get(link).content.decode()
    client.post(link, {"name_public": "on", "contact": other.pk, "pk": other.pk})
    other.refresh_from_db()
    assert not consent.public_fields(other)


# --- Rows of others -------------------------------------------------------------------------------
def test_keys_of_other_organisations_mean_nothing_in_ones_own_forms(client_for, manager, draft):
    """Every key that a form of the people page carries, from another organisation."""
    other = make_organisation()
    theirs = {
        "representative": Representative.objects.create(
            organisation=other, user=make_user(), role="editor"
        ),
        "invitation": make_invitation(organisation=other),
        "request": other.access_requests.create(user=make_user()),
    }
    keys = {name: row.pk for name, row in theirs.items()}
    client = client_for(manager)
    page = reverse("organisations:people", args=[draft.pk])
    before = rows_of_everything()
    for action in ("resend", "withdraw", "role", "remove", "hand_over", "access"):
        for further in ({"grant": "yes"}, {"organisation": other.pk, "grant": "no"}):
            data = {"action": action, "role": "manager"} | keys | further
            assert client.post(page, data, follow=True).status_code in {200, 404}
    assert rows_of_everything() == before
    assert not OutboxMessage.objects.exists()


def test_columns_nobody_offers_are_not_written(client_for, manager, draft):
    """What a form does not ask for is not taken, whatever it is called."""
    other = make_organisation()
    tampered = {
        "state": "active", "slug": "gestohlen", "version": 99, "confirmed_on": "2026-01-01",
        "id": other.pk, "pk": other.pk, "organisation": other.pk, "submitted_at": "2026-01-01",
        "skipped_logo": "on", "modified_by": 1, "translation_de_name": "x", "is_staff": "on",
    }  # fmt: skip
    client = client_for(manager)
    before = Organisation.objects.filter(pk=other.pk).values().get()
    client.post(step_url(draft, "organisation"), {"name": "Neu", "kind": "foundation"} | tampered)
    client.post(step_url(draft, "kontakt"), {"phone": "07222 3814325"} | tampered)
    draft.refresh_from_db()
    assert (draft.name, draft.kind, draft.state, draft.confirmed_on) == (
        "Neu", "foundation", "draft", None,
    )  # fmt: skip
    assert (draft.slug, draft.submitted_at, draft.skipped_logo) == ("neu", None, False)
    assert Organisation.objects.filter(pk=other.pk).values().get() == before
    manager.refresh_from_db()
    assert not manager.is_staff
