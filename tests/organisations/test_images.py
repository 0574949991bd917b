"""Logos and photos: kept while the rest has errors, shown only to whoever may see them."""

import datetime
import io
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from core import limits
from core.errors import Refused
from organisations.models import OrganisationImage
from organisations.services import images
from tests.factories import image_bytes, make_contact, make_image, make_organisation, make_upload

pytestmark = pytest.mark.django_db

SAID = {"alt_text": "Ein Baum mit bunten Blättern", "credit": "Aylin B.", "consent": "on"}


def logo_url(organisation) -> str:
    return reverse("organisations:step", args=[organisation.pk, "logo"])


def photo_url(organisation) -> str:
    return reverse("organisations:photo_add", args=[organisation.pk])


def file_url(image, size="gross") -> str:
    return reverse("organisations:image", args=[image.pk, size])


def raises(error: Exception):
    """Return what stands in for a function that fails."""

    def fail(*args, **options):
        raise error

    return fail


@pytest.fixture
def pending(organisation, manager):
    content = ContentFile(image_bytes(kind="WEBP"), name="image.webp")
    return images.keep(organisation=organisation, kind="logo", content=content, by=manager)


# --- Logo -----------------------------------------------------------------------------------------
def test_a_logo_is_read_described_and_stored(client_for, manager, draft):
    upload = make_upload(size=(2000, 1000), name="../../böse.php")
    answer = client_for(manager).post(logo_url(draft), SAID | {"file": upload})
    assert answer.url == reverse("organisations:step", args=[draft.pk, "senden"])
    logo = OrganisationImage.objects.get()
    assert (logo.kind, logo.pending, logo.alt_text, logo.credit) == (
        "logo",
        False,
        SAID["alt_text"],
        "Aylin B.",
    )
    assert (logo.consent, logo.consent_by) == (True, manager)
    assert logo.consent_at is not None
    assert logo.file.name == f"organisations/{logo.pk}.webp"
    assert (logo.width, logo.height) == (1600, 800)
    sizes = {}
    for size in images.SIZES:
        with logo.file.storage.open(images.sized_name(logo, size)) as file:
            sizes[size] = Image.open(file).size
    assert sizes == {"klein": (240, 120), "mittel": (640, 320), "gross": (1600, 800)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"kein Bild", "kein Bild"),
        (b"", ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "SVG"),
        (b"<html><script>alert(1)</script>", "SVG"),
        (image_bytes()[:60], "beschädigt"),
        (b"\x89PNG" + b"\0" * (10 * 1024 * 1024 + 1), "zu groß"),
    ],
)
def test_bad_pictures_are_refused_and_the_rest_is_kept(
    client_for, manager, draft, content, message
):
    page = client_for(manager).post(logo_url(draft), SAID | {"file": make_upload(content=content)})
    form = page.context["form"]
    assert message in str(form.errors["file"])
    assert form["alt_text"].value() == SAID["alt_text"]
    assert form["credit"].value() == SAID["credit"]
    assert 'href="#id_file"' in page.content.decode()
    assert not OrganisationImage.objects.exists()


def test_fifty_megapixels_are_refused(client_for, manager, draft):
    target = io.BytesIO()
    Image.new("1", (8000, 6250)).save(target, "PNG")
    page = client_for(manager).post(
        logo_url(draft), SAID | {"file": make_upload(content=target.getvalue())}
    )
    assert "zu viele Bildpunkte" in str(page.context["form"].errors["file"])


def test_a_good_picture_is_kept_when_the_rest_is_not(client_for, manager, draft):
    client = client_for(manager)
    page = client.post(logo_url(draft), {"file": make_upload(), "alt_text": "", "consent": ""})
    kept = OrganisationImage.objects.get()
    assert kept.pending
    text = page.content.decode()
    assert "Ihr Bild ist da" in text
    assert file_url(kept, "klein") in text
    assert f'value="{kept.pk}"' in text
    # The file need not be sent again.
    client.post(logo_url(draft), SAID | {"pending": str(kept.pk)})
    logo = OrganisationImage.objects.get()
    assert (logo.pk, logo.pending) == (kept.pk, False)


@pytest.mark.parametrize("reference", ["", "x", "00000000-0000-4000-8000-000000000000", "9" * 400])
def test_a_made_up_reference_counts_for_nothing(client_for, manager, draft, reference):
    page = client_for(manager).post(logo_url(draft), SAID | {"pending": reference})
    assert "wählen Sie ein Bild" in str(page.context["form"].errors["file"])


