"""The profile of the network, its starting texts, and what visitors write to the team."""

import datetime
import uuid
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_lazy

from accounts import own_data
from accounts.models import User
from accounts.own_data import Section
from accounts.services import staff_who_may
from core import history, limits
from core.colours import contrast
from portal import emails
from portal.models import Feedback, NetworkProfile, logo_path

KEEP_FEEDBACK = datetime.timedelta(days=365)
TEXTS = Path(__file__).parent / "texts"
STARTING_TEXTS = (
    "claim",
    "introduction",
    "who_may_join",
    "imprint",
    "privacy",
    "accessibility",
)


def starting_texts(language: str, **names: str) -> dict[str, str]:
    """Return the texts a new portal begins with, by field; the county checks them later.

    :param language: a language code; a language without files gives no texts.
    :param names: what stands for `$name`, `$county` and so on in the files.
    """
    texts = {}
    for field in STARTING_TEXTS:
        path = TEXTS / language / f"{field}.md"
        if path.exists():
            texts[field] = Template(path.read_text("utf-8")).substitute(names).strip()
    return texts


@transaction.atomic
def ensure_profile(
    *,
    name: str,
    short_name: str,
    county: str,
    translations: dict[str, dict[str, str]] | None = None,
    **facts: Any,
) -> tuple[NetworkProfile, bool]:
    """Create the network's profile with its starting texts, unless there is one already.

    :param translations: the facts in further languages; texts are added where we have them.
    :param facts: further fields of the profile, such as `contact_name`.
    :return: the profile, and whether it is new. An existing profile is never changed.
    """
    profile = NetworkProfile.objects.select_for_update().filter(pk=1).first()
    if profile:
        return profile, False
    spoken: dict[str, dict[str, str]] = {}
    for language, _label in settings.LANGUAGES:
        own = (translations or {}).get(language, {})
        names = {"name": own.get("name", name), "county": own.get("county", county)}
        spoken[language] = starting_texts(language, **names) | own
    german = spoken.pop(settings.LANGUAGE_CODE)
    profile = NetworkProfile(
        pk=1,
        translations=spoken,
        **{**german, "name": name, "short_name": short_name, "county": county, **facts},
    )
    profile.full_clean()
    profile.save()
    return profile, True


@dataclass(frozen=True)
class ColourSample:
    """Writing on a ground as the chosen colours give it, in one of the two themes."""

    use: str
    front: str
    ground: str

    @property
    def contrast(self) -> str:
        """How much the two stand out from each other, as in "7,1"."""
        return number_format(contrast(self.front, self.ground), 1)


def colour_samples(profile: NetworkProfile) -> list[ColourSample]:
    """Return what the portal makes of the chosen colours: light ones, then dark ones."""
    tones = profile.tones
    uses = (
        (gettext("Knopf, hell"), gettext("Knopf, dunkel"), "on-brand", "brand"),
        (gettext("Link, hell"), gettext("Link, dunkel"), "link", ""),
        (gettext("Fläche, hell"), gettext("Fläche, dunkel"), "brand-strong", "brand-tint"),
        (gettext("Zweite Farbe, hell"), gettext("Zweite Farbe, dunkel"), "on-accent", "accent"),
    )
    return [
        ColourSample(labels[theme], tones[front][theme], tones[ground][theme] if ground else paper)
        for theme, paper in enumerate(("#ffffff", "#1d2425"))
        for *labels, front, ground in uses
        if front in tones
    ]


def set_logo(*, profile: NetworkProfile, file: File | None, by: User) -> None:
    """Show a logo in the head of every page, or the portal's own sign again.

    :param file: a picture as `core.images.read_image` makes it; None takes the logo away.
    """
    former, new = profile.logo.name, ""
    if file:  # before the transaction: a disk is slow, and SQLite has one writer
        new = default_storage.save(logo_path(profile, ""), file)
    with transaction.atomic():
        row = NetworkProfile.objects.select_for_update().get(pk=profile.pk)
        row.logo = new
        history.note(row, by=by, reason=gettext_lazy("Logo geändert"))
        row.save()
        if former:
            transaction.on_commit(partial(default_storage.delete, former))


def give_feedback(
    *,
    creation_key: uuid.UUID,
    text: str,
    page: str = "",
    name: str = "",
    email: str = "",
    language: str = "",
) -> Feedback:
    """Keep what a visitor reports and tell the team, who answer within four weeks.

    When very many write, the team gets no more mails; the messages wait in the back office.

    :param creation_key: made with the empty form; the same form sent again is the same message.
    :param language: in which language the visitor read the page.
    """
    tells_the_team = limits.allow("", action="mails_about_feedback")
    with transaction.atomic():
        feedback, is_new = Feedback.objects.get_or_create(
            creation_key=creation_key,
            defaults={
                "text": text,
                "page": page,
                "name": name,
                "email": email,
                "language": language,
            },
        )
        if is_new and tells_the_team:
            for officer in staff_who_may("portal.change_feedback"):
                emails.feedback_arrived(feedback, officer)
    return feedback


def mark_answered(feedback: Feedback) -> bool:
    """Note that the team has answered a message; the time of the first note counts.

    :return: whether anything changed.
    """
    now = timezone.now()
    done = Feedback.objects.filter(pk=feedback.pk, answered_at=None).update(answered_at=now)
    return bool(done)


def forget_answered_feedback() -> dict[str, int]:
    """Delete feedback a year after it was answered, as the privacy notice says."""
    old = Feedback.objects.filter(answered_at__lte=timezone.now() - KEEP_FEEDBACK)
    deleted, _rows = old.delete()
    return {"feedback deleted": deleted}


def feedback_of(user: User) -> list[Section]:
    """Return what somebody has reported under the address of their account."""
    fields = ("text", "page", "name", "email", "created_at", "answered_at")
    rows = Feedback.objects.filter(email__iexact=user.email)
    entries = [own_data.describe(row, fields) for row in rows]
    return [Section("feedback", gettext("Ihre Rückmeldungen zur Barrierefreiheit"), entries)]


def forget_writer_of_feedback(user: User) -> None:
    """Take name and address from what a person has reported; the barrier still is to be mended."""
    Feedback.objects.filter(email__iexact=user.email).update(name="", email="")
