"""What mails the portal sends, and what the officer's own words for one may contain.

Each mail is declared beside the function that queues it: what it is for, an example of the values
it gets, and which of them her text may use, as a word in braces: `{Organisation}`. There is no
template language in her text; where the standard text decides something ("if the role is …", a
plural), that part is a block in its template and her text takes the finished sentence.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _

PLACEHOLDER = re.compile(r"\{([^{}\n]{1,60})\}")
# What a mail program makes a link of: an address with its scheme, or a domain.
LINK = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{0,20}://\S*|\bwww\.\S+")
DOMAIN = re.compile(r"(?<![\w@.-])[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?:/\S*)?(?![\w@])")


@dataclass(frozen=True)
class Placeholder:
    """Something that is different in every mail.

    :ivar word: how the officer writes it, without the braces; the same in all languages.
    :ivar source: the name of the value, or of the block of the standard text that makes it.
    :ivar meaning: what stands there in the mail.
    :ivar required: without it the mail is of no use.
    :ivar alone: it needs a line of its own.
    """

    word: str
    source: str
    meaning: str | Promise
    required: bool = False
    alone: bool = False

    @property
    def braced(self) -> str:
        """The word as it stands in a text."""
        return f"{{{self.word}}}"


@dataclass(frozen=True)
class Kind:
    """A mail the portal can send.

    :ivar name: of its templates, such as `organisations/admitted`.
    :ivar purpose: who gets it, and when.
    :ivar example: values as the mail's function gives them, all of them.
    """

    name: str
    title: str | Promise
    purpose: str | Promise
    placeholders: Sequence[Placeholder] = ()
    example: Mapping[str, Any] = field(default_factory=dict)

    def word(self, written: str) -> Placeholder | None:
        """Return the placeholder of a word, upper or lower case."""
        return next((one for one in self.placeholders if _same(one.word, written)), None)

    def check_values(self, context: Mapping[str, Any]) -> None:
        """Hold declaration and function together.

        :raises TypeError: when the function gives other values than the example has.
        """
        if context.keys() != self.example.keys():
            raise TypeError(
                f"{self.name} is declared with {sorted(self.example)}, not {sorted(context)}."
            )

    def check_words(self, subject: str, body: str) -> None:
        """Say what is wrong with a text of the officer's.

        :raises ValidationError: by field, each message naming the very piece.
        """
        errors = {"subject": self._wrong(subject), "body": self._wrong(body)}
        if "\n" in subject:
            errors["subject"].append(_("Der Betreff hat nur eine Zeile."))
        used = {found[1] for found in PLACEHOLDER.finditer(body)}
        for one in self.placeholders:
            if one.required and not any(_same(one.word, word) for word in used):
                text = _("Es fehlt %(word)s. Ohne das ist die E-Mail nicht zu gebrauchen.")
                errors["body"].append(text % {"word": one.braced})
            if one.alone:
                text = _("%(word)s muss allein in einer Zeile stehen.") % {"word": one.braced}
                if not _alone(one.braced, body):
                    errors["body"].append(text)
                if one.braced.casefold() in subject.casefold():
                    errors["subject"].append(text)
        found = {name: messages for name, messages in errors.items() if messages}
        if found:
            raise ValidationError(found)

    def fits(self, subject: str, body: str) -> bool:
        """Whether a text that was once saved still can be used."""
        try:
            self.check_words(subject, body)
        except ValidationError:
            return False
        return True

    def fill(self, text: str, values: Mapping[str, str]) -> str:
        """Put the values in, in one pass: braces within a value are only text.

        :param values: by the placeholder's source.
        """

        def value(found: re.Match[str]) -> str:
            one = self.word(found[1])
            return found[0] if one is None else values[one.source]

        return PLACEHOLDER.sub(value, text)

    def _wrong(self, text: str) -> list[str]:
        errors = []
        for found in PLACEHOLDER.finditer(text):
            if self.word(found[1]) is None:
                errors.append(self._unknown(found[1]))
        rest = PLACEHOLDER.sub(" ", text)
        if "{" in rest or "}" in rest:
            errors.append(
                _("Geschweifte Klammern { } gehören nur um einen Platzhalter, je eine auf und zu.")
            )
        for link in [*LINK.findall(rest), *DOMAIN.findall(LINK.sub(" ", rest))]:
            text = _(
                "„%(link)s“ sieht aus wie ein Link. Im Text sind keine Links möglich: "
                "Unter dem Text steht immer der Knopf zur richtigen Seite."
            )
            errors.append(text % {"link": link[:100]})
        return list(dict.fromkeys(errors))

    def _unknown(self, word: str) -> str:
        known = {one.word.casefold(): one.word for one in self.placeholders}
        close = difflib.get_close_matches(word.strip().casefold(), known, n=1)
        if close:
            text = _("{%(word)s} gibt es in dieser E-Mail nicht. Meinen Sie {%(close)s}?")
            return text % {"word": word, "close": known[close[0]]}
        return _("{%(word)s} gibt es in dieser E-Mail nicht.") % {"word": word}


kinds: dict[str, Kind] = {}


def declare(
    name: str,
    *,
    title: str | Promise,
    purpose: str | Promise,
    placeholders: Iterable[Placeholder] = (),
    example: Mapping[str, Any],
) -> Kind:
    """Make a mail known; stands beside the function that queues it. See `Kind`."""
    kinds[name] = Kind(name, title, purpose, tuple(placeholders), example)
    return kinds[name]


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _alone(braced: str, body: str) -> bool:
    lines = [line.strip().casefold() for line in body.split("\n")]
    return all(line == braced.casefold() for line in lines if braced.casefold() in line)
