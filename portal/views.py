"""Home, the legal pages and what a visitor can say about barriers."""

import uuid

from django.core.cache import caches
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import limits
from core.addresses import page_addresses
from core.pagecache import cache_public
from organisations.cards import cards
from organisations.map import county_map
from organisations.models import Organisation
from organisations.search import Directory, directory
from portal import services
from portal.context_processors import current_profile
from portal.forms import FeedbackForm

NEWEST = 3
SECONDS = 3600


@require_safe
@cache_public
def home(request: HttpRequest) -> HttpResponse:
    """What this network is, in five seconds."""
    index = directory()
    return render(
        request,
        "portal/home.html",
        {
            "organisations_count": len(index.pks),
            "municipalities_count": _used(index, "municipality"),
            "languages_count": _used(index, "language"),
            "topics": index.topics.values(),
            "map": county_map(index=index),
            "newest": cards(_newest(index), index),
            "addresses": page_addresses(reverse("portal:home")),
        },
    )


def _newest(index: Directory) -> list[int]:
    """Return the organisations admitted last; sorted once for each state of the content."""

    def look_up() -> list[int]:
        rows = Organisation.objects.public().order_by("-state_since", "-pk")
        return list(rows.values_list("pk", flat=True)[:NEWEST])

    found = caches["pages"].get_or_set(f"newest:{index.revision}", look_up, SECONDS)
    return found or []


def _used(index: Directory, group: str) -> int:
    """How many entries of a group have organisations."""
    return sum(1 for slots in index.facets[group].values() if slots)


def _legal_page(request: HttpRequest, field: str, title: str) -> HttpResponse:
    """Show one of the network's texts.

    :raises Http404: before the network has a profile.
    """
    profile = current_profile()
    if profile is None:
        raise Http404
    return render(
        request,
        f"portal/{field}.html",
        {
            "title": title,
            "text": profile.translated(field),
            "to_be_checked": not getattr(profile, f"{field}_checked"),
            "addresses": page_addresses(reverse(f"portal:{field}")),
        },
    )


@require_safe
@cache_public
def imprint(request: HttpRequest) -> HttpResponse:
    """Say who answers for the site (§ 5 DDG, § 18(2) MStV)."""
    return _legal_page(request, "imprint", _("Impressum"))


@require_safe
@cache_public
def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is done with personal data (GDPR art. 13)."""
    return _legal_page(request, "privacy", _("Datenschutz"))


@require_safe
@cache_public
def accessibility(request: HttpRequest) -> HttpResponse:
    """Declare how accessible the site is (§ 10 L-BGG)."""
    return _legal_page(request, "accessibility", _("Erklärung zur Barrierefreiheit"))


def _explanation(request: HttpRequest, field: str, title: str) -> HttpResponse:
    """Show the network in another way than in written German, or say that this is missing.

    Both ways are asked for by BITV 2.0 § 4.
    """
    profile = current_profile()
    return render(
        request,
        f"portal/{field}.html",
        {
            "title": title,
            "text": profile.translated(field) if profile else "",
            "addresses": page_addresses(reverse(f"portal:{field}")),
        },
    )


@require_safe
@cache_public
def easy_language(request: HttpRequest) -> HttpResponse:
    """Explain the network in Leichte Sprache."""
    return _explanation(request, "easy_language", _("Leichte Sprache"))


@require_safe
@cache_public
def sign_language(request: HttpRequest) -> HttpResponse:
    """Explain the network in sign language."""
    return _explanation(request, "sign_language", _("Gebärdensprache"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def give_feedback(request: HttpRequest) -> HttpResponse:
    """Take a visitor's message about a barrier; no account, nothing but the message needed."""
    if request.method == "POST":
        form = FeedbackForm(request.POST)
        if form.is_valid() and not limits.allow(limits.client_ip(request), action="feedback"):
            form.add_error(
                None,
                _(
                    "Von hier kamen gerade viele Nachrichten. Bitte versuchen Sie es in einer "
                    "Stunde noch einmal, oder rufen Sie uns an."
                ),
            )
            return render(request, "portal/feedback.html", {"form": form}, status=429)
        if form.is_valid():
            services.give_feedback(**form.cleaned_data, language=get_language() or "")
            return redirect("portal:feedback_thanks")
        return render(request, "portal/feedback.html", {"form": form})
    form = FeedbackForm(
        initial={"page": request.GET.get("seite", "")[:300], "creation_key": uuid.uuid4()}
    )
    return render(request, "portal/feedback.html", {"form": form})


@require_safe
@cache_public
def feedback_thanks(request: HttpRequest) -> HttpResponse:
    """Say that the message has arrived and when it is answered."""
    return render(request, "portal/feedback_thanks.html")
