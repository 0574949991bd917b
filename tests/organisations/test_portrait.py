"""A contact person's photo: nobody but that person decides whether others see it."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from core.models import OutboxMessage
from core.tokens import new_token
from organisations.models import Consent, ContactPerson, OrganisationImage
from organisations.services import consent, contacts, images
from tests.factories import (
    image_bytes,
    make_consent,
    make_contact,
    make_image,
    make_organisation,
    make_representative,
    make_upload,
)

pytestmark = pytest.mark.django_db

NAME = "Aylin Beispiel"
PERSON = {"name": NAME, "function": "", "phone": "", "email": ""}
OTHER = PERSON | {"email": "aylin@example.org", "language": "de"}


def url(name, organisation, *args) -> str:
    with translation.override("de"):
        return reverse(f"organisations:{name}", args=[organisation.pk, *args])


def add_url(organisation, who) -> str:
    return f"{url('contact_add', organisation)}?wer={who}"


def file_url(image, size="klein") -> str:
    with translation.override("de"):
        return reverse("organisations:image", args=[image.pk, size])


def public_page(client, organisation) -> str:
    with translation.override("de"):
        return client.get(organisation.get_absolute_url()).content.decode()


def keep(organisation, by) -> OrganisationImage:
    content = ContentFile(image_bytes(kind="WEBP"), name="image.webp")
    return images.keep(organisation=organisation, kind="portrait", content=content, by=by)


def sent(form) -> dict[str, object]:
    """Return what a browser would send of a form that was opened and not touched."""
    values = {field.html_name: field.value() for field in form if field.name != "photo"}
    return {name: value for name, value in values.items() if value not in (None, False, "")}


@pytest.fixture
def own(client_for, manager, organisation) -> ContactPerson:
    """The manager, whose name and photo are public."""
    switches = {"name_public": "on", "photo_public": "on"}
    client_for(manager).post(
        add_url(organisation, "ich"), PERSON | switches | {"photo": make_upload()}
    )
    return ContactPerson.objects.get()


@pytest.fixture
def token(organisation, manager) -> str:
    """The link to the question about somebody without an account, who has a photo."""
    contact = make_contact(organisation=organisation, name=NAME, email="aylin@example.org")
    contacts.set_photo(contact=contact, image=keep(organisation, manager), by=manager)
    token, token_hash = new_token()
    make_consent(
        contact=contact,
        fields=[],
        wording="",
        given_at=None,
        given_by="",
        source="",
        token_hash=token_hash,
        requested_by=manager,
        requested_at=timezone.now(),
        expires_at=timezone.now() + consent.REQUEST_VALID,
    )
    return token


def consent_url(token, name="consent") -> str:
    with translation.override("de"):
        return reverse(f"organisations:{name}", args=[token])


# --- Oneself --------------------------------------------------------------------------------------
def test_ones_own_photo_is_public_with_ones_own_switch(client, own, organisation):
    portrait = own.photo
    assert (portrait.kind, portrait.pending, portrait.alt_text) == ("portrait", False, "")
    assert (portrait.consent, portrait.consent_by) == (False, None)
    assert Consent.objects.get().fields == ["name", "photo"]
    text = public_page(client, organisation)
    assert f'src="{file_url(portrait)}" alt="{NAME}"' in text
    assert client.get(file_url(portrait)).status_code == 200


def test_without_the_switch_it_is_for_the_organisation_and_staff(
    client, client_for, manager, editor, outsider, officer, organisation
):
    data = PERSON | {"name_public": "on", "photo": make_upload()}
    client_for(manager).post(add_url(organisation, "ich"), data)
    portrait = ContactPerson.objects.get().photo
    assert file_url(portrait) not in public_page(client, organisation)
    for visitor, status in (
        (client, 404),
        (client_for(outsider), 404),
        (client_for(make_representative().user), 404),
        (client_for(editor), 200),
        (client_for(manager), 200),
        (client_for(officer), 200),
    ):
        assert visitor.get(file_url(portrait)).status_code == status


def test_a_name_that_is_not_public_does_not_describe_the_photo(client, own, organisation, manager):
    consent.give(contact=own, fields=["photo"], by=manager, wording="Ja", language="de")
    text = public_page(client, organisation)
    assert f'src="{file_url(own.photo)}" alt="Ansprechperson"' in text
    assert NAME not in text


def test_the_switch_needs_a_photo(client_for, manager, organisation):
    page = client_for(manager).post(add_url(organisation, "ich"), PERSON | {"photo_public": "on"})
    assert "Bitte wählen Sie eines" in str(page.context["form"].errors["photo"])
    assert not ContactPerson.objects.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"kein Bild", "kein Bild"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "SVG"),
        (image_bytes()[:60], "beschädigt"),
    ],
)
def test_what_is_not_a_picture_is_refused_and_the_rest_is_kept(
    client_for, manager, organisation, content, message
):
    page = client_for(manager).post(
        add_url(organisation, "ich"), PERSON | {"photo": make_upload(content=content)}
    )
    form = page.context["form"]
    assert message in str(form.errors["photo"])
    assert form["name"].value() == NAME
    assert 'href="#id_photo"' in page.content.decode()
    assert not OrganisationImage.objects.exists()


def test_a_good_photo_is_kept_when_the_rest_is_not(client_for, manager, organisation):
    client = client_for(manager)
    address = add_url(organisation, "ich")
    page = client.post(address, PERSON | {"name": "", "photo_public": "on", "photo": make_upload()})
    kept = OrganisationImage.objects.get()
    assert kept.pending
    text = page.content.decode()
    assert "Ihr Bild ist da" in text
    assert file_url(kept) in text
    assert 'enctype="multipart/form-data"' in text
    client.post(address, sent(page.context["form"]) | {"name": NAME})
    contact = ContactPerson.objects.get()
    assert (contact.photo, contact.photo_public) == (kept, True)
    assert not contact.photo.pending


def test_a_picture_of_others_cannot_be_taken(client_for, manager, organisation, outsider, own):
    foreign = keep(make_organisation(state="draft", manager=outsider), outsider)
    logo = images.keep(
        organisation=organisation,
        kind="logo",
        content=ContentFile(image_bytes(kind="WEBP"), name="image.webp"),
        by=manager,
    )
    somebody = make_contact(organisation=organisation)
    edit = url("contact_edit", organisation, somebody.pk)
    for image in (foreign, logo, own.photo):
        client_for(manager).post(edit, OTHER | {"pending": str(image.pk)})
        assert not contacts.set_photo(contact=somebody, image=image, by=manager)
        somebody.refresh_from_db()
        assert somebody.photo is None
    with pytest.raises(PermissionDenied):
        contacts.set_photo(contact=somebody, image=None, by=outsider)


def test_withdrawn_is_gone_at_once_everywhere(client, client_for, manager, own, organisation):
    card = reverse("organisations:contact_vcard", args=[organisation.slug, own.pk])
    address = file_url(own.photo)
    etag = client.get(address)["ETag"]
    assert address in public_page(client, organisation)
    assert str(own.photo_id) in client.get(card).content.decode().replace("\r\n ", "")
    edit = url("contact_edit", organisation, own.pk)
    form = sent(client_for(manager).get(edit).context["form"])
    del form["photo_public"]
    client_for(manager).post(edit, form)
    assert address not in public_page(client, organisation)
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 404
    assert "PHOTO" not in client.get(card).content.decode()
    # Still there for the person, who may show it again.
    assert address in client_for(manager).get(edit).content.decode()


def test_removed_is_gone_with_its_files(
    client_for, manager, own, organisation, django_capture_on_commit_callbacks
):
    portrait = own.photo
    edit = url("contact_edit", organisation, own.pk)
    form = sent(client_for(manager).get(edit).context["form"])
    with django_capture_on_commit_callbacks(execute=True):
        client_for(manager).post(edit, form | {"remove_photo": "on"})
    own.refresh_from_db()
    assert (own.photo, own.photo_public, own.name_public) == (None, False, True)
    assert not OrganisationImage.objects.exists()
    for size in images.SIZES:
        assert not default_storage.exists(images.sized_name(portrait, size))


def test_a_person_removed_takes_the_photo_along(
    client, own, manager, django_capture_on_commit_callbacks
):
    portrait = own.photo
    with django_capture_on_commit_callbacks(execute=True):
        contacts.remove(contact=own, by=manager)
    assert not OrganisationImage.objects.exists()
    assert not default_storage.exists(portrait.file.name)
    assert client.get(file_url(portrait)).status_code == 404


# --- Changed by others ----------------------------------------------------------------------------
def test_a_colleagues_photo_is_hidden_until_the_person_agrees(
    client, client_for, manager, editor, own, organisation, django_capture_on_commit_callbacks
):
    edit = url("contact_edit", organisation, own.pk)
    opened = sent(client_for(manager).get(edit).context["form"])
    former = own.photo
    form = sent(client_for(editor).get(edit).context["form"])
    with django_capture_on_commit_callbacks(execute=True):
        client_for(editor).post(edit, form | {"photo": make_upload(colour="red")})
    own.refresh_from_db()
    assert own.photo != former
    assert (own.photo_public, own.name_public, own.user) == (False, True, manager)
    assert not default_storage.exists(former.file.name)
    assert client.get(file_url(own.photo)).status_code == 404
    assert client.get(file_url(former)).status_code == 404
    # A form opened before showed another photo: what it says does not count for this one.
    client_for(manager).post(edit, opened)
    own.refresh_from_db()
    assert not own.photo_public
    again = sent(client_for(manager).get(edit).context["form"])
    client_for(manager).post(edit, again | {"photo_public": "on"})
    assert client.get(file_url(own.photo)).status_code == 200


def test_a_colleague_who_corrects_the_task_hides_nothing(
    client, client_for, editor, own, organisation
):
    edit = url("contact_edit", organisation, own.pk)
    form = sent(client_for(editor).get(edit).context["form"])
    client_for(editor).post(edit, form | {"function": "Kasse"})
    assert client.get(file_url(own.photo)).status_code == 200


def test_whose_data_are_public_is_asked_about_a_new_photo(client_for, manager, organisation):
    contact = make_contact(organisation=organisation, public=("name", "phone"))
    edit = url("contact_edit", organisation, contact.pk)
    form = sent(client_for(manager).get(edit).context["form"])
    client_for(manager).post(edit, form | {"photo": make_upload()})
    contact.refresh_from_db()
    assert consent.public_fields(contact) == ["name", "phone"]
    mail = OutboxMessage.objects.get(mail="organisations/consent_request")
    assert mail.to == contact.email
    assert "Es gibt neue Angaben zu Ihrer Person" in mail.text_body
    assert "Von Ihnen ist noch nichts öffentlich" not in mail.text_body


# --- Asked by link --------------------------------------------------------------------------------
def test_somebody_else_is_asked_and_their_photo_waits(client, client_for, manager, organisation):
    client_for(manager).post(add_url(organisation, "andere"), OTHER | {"photo": make_upload()})
    contact = ContactPerson.objects.get()
    assert (contact.photo.pending, contact.photo_public) == (False, False)
    mail = OutboxMessage.objects.get(mail="organisations/consent_request")
    assert "Auch ein Foto von Ihnen ist dabei" in mail.text_body
    assert client.get(file_url(contact.photo)).status_code == 404


def test_the_person_sees_the_photo_and_agrees(client, token, organisation):
    contact = ContactPerson.objects.get()
    page = client.get(consent_url(token))
    shown = consent_url(token, "consent_photo")
    assert shown in page.content.decode()
    picture = client.get(shown)
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/webp")
    assert "no-store" in picture["Cache-Control"]
    assert client.get(file_url(contact.photo)).status_code == 404
    answer = sent(page.context["form"])
    client.post(consent_url(token), answer | {"photo": "on"})
    assert client.get(file_url(contact.photo)).status_code == 200
    assert Consent.objects.get().fields == ["photo"]
    client.post(consent_url(token), {"nothing": "1"})
    assert client.get(file_url(contact.photo)).status_code == 404
    assert file_url(contact.photo) not in public_page(client, organisation)


def test_agreed_to_is_the_photo_that_was_shown(client, token, manager, organisation):
    contact = ContactPerson.objects.get()
    answer = sent(client.get(consent_url(token)).context["form"])
    contacts.set_photo(contact=contact, image=keep(organisation, manager), by=manager)
    client.post(consent_url(token), answer | {"name": "on", "photo": "on"})
    contact.refresh_from_db()
    assert consent.public_fields(contact) == ["name"]


def test_a_link_that_is_over_shows_no_photo(client, token):
    shown = consent_url(token, "consent_photo")
    assert client.post(shown).status_code == 405
    assert client.get(consent_url("x" * 43, "consent_photo")).status_code == 404
    Consent.objects.update(expires_at=timezone.now())
    assert client.get(shown).status_code == 404


def test_a_link_of_a_person_without_photo_shows_none(client, token, manager):
    contacts.set_photo(contact=ContactPerson.objects.get(), image=None, by=manager)
    assert client.get(consent_url(token, "consent_photo")).status_code == 404
    assert "foto.webp" not in client.get(consent_url(token)).content.decode()


# --- What holds always ----------------------------------------------------------------------------
def test_only_a_portrait_needs_no_description(organisation):
    make_image(organisation=organisation, kind="portrait", alt_text="", consent=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_image(organisation=organisation, kind="photo", alt_text="", consent=False)


def test_portraits_are_not_among_the_pictures(client_for, manager, own, organisation):
    remove = url("image_remove", organisation, own.photo_id)
    assert client_for(manager).post(remove).status_code == 404
    own.refresh_from_db()
    assert own.photo is not None


def test_pages_ask_the_same_for_one_and_many_portraits(
    client_for, manager, officer, own, organisation, django_assert_max_num_queries
):
    key = [organisation.pk]
    pages = [
        (client_for(manager), url("step", organisation, "kontakt")),
        (client_for(manager), organisation.get_absolute_url()),
        (client_for(officer), reverse("admin:organisations_organisation_review", args=key)),
    ]

    def add() -> None:
        portrait = make_image(organisation=organisation, kind="portrait")
        make_contact(organisation=organisation, public=("name", "photo"), photo=portrait)

    add()
    few = []
    for visitor, address in pages:
        visitor.get(address)
        with django_assert_max_num_queries(60) as counted:
            assert visitor.get(address).status_code == 200
        few.append(len(counted.captured_queries))
    for _number in range(4):
        add()
    for (visitor, address), number in zip(pages, few, strict=True):
        visitor.get(address)
        with django_assert_max_num_queries(number):
            visitor.get(address)
