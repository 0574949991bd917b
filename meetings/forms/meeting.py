"""What the office says of a meeting; `planning` writes it.

A date that looks like a typing error, or that collides with something, is shown first and has to be
confirmed; so is what sends mails to those who are invited. Nothing of it needs a script.
"""

import datetime
import hashlib
import re
import zoneinfo
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import moments, office
from core.errors import Conflict, Refused
from core.fields import RowField, RowsField
from core.text import CleanCharField, HttpUrlField, validate_has_words
from core.translations import TRANSLATION
from meetings import collisions
from meetings.models import Meeting, default_time_zone
from meetings.services import details, inviting, planning
from organisations.models import Language, Organisation

MOST_DAYS = 120
# Where a problem of a value is said: what the form asks for in other words.
ASKED_AS = {"starts_at": "day", "ends_at": "end"}


def time_zones() -> list[tuple[str, str]]:
    """Return the zones one can choose, the portal's own first."""
    own = default_time_zone()
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and name != own)
    return [(name, name.replace("_", " ")) for name in (own, *names)]


class DaysField(CleanCharField):
    """Numbers of days, divided by commas: `14, 3`; the value is a tuple, the largest first."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return ", ".join(str(number) for number in sorted(value, reverse=True))

    def clean(self, value: Any) -> tuple[int, ...]:
        words = re.split(r"[\s,;]+", super().clean(value) or "")
        numbers = set()
        for word in filter(None, words):
            if not re.fullmatch(r"[0-9]{1,3}", word) or not 1 <= int(word) <= MOST_DAYS:
                raise ValidationError(
                    _("„%(word)s“ geht nicht. Bitte schreiben Sie Zahlen von 1 bis 120.")
                    % {"word": word[:20]}
                )
            numbers.add(int(word))
        return tuple(sorted(numbers, reverse=True))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class MeetingForm(office.TranslatedForm):
    """A meeting as the office sees it."""

    title = CleanCharField(
        label=gettext_lazy("Titel"),
        max_length=160,
        validators=[validate_has_words],
        error_messages={"required": gettext_lazy("Bitte geben Sie dem Treffen einen Titel.")},
    )
    day = forms.DateField(
        label=gettext_lazy("Tag"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": gettext_lazy("Bitte wählen Sie einen Tag.")},
    )
    begin = forms.TimeField(
        label=gettext_lazy("Beginn"),
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": gettext_lazy("Bitte geben Sie an, wann es beginnt.")},
    )
    end = forms.TimeField(
        label=gettext_lazy("Ende"),
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": gettext_lazy("Bitte geben Sie an, wann es endet.")},
    )
    end_day = forms.DateField(
        label=gettext_lazy("Letzter Tag"),
        required=False,
        help_text=gettext_lazy("Nur wenn das Treffen nicht am selben Tag endet."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    time_zone = forms.ChoiceField(label=gettext_lazy("Zeitzone"), choices=time_zones)
    reminders = DaysField(
        label=gettext_lazy("Erinnern: Tage vor dem Treffen"),
        required=False,
        max_length=60,
        help_text=gettext_lazy(
            "Zum Beispiel: 14, 3. Eine E-Mail bekommt nur, wer noch nicht geantwortet hat. "
            "Leer: keine Erinnerung."
        ),
    )
    place = CleanCharField(
        label=gettext_lazy("Ort"),
        max_length=160,
        required=False,
        help_text=gettext_lazy("Haus und Raum"),
    )
    address = CleanCharField(
        label=gettext_lazy("Adresse"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Straße, Postleitzahl und Ort"),
    )
    directions = CleanCharField(
        label=gettext_lazy("So kommt man hin"),
        multiline=True,
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    accessibility_note = CleanCharField(
        label=gettext_lazy("Hinweis zur Barrierefreiheit"), max_length=300, required=False
    )
    description = CleanCharField(
        label=gettext_lazy("Beschreibung"),
        multiline=True,
        max_length=Meeting.TEXT_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    online_url = HttpUrlField(
        label=gettext_lazy("Online-Link"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Sehen nur die Eingeladenen."),
    )
    online_note = CleanCharField(
        label=gettext_lazy("Hinweis zur Teilnahme online"), max_length=300, required=False
    )
    hosts = RowsField(
        label=gettext_lazy("Gastgebende Organisationen"),
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    interpreters = RowsField(
        label=gettext_lazy("Dolmetschen"),
        queryset=Language.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("In diese Sprachen wird gedolmetscht."),
    )
    copied_from = RowField(queryset=Meeting.objects.all(), required=False, widget=forms.HiddenInput)
    seen_version = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1
    )
    creation_key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    confirmed = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    # Set by the admin for each request.
    officer: Any = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # What is to be confirmed: sentences, and what the date collides with.
        self.doubts: list[str] = []
        self.collisions: list[collisions.Collision] = []
        self.confirm_key = ""
        active = Organisation.objects.public()
        if self.instance.pk:
            active = active | Organisation.objects.filter(hosted_meetings=self.instance.pk)
        if "hosts" in self.fields:
            self.fields["hosts"].queryset = active.distinct().order_by("name")
        if self.instance.pk:
            begin, end = self.instance.begins, self.instance.ends
            self.initial |= {"seen_version": self.instance.version}
            self.initial["reminders"] = details.reminder_days(self.instance)
        else:
            begin, end = self.initial.get("starts_at"), self.initial.get("ends_at")
            self.initial.setdefault("creation_key", uuid4())
            self.initial.setdefault("reminders", details.DEFAULT_REMINDERS)
            self.initial.setdefault("time_zone", default_time_zone())
        if begin and end:
            self.initial |= {"day": begin.date(), "begin": begin.time(), "end": end.time()}
            self.initial["end_day"] = end.date() if end.date() != begin.date() else None
            if not self.instance.pk and not self.is_bound:
                self._look_at(begin, end)

    @property
    def is_check(self) -> bool:
        """Whether somebody only wants to know what a date collides with."""
        return "_check" in self.data

    @property
    def is_confirmed(self) -> bool:
        return self.data.get(self.add_prefix("confirmed")) == self.confirm_key

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_check

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        begin = self._moment("begin", "day")
        end = self._moment("end", "end_day" if cleaned.get("end_day") else "day")
        if begin is None or end is None:
            return cleaned
        cleaned |= {"starts_at": begin, "ends_at": end}
        for name, text in planning.problems(cleaned, of=self._saved).items():
            asked = ASKED_AS.get(name, name)
            if asked not in self.errors:
                self.add_error(asked, text)
        if "end" not in self.errors:
            self._look_at(begin, end)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors or self.is_check:
            return
        if self.instance.pk:
            self._rehearse()
        if not self.errors and self.confirm_key and not self.is_confirmed:
            self.add_error(
                "confirmed",
                _("Noch nicht gespeichert. Bitte lesen Sie den Hinweis und bestätigen Sie ihn."),
            )

    @property
    def values(self) -> dict[str, Any]:
        """Return what `planning` is to write."""
        names = [
            name
            for name in self.cleaned_data
            if name in (*details.FIELDS, details.REMINDERS) or name.startswith(TRANSLATION)
        ]
        return {name: self.cleaned_data[name] for name in names}

    def save_by_service(self) -> Meeting:
        """Create or change the meeting.

        :raises Conflict: if somebody else was faster, see `planning.change`.
        """
        if self._saved is None:
            return planning.create(
                values=self.values,
                by=self.officer,
                creation_key=self.cleaned_data.get("creation_key"),
                copied_from=self.cleaned_data.get("copied_from"),
            )
        return planning.change(
            meeting=self._saved,
            values=self.values,
            seen_version=self.cleaned_data.get("seen_version") or 0,
            by=self.officer,
        )

    @property
    def _saved(self) -> Meeting | None:
        """The meeting as the database has it; the form writes what was typed to its instance."""
        if not self.instance.pk:
            return None
        if not hasattr(self, "_row"):
            self._row = Meeting.objects.get(pk=self.instance.pk)
        return self._row

    def _moment(self, time: str, day: str) -> datetime.datetime | None:
        """Return a moment in the meeting's zone; an hour that summer time leaves out is refused."""
        date, hour = self.cleaned_data.get(day), self.cleaned_data.get(time)
        if date is None or hour is None:
            return None
        zone = zoneinfo.ZoneInfo(self.cleaned_data.get("time_zone") or default_time_zone())
        try:
            return moments.combine(date, hour, zone)
        except ValidationError as error:
            self.add_error(day if error.code == "no_year" else time, error)
            return None

    def _look_at(self, begin: datetime.datetime, end: datetime.datetime) -> None:
        """Find what is to be confirmed before it is saved."""
        row = self._saved
        if row is None and self._is_sent_again():
            return
        is_moved = row is None or (begin, end) != (row.starts_at, row.ends_at)
        if is_moved or self.is_check:
            self.doubts = planning.doubts(begin, end)
            self.collisions = collisions.of(begin, end, besides=row)
        if not is_moved:
            told = self._told({"place", "address", "online_url"} & set(self.changed_data))
        else:
            told = self._told(row is not None)
        self.doubts += told
        if self.doubts or self.collisions:
            seen = [*map(str, self.doubts), *(str(one.label) for one in self.collisions)]
            words = "|".join([begin.isoformat(), end.isoformat(), *seen])
            self.confirm_key = hashlib.sha256(words.encode()).hexdigest()[:16]

    def _is_sent_again(self) -> bool:
        """Whether this form has made its meeting already."""
        key = self.cleaned_data.get("creation_key") if self.is_bound else None
        return key is not None and Meeting.objects.filter(creation_key=key).exists()

    def _told(self, is_changed: object) -> list[str]:
        """Return a sentence about whom a new date or place is told."""
        row = self._saved
        if not is_changed or row is None or row.state != Meeting.State.INVITED or row.is_over:
            return []
        number = inviting.reach(row).mails
        if not number:
            return []
        text = ngettext(
            "%(number)s Person bekommt eine E-Mail mit den neuen Angaben und einen neuen "
            "Kalendereintrag.",
            "%(number)s Personen bekommen eine E-Mail mit den neuen Angaben und einen neuen "
            "Kalendereintrag.",
            number,
        )
        return [text % {"number": number}]

    def _rehearse(self) -> None:
        """Say at the fields what somebody else has changed meanwhile."""
        row = self._saved
        try:
            planning.changes(
                meeting=row,  # type: ignore[arg-type]
                values=self.values,
                seen_version=self.cleaned_data.get("seen_version") or 0,
            )
        except Refused as refused:
            self.add_error(None, str(refused))
        except Conflict as conflict:
            for name in conflict.theirs:
                text = _("Das hat inzwischen jemand geändert. Jetzt steht dort: %(value)s")
                shown = details.in_words(row, name)  # type: ignore[arg-type]
                asked = ASKED_AS.get(name, name)
                self.add_error(asked if asked in self.fields else None, text % {"value": shown})
            self.data = self.data.copy()
            self.data[self.add_prefix("seen_version")] = str(conflict.version)
