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
    people = [
        (str(one.user), one.get_role_display(), one.user.email)
        for one in organisation.representatives.select_related("user")
    ] + [
        (one.name, _("Ansprechperson"), one.email)
        for one in organisation.contacts.exclude(email="")
    ]
    if not people:
        return None
    returning = bounces.returning_since(address for _name, _role, address in people)
    rows = [
        {
            "name": name,
            "role": role,
            "address": address,
            "url": mails_to(address),
            "returning_since": returning.get(address.lower()),
        }
        for name, role, address in people
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
