"""What is noted at the door, as tablets and plain forms send it."""

import datetime
import json
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import RowField
from core.text import CleanCharField
from meetings.services.attendance import MOST_PEOPLE, MOST_TAPS, NAME_LENGTH, Tap
from organisations.models import Organisation

# A tablet that comes back after longer has slept, not tapped.
OLDEST = datetime.timedelta(days=7)


class WalkInForm(forms.Form):
    """Somebody who comes without being announced; everything but the number may be left out."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    name = CleanCharField(
        required=False,
        label=_("Name"),
        help_text=_("Darf leer bleiben, wenn Sie nur zählen."),
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    organisation = RowField(
        required=False,
        queryset=Organisation.objects.none(),
        label=_("Organisation"),
        empty_label=_("keine oder eine andere"),
    )
    people = forms.IntegerField(
        label=_("Wie viele Personen?"),
        initial=1,
        min_value=1,
        max_value=MOST_PEOPLE,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": _("Bitte geben Sie eine Zahl an.")},
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"key": uuid.uuid4()})
        field: Any = self.fields["organisation"]
        field.queryset = Organisation.objects.public().order_by("name", "pk").only("name")

    @property
    def tap(self) -> Tap:
        """What the valid form says."""
        chosen = self.cleaned_data["organisation"]
        return Tap(
            key=self.cleaned_data["key"],
            at=timezone.now(),
            is_present=True,
            people=self.cleaned_data["people"],
            name=self.cleaned_data["name"],
            organisation=chosen.pk if chosen else None,
        )


def taps_of_buttons(data: QueryDict) -> list[Tap]:
    """Read what a button of the list sends: its line or lines, and what they are to say.

    :raises ValidationError: for what no button sends.
    """
    now = timezone.now()
    present, people = data.get("is_present"), data.get("people")
    if present not in {None, "0", "1"}:
        raise _nonsense()
    return [
        Tap(
            key=_key(key),
            at=now,
            is_present=None if present is None else present == "1",
            people=None if people is None else _number(people),
        )
        for key in data.getlist("key")[:MOST_TAPS]
    ]


def taps_of_script(text: str) -> list[Tap]:
    """Read what the script sends: a list of taps, each with its age instead of its time.

    A tablet's clock may be wrong; how long ago something was, it knows.

    :raises ValidationError: for what the script never sends.
    """
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _nonsense() from error
    if not isinstance(entries, list) or len(entries) > MOST_TAPS:
        raise _nonsense()
    return [_tap(entry) for entry in entries]


def _tap(entry: Any) -> Tap:
    if not isinstance(entry, dict):
        raise _nonsense()
    age = entry.get("age")
    present = entry.get("is_present")
    if not isinstance(age, int) or not isinstance(present, bool):
        raise _nonsense()
    milliseconds = min(max(age, 0), OLDEST // datetime.timedelta(milliseconds=1))
    people, organisation = entry.get("people"), entry.get("organisation")
    return Tap(
        key=_key(entry.get("key")),
        at=timezone.now() - datetime.timedelta(milliseconds=milliseconds),
        is_present=present,
        people=_number(people) if people is not None else None,
        name=str(entry.get("name") or ""),
        organisation=_number(organisation) if organisation not in {None, ""} else None,
    )


def _key(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(str(value))
    except ValueError as error:
        raise _nonsense() from error


def _number(value: Any) -> int:
    """Return a number; one that no column holds becomes one that is refused in words."""
    try:
        return min(int(str(value)[:12]), 2**31 - 1)
    except ValueError as error:
        raise _nonsense() from error


def _nonsense() -> ValidationError:
    return ValidationError(
        _("Das konnte das Portal nicht lesen. Es ist nichts gespeichert."), code="nonsense"
    )
