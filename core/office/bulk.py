"""Doing the same to many rows of a list: first a page that says what will happen, then the deed.

A `BulkAction` says for every row what it will do to it, or why it cannot, and to whom mails go;
the rows that were shown are sent back with the confirmation, and only they are touched. What has
changed in between is judged anew. All of it is one transaction.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import Refused
from core.fields import is_key

# So many rows a person still reads, and the database is held for about a second.
MOST_ROWS = 200
CONFIRMED = "_confirmed"


@dataclass(frozen=True)
class Outcome:
    """What will happen to one row.

    :ivar text: in a few words, such as "Aktiv → Pausiert".
    :ivar refused: why nothing will; then the row is left out.
    :ivar mails: the addresses that get a mail.
    """

    text: str = ""
    refused: str = ""
    mails: Sequence[str] = ()


class BulkAction:
    """What can be done to the chosen rows of a list; put instances in an admin's `bulk_actions`.

    :cvar name: unique within the model; it stands in the form.
    :cvar label: what is chosen and what the button says.
    :cvar explanation: one sentence on top of the preview.
    :cvar danger: whether the button warns.
    :cvar form_class: asked on the preview; its cleaned values are given to `apply`.
    :cvar most: so many rows at once and no more.
    """

    name: str
    label: str | Promise
    explanation: str | Promise = ""
    danger: ClassVar[bool] = False
    form_class: type[forms.Form] | None = None
    most: ClassVar[int] = MOST_ROWS

    def is_allowed(self, request: HttpRequest) -> bool:
        """Whether the person who asks may do this at all."""
        return True

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with all `outcomes` needs, in a fixed number of queries."""
        return queryset

    def answer(self, request: HttpRequest, rows: Sequence[Any]) -> HttpResponse | None:
        """Lead somewhere else instead of the preview, such as to a page that compares two rows."""
        return None

    def outcomes(self, request: HttpRequest, rows: Sequence[Any]) -> list[Outcome]:
        """Say for each row what will happen, in the order given; changes nothing."""
        raise NotImplementedError

    def apply(self, request: HttpRequest, row: Any, **answers: Any) -> bool:
        """Do it to one row, by a service; safe to call twice.

        :return: whether anything changed.
        :raises Refused: if it is not possible (any more).
        """
        raise NotImplementedError

    def result(self, number: int) -> str:
        """Say what was done to `number` rows."""
        text = ngettext(
            "%(action)s: %(number)s Eintrag ist erledigt.",
            "%(action)s: %(number)s Einträge sind erledigt.",
            number,
        )
        return text % {"action": self.label, "number": number}


_added: dict[type[models.Model], list[tuple[int, BulkAction]]] = defaultdict(list)


def add_bulk_action(model: type[models.Model], action: BulkAction, *, order: int) -> None:
    """Offer an action in the list of another module's model, behind that model's own."""
    _added[model].append((order, action))


