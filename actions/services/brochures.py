"""The printed programme of a campaign as a PDF, made by the worker, in each language for itself.

A brochure stands for exactly one content: it is handed out only while the programme still says the
same. So what was taken back is gone from it with the next request; the worker makes it anew.
"""

import datetime
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from accounts.models import User
from actions import brochure_design, programme
from actions.models import Brochure, Campaign
from core import background, pdf
from core.errors import Refused
from core.models import BackgroundTask

KIND = "actions.brochure"
# A change of the design makes all brochures anew.
DESIGN = 1
SECONDS = 120
MEGABYTES = 450
# A programme that is being worked on is not printed after every word.
PAUSE = datetime.timedelta(minutes=10)
# What could not be made is tried again by itself, not all the time.
PAUSE_AFTER_FAILURE = datetime.timedelta(hours=6)
# How long ago a campaign may be to have its brochure made anew by itself.
KEPT_UP = datetime.timedelta(days=180)

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)

# Whose programme it is, in a language; a higher app knows it.
publishers: list[Callable[[str], brochure_design.Publisher]] = []


@dataclass(frozen=True)
class Shown:
    """How it stands with a campaign's brochure in one language.

    :ivar brochure: the last one made, also one that does not fit the programme any more.
    :ivar task: what is being made, or what went wrong since.
    """

    language: str
    name: str
    url: str
    brochure: Brochure | None
    is_current: bool
    task: BackgroundTask | None

    @property
    def is_being_made(self) -> bool:
        return self.task is not None and self.task.is_unfinished

    @property
    def has_failed(self) -> bool:
        return self.task is not None and self.task.state == BackgroundTask.State.FAILED


def publisher(language: str) -> brochure_design.Publisher:
    """Return whose programme it is."""
    return publishers[0](language) if publishers else brochure_design.Publisher()


def fingerprint(campaign: Campaign, language: str) -> str:
    """Return what stands for all that a brochure made now would say, and for its looks."""
    return _fingerprint_of(programme.of(campaign), language)


def _fingerprint_of(found: programme.Programme, language: str) -> str:
    # Kept with the programme: whose it is changes with `core.revision` as well.
    if (KIND, language) not in found.remembered:
        whose = publisher(language).key
        parts = (DESIGN, settings.SITE_URL, found.fingerprint(language), whose)
        digest = hashlib.sha256(repr(parts).encode(errors="replace"))
        found.remembered[(KIND, language)] = digest.hexdigest()
    return found.remembered[(KIND, language)]


def current(campaign: Campaign, language: str) -> Brochure | None:
    """Return the brochure in a language, if it says what the programme says now."""
    brochure = Brochure.objects.filter(campaign=campaign, language=language).first()
    if brochure is None or brochure.fingerprint != fingerprint(campaign, language):
        return None
    return brochure


