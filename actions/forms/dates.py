"""When an action takes place: one date or many, without a script.

"Noch ein Termin" sends the form, which comes back with everything typed and one more row. What
looks like a typing error is said first, and saved once it is confirmed.
"""

import datetime
import hashlib
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions.models import ActionDate, JointAction
from actions.services import details, joint_actions
from core import moments
from core.fields import is_key
from core.text import CleanCharField

# A row is this many fields, and a request has at most `DATA_UPLOAD_MAX_NUMBER_FIELDS`.
MOST_ROWS = 250
# An evening that ends before this hour ends on the next day, without saying so.
END_OF_NIGHT = datetime.time(6)
DATE = {"format": "%Y-%m-%d", "attrs": {"type": "date"}}
TIME = {"format": "%H:%M", "attrs": {"type": "time"}}


class DateForm(forms.Form):
    """One date. Without a day it is a row nobody has filled in."""

    pk = forms.CharField(widget=forms.HiddenInput, required=False)
    day = forms.DateField(
        label=gettext_lazy("Tag"),
        widget=forms.DateInput(**DATE),
        error_messages={"required": gettext_lazy("Bitte wählen Sie einen Tag.")},
    )
    begin = forms.TimeField(
        label=gettext_lazy("Beginn"),
        widget=forms.TimeInput(**TIME),
        error_messages={"required": gettext_lazy("Bitte geben Sie an, wann es beginnt.")},
    )
    end = forms.TimeField(
        label=gettext_lazy("Ende"),
        widget=forms.TimeInput(**TIME),
        error_messages={"required": gettext_lazy("Bitte geben Sie an, wann es endet.")},
    )
    end_day = forms.DateField(
        label=gettext_lazy("Letzter Tag"),
        widget=forms.DateInput(**DATE),
        required=False,
        help_text=gettext_lazy("Nur wenn es mehrere Tage dauert."),
    )
    note = CleanCharField(
        label=gettext_lazy("Hinweis zu diesem Termin"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Zum Beispiel: nur für Frauen."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    remove = forms.BooleanField(label=gettext_lazy("Diesen Termin löschen"), required=False)

    date: details.Date | None = None
    # The date as it is stored; set by the formset.
    stored: details.Date | None = None

    @property
    def is_removed(self) -> bool:
        return bool(self.data.get(self.add_prefix("remove")))

    @property
    def is_empty(self) -> bool:
        """Whether nobody has filled in this row; hours alone may be those of the row before."""
        names = ("pk", "day", "end_day", "note")
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in names)

    def full_clean(self) -> None:
        if self.is_bound and (self.is_empty or self.is_removed):
            self._errors, self.cleaned_data = forms.utils.ErrorDict(), {}
            return
        super().full_clean()

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        first, begin, end = cleaned["day"], cleaned["begin"], cleaned["end"]
        last = cleaned["end_day"] or first
        if not cleaned["end_day"] and end < begin and end <= END_OF_NIGHT:
            last = first + datetime.timedelta(days=1) if first < datetime.date.max else first
        starts_at, ends_at = self._moment("day", first, begin), self._moment("end", last, end)
        if starts_at is None or ends_at is None:
            return cleaned
        if ends_at <= starts_at:
            self.add_error(
                "end_day" if cleaned["end_day"] else "end",
                _(
                    "Das Ende liegt vor dem Beginn. Dauert es bis zum nächsten Tag? Dann tragen "
                    "Sie bitte auch den letzten Tag ein."
                ),
            )
            return cleaned
        self.date = self._as_stored(
            details.Date(self._key(), starts_at, ends_at, cleaned.get("note", ""))
        )
        return cleaned

    def _key(self) -> int | None:
        value = self.cleaned_data["pk"]
        return int(value) if value and is_key(ActionDate, value) else None

    def _moment(
        self, field: str, day: datetime.date, hour: datetime.time
    ) -> datetime.datetime | None:
        try:
            moment = moments.combine(day, hour, timezone.get_default_timezone())  # type: ignore[arg-type]
        except ValidationError as error:
            self.add_error(field, error)
            return None
        if not 2000 <= moment.year <= 2200:
            self.add_error(field, _("Dieses Jahr kennt der Kalender nicht."))
            return None
        return moment

    def _as_stored(self, date: details.Date) -> details.Date:
        """The form knows minutes only; who has not touched a moment has not changed it."""
        if self.stored is None:
            return date
        kept = {
            name: getattr(self.stored, name)
            for name in ("starts_at", "ends_at")
            if getattr(self.stored, name).replace(second=0, microsecond=0) == getattr(date, name)
        }
        return date._replace(**kept)


class BaseDateForms(forms.BaseFormSet):
    """All dates of an action."""

    def __init__(
        self, data: Any = None, *, action: JointAction, seen_version: int, **options: Any
    ) -> None:
        self.action, self.seen = action, seen_version
        self.there = details.dates_of(action)
        self.unchecked = bool(data) and "add" in data
        self.doubts: list[str] = []
        self.confirm_key = ""
        if data is not None and self.unchecked:
            data = _with_one_more(data)
        options.setdefault("initial", [_shown(date) for date in self.there])
        super().__init__(data, prefix="termin", **options)
        if not self.there:
            self.extra = 1

    def _construct_form(self, i: int, **options: Any) -> Any:
        form: Any = super()._construct_form(i, **options)
        key = form.data.get(form.add_prefix("pk"), "") if form.is_bound else ""
        form.stored = next((one for one in self.there if str(one.pk) == key), None)
        return form

    def full_clean(self) -> None:
        if self.unchecked:
            self._errors, self._non_form_errors = [{} for _form in self.forms], self.error_class()
            for form in self.forms:
                form._errors, form.cleaned_data = forms.utils.ErrorDict(), {}
            return
        super().full_clean()

    def clean(self) -> None:
        values: Mapping[str, Any] = details.values_of(self.action) | {details.DATES: self.dates}
        # Whether a date may be taken away is asked when it is: others may have added some.
        found = joint_actions.problems(values)
        if details.DATES in found:
            raise ValidationError(found[details.DATES])
        stored = {one.said for one in self.there}
        changed = [date for date in self.dates if date.said not in stored]
        self.doubts = joint_actions.doubts(values | {details.DATES: changed}) if changed else []  # type: ignore[operator]
        if self.doubts and not any(self.errors):
            words = "|".join([*self.doubts, *(str(date) for date in changed)])
            self.confirm_key = hashlib.sha256(words.encode()).hexdigest()[:16]
            if self.data.get("confirmed") != self.confirm_key:
                raise ValidationError(
                    _("Noch nicht gespeichert. Bitte lesen Sie den Hinweis und bestätigen Sie ihn.")
                )

    @property
    def dates(self) -> list[details.Date]:
        """The dates as they are to be, of what is valid."""
        return [form.date for form in self.forms if form.date is not None]

    def see(self, version: int) -> None:
        """Let the form, shown again, be one that has seen this version."""
        self.seen = version


DateForms = forms.formset_factory(
    DateForm,
    formset=BaseDateForms,
    extra=0,
    max_num=JointAction.MOST_DATES,
    absolute_max=MOST_ROWS,
)


def _shown(date: details.Date) -> dict[str, Any]:
    """Return what a row shows of a stored date."""
    begin, end = (timezone.localtime(moment) for moment in (date.starts_at, date.ends_at))
    is_one_night = end.date() == begin.date() + datetime.timedelta(days=1) and (
        end.time() < begin.time() and end.time() <= END_OF_NIGHT
    )
    several = end.date() != begin.date() and not is_one_night
    return {
        "pk": date.pk,
        "day": begin.date(),
        "begin": begin.time(),
        "end": end.time(),
        "end_day": end.date() if several else None,
        "note": date.note,
    }


def _with_one_more(data: Any) -> Any:
    """Return what was sent with an empty row more, at the hours of the last one."""
    data = data.copy()
    text = str(data.get("termin-TOTAL_FORMS", ""))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    data["termin-TOTAL_FORMS"] = str(min(number + 1, MOST_ROWS))
    for name in ("begin", "end"):
        data[f"termin-{number}-{name}"] = data.get(f"termin-{number - 1}-{name}", "")
    return data