class BulkAdmin(admin.ModelAdmin):
    """The part of an admin page that shows the preview and does what is confirmed."""

    bulk_actions: Sequence[BulkAction] = ()

    def get_bulk_actions(self, request: HttpRequest) -> dict[str, BulkAction]:
        """Return by name what the person who asks may do to many rows."""
        added = sorted(_added[self.model], key=lambda one: one[0])
        every = [*self.bulk_actions, *(action for _order, action in added)]
        return {action.name: action for action in every if action.is_allowed(request)}

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer them where Django offers its own."""
        offered = {
            name: (_begin, name, action.label)
            for name, action in self.get_bulk_actions(request).items()
        }
        return offered | super().get_actions(request)

    def bulk_view(
        self, request: HttpRequest, action: BulkAction, queryset: QuerySet[Any]
    ) -> HttpResponse:
        """Show what an action will do to the chosen rows of a list, or do it.

        :param queryset: all rows of the list as it is filtered.
        """
        back = request.get_full_path()
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        across = request.POST.get("select_across") == "1" and CONFIRMED not in request.POST
        if not selected and not across:
            return self._told(request, back, _("Bitte wählen Sie zuerst Einträge aus."))
        if not across:
            if not all(is_key(self.model, value) for value in selected):
                text = _("Die Auswahl war nicht gültig. Bitte wählen Sie noch einmal aus.")
                return self._told(request, back, text, messages.ERROR)
            queryset = queryset.filter(pk__in=set(selected[: action.most + 1]))
        rows = list(action.rows(queryset)[: action.most + 1])
        if len(rows) > action.most:
            text = _(
                "Auf einmal gehen höchstens %(most)s Einträge. Bitte grenzen Sie die Liste mit der "
                "Suche oder den Filtern ein."
            )
            return self._told(request, back, text % {"most": action.most})
        if not rows:
            return self._told(request, back, _("Die gewählten Einträge gibt es hier nicht mehr."))
        if (answer := action.answer(request, rows)) is not None:
            return answer
        missing = 0 if across else len(set(selected)) - len(rows)
        form = None
        if action.form_class:
            form = action.form_class(request.POST if CONFIRMED in request.POST else None)
        if CONFIRMED in request.POST and (form is None or form.is_valid()):
            answers = form.cleaned_data if form else {}
            self.carry_out(request, action, rows, answers, missing=missing)
            return redirect(back)
        told = list(zip(rows, action.outcomes(request, rows), strict=True))
        possible = [(row, outcome) for row, outcome in told if not outcome.refused]
        context = {
            **self.admin_site.each_context(request),
            "title": action.label,
            "opts": self.opts,
            "action": action,
            "form": form,
            "possible": possible,
            "refused": [(row, outcome) for row, outcome in told if outcome.refused],
            "missing": missing,
            "mails": sum(len(outcome.mails) for _row, outcome in possible),
            "back": back,
            "checkbox": ACTION_CHECKBOX_NAME,
            "confirmed": CONFIRMED,
        }
        return TemplateResponse(request, "admin/bulk.html", context)

    def carry_out(
        self,
        request: HttpRequest,
        action: BulkAction,
        rows: Sequence[Any],
        answers: Mapping[str, Any] | None = None,
        *,
        missing: int = 0,
    ) -> None:
        """Do an action to rows, all in one transaction, and tell the person what was done.

        :param answers: to the action's form.
        :param missing: how many more were chosen and are not there any more.
        """
        done = []
        refusals = []
        with transaction.atomic():
            for row in rows:
                try:
                    with transaction.atomic():
                        changed = action.apply(request, row, **(answers or {}))
                except Refused as refused:
                    refusals.append(str(refused))
                    continue
                if changed:
                    done.append(row)
                    if not hasattr(row, "history"):
                        self.log_change(request, row, str(action.label))
        if done:
            self._say(request, action.result(len(done)), messages.SUCCESS)
        if unchanged := len(rows) - len(done) - len(refusals):
            text = ngettext(
                "%(number)s Eintrag war schon so.", "%(number)s Einträge waren schon so.", unchanged
            )
            self._say(request, text % {"number": unchanged}, messages.INFO)
        for text in refusals[:10]:
            self._say(request, text, messages.WARNING)
        left = missing + max(len(refusals) - 10, 0)
        if left:
            text = ngettext(
                "%(number)s weiterer Eintrag ist nicht geändert.",
                "%(number)s weitere Einträge sind nicht geändert.",
                left,
            )
            self._say(request, text % {"number": left}, messages.WARNING)

    def _told(
        self, request: HttpRequest, back: str, text: str, level: int = messages.WARNING
    ) -> HttpResponse:
        self._say(request, text, level)
        return redirect(back)

    def _say(self, request: HttpRequest, text: str, level: int) -> None:
        self.message_user(request, text, level)


def _begin(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
    """Where Django calls an action; the list's page catches ours before it comes to that."""
    action = modeladmin.get_bulk_actions(request)[request.POST["action"]]
    return modeladmin.bulk_view(request, action, queryset)