def with_brochures(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Return each campaign once per brochure, or once without; see `of_rows`."""
    return campaigns.annotate(
        brochure_language=F("brochures__language"),
        brochure_fingerprint=F("brochures__fingerprint"),
        brochure_pages=F("brochures__pages"),
        brochure_size=F("brochures__size"),
    )


def start(
    *, campaign: Campaign, languages: Iterable[str] | None = None, by: User | None = None
) -> list[BackgroundTask]:
    """Have the worker make the brochure anew; while it does, this is the same task.

    :param languages: all of the portal's if not given.
    """
    return [
        background.start(
            KIND,
            key=_key(campaign, language),
            by=by,
            argument={"campaign": campaign.pk, "language": language},
        )
        for language in LANGUAGES
        if languages is None or language in languages
    ]


def states(campaign: Campaign) -> list[Shown]:
    """Return how it stands with the brochure in each language; two queries."""
    made = {one.language: one for one in campaign.brochures.all()}
    tasks = _last_tasks([campaign])
    return [
        Shown(
            language=language,
            name=get_language_info(language)["name_local"],
            url=address(campaign, language),
            brochure=(brochure := made.get(language)),
            is_current=brochure is not None
            and brochure.fingerprint == fingerprint(campaign, language),
            task=_worth_telling(tasks.get(_key(campaign, language)), brochure),
        )
        for language in LANGUAGES
    ]


def address(campaign: Campaign, language: str) -> str:
    """Return where a brochure is fetched, as a path."""
    return f"{reverse('programme_pdf', args=[campaign.slug])}?sprache={language}"


@dataclass(frozen=True)
class Failure:
    """A brochure that could not be made, and none has been made since."""

    campaign: Campaign
    language: str
    error: str
    since: datetime.datetime


def failed() -> list[Failure]:
    """Return the brochures that went wrong; three queries whatever their number."""
    failures = BackgroundTask.objects.filter(kind=KIND, state=BackgroundTask.State.FAILED)
    later = BackgroundTask.objects.filter(key=OuterRef("key"), pk__gt=OuterRef("pk"))
    last = failures.annotate(later=Subquery(later.values("pk")[:1])).filter(later=None)
    tasks = list(last.order_by("-ended_at")[:50])
    campaigns = Campaign.objects.in_bulk({task.argument.get("campaign") for task in tasks})
    made = {
        _key(one.campaign, one.language): one
        for one in Brochure.objects.filter(campaign__in=campaigns).select_related("campaign")
    }
    return [
        Failure(campaign, task.argument["language"], task.error, task.ended_at)
        for task in tasks
        if (campaign := campaigns.get(task.argument.get("campaign")))
        and _worth_telling(task, made.get(task.key))
        and task.ended_at
    ]


@background.kind(KIND)
def make(running: background.Running) -> None:
    """Make one brochure, and put it in the place of the former."""
    campaign = Campaign.objects.filter(pk=running.argument["campaign"]).first()
    language = running.argument["language"]
    if campaign is None or language not in LANGUAGES:
        return
    before = Brochure.objects.filter(campaign=campaign, language=language).first()
    found = programme.of(campaign)
    if not found.entries:
        with translation.override(settings.LANGUAGE_CODE):
            raise Refused(_("Im Programm steht noch keine Aktion."))
    # Of the very content that is printed: meanwhile the programme may be another.
    content_of = _fingerprint_of(found, language)
    expected = before.pages if before else brochure_design.expected_pages(found)
    laid = 0

    def tell(pages: int) -> None:
        nonlocal laid
        laid = pages
        running.progress(min(pages, expected), expected + 1)

    with translation.override(language):
        content = pdf.render(
            lambda: brochure_design.html(found, publisher(language)),
            timeout=SECONDS,
            megabytes=MEGABYTES,
            progress=tell,
        )
    _keep(
        campaign=campaign,
        language=language,
        content=content,
        content_of=content_of,
        pages=laid,
        by=running.task.by,
    )


@transaction.atomic
def _keep(
    *,
    campaign: Campaign,
    language: str,
    content: bytes,
    content_of: str,
    pages: int,
    by: User | None,
) -> Brochure:
    # Locked: two workers may have made one each, and the file of neither may be lost.
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    for one in Brochure.objects.filter(campaign=campaign, language=language):
        transaction.on_commit(partial(one.file.storage.delete, str(one.file.name)))
        one.delete()
    brochure = Brochure(
        campaign=campaign,
        language=language,
        fingerprint=content_of,
        pages=pages,
        size=len(content),
        made_by=by,
    )
    brochure.file.save("", ContentFile(content), save=False)
    brochure.save()
    return brochure


def refresh_stale() -> dict[str, int]:
    """Have those made anew that do not fit their programme any more; a job.

    :return: how many were begun.
    """
    now = timezone.now()
    kept_up = Brochure.objects.filter(
        campaign__ends_on__gte=timezone.localdate() - KEPT_UP, made_at__lt=now - PAUSE
    ).select_related("campaign")
    brochures = list(kept_up)
    tasks = _last_tasks({one.campaign for one in brochures})
    begun = 0
    for one in brochures:
        task = tasks.get(_key(one.campaign, one.language))
        if task and (task.is_unfinished or (task.ended_at or now) > now - _pause_after(task)):
            continue
        if not programme.of(one.campaign).entries:
            continue  # nobody is told of a brochure without a programme, and none can be made
        if one.fingerprint == fingerprint(one.campaign, one.language):
            continue
        start(campaign=one.campaign, languages=[one.language])
        begun += 1
    return {"brochures begun": begun}


def _pause_after(task: BackgroundTask) -> datetime.timedelta:
    return PAUSE_AFTER_FAILURE if task.state == BackgroundTask.State.FAILED else PAUSE


def _key(campaign: Campaign, language: str) -> str:
    return f"brochure:{campaign.pk}:{language}"


def _last_tasks(campaigns: Iterable[Campaign]) -> Mapping[str, BackgroundTask]:
    keys = [_key(campaign, language) for campaign in campaigns for language in LANGUAGES]
    rows = BackgroundTask.objects.filter(kind=KIND, key__in=keys).order_by("pk")
    return {task.key: task for task in rows}


def _worth_telling(task: BackgroundTask | None, brochure: Brochure | None) -> BackgroundTask | None:
    """Return what is being made, or what has failed and was not made since."""
    if task is None or task.is_unfinished:
        return task
    if task.state != BackgroundTask.State.FAILED:
        return None
    if brochure and task.ended_at and brochure.made_at > task.ended_at:
        return None
    return task
