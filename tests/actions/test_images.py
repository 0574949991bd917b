"""The picture of an action: kept while the rest has errors, seen by whoever sees the action."""

import datetime
import uuid

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from actions.models import ActionImage
from actions.services import images, joint_actions
from tests import factories as make
from tests.factories import make_upload

SAID = {"alt_text": "Menschen an einem langen Tisch", "credit": "Mina L.", "has_consent": "on"}


@pytest.fixture
def action(organisation):
    return make.make_joint_action(lead=organisation, slug="fest-am-fluss")


def page(action) -> str:
    return reverse("actions:picture", args=[action.slug])


def seen() -> dict[str, str]:
    """What the form holds of the picture that is there."""
    image = ActionImage.objects.filter(pending=False).first()
    return {"seen_image": str(image.pk) if image else ""}


def file(image, size: str = "mittel") -> str:
    return images.address(image, size)


def test_a_picture_is_seen_with_its_action_and_vanishes_with_it(
    action, editor, officer, outsider, client_for
):
    client, visitor = client_for(editor), client_for(None)
    client.post(page(action), SAID | {"file": make_upload(size=(2000, 1000))})
    image = ActionImage.objects.get()
    assert (image.kind, image.pending, image.width, image.consent_by) == (
        "main",
        False,
        1600,
        editor,
    )
    assert client.get(file(image)).status_code == 200
    assert visitor.get(file(image)).status_code == 404
    assert client_for(outsider).get(file(image)).status_code == 404
    joint_actions.confirm(action=action, by=officer)
    shown = visitor.get(file(image))
    assert shown["Content-Type"] == "image/webp"
    again = visitor.get(file(image), headers={"If-None-Match": shown["ETag"]})
    assert again.status_code == 304
    assert visitor.get(file(image, "riesig")).status_code == 404
    joint_actions.take_back(action=action, by=officer)
    taken = visitor.get(file(image), headers={"If-None-Match": shown["ETag"]})
    assert taken.status_code == 404
    assert visitor.get(reverse("actions_image", args=[uuid.uuid4(), "gross"])).status_code == 404


def test_a_good_picture_is_kept_until_the_rest_is_there(
    action, editor, client_for, django_capture_on_commit_callbacks
):
    client = client_for(editor)
    answer = client.post(page(action), {"file": make_upload()})
    kept = ActionImage.objects.get()
    text = answer.content.decode()
    assert kept.pending
    assert "Ihr Bild ist da." in text
    assert "Bitte schreiben Sie, wer das Bild gemacht hat." in text
    client.post(page(action), SAID | {"pending": str(kept.pk)})
    kept.refresh_from_db()
    assert not kept.pending
    # Another one takes its place, files and all; words are mended without sending it again.
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(action), SAID | seen() | {"file": make_upload(colour="red")})
    image = ActionImage.objects.get()
    assert image.pk != kept.pk
    assert not default_storage.exists(images.name(kept, "gross"))
    client.post(page(action), SAID | seen() | {"alt_text": "Ein Tisch"})
    image.refresh_from_db()
    assert image.alt_text == "Ein Tisch"
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(action), seen() | {"remove": "1"})
    assert not ActionImage.objects.exists()
    assert not default_storage.exists(images.name(image, "mittel"))


def test_two_partners_do_not_overwrite_each_others_picture(action, editor, manager, client_for):
    """Who opened the form before is told, sees what is there now, and loses nothing."""
    first, second = client_for(editor), client_for(manager)
    before = seen()
    first.post(page(action), SAID | before | {"file": make_upload()})
    there = ActionImage.objects.get()
    late = SAID | {"alt_text": "Ein anderes Bild"}
    answer = second.post(page(action), late | before | {"file": make_upload(colour="red")})
    text = answer.content.decode()
    assert "Inzwischen hat jemand das Bild geändert." in text
    assert "Ein anderes Bild" in text
    kept = ActionImage.objects.get(pending=True)
    second.post(page(action), before | {"remove": "1"})
    assert ActionImage.objects.get(pending=False) == there
    second.post(page(action), late | seen() | {"pending": str(kept.pk)})
    assert ActionImage.objects.get() == kept


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"size": (8000, 6300), "kind": "PNG"}, "zu viele Bildpunkte"),
        ({"content": b"<svg/>", "content_type": "image/svg+xml"}, "SVG"),
        ({"content": b"kein Bild"}, "kein Bild"),
    ],
)
def test_what_is_no_usable_picture_is_refused_in_words(
    action, editor, client_for, content, message
):
    answer = client_for(editor).post(page(action), SAID | {"file": make_upload(**content)})
    text = answer.content.decode()
    assert message in text
    assert SAID["alt_text"] in text
    assert not ActionImage.objects.exists()


def test_what_nobody_took_over_goes_after_two_days(action, editor, client_for):
    client_for(editor).post(page(action), {"file": make_upload()})
    assert images.erase_stale() == {"dropped": 0}
    assert images.erase_stale(timezone.now() + datetime.timedelta(days=3)) == {"dropped": 1}
