"""One spelling for all spellings: what people type and what organisations write meet here.

`Müller`, `Mueller` and `Muller` become `muller`; `Türkiye` becomes `turkiye`, `Łódź` `lodz`,
`Українська` `ukrainska`, `Ἑλλάς` `ellas`; Arabic loses its vowel signs and spelling variants.

The price of one form for ü, ue and u: `Israel` becomes `isral` and `neue` stays `neue` while
`Poet` becomes `pot`. That does no harm, because both sides are folded alike and what is shown is
never the folded text; two different words meeting in one form is rare and only adds a result.
"""

import re
import unicodedata
from functools import lru_cache

# Marks that are dropped: accents, Hebrew points, Arabic vowel signs and hamza. The vowel signs of
# Devanagari and others are marks as well, but without them words lose their meaning.
_DROPPED = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)


class _Characters(dict[int, str | None]):
    """What a character is to a word, for `str.translate`: part of it, nothing, or its end.

    Asked of Unicode when a character first occurs: to go through all of them at import took longer
    than Django's own start. Ideographs are not kept, there are too many of them.
    """

    def __missing__(self, point: int) -> str | None:
        character = chr(point)
        category = unicodedata.category(character)
        # Format characters are what nobody sees: the soft hyphen, the joiners of Persian and
        # Hindi, marks of direction. They join, like apostrophes.
        is_part = character.isalnum() or category.startswith("M")
        value = None if category == "Cf" else character if is_part else " "
        if point < 0x3000:
            self[point] = value
        return value


# Apostrophes (Ma'an, сім’я) and tatweel join the letters around them.
_CHARACTERS = _Characters(dict.fromkeys(map(ord, "'`´‘’ʹʻʼʽˈ′ـ")))

# „eingetragener Verein“ in its usual spellings. „EV“ without full stops stays: it may be a word
# (Turkish for house).
_REGISTERED = re.compile(r"(?<![^\W_])(?:[eE]\s?\.\s?[vV]\.?|e\s?V\.?)(?![^\W_])")

# ue, oe, ae for ü, ö, ä. Not after a vowel or q: Bauer, neue, Rouen and Quelle have no umlaut.
_DIGRAPH = re.compile(r"(?<![aeoqu])(u)e+|([ao])e+")

_LETTERS = {
    # Latin letters that Unicode does not take apart
    "ı": "i", "ł": "l", "đ": "d", "ð": "d", "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th",
    "ħ": "h", "ŋ": "n", "ə": "e", "ɛ": "e", "ɔ": "o", "ƙ": "k", "ɓ": "b", "ɗ": "d", "ŧ": "t",
    # Cyrillic as libraries write it, without the diacritics: what South Slavs write in Latin
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "ђ": "d", "е": "e", "ё": "e",
    "є": "e", "ж": "z", "з": "z", "ѕ": "dz", "и": "i", "і": "i", "ї": "i", "й": "j", "ј": "j",
    "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "ћ": "c", "у": "u", "ў": "u", "ф": "f", "х": "h", "ц": "c", "ч": "c",
    "џ": "dz", "ш": "s", "щ": "sc", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "ju", "я": "ja",
    "ѓ": "g", "ќ": "k",
    # Greek (ELOT 743, without the digraphs)
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i",
    "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s",
    "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
    # Arabic, Persian, Urdu: one form for letters that are written in several ways
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ة": "ه", "ى": "ي", "ی": "ي", "ے": "ي", "ئ": "ي",
    "ؤ": "و", "ک": "ك", "ہ": "ه", "ھ": "ه", "ۀ": "ه", "ە": "ه", "ں": "ن",
}  # fmt: skip
_DIGITS = {
    chr(first + digit): str(digit) for first in (0x0660, 0x06F0, 0x0966) for digit in range(10)
}
_TABLE = str.maketrans(_LETTERS | _DIGITS)

_ENGLISH = {
    "ж": "zh", "й": "y", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu",
    "я": "ya",
}  # fmt: skip
_STYLES = tuple(
    str.maketrans(_LETTERS | style)
    for style in (
        _ENGLISH,
        _ENGLISH | {"г": "h", "и": "y", "й": "i", "ю": "iu", "я": "ia", "є": "ie"},  # Ukraine
        _ENGLISH | {"щ": "sht", "ъ": "a", "х": "h"},  # Bulgaria
        {
            "в": "w", "ж": "sch", "з": "s", "й": "i", "х": "ch", "ц": "z", "ч": "tsch",
            "ш": "sch", "щ": "schtsch",
        },  # Germany
    )
)  # fmt: skip
_CYRILLIC = re.compile("[\u0400-\u04ff]")


def split(text: str) -> list[str]:
    """Return the words of a text as they are written, without punctuation and „e. V.“."""
    text = _REGISTERED.sub(" ", unicodedata.normalize("NFKC", text))
    return text.translate(_CHARACTERS).split()


def fold_word(word: str, table: dict[int, str] = _TABLE) -> str:
    """Return the common form of one word from `split`."""
    if not word.isascii():
        word = unicodedata.normalize("NFC", word.replace("İ", "i").casefold()).translate(table)
        word = _DROPPED.sub("", unicodedata.normalize("NFD", word)).casefold().translate(table)
        word = unicodedata.normalize("NFC", word)
    return _DIGRAPH.sub(lambda match: match[1] or match[2], word.lower())


def words(text: str) -> list[str]:
    """Return the words of a text in their common form."""
    return [folded for word in split(text) if (folded := fold_word(word))]


def fold(text: str) -> str:
    """Return the common form of a text: words in small letters, one blank between them.

    Folding twice changes nothing; any string is allowed.
    """
    return " ".join(words(text))


@lru_cache(maxsize=4096)
def spellings(word: str) -> tuple[str, ...]:
    """Return further Latin spellings a Cyrillic word is looked for by; empty for other scripts.

    `Чайка` folds to `cajka` and is also found as `chayka`, `chaika` and `tschaika`.
    """
    if not _CYRILLIC.search(word):
        return ()
    usual = fold_word(word)
    return tuple({fold_word(word, style) for style in _STYLES} - {usual, ""})
