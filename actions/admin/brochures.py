"""The office's page of a campaign's printed programme: have it made, see how far it is."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from actions import programme
from actions.models import Campaign
from actions.services import brochures
from core import background, office


def urls() -> list[URLPattern]:
    """Return the addresses of these pages, for `CampaignAdmin.get_urls`."""
    view = site.admin_view(brochure)
    return [path("<int:pk>/programmheft/", view, name="actions_campaign_brochure")]


@office.change_link(Campaign, 6)
def brochure_link(request: HttpRequest, campaign: Any) -> office.Link | None:
    if not request.user.has_perm("actions.change_campaign"):
        return None
    return office.Link(_("Programmheft"), _address(campaign), icon="document")


@require_http_methods(["GET", "HEAD", "POST"])
def brochure(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how it stands with the brochure in each language; a button has it made."""
    if not request.user.has_perm("actions.change_campaign"):
        raise PermissionDenied
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        _act(request, campaign)
        return redirect(_address(campaign))
    states = brochures.states(campaign)
    context = {
        **site.each_context(request),
        "title": _("Programmheft: %(campaign)s") % {"campaign": campaign},
        "opts": Campaign._meta,
        "campaign": campaign,
        "states": states,
        "task": next((one.task for one in states if one.is_being_made), None),
        "failures": [one for one in states if one.has_failed],
        "number": len(programme.of(campaign).entries),
        "worth_making": [one for one in states if not one.is_current and not one.is_being_made],
    }
    return TemplateResponse(request, "admin/actions/campaign/brochure.html", context)


def _act(request: HttpRequest, campaign: Campaign) -> None:
    if request.POST.get("action") == "stop":
        for one in brochures.states(campaign):
            if one.task and one.is_being_made:
                background.cancel(one.task)
        messages.success(request, _("Das Programmheft wird nicht gemacht."))
        return
    codes = {code for code, _name in settings.LANGUAGES}
    languages = codes.intersection(request.POST.getlist("language"))
    if not languages:
        messages.error(request, _("Bitte wählen Sie eine Sprache."))
    elif not programme.of(campaign).entries:
        messages.error(request, _("Im Programm steht noch keine Aktion."))
    else:
        brochures.start(campaign=campaign, languages=languages, by=request.user)


def _address(campaign: Campaign) -> str:
    return reverse("admin:actions_campaign_brochure", args=[campaign.pk])
