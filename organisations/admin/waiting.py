"""What waits for the officer, on her start page."""

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import office
from core.office import Item, Waiting
from organisations.admin.review_page import review_url
from organisations.models import AccessRequest, Organisation, ProblemReport, Representative
from organisations.services import decisions

State = Organisation.State


@office.waits(10)
def waiting_registrations(request: HttpRequest) -> Waiting | None:
    """Registrations nobody has looked at yet, the oldest first."""
    if not decisions.may_decide(request.user):
        return None
    submitted = Organisation.objects.filter(state=State.SUBMITTED)
    new = submitted.filter(review_after=None).select_related("municipality")
    new = new.order_by("submitted_at", "pk")
    return Waiting(
        title=_("Neue Anmeldungen"),
        total=new.count(),
        items=[
            Item(one.name, review_url(one), one.submitted_at, str(one.municipality or ""))
            for one in new[: office.SHOWN]
        ],
        url=reverse("admin:organisations_organisation_changelist") + "?state__exact=submitted",
    )


@office.waits(20)
def waiting_postponed(request: HttpRequest) -> Waiting | None:
    """Registrations she has put aside, on the day they are to come back."""
    if not decisions.may_decide(request.user):
        return None
    postponed = Organisation.objects.filter(state=State.SUBMITTED, review_after__isnull=False)
    today = timezone.localdate()
    due = postponed.filter(review_after__lte=today).order_by("review_after", "pk")
    later = postponed.filter(review_after__gt=today).order_by("review_after")
    note = ""
    if following := later.values_list("review_after", flat=True).first():
        number = later.count()
        note = ngettext(
            "%(number)s Anmeldung ist zurückgestellt bis %(day)s.",
            "%(number)s Anmeldungen sind zurückgestellt, die nächste bis %(day)s.",
            number,
        ) % {"number": number, "day": date_format(following)}
    return Waiting(
        title=_("Wiedervorlage"),
        total=due.count(),
        items=[Item(one.name, review_url(one), one.submitted_at) for one in due[: office.SHOWN]],
        url=reverse("admin:organisations_organisation_changelist") + "?state__exact=submitted",
        note=note,
    )


@office.waits(30)
def waiting_access_requests(request: HttpRequest) -> Waiting | None:
    """Who asks to speak for an organisation; its managers may decide as well."""
    if not request.user.has_perm("organisations.change_accessrequest"):
        return None
    waiting = AccessRequest.objects.filter(state=AccessRequest.State.OPEN)
    managers = Count(
        "organisation__representatives",
        filter=Q(organisation__representatives__role=Representative.Role.MANAGER),
    )
    rows = waiting.annotate(managers=managers).select_related("user", "organisation")
    return Waiting(
        title=_("Anfragen nach Zugang"),
        total=waiting.count(),
        items=[
            Item(
                f"{one.user} – {one.organisation}",
                reverse("organisations:people", args=[one.organisation_id]),
                one.created_at,
                _("Die Verwaltung der Organisation kann auch entscheiden.")
                if one.managers
                else _("Niemand verwaltet diese Organisation."),
            )
            for one in rows.order_by("created_at")[: office.SHOWN]
        ],
        url=reverse("admin:organisations_accessrequest_changelist") + "?state__exact=open",
    )


@office.waits(40)
def waiting_problem_reports(request: HttpRequest) -> Waiting | None:
    """What visitors say is wrong on a page."""
    if not request.user.has_perm("organisations.change_problemreport"):
        return None
    waiting = ProblemReport.objects.filter(settled_at=None)
    rows = waiting.select_related("organisation").order_by("created_at")
    return Waiting(
        title=_("Hinweise von Besuchern"),
        total=waiting.count(),
        items=[
            Item(
                one.organisation.name,
                reverse("admin:organisations_problemreport_change", args=[one.pk]),
                one.created_at,
                one.text[:100],
            )
            for one in rows[: office.SHOWN]
        ],
        url=reverse("admin:organisations_problemreport_changelist") + "?settled=no",
    )
