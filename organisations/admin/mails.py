"""Between the people of an organisation and the mails that went to them."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core import bounces, office
from core.admin.outbox import mails_to
from core.models import OutboxMessage
from organisations.models import ContactPerson, Organisation, Representative


def _may_see(request: HttpRequest) -> bool:
    user: Any = request.user
    return user.has_perm("core.view_outboxmessage") and user.has_perm(
        "organisations.view_organisation"
    )


@office.change_box(Organisation, 80)
def mails_of_organisation(request: HttpRequest, organisation: Any) -> office.Box | None:
    """Lead from each person to the mails at their address, and say whose come back."""
    if not _may_see(request):
        return None
    speaking = organisation.representatives.select_related("user")
    named = organisation.contacts.exclude(email="")
    returning = bounces.returning_since(one.email for one in named)
    # An account knows it by itself: the next log-in shows that the person can be reached.
    people = [
        *((one.user, one.get_role_display(), one.user.mail_failed_on) for one in speaking),
        *((one, _("Ansprechperson"), returning.get(one.email.lower())) for one in named),
    ]
    if not people:
        return None
    rows = [
        {
            "name": person.name or person.email,
            "role": role,
            "address": person.email,
            "url": mails_to(person.email),
            "returning_since": since,
        }
        for person, role, since in people
    ]
    template = "admin/organisations/organisation/mails_box.html"
    return office.Box(_("E-Mails an die Menschen"), template, {"rows": rows}, anchor="emails")


@office.change_box(OutboxMessage, 20)
def people_of_mail(request: HttpRequest, message: Any) -> office.Box | None:
    """Say whose address a mail went to."""
    if not _may_see(request):
        return None
    speaking = Representative.objects.filter(user__email=message.to.lower())
    named = ContactPerson.objects.filter(email__iexact=message.to)
    rows = [
        {
            "name": str(one.user),
            "role": one.get_role_display(),
            "organisation": one.organisation,
            "url": _page(one.organisation_id),
        }
        for one in speaking.select_related("user", "organisation")[:20]
    ] + [
        {
            "name": one.name,
            "role": _("Ansprechperson"),
            "organisation": one.organisation,
            "url": _page(one.organisation_id),
        }
        for one in named.select_related("organisation")[:20]
    ]
    template = "admin/organisations/organisation/people_of_mail_box.html"
    return office.Box(_("Wer hat diese Adresse?"), template, {"rows": rows})


def _page(pk: int) -> str:
    return reverse("admin:organisations_organisation_change", args=[pk]) + "#emails"
