"""What representatives have edited since the officer looked last."""

import datetime

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from core import office
from core.office import Item, OfficeModelAdmin, Waiting
from organisations.models import Organisation
from organisations.services import recent

PER_PAGE = 20
WORDS_OF_HINT = 20


def history_url(organisation: Organisation) -> str:
    """Return the path of an organisation's history."""
    return reverse("admin:organisations_organisation_history", args=[organisation.pk])


@office.waits(36)
def waiting_edits(request: HttpRequest) -> Waiting | None:
    """Organisations that were edited since she said that she has seen it."""
    if not recent.may_look(request.user):
        return None
    unseen = recent.unseen(request.user)
    first = dict(list(unseen.items())[: office.SHOWN])
    items = [
        Item(
            one.organisation.name,
            history_url(one.organisation),
            one.last,
            Truncator(f"{', '.join(one.who)}: {', '.join(one.what)}").words(WORDS_OF_HINT),
        )
        for one in (recent.edited(request.user, first) if first else [])
    ]
    return Waiting(
        title=_("Von Organisationen geändert"),
        total=len(unseen),
        items=items,
        url=reverse("admin:organisations_organisation_recent"),
    )


class RecentPages(OfficeModelAdmin):
    """The part of the organisations' pages that tells what was edited lately."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "organisations_organisation"
        return [
            path("aenderungen/", view(self.recent), name=f"{name}_recent"),
            path("aenderungen/gesehen/", view(self.seen), name=f"{name}_seen"),
            *super().get_urls(),
        ]

    def recent(self, request: HttpRequest) -> HttpResponse:
        """List what was edited, by whom and what; each can be called seen."""
        if not recent.may_look(request.user):
            raise PermissionDenied
        unseen = list(recent.unseen(request.user).items())
        page = Paginator(unseen, PER_PAGE).get_page(request.GET.get("seite"))
        rows = dict(page.object_list)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Von Organisationen geändert"),
            "opts": self.opts,
            "module_name": str(self.opts.verbose_name_plural),
            "edited": [
                {"row": one, "until": one.last.isoformat(), "url": history_url(one.organisation)}
                for one in (recent.edited(request.user, rows) if rows else [])
            ],
            "page_obj": page,
            # What comes in while she reads stays unseen.
            "until": unseen[0][1].isoformat() if unseen else "",
        }
        return TemplateResponse(request, "admin/organisations/organisation/recent.html", context)

    def seen(self, request: HttpRequest) -> HttpResponse:
        """Note that she has seen the edits of one organisation, or of all."""
        if not recent.may_look(request.user):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        organisation = None
        if key := request.POST.get("organisation", ""):
            is_key = key.isascii() and key.isdigit() and len(key) < 10
            organisation = get_object_or_404(
                Organisation.objects.visible_to(request.user), pk=int(key) if is_key else 0
            )
        until = _moment(request.POST.get("bis", ""))
        if until is None:
            self.message_user(request, _("Bitte laden Sie die Seite noch einmal."))
            return redirect("admin:organisations_organisation_recent")
        recent.mark_seen(by=request.user, until=until, organisation=organisation)
        if organisation is not None:
            text = _("Gesehen: %(name)s.") % {"name": organisation.name}
        else:
            day = date_format(timezone.localtime(until), "SHORT_DATETIME_FORMAT")
            text = _("Alle Änderungen bis %(day)s sind gesehen.") % {"day": day}
        self.message_user(request, text)
        if recent.unseen(request.user):
            return redirect("admin:organisations_organisation_recent")
        return redirect("admin:index")

    def unseen_until(self, request: HttpRequest, organisation: Organisation) -> str:
        """Return until when the edits of an organisation would be seen; "" if they are."""
        if not recent.may_look(request.user):
            return ""
        last = recent.unseen(request.user, organisation=organisation).get(organisation.pk)
        return last.isoformat() if last else ""


def _moment(text: str) -> datetime.datetime | None:
    """Return the moment a form says, or None for nonsense."""
    try:
        moment = datetime.datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return moment if timezone.is_aware(moment) else None
