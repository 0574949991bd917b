"""Every text of the source in every language; German is the language of the source itself."""

import datetime
import re

import polib
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format

from tests import translations
from tests.source import ROOT

OTHERS = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
DATE_FORMATS = ("DATE_FORMAT", "SHORT_DATE_FORMAT", "DATETIME_FORMAT", "SHORT_DATETIME_FORMAT")
CATALOGUES = [path for code, _name in settings.LANGUAGES for path in translations.catalogues(code)]


def test_texts_are_found_in_code_and_templates():
    texts = {message.text: place for message, place in translations.used().items()}
    assert texts["Organisationen"].startswith("organisations/")
    assert any(place.startswith("templates/") for place in texts.values())


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_untranslated(language):
    assert translations.missing(language) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_catalogue_is_sound(path):
    assert translations.broken(path) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_the_program_reads_is_what_translators_wrote(path):
    """`make messages` compiles; the compiled files are committed, since servers lack gettext."""
    committed = polib.mofile(str(path.with_suffix(".mo")))
    texts = {(e.msgctxt, e.msgid, e.msgstr, tuple(e.msgstr_plural.values())) for e in committed}
    written = {
        (e.msgctxt, e.msgid, e.msgstr, tuple(e.msgstr_plural.values()))
        for e in polib.pofile(str(path)).translated_entries()
    }
    assert texts == written


def test_the_check_finds_what_is_broken(tmp_path):
    """The check itself: a fuzzy text, a lost placeholder, an empty one, a wrong plural."""
    catalogue = polib.POFile()
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    catalogue.append(polib.POEntry(msgid="Gut", msgstr="Good"))
    catalogue.append(polib.POEntry(msgid="Unsicher", msgstr="Unsure", flags=["fuzzy"]))
    catalogue.append(polib.POEntry(msgid="Hallo %(name)s", msgstr="Hello"))
    catalogue.append(polib.POEntry(msgid="Leer", msgstr=""))
    catalogue.append(polib.POEntry(msgid="<b>Ja</b>", msgstr="<b>Yes"))
    catalogue.append(
        polib.POEntry(msgid="%(n)s Bild", msgid_plural="%(n)s Bilder", msgstr_plural={0: "picture"})
    )
    plural = {0: "no error", 1: "%s errors"}
    catalogue.append(
        polib.POEntry(msgid="%s Fehler", msgid_plural="%s Fehler!", msgstr_plural=plural)
    )
    catalogue.append(polib.POEntry(msgid="Neu", msgstr="New", previous_msgid_plural="Alte"))
    path = tmp_path / "django.po"
    catalogue.save(str(path))
    found = "\n".join(translations.broken(path))
    for text in (
        "Unsicher",
        "Hallo %(name)s",
        "Leer",
        "<b>Ja</b>",
        "%(n)s Bild",
        "%s Fehler",
        "Neu",
    ):
        assert text in found
    assert "'Gut'" not in found


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_a_day_cannot_be_mistaken_for_a_month(language):
    """A meeting on the 3rd of April must not be read as one on the 4th of March."""
    moment = datetime.datetime(2027, 4, 3, 17, 5)
    with translation.override(language):
        for name in (
            "DATE_FORMAT",
            "SHORT_DATE_FORMAT",
            "DATETIME_FORMAT",
            "SHORT_DATETIME_FORMAT",
        ):
            shown = date_format(moment, name)
            assert re.match(r"0?3\b", shown), (name, shown)
            assert ("TIME" in name) == ("17:05" in shown), (name, shown)
        assert date_format(moment, "TIME_FORMAT") == "17:05"
