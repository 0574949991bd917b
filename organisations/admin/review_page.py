"""The review page: all an organisation has said, and the decision about it in two steps."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from core import history
from core.errors import Refused
from core.office import OfficeModelAdmin, change_boxes
from core.resume import recall
from organisations import questions, review
from organisations.forms.decisions import MailForm, PostponeForm, ReasonForm
from organisations.models import Organisation
from organisations.services import decisions
from organisations.services.decisions import Decision

SERVICES = {
    Decision.ADMIT: decisions.admit,
    Decision.ASK_BACK: decisions.ask_back,
    Decision.REJECT: decisions.reject,
    Decision.POSTPONE: decisions.postpone,
    Decision.PAUSE: decisions.pause,
    Decision.RESUME: decisions.resume,
    Decision.ARCHIVE: decisions.archive,
}


def review_url(organisation: Organisation) -> str:
    """Return the path of the page on which an organisation is decided about."""
    return reverse("admin:organisations_organisation_review", args=[organisation.pk])


class ReviewPage(OfficeModelAdmin):
    """The part of an organisation's pages on which the officer decides."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/pruefen/",
                self.admin_site.admin_view(self.review),
                name="organisations_organisation_review",
            ),
            *super().get_urls(),
        ]

    def review(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show all an organisation has said, and take a decision about it in two steps."""
        organisation = get_object_or_404(
            Organisation.objects.visible_to(request.user).select_related("municipality"), pk=pk
        )
        if not decisions.may_decide(request.user):
            raise PermissionDenied
        # After a session that ended in between, what was typed comes back.
        data = request.POST if request.method == "POST" else recall(request)
        chosen = (data or {}).get("decision") or request.GET.get("entscheidung", "")
        decision = Decision(chosen) if chosen in Decision.values else None
        if chosen and decision is None:
            raise Http404
        if request.method == "POST":
            if decision is None:
                raise Http404
            form = self._decision_form(request, organisation, decision, data)
            if form.is_valid() and (answer := self._decide(request, organisation, decision, form)):
                return answer
        elif decision in decisions.possible(organisation):
            form = self._decision_form(request, organisation, decision, data)
        else:
            if decision is not None:
                text = _("Das geht nicht: „%(name)s“ hat den Stand „%(state)s“.")
                state = organisation.get_state_display()
                self.message_user(
                    request, text % {"name": organisation.name, "state": state}, messages.WARNING
                )
            form = decision = None
        return self._review_page(request, organisation, decision, form)

    def _decision_form(
        self,
        request: HttpRequest,
        organisation: Organisation,
        decision: Decision,
        data: QueryDict | None,
    ) -> MailForm | PostponeForm | ReasonForm:
        if decision == Decision.POSTPONE:
            return PostponeForm(data)
        if decision not in decisions.MAILS:
            return ReasonForm(data)
        subject, body = decisions.draft(
            decision,
            organisation=organisation,
            by=request.user,
            language=self._language(request, organisation),
        )
        initial = {
            "subject": subject,
            "body": body,
            "seen": organisation.state_since.isoformat(),
        }
        return MailForm(data, initial=initial)

    def _language(self, request: HttpRequest, organisation: Organisation) -> str:
        """Return the language the text is offered in: as she chose, or the first manager's."""
        asked = request.GET.get("sprache", "")
        known = dict(settings.LANGUAGES)
        return asked if asked in known else decisions.reading_language(organisation)

    def _decide(
        self, request: HttpRequest, organisation: Organisation, decision: Decision, form: Any
    ) -> HttpResponse | None:
        try:
            done = SERVICES[decision](organisation=organisation, by=request.user, **form.decision)
        except Refused as refused:
            form.add_error(None, str(refused))
            organisation.refresh_from_db()
            return None
        if not done:
            organisation.refresh_from_db()
            text = _("Das war schon entschieden: „%(name)s“ hat den Stand „%(state)s“.")
            state = organisation.get_state_display()
            self.message_user(
                request, text % {"name": organisation.name, "state": state}, messages.WARNING
            )
            return redirect(review_url(organisation))
        self.log_change(request, organisation, str(decision.label))
        organisation.refresh_from_db()
        text = _("Gespeichert: „%(name)s“ hat den Stand „%(state)s“.")
        state = organisation.get_state_display()
        self.message_user(
            request, text % {"name": organisation.name, "state": state}, messages.SUCCESS
        )
        return redirect("admin:index")

    def _review_page(
        self,
        request: HttpRequest,
        organisation: Organisation,
        decision: Decision | None,
        form: Any,
    ) -> HttpResponse:
        rows = list(history.records(Organisation, organisation.pk)[:21])
        language = self._language(request, organisation)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Prüfen: %(name)s") % {"name": organisation.name},
            "opts": self.opts,
            "organisation": organisation,
            "sections": [
                {"title": section.title, "rows": review.answers(organisation, section)}
                for section in questions.SECTIONS
            ],
            "contacts": review.contacts(organisation),
            "images": review.images(organisation),
            "representatives": organisation.representatives.select_related("user"),
            "duplicates": review.likely_duplicates(organisation),
            "entries": history.entries(rows[:20], older=rows[20] if len(rows) > 20 else None),
            "has_more_entries": len(rows) > 20,
            "change_boxes": change_boxes(request, organisation),
            "possible": decisions.possible(organisation),
            "decision": decision,
            "form": form,
            "is_mail": decision in decisions.MAILS,
            "mail_language": get_language_info(language)["name_local"],
            "languages": [
                {"code": code, "name": get_language_info(code)["name_local"]}
                for code, _name in settings.LANGUAGES
            ],
            "may_edit": self.has_change_permission(request, organisation),
        }
        return TemplateResponse(request, "admin/organisations/organisation/review.html", context)
