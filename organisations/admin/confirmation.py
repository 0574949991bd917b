"""What nobody has confirmed for a year, and whose managers seem to be gone."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import office
from core.errors import Refused
from core.resume import forget, recall
from organisations import profile
from organisations.admin.reports import ReadOnlyAdmin
from organisations.forms.confirmation import OfficerConfirmationForm
from organisations.models import Confirmation, Organisation, Succession
from organisations.services import confirmation, decisions, reach, succession


def confirmation_url(organisation: Organisation) -> str:
    """Return the path of the page on which the officer confirms an organisation or asks again."""
    return reverse("admin:organisations_confirmation_organisation", args=[organisation.pk])


class AskAgain(office.BulkAction):
    """Ask organisations once more, one mail each."""

    name = "ask_again"
    label = gettext_lazy("Noch einmal fragen")
    explanation = gettext_lazy(
        "Jede Organisation bekommt eine E-Mail mit der Frage, ob ihre Angaben noch stimmen. "
        "Danach erinnern wir noch zweimal."
    )

    def is_allowed(self, request: HttpRequest) -> bool:
        return decisions.may_decide(request.user)

    def rows(self, queryset: QuerySet[Confirmation]) -> QuerySet[Confirmation]:
        return queryset.select_related("organisation").prefetch_related(
            "organisation__representatives__user", "organisation__contacts"
        )

    def outcomes(self, request: HttpRequest, rows: Any) -> list[office.Outcome]:
        return [self._outcome(row) for row in rows]

    def _outcome(self, row: Confirmation) -> office.Outcome:
        if not row.organisation.is_public:
            return office.Outcome(refused=_("Die Organisation ist nicht öffentlich."))
        if row.state == Confirmation.State.CONFIRMED:
            return office.Outcome(refused=_("Schon bestätigt."))
        readers = confirmation.readers_again(row.organisation)
        if not readers:
            return office.Outcome(refused=_("Keine E-Mail-Adresse eingetragen."))
        return office.Outcome(text=_("Frage per E-Mail"), mails=[readers[0].email])

    def apply(self, request: HttpRequest, row: Confirmation, **answers: Any) -> bool:
        confirmation.ask_again(organisation=row.organisation, by=request.user)
        return True


@admin.register(Confirmation)
class ConfirmationAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "state", "asked", "begun_on", "next_on", "ended_at")
    list_filter = ("state", "way")
    list_select_related = ("organisation",)
    search_fields = ("organisation__name",)
    bulk_actions = (AskAgain(),)
    fields = (
        "organisation",
        "state",
        "begun_on",
        "asked",
        "next_on",
        "ended_at",
        "way",
        "confirmed_by",
        "note",
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "organisation/<int:pk>/",
                self.admin_site.admin_view(self.organisation_page),
                name="organisations_confirmation_organisation",
            ),
            *super().get_urls(),
        ]

    def organisation_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what is public of an organisation, who was asked, and let the officer settle it."""
        organisation = get_object_or_404(
            Organisation.objects.visible_to(request.user).select_related("municipality"), pk=pk
        )
        if not decisions.may_decide(request.user):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else recall(request)
        form = OfficerConfirmationForm(data)
        if request.method == "POST":
            forget(request)
            if answer := self._settle(request, organisation, form):
                return answer
        latest = organisation.confirmations.order_by("-pk").first()
        readers = reach.readers(organisation)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Bestätigung: %(name)s") % {"name": organisation.name},
            "opts": self.opts,
            "organisation": organisation,
            "facts": profile.facts(organisation),
            "latest": latest,
            "box": asks_box(request, latest) if latest else None,
            "contacts": organisation.contacts.exclude(phone="", email=""),
            "reader": readers[0] if readers else None,
            "form": form,
        }
        template = "admin/organisations/confirmation/organisation.html"
        return TemplateResponse(request, template, context)

    def _settle(
        self, request: HttpRequest, organisation: Organisation, form: OfficerConfirmationForm
    ) -> HttpResponse | None:
        try:
            if "ask" in request.POST:
                asked = confirmation.ask_again(organisation=organisation, by=request.user)
                text = _("Die Frage geht an %(address)s.") % {"address": asked.email}
            elif "confirm" in request.POST and form.is_valid():
                confirmation.confirm(
                    organisation=organisation, by=request.user, note=form.cleaned_data["note"]
                )
                text = _("„%(name)s“ ist bestätigt.") % {"name": organisation.name}
            else:
                return None
        except Refused as refused:
            form.add_error(None, str(refused))
            return None
        self.log_change(request, organisation, text)
        self.message_user(request, text, messages.SUCCESS)
        return redirect("admin:index")