def test_a_reference_is_bound_to_its_organisation(client_for, outsider, pending):
    own = make_organisation(state="draft", manager=outsider)
    page = client_for(outsider).post(logo_url(own), SAID | {"pending": str(pending.pk)})
    assert "file" in page.context["form"].errors
    pending.refresh_from_db()
    assert pending.pending
    assert pending.organisation != own


def test_a_new_logo_takes_the_old_ones_place(
    client_for, manager, organisation, django_capture_on_commit_callbacks
):
    client = client_for(manager)
    client.post(logo_url(organisation), SAID | {"file": make_upload()})
    first = OrganisationImage.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(logo_url(organisation), SAID | {"file": make_upload(colour="red")})
    second = OrganisationImage.objects.get()
    assert second.pk != first.pk
    assert not first.file.storage.exists(first.file.name)
    assert second.file.storage.exists(second.file.name)
    assert organisation.history.first().history_change_reason == "Logo geändert"


def test_the_description_changes_without_a_new_file(client_for, manager, organisation):
    logo = make_image(organisation=organisation)
    client_for(manager).post(logo_url(organisation), SAID | {"alt_text": "Ein Strauch"})
    logo.refresh_from_db()
    assert logo.alt_text == "Ein Strauch"


@pytest.mark.parametrize("data", [{"skip": "1"}, {}, {"alt_text": " "}])
def test_no_logo_is_fine(client_for, manager, draft, data):
    answer = client_for(manager).post(logo_url(draft), data)
    assert answer.url == reverse("organisations:step", args=[draft.pk, "senden"])
    draft.refresh_from_db()
    assert draft.skipped_logo


# --- Photos ---------------------------------------------------------------------------------------
def test_photos_are_added_changed_replaced_and_removed(
    client_for, manager, organisation, django_capture_on_commit_callbacks
):
    client = client_for(manager)
    for colour in ("red", "blue"):
        client.post(photo_url(organisation), SAID | {"file": make_upload(colour=colour)})
    red, blue = OrganisationImage.objects.order_by("position")
    edit = reverse("organisations:photo_edit", args=[organisation.pk, red.pk])
    client.post(edit, SAID | {"alt_text": "Unser Fest"})
    red.refresh_from_db()
    assert red.alt_text == "Unser Fest"
    with django_capture_on_commit_callbacks(execute=True):
        client.post(edit, SAID | {"file": make_upload(colour="green")})
    green = OrganisationImage.objects.exclude(pk=blue.pk).get()
    assert green.position == red.position
    assert not red.file.storage.exists(red.file.name)
    remove = reverse("organisations:image_remove", args=[organisation.pk, blue.pk])
    assert client.get(remove).status_code == 405
    with django_capture_on_commit_callbacks(execute=True):
        client.post(remove)
    assert list(OrganisationImage.objects.all()) == [green]
    for size in images.SIZES:
        assert not blue.file.storage.exists(images.sized_name(blue, size))


def test_no_more_than_ten_photos_but_one_can_be_replaced(client_for, manager, organisation):
    for _number in range(images.MAX_PHOTOS):
        photo = make_image(organisation=organisation, kind="photo")
    client = client_for(manager)
    page = client.post(photo_url(organisation), SAID | {"file": make_upload()})
    assert "Es sind schon 10 Fotos" in page.content.decode()
    assert "Mehr als 10 Fotos" in client.get(logo_url(organisation)).content.decode()
    edit = reverse("organisations:photo_edit", args=[organisation.pk, photo.pk])
    assert client.post(edit, SAID | {"file": make_upload()}).status_code == 302
    assert OrganisationImage.objects.filter(pending=False).count() == images.MAX_PHOTOS


def test_a_full_disk_is_said_and_the_rest_is_kept(client_for, manager, draft, monkeypatch):
    monkeypatch.setattr(default_storage, "save", raises(OSError(28, "No space left on device")))
    page = client_for(manager).post(logo_url(draft), SAID | {"file": make_upload()})
    assert "konnte nicht gespeichert werden" in page.content.decode()
    assert page.context["form"]["alt_text"].value() == SAID["alt_text"]
    assert not OrganisationImage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_while_a_picture_is_drawn_and_written(client_for, manager, draft, monkeypatch):
    """SQLite lets one transaction write at a time; drawing a picture takes seconds."""
    upload = make_upload(size=(800, 400))
    inside: dict[str, list[bool]] = {"drawn": [], "written": []}

    def watch(owner, name, work):
        original = getattr(owner, name)

        def watched(*args, **options):
            inside[work].append(connection.in_atomic_block)
            return original(*args, **options)

        monkeypatch.setattr(owner, name, watched)

    watch(Image.Image, "save", "drawn")
    watch(Image.Image, "thumbnail", "drawn")
    watch(default_storage, "save", "written")
    client_for(manager).post(logo_url(draft), SAID | {"file": upload})
    assert OrganisationImage.objects.get().width == 800
    assert len(inside["drawn"]) == 6
    assert len(inside["written"]) == 3
    assert not any(inside["drawn"] + inside["written"])


