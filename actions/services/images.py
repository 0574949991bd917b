"""The pictures of an action: kept while their form has errors, shown once described and agreed to.

Who sees them follows the action: `may_see`. § 22 KUG asks for the consent of everybody in them.
"""

import datetime
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from actions.models import ActionImage, JointAction
from actions.services import joint_actions
from core import images, limits
from core.errors import Refused

Kind = ActionImage.Kind

MOST_PHOTOS = 12
MOST_PENDING = 20
# The names stand in addresses; the longer side in pixels. "gross" is the stored picture itself.
SIZES: dict[str, int | None] = {"klein": 240, "mittel": 640, "gross": None}
KEEP_PENDING = datetime.timedelta(days=2)


# --- Reading --------------------------------------------------------------------------------------
def name(image: ActionImage, size: str) -> str:
    """Return the storage name of a picture in one of the `SIZES`."""
    return f"actions/images/{image.pk}-{size}.webp"


def address(image: ActionImage, size: str) -> str:
    """Return the path under which a picture is shown."""
    return reverse("actions_image", kwargs={"pk": image.pk, "size": size})


def data(image: ActionImage, size: str) -> bytes:
    """Return a picture's file.

    :raises FileNotFoundError: if it is not there (any more).
    """
    with default_storage.open(name(image, size)) as file:
        return file.read()


def shown(action: JointAction) -> QuerySet[ActionImage]:
    """Return what is to be seen of an action: its picture, then what it looked like."""
    return action.images.filter(pending=False)


def is_public(image: ActionImage) -> bool:
    """Whether everybody may see a picture; photos of what has been only of what took place."""
    if image.pending:
        return False
    actions = JointAction.objects.public()
    if image.kind == Kind.RESULT:
        actions = actions.exclude(state=JointAction.State.CANCELLED)
    return actions.filter(pk=image.action_id).exists()


def may_see(image: ActionImage, user: User) -> bool:
    """Whether a person may have a picture: with its action, and one that waits who writes it."""
    actions = JointAction.objects
    allowed = actions.editable_by(user) if image.pending else actions.visible_to(user)
    return is_public(image) or allowed.filter(pk=image.action_id).exists()


# --- Writing --------------------------------------------------------------------------------------
def keep(*, action: JointAction, kind: str, content: ContentFile, by: User) -> ActionImage:
    """Store a picture that nobody but those who take part can see yet.

    :param content: what `core.images.read_image` returned.
    :raises PermissionDenied: for people who do not take part.
    :raises Refused: if too many pictures were sent in a short time, or the disk is full.
    """
    joint_actions.require_editor(action, by)
    if not limits.allow(str(by.pk), action="image"):
        raise Refused(_("Das waren sehr viele Bilder. Bitte versuchen Sie es in einer Stunde."))
    image = ActionImage(action=action, kind=kind, pending=True)
    try:
        image.width, image.height = images.store(
            content, {name(image, size): edge for size, edge in SIZES.items()}
        )
        with transaction.atomic():
            waiting = action.images.filter(pending=True).order_by("-uploaded_at")
            for stale in waiting[MOST_PENDING - 1 :]:
                erase(stale)
            image.save()
    except OSError as error:  # a full disk
        _delete_files(image)
        raise Refused(
            _("Das Bild konnte nicht gespeichert werden. Bitte versuchen Sie es später.")
        ) from error
    except Exception:
        _delete_files(image)
        raise
    return image


@transaction.atomic
def publish(
    *,
    image: ActionImage,
    alt_text: str,
    credit: str,
    by: User,
    replacing: ActionImage | None = None,
) -> ActionImage:
    """Make a picture part of its action, or change what is said of it; whoever does has agreed.

    A new main picture takes the old one's place.

    :param replacing: the photo whose place it takes.
    :return: the saved row.
    :raises PermissionDenied: for people who do not take part (any more).
    :raises Refused: when there are as many photos as a page can show.
    """
    row = joint_actions.lock(image.action)
    joint_actions.require_editor(row, by)
    others = row.images.filter(kind=image.kind, pending=False).exclude(pk=image.pk)
    if replacing is not None and replacing.pk != image.pk:
        image.position = replacing.position
        if (former := others.filter(pk=replacing.pk).first()) is not None:
            erase(former)  # else somebody else was faster
    if image.kind == Kind.MAIN:
        for former in others:
            erase(former)
    elif image.pending and others.count() >= MOST_PHOTOS:
        raise Refused(
            _("Es sind schon %(number)d Fotos. Bitte entfernen Sie zuerst eines.")
            % {"number": MOST_PHOTOS}
        )
    elif image.pending and replacing is None:
        image.position = max((one.position for one in others), default=-1) + 1
    image.alt_text, image.credit, image.pending = alt_text, credit, False
    image.has_consent, image.consent_by, image.consent_at = True, by, timezone.now()
    image.save()
    # The history says no more: descriptions name people, and would outlive the picture there.
    joint_actions.save(row, by, gettext_lazy("Bild geändert"))
    return image


@transaction.atomic
def remove(*, image: ActionImage, by: User) -> bool:
    """Take a picture away, with its files; it is gone at once.

    :return: False if it was gone already.
    :raises PermissionDenied: for people who do not take part (any more).
    """
    row = joint_actions.lock(image.action)
    joint_actions.require_editor(row, by)
    if not row.images.filter(pk=image.pk).exists():
        return False
    was_shown = not image.pending
    erase(image)
    if was_shown:
        joint_actions.save(row, by, gettext_lazy("Bild entfernt"))
    return True


def erase(image: ActionImage) -> None:
    """Delete a picture's row, and its files once that is certain; part of a transaction."""
    transaction.on_commit(partial(_delete_files, image))
    pk = image.pk
    image.delete()
    image.pk = pk  # the files are named after it


def erase_stale(now: datetime.datetime | None = None) -> dict[str, int]:
    """Delete pictures whose form was never finished; a daily job.

    :param now: aware; the present if not given.
    """
    before = (now or timezone.now()) - KEEP_PENDING
    number = 0
    for image in ActionImage.objects.filter(pending=True, uploaded_at__lt=before):
        with transaction.atomic():
            erase(image)
        number += 1
    return {"dropped": number}


def _delete_files(image: ActionImage) -> None:
    for size in SIZES:
        default_storage.delete(name(image, size))