@admin.register(Succession)
class SuccessionAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "state", "begun_on", "next_on", "ended_at")
    list_filter = ("state",)
    list_select_related = ("organisation",)
    search_fields = ("organisation__name",)
    fields = ("organisation", "state", "begun_on", "next_on", "ended_at", "ended_by")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/erledigt/",
                self.admin_site.admin_view(self.settle),
                name="organisations_succession_settle",
            ),
            *super().get_urls(),
        ]

    def settle(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a case off the list."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = get_object_or_404(Succession, pk=pk)
        if succession.settle(succession=found, by=request.user):
            self.message_user(request, _("Erledigt."), messages.SUCCESS)
        return redirect("admin:index")


# --- On other pages -------------------------------------------------------------------------------
@office.change_box(Organisation, 30)
def confirmation_box(request: HttpRequest, row: Organisation) -> office.Box | None:
    """When an organisation was confirmed last, and the way to confirm it or ask again."""
    if not (row.is_public and decisions.may_decide(request.user)):
        return None
    unfinished = row.confirmations.filter(state__in=Confirmation.UNFINISHED).first()
    return office.Box(
        _("Jährliche Bestätigung"),
        "admin/organisations/confirmation/box.html",
        {"organisation": row, "unfinished": unfinished, "url": confirmation_url(row)},
        anchor="bestaetigung",
    )


@office.change_link(Confirmation, 10)
def confirmation_link(request: HttpRequest, row: Confirmation) -> office.Link | None:
    """The page where she settles it."""
    if not decisions.may_decide(request.user):
        return None
    url = confirmation_url(row.organisation)
    return office.Link(_("Bestätigen oder noch einmal fragen"), url, icon="check")


@office.change_box(Confirmation, 10)
@office.change_box(Succession, 20)
def asks_box(request: HttpRequest, row: Confirmation | Succession) -> office.Box | None:
    """Who was asked, and what became of it; the links in the mails are nobody's business."""
    return office.Box(
        _("Wer gefragt wurde"),
        "admin/organisations/confirmation/asks.html",
        {"asks": row.asks.all()},
    )


@office.change_link(Succession, 10)
def people_link(request: HttpRequest, row: Succession) -> office.Link | None:
    """The page where she invites somebody or changes roles."""
    if not request.user.has_perm("organisations.change_representative"):
        return None
    url = reverse("organisations:people", args=[row.organisation_id])
    return office.Link(_("Vertretungen ansehen"), url, icon="people")


@office.change_box(Succession, 10)
def settle_box(request: HttpRequest, row: Succession) -> office.Box | None:
    if not (row.is_unfinished and decisions.may_decide(request.user)):
        return None
    return office.Box(
        _("Haben Sie sich darum gekümmert?"),
        "admin/organisations/succession/settle.html",
        {"url": reverse("admin:organisations_succession_settle", args=[row.pk])},
    )


# --- What waits -----------------------------------------------------------------------------------
HINTS = {
    Confirmation.State.UNANSWERED: gettext_lazy("Dreimal gefragt, keine Antwort."),
    Confirmation.State.UNREACHABLE: gettext_lazy("Niemand zu fragen."),
    Confirmation.State.REPORTED: gettext_lazy("Hinweis erledigt, noch nicht bestätigt."),
}


@office.waits(45)
def waiting_confirmations(request: HttpRequest) -> office.Waiting | None:
    """Organisations nobody has confirmed for a year, after three mails or with nobody to ask."""
    if not decisions.may_decide(request.user):
        return None
    rows = confirmation.waiting().select_related("organisation")
    return office.Waiting(
        title=_("Seit einem Jahr nicht bestätigt"),
        total=rows.count(),
        items=[
            office.Item(
                one.organisation.name,
                confirmation_url(one.organisation),
                one.state_since,
                str(HINTS[Confirmation.State(one.state)]),
            )
            for one in rows[: office.SHOWN]
        ],
        url=reverse("admin:organisations_confirmation_changelist")
        + "?state__in=unanswered,unreachable,reported",
    )


@office.waits(46)
def waiting_successions(request: HttpRequest) -> office.Waiting | None:
    """Organisations whose managers seem to be gone, and nobody else has taken over."""
    if not decisions.may_decide(request.user):
        return None
    rows = succession.waiting().select_related("organisation")
    return office.Waiting(
        title=_("Niemand verwaltet mehr"),
        total=rows.count(),
        items=[
            office.Item(
                one.organisation.name,
                reverse("admin:organisations_succession_change", args=[one.pk]),
                one.state_since,
            )
            for one in rows[: office.SHOWN]
        ],
        url=reverse("admin:organisations_succession_changelist") + "?state__exact=unanswered",
    )