def test_a_picture_whose_row_cannot_be_written_leaves_no_files(organisation, manager, monkeypatch):
    monkeypatch.setattr(OrganisationImage, "save", raises(DatabaseError("gone")))
    content = ContentFile(image_bytes(kind="WEBP"), name="image.webp")
    with pytest.raises(DatabaseError):
        images.keep(organisation=organisation, kind="logo", content=content, by=manager)
    assert default_storage.listdir("organisations")[1] == []


def test_too_many_pictures_in_an_hour(manager, organisation):
    for _number in range(limits.LIMITS["image"][0].times):
        limits.allow(str(manager.pk), action="image")
    with pytest.raises(Refused):
        images.keep(organisation=organisation, kind="photo", content=ContentFile(b""), by=manager)


def test_the_page_asks_the_same_for_1_and_10_photos(
    client_for, manager, organisation, django_assert_max_num_queries
):
    make_image(organisation=organisation, kind="photo")
    client = client_for(manager)
    client.get(logo_url(organisation))
    with django_assert_max_num_queries(20) as few:
        client.get(logo_url(organisation))
    for _number in range(9):
        make_image(organisation=organisation, kind="photo")
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(logo_url(organisation))


# --- Serving --------------------------------------------------------------------------------------
def test_a_public_picture_is_asked_for_again_every_time(client, organisation):
    logo = make_image(organisation=organisation)
    answer = client.get(file_url(logo))
    assert answer.status_code == 200
    assert answer.content.startswith(b"RIFF")
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-cache"
    again = client.get(file_url(logo), headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    # As soon as the organisation is not public any more, the browser's copy is worth nothing.
    organisation.state = "paused"
    organisation.save()
    again = client.get(file_url(logo), headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 404


def test_what_is_not_public_is_for_its_own_people_and_staff(
    client_for, client, manager, editor, outsider, officer, organisation, pending
):
    hidden = make_image(organisation=make_organisation(state="draft", editor=editor))
    for image in (pending, hidden):
        assert client.get(file_url(image)).status_code == 404
        assert client_for(outsider).get(file_url(image)).status_code == 404
        for user in (editor, officer):
            assert client_for(user).get(file_url(image)).status_code == 200
    assert client_for(manager).get(file_url(hidden)).status_code == 404


def test_a_portrait_is_public_only_with_consent(client, organisation):
    portrait = make_image(organisation=organisation, kind="portrait")
    contact = make_contact(organisation=organisation, photo=portrait)
    assert client.get(file_url(portrait)).status_code == 404
    contact.photo_public, contact.consented_at = True, timezone.now()
    contact.save()
    assert client.get(file_url(portrait)).status_code == 200


def test_unknown_sizes_and_lost_files_do_not_exist(client, organisation):
    logo = make_image(organisation=organisation)
    assert client.get(file_url(logo, "riesig")).status_code == 404
    assert client.get(f"/de/bilder/{uuid.uuid4()}/gross.webp").status_code == 404
    logo.file.storage.delete(logo.file.name)
    assert client.get(file_url(logo)).status_code == 404


def test_strangers_change_nothing(client_for, outsider, organisation):
    logo = make_image(organisation=organisation)
    client = client_for(outsider)
    remove = reverse("organisations:image_remove", args=[organisation.pk, logo.pk])
    assert client.post(remove).status_code == 404
    assert client.post(photo_url(organisation), SAID).status_code == 404
    own = make_organisation(manager=outsider)
    for name in ("image_remove", "photo_edit"):
        url = reverse(f"organisations:{name}", args=[own.pk, logo.pk])
        assert client.post(url, SAID).status_code == 404
    with pytest.raises(PermissionDenied):
        images.remove(image=logo, by=outsider)
    with pytest.raises(PermissionDenied):
        images.publish(image=logo, alt_text="Meins", credit="", by=outsider)


# --- Housekeeping ---------------------------------------------------------------------------------
def test_what_nobody_adopted_goes_after_two_days(
    organisation, pending, django_capture_on_commit_callbacks
):
    logo = make_image(organisation=organisation)
    assert images.erase_stale() == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert images.erase_stale(timezone.now() + datetime.timedelta(days=3)) == 1
    assert list(OrganisationImage.objects.all()) == [logo]
    assert not pending.file.storage.exists(pending.file.name)
