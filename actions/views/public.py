"""Actions as everybody sees them: the list, each one's page, and both as calendars."""

from dataclasses import replace
from typing import Any, cast

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from actions import ical, profile, words
from actions.calendars import KEPT
from actions.forms.search import Search
from actions.models import Campaign, JointAction
from core.addresses import page_addresses
from core.pagecache import cache_public
from meetings import calendars
from meetings.models import is_member
from organisations import share_images
from organisations.search import directory

PER_PAGE = 20
MOST_ACTIONS = 1000
MOST_CAMPAIGNS = 12  # that are over, beside the list


@require_safe
@cache_public
def action_list(request: HttpRequest) -> HttpResponse:
    """The actions: what is coming, what has been, and for members what is being planned."""
    may_join = request.user.is_authenticated and (
        request.user.has_perm("actions.view_jointaction") or is_member(request.user)
    )
    campaigns = list(Campaign.objects.visible_to(request.user))
    search = Search.read(request.GET, campaigns, may_join=may_join)
    path = reverse("actions:list")
    if search.is_untidy:
        return redirect(path + search.query_string())
    now = timezone.now()
    found = profile.for_cards(search.find(request.user, now))
    page_obj = Paginator(found, PER_PAGE).get_page(search.page)
    elsewhere = None
    if search.query and not page_obj.paginator.count:
        other = search.elsewhere()
        if number := other.find(request.user, now).count():
            elsewhere = (number, path + other.query_string())
    today = timezone.localdate()
    return render(
        request,
        "actions/action_list.html",
        {
            "search": search,
            "heading": search.heading,
            "everything_url": path + replace(search, campaign=None, page="").query_string(),
            "page_obj": page_obj,
            "elsewhere": elsewhere,
            "tabs": [(label, path + other.query_string(), on) for label, other, on in search.tabs],
            # The programmes ahead stand first, those of the past below.
            "campaigns": [one for one in reversed(campaigns) if one.ends_on >= today],
            "past_campaigns": [one for one in campaigns if one.ends_on < today][:MOST_CAMPAIGNS],
            "is_first_page": page_obj.number == 1 and search.is_plain,
            "ways": calendars.ways(
                calendars.public_address(get_language() or "", name="actions_feed")
            ),
            "addresses": page_addresses(path, search.query_string(page_obj.number)),
            "indexed": not search.query and search.when != Search.PLANNED,
        },
    )


@require_safe
@cache_public
def action_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """An action's page; one that is still planned shows those who may see it what it will be."""
    action = _find(request, slug)
    user = request.user
    # Visitors have found it among the public ones.
    is_shown = (
        not user.is_authenticated or JointAction.objects.public().filter(pk=action.pk).exists()
    )
    context: dict[str, Any] = profile.page(action) | {
        "addresses": page_addresses(action.get_absolute_url()),
        "is_shown": is_shown,
        "is_own": user.is_authenticated
        and JointAction.objects.editable_by(user).filter(pk=action.pk).exists(),
        "is_member": user.is_authenticated and is_member(user),
    }
    template = "actions/action_detail.html" if is_shown else "actions/action_plan.html"
    return render(request, template, context)


@require_safe
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """The dates of one action as a calendar file, to take over with a tap.

    Of one in planning it says more than other members may read, so they have none.
    """
    public = JointAction.objects.public().values("pk")
    own = JointAction.objects.editable_by(request.user).values("pk")
    seen = JointAction.objects.filter(Q(pk__in=public) | Q(pk__in=own))
    action = get_object_or_404(profile.with_parts(seen), slug=slug)
    content = ical.single(action, language=get_language() or settings.LANGUAGE_CODE)
    response = HttpResponse(content, content_type=calendars.CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{action.slug}.ics"'
    # It may be cancelled in the next minute.
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@cache_public
def feed(request: HttpRequest) -> HttpResponse:
    """All public actions, for everybody to subscribe to; `?sprache=` says in which language."""
    asked = request.GET.get("sprache", "")
    known = {code for code, _name in settings.LANGUAGES}
    language = asked if asked in known else settings.LANGUAGE_CODE
    with override(language):
        name = _("Aktionen des Netzwerks")
    since = timezone.now() - KEPT
    actions = JointAction.objects.public().coming(since).order_by("-pk")
    content = ical.feed(
        profile.for_cards(actions)[:MOST_ACTIONS], name=name, language=language, since=since
    )
    return HttpResponse(content, content_type=calendars.CONTENT_TYPE)


@require_safe
def share_image(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture that messengers show beside a link to the page."""
    action = get_object_or_404(
        JointAction.objects.public().select_related("municipality").prefetch_related("dates"),
        slug=slug,
    )
    index = directory()
    date = words.next_date(action.dates.all())
    picture = share_images.Picture(
        name=action.translated("title"),
        place=", ".join(filter(None, [words.short_day(date) if date else "", _town(action)])),
        municipality=action.municipality_id,
        drawing=share_images.drawing(index),
    )
    etag = f'"{picture.key}"'
    response = cast(HttpResponse | None, get_conditional_response(request, etag=etag))
    if response is None:
        response = HttpResponse(picture.read(), content_type="image/png")
        response["ETag"] = etag
    response["Cache-Control"] = "public, no-cache"
    return response


def _town(action: JointAction) -> str:
    return action.municipality.name if action.municipality else ""


def _find(request: HttpRequest, slug: str) -> JointAction:
    visible = JointAction.objects.visible_to(request.user)
    return get_object_or_404(profile.with_parts(visible), slug=slug)
