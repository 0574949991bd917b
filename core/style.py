"""The style page: every component in every state, for the people who build pages from them."""

from functools import cache
from types import SimpleNamespace

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from core import icons
from core.models import BackgroundTask
from core.templatetags import ui

STATES = {
    "draft": _("Entwurf"),
    "submitted": _("Eingereicht"),
    "returned": _("Rückfrage"),
    "rejected": _("Abgelehnt"),
    "active": _("Aktiv"),
    "paused": _("Pausiert"),
    "archived": _("Archiviert"),
}
COLOURS = (
    *("paper", "surface", "sunken", "ink", "ink-soft", "line", "line-strong", "brand"),
    *("brand-strong", "brand-tint", "brand-mid", "accent", "accent-strong", "accent-tint"),
    *("clay", "good", "good-tint", "warn", "warn-tint", "bad", "bad-tint", "info", "info-tint"),
    "focus",
)
NAMES = (
    "Aktionskreis Tanz und Theater",
    "Club Italia",
    "Frauen am Markt e. V.",
    "Jugend spricht",
    "نادي الأصدقاء",
    "Общество друзей",
)


class StyleForm(forms.Form):
    """One field of every kind a page may have."""

    name = forms.CharField(label=_("Name"), help_text=_("Das sehen alle auf der Seite."))
    text = forms.CharField(label=_("Beschreibung"), widget=forms.Textarea, required=False)
    email = forms.EmailField(label=_("E-Mail-Adresse"))
    founded = forms.IntegerField(label=_("Gründungsjahr"), required=False)
    place = forms.ChoiceField(
        label=_("Stadt oder Gemeinde"),
        choices=[("", _("Bitte wählen")), ("a", "A-Dorf"), ("b", "B-Stadt")],
    )
    kind = forms.ChoiceField(
        label=_("Art"),
        choices=[("verein", _("Verein")), ("initiative", _("Initiative"))],
        widget=forms.RadioSelect,
    )
    topics = forms.MultipleChoiceField(
        label=_("Themen"),
        choices=[("a", _("Bildung und Lernen")), ("b", _("Musik und Tanz"))],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Wählen Sie alles, was passt."),
    )
    public = forms.BooleanField(
        label=_("Adresse öffentlich zeigen"), help_text=_("Sonst sehen nur wir sie.")
    )
    picture = forms.FileField(label=_("Logo"), required=False)
    locked = forms.CharField(label=_("Nicht änderbar"), disabled=True, required=False)

    def clean(self) -> None:
        raise ValidationError(_("Etwas passt nicht zusammen."))


@cache
def parts_of_apps() -> list[str]:
    """Templates by which other apps add their own components: `<app>/style_parts.html`."""
    found = []
    for app in apps.get_app_configs():
        try:
            get_template(name := f"{app.label}/style_parts.html")
        except TemplateDoesNotExist:
            continue
        found.append(name)
    return found


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """Show the style page; `?farben=hell` or `?farben=dunkel` fixes the theme."""
    theme = {"hell": "light", "dunkel": "dark"}.get(request.GET.get("farben", ""), "")
    context = {
        "theme": theme,
        "colours": COLOURS,
        "icons": sorted(icons.drawings()),
        "button_styles": ui.BUTTON_STYLES,
        "notice_tones": list(ui.NOTICE_ICONS),
        "tones": ui.TONES,
        "names": NAMES,
        "task": BackgroundTask(state=BackgroundTask.State.RUNNING, done=3, total=8),
        "organisations": [
            SimpleNamespace(state=state, get_state_display=lambda label=label: label)
            for state, label in STATES.items()
        ],
        "page_obj": Paginator(range(200), 10).page(7),
        "form": StyleForm(initial={"name": "Club Italia", "locked": "Club Italia"}),
        "wrong": StyleForm({"name": "", "email": "nein", "founded": "x"}, prefix="falsch"),
        "tasks": [
            {"title": _("Ihre Organisation"), "url": "#", "status": _("Erledigt"), "tone": "good"},
            {
                "title": _("Wo Sie sind"),
                "url": "#",
                "status": _("Fehlt noch"),
                "tone": "warn",
                "hint": _("Adresse, Ort, Öffnungszeiten"),
            },
            {"title": _("Prüfen und senden"), "url": "", "status": _("Noch nicht möglich")},
        ],
        "rows": [
            {"label": _("Name"), "value": "Club Italia", "change_url": "#"},
            {"label": _("Telefon"), "value": "", "change_url": "#"},
            {"label": _("Eingereicht am"), "value": "20. September 2025"},
        ],
        "parts": parts_of_apps(),
        "boards": [
            {"theme": board_theme, "direction": direction}
            for board_theme in ("light", "dark")
            for direction in ("ltr", "rtl")
        ],
    }
    return render(request, "core/style.html", context)
