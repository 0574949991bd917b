"""Read what must be translated and check catalogues, without gettext's programs.

python -m tests.translations        compiles every catalogue and says what is missing
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from tests.source import ROOT, files, modules, read, tree

# Position of context, singular and plural among a function's arguments.
FUNCTIONS = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
PLACEHOLDERS = re.compile(r"%\([^)]+\)[sd]|%[sd]|\{[a-z_]*\}|https?://\S+")
TAGS = re.compile(r"</?[a-z][^>]*>")
BIDI = re.compile("[\u202a-\u202e]")


@dataclass(frozen=True)
class Message:
    """A text as it stands in the source."""

    context: str | None
    text: str
    plural: str | None


@cache
def used() -> dict[Message, str]:
    """Return every text the source marks for translation, with the place of its first use."""
    found: dict[Message, str] = {}
    for path in (*modules(), *files(".py", under="netzwerk")):
        for message, line in _calls(tree(path)):
            found.setdefault(message, f"{path}:{line}")
    for path in files(".html", ".txt", ".svg", under="templates"):
        for message in _in_template(path):
            found.setdefault(message, str(path))
    return found


def _calls(module: ast.AST) -> Iterator[tuple[Message, int]]:
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in FUNCTIONS:
            continue
        texts = [
            argument.value if isinstance(argument, ast.Constant) else None for argument in node.args
        ]
        context, text, plural = (
            None if position is None or position >= len(texts) else texts[position]
            for position in FUNCTIONS[name]
        )
        if isinstance(text, str):
            yield Message(context, text, plural), node.lineno


def _in_template(path: Path) -> Iterator[Message]:
    """Django turns a template into calls for xgettext; what it writes is nearly Python."""
    calls = templatize(read(path), origin=str(path))
    for match in re.finditer(r"\b(?:n?p?gettext|_)\(", calls):
        # The shortest piece that parses is the call; what stands between calls is X-ed out.
        for end in re.finditer(r"\)", calls[match.start() :]):
            try:
                call = ast.parse(calls[match.start() : match.start() + end.end()], mode="eval")
            except SyntaxError:
                continue
            for message, _line in _calls(call):
                yield Message(message.context, message.text, message.plural)
            break


def catalogues(language: str) -> list[Path]:
    return sorted((ROOT / "locale" / language / "LC_MESSAGES").glob("*.po"))


def missing(language: str) -> list[str]:
    """Return the texts of the source without a finished translation."""
    done = set()
    for path in catalogues(language):
        for entry in polib.pofile(str(path)):
            if not entry.obsolete and not entry.fuzzy and entry.translated():
                done.add((entry.msgctxt, entry.msgid))
    return [
        f"{place}: {message.text!r}"
        for message, place in used().items()
        if (message.context, message.text) not in done
    ]


def broken(path: Path) -> list[str]:
    """Return what is wrong in one catalogue: fuzzy, empty, placeholders, tags, plurals."""
    catalogue = polib.pofile(str(path), check_for_duplicates=True)
    forms = int(
        re.search(r"nplurals=(\d+)", catalogue.metadata.get("Plural-Forms", "nplurals=0"))[1]
    )
    found = []
    for entry in catalogue:
        if entry.obsolete:
            found.append(f"{entry.msgid!r}: is not used any more")
            continue
        if entry.fuzzy:
            found.append(f"{entry.msgid!r}: fuzzy")
        if entry.previous_msgid or entry.previous_msgid_plural:
            found.append(f"{entry.msgid!r}: remembers another text, which gettext may not read")
        texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        if entry.msgid_plural and len(texts) != forms:
            found.append(f"{entry.msgid!r}: {len(texts)} plural forms instead of {forms}")
        for text in texts:
            found += [f"{entry.msgid!r}: {problem}" for problem in _problems(entry, text)]
    return found


def _problems(entry: polib.POEntry, text: str) -> Iterator[str]:
    if not text:
        yield "empty"
        return
    sources = [source for source in (entry.msgid, entry.msgid_plural) if source]
    wanted = [set(PLACEHOLDERS.findall(source)) for source in sources]
    given = set(PLACEHOLDERS.findall(text))
    # "one organisation" may leave its number out; nothing may invent a placeholder.
    if not given <= set().union(*wanted) or (not entry.msgid_plural and given != wanted[0]):
        yield f"placeholders differ in {text!r}"
    elif "%s" in wanted[0] - given:
        yield f"%s cannot be left out of {text!r}: give the number a name"
    if all(sorted(TAGS.findall(text)) != sorted(TAGS.findall(source)) for source in sources):
        yield f"tags differ in {text!r}"
    if all(text.endswith("\n") != source.endswith("\n") for source in sources):
        yield "a line end at the end is missing or too many"
    if BIDI.search(text):
        yield "holds invisible direction marks"


def compiled(path: Path) -> bytes:
    """Return the catalogue as the program reads it, the same bytes for the same texts."""
    return polib.pofile(str(path)).to_binary()


def main() -> int:
    found = 0
    for folder in sorted((ROOT / "locale").iterdir()):
        for path in catalogues(folder.name):
            path.with_suffix(".mo").write_bytes(compiled(path))
            for problem in broken(path):
                found += 1
                print(f"{path.relative_to(ROOT)}: {problem}")
        if folder.name != "de":
            for text in missing(folder.name):
                found += 1
                print(f"{folder.name} lacks {text}")
    print(f"{found} to do." if found else "Every text is translated.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
