"""What the mails say: a list of all the portal sends, and a page to change one in one language."""

from itertools import groupby
from typing import Any

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from core import history, mail, mail_texts, office, resume
from core.errors import Refused
from core.mail_kinds import Kind, kinds
from core.models import MailText
from core.seen import fingerprint
from core.text import CleanCharField


class MailTextForm(forms.Form):
    """Subject and text of one mail in one language.

    :param standing: the text that is sent now; somebody else's change in between is told.
    """

    subject = CleanCharField(label=gettext_lazy("Betreff"), max_length=200)
    body = CleanCharField(
        label=gettext_lazy("Text"),
        multiline=True,
        max_length=5000,
        help_text=gettext_lazy(
            "Eine leere Zeile beginnt einen neuen Absatz. Der Knopf und die Unterschrift des "
            "Netzwerks kommen von selbst darunter."
        ),
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, kind: Kind, language: str, standing: tuple[str, str], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.kind, self.standing = kind, fingerprint(standing)
        self.initial = {"subject": standing[0], "body": standing[1], "seen": self.standing}
        info = get_language_info(language)
        for name in ("subject", "body"):
            attributes = {"lang": language, "dir": "rtl" if info["bidi"] else "ltr"}
            self.fields[name].widget.attrs |= attributes
        self.fields["body"].widget.attrs["rows"] = 16

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if {"subject", "body"} <= cleaned.keys():
            self.kind.check_words(cleaned["subject"], cleaned["body"])
        return cleaned

    def is_overtaken(self) -> bool:
        """Whether somebody has saved another text since this form was opened.

        Says so once: sent again, the form replaces it.
        """
        if self.cleaned_data.get("seen", "") == self.standing:
            return False
        self.data = {**self.data.dict(), "seen": self.standing}  # type: ignore[attr-defined]
        self.add_error(
            None,
            _(
                "Inzwischen hat jemand diesen Text geändert. Ihr Text steht noch hier. Wenn Sie "
                "noch einmal speichern, ersetzt er den anderen."
            ),
        )
        return True


@admin.register(MailText)
class MailTextAdmin(office.OfficeModelAdmin):
    """All mails, whether their text was changed or not: the list is of kinds, not of rows."""

    def get_urls(self) -> list[URLPattern]:
        view, one = self.admin_site.admin_view, "<str:app>/<str:name>/<str:language>/"
        return [
            path("", view(self.changelist_view), name="core_mailtext_changelist"),
            path(one, view(self.edit_view), name="core_mailtext_edit"),
            path(f"{one}standard/", view(self.reset_view), name="core_mailtext_reset"),
            path(f"{one}verlauf/", view(self.text_history_view), name="core_mailtext_history"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    # --- The list ---------------------------------------------------------------------------------
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List every mail the portal can send, with what it is for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        own = {(text.mail, text.language): text for text in MailText.objects.all()}
        ordered = sorted(kinds.values(), key=lambda kind: (app_of(kind), str(kind.title)))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Texte der E-Mails"),
            "opts": self.opts,
            "groups": [
                {
                    "title": apps.get_app_config(app).verbose_name,
                    "mails": [self._listed(kind, own) for kind in group],
                }
                for app, group in groupby(ordered, key=app_of)
            ],
        }
        return TemplateResponse(request, "admin/core/mailtext/list.html", context)

    def _listed(self, kind: Kind, own: dict[tuple[str, str], MailText]) -> dict[str, Any]:
        languages = []
        for code, _name in settings.LANGUAGES:
            text = own.get((kind.name, code))
            languages.append(
                {
                    "code": code,
                    "name": get_language_info(code)["name_local"],
                    "url": address("edit", kind, code),
                    "is_own": text is not None,
                    "fits": text is None or kind.fits(text.subject, text.body),
                }
            )
        return {"kind": kind, "languages": languages}

    # --- One text ---------------------------------------------------------------------------------
    def edit_view(self, request: HttpRequest, app: str, name: str, language: str) -> HttpResponse:
        """Show a mail's text in one language, preview it, send a test mail, save it."""
        kind = self._kind(request, app, name, language)
        own = MailText.objects.filter(mail=kind.name, language=language).first()
        standard = mail.standard_words(kind, language)
        standing = (own.subject, own.body) if own else standard
        options: dict[str, Any] = {"kind": kind, "language": language, "standing": standing}
        shown: tuple[str, str] | None = standing
        if request.method == "POST":
            if not self.has_change_permission(request):
                raise PermissionDenied
            resume.arrived(request)
            form = MailTextForm(request.POST, **options)
            shown = None
            if form.is_valid():
                shown = form.cleaned_data["subject"], form.cleaned_data["body"]
                answer = self._done(request, form, kind, language)
                if answer is not None:
                    return answer
        else:
            form = MailTextForm(resume.recall(request), **options)
        values = mail.placeholder_values(kind, language, kind.example)
        info = get_language_info(language)
        context = {
            **self.admin_site.each_context(request),
            "title": kind.title,
            "opts": self.opts,
            "kind": kind,
            "form": form,
            "text_language": {
                "code": language,
                "name": info["name_local"],
                "dir": "rtl" if info["bidi"] else "ltr",
            },
            "languages": self._listed(kind, {})["languages"],
            "own": own,
            "fits": own is None or kind.fits(own.subject, own.body),
            "standard": standard,
            "preview": mail.render_words(kind, *shown, language, kind.example)
            if shown and kind.fits(*shown)
            else None,
            "placeholders": [
                {"placeholder": one, "example": values[one.source]} for one in kind.placeholders
            ],
            "may_change": self.has_change_permission(request),
            "history_url": address("history", kind, language),
            "reset_url": address("reset", kind, language),
        }
        return TemplateResponse(request, "admin/core/mailtext/edit.html", context)

    def _done(
        self, request: HttpRequest, form: MailTextForm, kind: Kind, language: str
    ) -> HttpResponse | None:
        """Do what the pressed button says; nothing to lead on to keeps what was typed."""
        words = {key: form.cleaned_data[key] for key in ("subject", "body")}
        if "_preview" in request.POST:
            return None
        if "_test" in request.POST:
            try:
                mail_texts.send_test(kind=kind, language=language, to=request.user, **words)
            except Refused as refused:
                form.add_error(None, str(refused))
                return None
            text = _("Die Test-E-Mail an Sie ist unterwegs. Gespeichert ist noch nichts.")
            self.message_user(request, text, messages.SUCCESS)
            return None
        if form.is_overtaken():
            return None
        if mail_texts.save(kind=kind, language=language, by=request.user, **words):
            self.message_user(request, _("Der Text ist gespeichert."), messages.SUCCESS)
        else:
            self.message_user(request, _("So steht der Text schon da."), messages.INFO)
        return redirect(address("edit", kind, language))

    def reset_view(self, request: HttpRequest, app: str, name: str, language: str) -> HttpResponse:
        """Take the standard text again."""
        kind = self._kind(request, app, name, language)
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if mail_texts.reset(kind=kind, language=language, by=request.user):
            self.message_user(request, _("Jetzt gilt wieder der Standardtext."), messages.SUCCESS)
        return redirect(address("edit", kind, language))

    def text_history_view(
        self, request: HttpRequest, app: str, name: str, language: str
    ) -> HttpResponse:
        """Show who changed a text and how, also what was before the standard text came back."""
        kind = self._kind(request, app, name, language)
        rows = MailText.history.filter(mail=kind.name, language=language)
        rows = rows.select_related("history_user").order_by("-history_date", "-history_id")
        paginator = Paginator(rows, self.history_per_page)
        page = paginator.get_page(request.GET.get("seite"))
        info = get_language_info(language)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Verlauf: %(name)s") % {"name": kind.title},
            "opts": self.opts,
            "kind": kind,
            "edit_url": address("edit", kind, language),
            "rows": [
                {"row": row, "entry": entry}
                for row, entry in zip(
                    page.object_list, history.entries(list(page.object_list)), strict=True
                )
            ],
            "page_obj": page,
            "text_language": {"code": language, "dir": "rtl" if info["bidi"] else "ltr"},
        }
        return TemplateResponse(request, "admin/core/mailtext/history.html", context)

    def _kind(self, request: HttpRequest, app: str, name: str, language: str) -> Kind:
        """Return the mail an address names, for somebody who may see it."""
        kind = kinds.get(f"{app}/{name}")
        if kind is None or language not in dict(settings.LANGUAGES):
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        return kind


def address(page: str, kind: Kind, language: str) -> str:
    """Return the address of one of a text's pages."""
    return reverse(f"admin:core_mailtext_{page}", args=[*kind.name.split("/"), language])


def app_of(kind: Kind) -> str:
    """Return the app a mail belongs to."""
    return kind.name.partition("/")[0]
