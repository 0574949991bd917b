"""Edits that wait for the officer, each with what is public now and what is wanted instead."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import office
from core.errors import Conflict, Refused
from core.fields import is_key
from core.office import Item, Waiting
from core.resume import recall
from organisations.admin.reports import ReadOnlyAdmin
from organisations.forms.proposals import ProposalForm
from organisations.models import ProposedEdit
from organisations.services import facts, proposals


@office.waits(35)
def waiting_proposals(request: HttpRequest) -> Waiting | None:
    """Edits that are not public before she has looked at them."""
    if not proposals.may_decide(request.user):
        return None
    waiting = proposals.waiting()
    return Waiting(
        title=_("Änderungen zum Prüfen"),
        total=waiting.count(),
        items=[
            Item(
                one.organisation.name,
                reverse("admin:organisations_proposededit_change", args=[one.pk]),
                one.changed_at,
                Truncator(f"{one.by or ''}: {_fields(one)}").words(20),
            )
            for one in waiting[: office.SHOWN]
        ],
        url=reverse("admin:organisations_proposededit_changelist") + "?state__exact=open",
    )


def _fields(proposal: ProposedEdit) -> str:
    names = [facts.label(name) for name in facts.names_of(proposal.values)]
    return ", ".join(names) or _("Bilder")


@admin.register(ProposedEdit)
class ProposedEditAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "what", "by", "state", "created_at", "decided_at")
    list_filter = ("state",)
    list_select_related = ("organisation", "by")
    search_fields = ("organisation__name", "by__name", "by__email")

    @admin.display(description=gettext_lazy("Angaben"))
    def what(self, proposal: ProposedEdit) -> str:
        return _fields(proposal)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show before and after, and take all of it, some of it, or nothing."""
        proposal = None
        if is_key(ProposedEdit, object_id):
            rows = ProposedEdit.objects.select_related("organisation", "by", "decided_by")
            proposal = rows.filter(pk=object_id).first()
        if proposal is None:
            raise Http404
        if not self.has_view_or_change_permission(request, proposal):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else recall(request)
        form = self._form(proposal, data)
        changed = False
        if request.method == "POST":
            if not proposals.may_decide(request.user):
                raise PermissionDenied
            if form.is_valid():
                try:
                    return self._decide(request, proposal, form)
                except Refused as refused:
                    form.add_error(None, str(refused))
                except Conflict:
                    changed = True
                    proposal.refresh_from_db()
                    # What she has typed stays; what she has seen is new.
                    fresh = request.POST.copy()
                    fresh["seen_version"] = str(proposal.organisation.version)
                    fresh["seen_at"] = proposal.changed_at.isoformat()
                    form = self._form(proposal, fresh)
        ticked = data.getlist("nehmen") if data is not None and not changed else None
        fields = proposals.told(proposal) if proposal.is_open else []
        pictures = list(proposal.images.select_related("image", "replacing"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Änderung prüfen: %(name)s") % {"name": proposal.organisation},
            "opts": self.opts,
            "module_name": str(self.opts.verbose_name_plural),
            "proposal": proposal,
            "organisation": proposal.organisation,
            "fields": [
                {
                    "field": one,
                    # Nobody's newer entry is overwritten by not looking.
                    "ticked": not one.refused
                    and (not one.meanwhile if ticked is None else one.name in ticked),
                }
                for one in fields
            ],
            "pictures": [
                {"picture": one, "ticked": ticked is None or f"bild-{one.pk}" in ticked}
                for one in pictures
            ],
            "form": form,
            "changed": changed,
            "may_decide": proposals.may_decide(request.user),
            **(extra_context or {}),
        }
        template = "admin/organisations/proposededit/change_form.html"
        return TemplateResponse(request, template, context)

    @staticmethod
    def _form(proposal: ProposedEdit, data: Any) -> ProposalForm:
        initial = {
            "seen_version": proposal.organisation.version,
            "seen_at": proposal.changed_at.isoformat(),
        }
        return ProposalForm(data, initial=initial)

    def _decide(
        self, request: HttpRequest, proposal: ProposedEdit, form: ProposalForm
    ) -> HttpResponse:
        chosen = [] if "ablehnen" in request.POST else request.POST.getlist("nehmen")
        keys = [one.removeprefix("bild-") for one in chosen if one.startswith("bild-")]
        done = proposals.decide(
            proposal=proposal,
            take=chosen,
            take_images=[int(key) for key in keys if key.isascii() and key.isdigit()],
            by=request.user,
            **form.decision,
        )
        if done:
            text = _("Entschieden. Die Person bekommt eine E-Mail.")
            self.message_user(request, text, messages.SUCCESS)
        else:
            text = _("Das war schon entschieden.")
            self.message_user(request, text, messages.WARNING)
        return redirect("admin:index")
