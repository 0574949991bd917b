"""What people type, made safe to keep: plain text without control characters and tricks."""

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

# Overrides and isolates turn the reading direction of what follows: "gro.elpmaxe" (Trojan Source,
# CVE-2021-42574). Real Arabic or Hebrew needs none of them; marks (U+200E, U+200F, U+061C) stay.
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
BLANKS = re.compile(r"[^\S\n]+")
# Joiners (U+200C, U+200D) belong to Persian, Urdu and emoji; the others show nothing at all.
INVISIBLE = re.compile("[\u00ad\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]")
# What Unicode calls controls and surrogates (Cc, Cs), but for line ends and tabs.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_text(value: str, *, multiline: bool) -> str:
    """Return a text as it may be stored and shown.

    Composes accents (NFC), so that equal names are equal; drops control characters, characters
    that turn the direction or show nothing, and lone surrogates; makes every line end `\\n`, or a
    blank when only one line is wanted; trims.

    :param multiline: whether the text may have several lines; at most two empty ones in a row.
    """
    value = LINE_ENDS.sub("\n", value)
    value = BIDI_CONTROLS.sub("", INVISIBLE.sub("", value))
    value = CONTROLS.sub("", value)
    value = BLANKS.sub(" ", unicodedata.normalize("NFC", value))
    if not multiline:
        return " ".join(value.split())
    lines = [line.strip() for line in value.split("\n")]
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip()


def validate_has_words(value: str) -> None:
    """Refuse a text of signs and emoji only; an empty one is the field's own matter.

    :raises ValidationError: when there is no letter in it.
    """
    if value and not any(unicodedata.category(character)[0] == "L" for character in value):
        raise ValidationError(
            _("Bitte schreiben Sie hier Wörter. Zeichen und Emojis allein reichen nicht."),
            code="no_words",
        )


class CleanCharField(forms.CharField):
    """A text field that cleans what was typed or pasted before it judges it.

    Invisible characters come along unnoticed when one pastes; so they are taken out, and only
    what then is too long or empty is an error. A NUL is taken out as well, where Django would
    refuse it.

    :param multiline: several lines, in a textarea.
    """

    def __init__(self, *, multiline: bool = False, **options: Any) -> None:
        self.multiline = multiline
        if multiline:
            options.setdefault("widget", forms.Textarea)
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return self.empty_value
        return clean_text(str(value), multiline=self.multiline) or self.empty_value


_validate_url = URLValidator(schemes=["http", "https"])


def clean_url(value: str) -> str:
    """Return an address on the web in full, `https://` added where nobody typed it.

    :raises ValidationError: unless it is http or https to a host with a domain name, without a
        user name or password in it.
    """
    value = clean_text(value, multiline=False)
    if not value:
        return ""
    refused = ValidationError(
        _("Bitte geben Sie eine Internetadresse ein, zum Beispiel https://www.example.org."),
        code="invalid",
    )
    if not re.match(r"https?://", value, re.IGNORECASE):
        if re.match(r"[a-z][a-z0-9+.-]*:(?!\d+(/|$))", value, re.IGNORECASE) or " " in value:
            raise refused
        value = f"https://{value.lstrip('/')}"
    try:
        _validate_url(value)
        parts = urlsplit(value)
        parts.port  # noqa: B018 – raises for a port that is none
    except (ValidationError, ValueError) as error:
        raise refused from error
    if "@" in parts.netloc or "." not in (parts.hostname or ""):
        raise refused
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl()


class HttpUrlField(CleanCharField):
    """An address on the web: http or https only, completed and without credentials."""

    widget = forms.URLInput

    def __init__(self, *, max_length: int = 300, **options: Any) -> None:
        super().__init__(max_length=max_length, **options)

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return clean_url(value) if value else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        # type=url would refuse "www.example.org" in the browser before we can complete it.
        return {**super().widget_attrs(widget), "inputmode": "url", "autocomplete": "url"}
