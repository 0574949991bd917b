"""The page behind the link a contact person got by mail: decide, change one's mind, withdraw."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import Refused
from organisations.forms.contacts import ConsentForm
from organisations.services import consent as services
from organisations.views.images import file_response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, token: str) -> HttpResponse:
    """Show what somebody agreed to or is asked for; only the button changes anything.

    Whoever has the link is the person: it went to their mailbox alone, so no log-in is asked.
    """
    row = services.find(token)
    if row is None or not services.can_answer(row):
        case = "unknown" if row is None else "over"
        return render(
            request, "organisations/registration/consent.html", {"case": case}, status=404
        )
    contact = row.contact
    form = ConsentForm(contact=contact)
    wording = services.wording(contact.organisation)
    if request.method == "POST":
        form = ConsentForm(request.POST, contact=contact)
        fields = [] if "nothing" in request.POST else form.public if form.is_valid() else []
        try:
            services.answer(
                consent=row,
                fields=fields,
                wording=wording,
                language=get_language() or "",
                seen=request.POST.get("seen", ""),
            )
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request, _("Danke. Ihre Entscheidung ist gespeichert und gilt sofort.")
            )
        return redirect("organisations:consent", token=token)
    return render(
        request,
        "organisations/registration/consent.html",
        {
            "case": "open",
            "token": token,
            "seen": services.shown_data(contact),
            "answered": row.given_at is not None or row.declined_at is not None,
            "public": services.public_fields(contact),
            "contact": contact,
            "organisation": contact.organisation,
            "asked_by": row.requested_by.name if row.requested_by else "",
            "form": form,
            "wording": wording,
        },
    )


@never_cache
@require_safe
def photo(request: HttpRequest, token: str) -> HttpResponse:
    """Show a person, and nobody else, the photo of theirs about which the page asks."""
    row = services.find(token)
    if row is None or not services.can_answer(row) or row.contact.photo is None:
        raise Http404
    response = file_response(request, row.contact.photo, "klein")
    response["Cache-Control"] = "private, no-store"
    return response
