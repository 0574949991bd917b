import gzip
import re

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation

from core import icons
from core.templatetags import ui

CSS = settings.BASE_DIR / "static" / "css"
TEMPLATES = settings.BASE_DIR / "templates"
SHEET = re.compile(r"static \"css/([a-z_]+\.css)\"")
TOPICS = (
    *("bildung", "sprache", "kultur", "musik-tanz", "begegnung", "beratung", "flucht", "arbeit"),
    *("gesundheit", "familie", "gleichstellung", "sport", "religion", "antidiskriminierung"),
    *("demokratie", "international"),
)


def show(source: str, **context) -> str:
    return Template("{% load ui %}" + source).render(Context(context)).strip()


# --- Icons and monograms --------------------------------------------------------------------------
def test_an_icon_beside_a_text_is_hidden_from_screen_readers():
    assert 'aria-hidden="true"' in show('{% icon "search" %}')


def test_an_icon_that_stands_alone_says_what_it_means():
    drawn = show('{% icon "search" label=label %}', label="<Suche>")
    assert 'role="img" aria-label="&lt;Suche&gt;"' in drawn
    assert "aria-hidden" not in drawn


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_its_own_icon(topic):
    assert icons.drawings()[topic] != icons.drawings()["square"]


def test_a_topic_without_a_drawing_gets_the_plain_one():
    assert show('{% icon "astronomie" %}') == show('{% icon "square" %}')


def test_only_icons_that_point_are_mirrored():
    assert "icon--directional" in show('{% icon "arrow" %}')
    assert "icon--directional" not in show('{% icon "search" %}')
    assert set(icons.drawings()) >= icons.DIRECTIONAL


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Die Brücke Rastatt", "DB"),
        ("Frauen am Markt e. V.", "FM"),
        ("Chor e.V.", "C"),
        ("club-euro italia", "CE"),
        ("Общество друзей", "О"),
        ("نادي الأصدقاء", "ن"),
        ("İmece", "İ"),
        ("2030", "·"),
        ("", "·"),
    ],
)
def test_initials(name, letters):
    assert ui.initials(name) == letters


def test_the_same_name_has_the_same_monogram_and_names_differ():
    names = [f"Verein {number}" for number in range(60)]
    drawn = {show("{% monogram name %}", name=name) for name in names}
    assert show("{% monogram name %}", name=names[0]) in drawn
    assert len(drawn) > 20


def test_a_name_cannot_break_out_of_its_monogram():
    assert "<script" not in show("{% monogram name %}", name="<script>alert(1)</script>")


# --- Small components -----------------------------------------------------------------------------
def test_button_escapes_and_refuses_unknown_styles():
    assert show("{% button url label %}", url="/?a=1&b=2", label="A <b>") == (
        '<a class="button button--primary" href="/?a=1&amp;b=2">A &lt;b&gt;</a>'
    )
    with pytest.raises(TemplateSyntaxError, match="style must be one of primary"):
        show('{% button "/" "Weiter" style="rot" %}')


def test_notice_frames_its_content():
    shown = show(
        '{% notice "warning" title="Achtung" %}<p>{{ text }}</p>{% endnotice %}', text="<i>"
    )
    assert "notice--warning" in shown
    assert '<p class="notice__title">Achtung</p><p>&lt;i&gt;</p>' in shown


def test_a_name_keeps_its_direction_to_itself_and_stays_a_name():
    source = (
        "{% load i18n %}{% blocktranslate with n=name|isolated %}„{{ n }}“{% endblocktranslate %}"
    )
    assert show(source, name="<b>اسم</b>") == "„<bdi>&lt;b&gt;اسم&lt;/b&gt;</bdi>“"


def test_tag_with_and_without_address():
    assert show('{% tag "Musik" %}') == '<span class="tag">Musik</span>'
    assert show('{% tag "Musik" url="/?a" %}') == '<a class="tag" href="/?a">Musik</a>'


def test_every_state_of_an_organisation_has_a_tone(organisation):
    assert set(ui.STATE_TONES) == set(organisation.State.values)
    assert show("{% state_badge o %}", o=organisation) == (
        '<span class="badge badge--good">Aktiv</span>'
    )


class ThreeFields(forms.Form):
    name = forms.CharField(label="Name")
    kind = forms.ChoiceField(label="Art", choices=[("a", "A")], widget=forms.RadioSelect)
    secret = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self):
        raise forms.ValidationError("Das passt nicht zusammen.")


def test_error_summary_leads_to_every_field():
    shown = show("{% error_summary form %}", form=ThreeFields({}))
    assert "Bitte prüfen Sie 4 Angaben" in shown
    assert 'href="#id_name">Name: ' in shown
    assert 'href="#id_kind_0">Art: ' in shown, "a group has no element of its own: its first box"
    assert "Das passt nicht zusammen." in shown
    assert "#id_secret" not in shown


def test_error_summary_puts_no_colon_after_a_question():
    class Asking(forms.Form):
        kind = forms.CharField(label="Was ist das?")
        sure = forms.BooleanField(label="Ich habe es gelesen.")

    shown = show("{% error_summary form %}", form=Asking({}))
    assert ">Was ist das? Dieses" in shown
    assert ">Ich habe es gelesen. Dieses" in shown


@pytest.mark.parametrize(
    ("number", "chosen", "details"),
    [(24, [], None), (30, [3], '<details class="details">'), (30, [28], "open>")],
)
def test_the_end_of_a_long_list_unfolds(number, chosen, details):
    class Choosing(forms.Form):
        entries = forms.MultipleChoiceField(
            choices=[(n, f"Wahl {n}") for n in range(number)], widget=forms.CheckboxSelectMultiple
        )

    form = Choosing(initial={"entries": chosen})
    shown = show("{% load crispy_forms_tags %}{{ form|crispy }}", form=form)
    assert shown.count('type="checkbox"') == number
    assert shown.count("checked") == len(chosen)
    if details is None:
        assert "<details" not in shown
    else:
        assert details in shown
        assert shown.index("Wahl 9<") < shown.index("<details") < shown.index("Wahl 10<")


def test_error_summary_takes_formsets_and_keeps_quiet_without_errors():
    rows = forms.formset_factory(ThreeFields)
    wrong = rows({"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1"})
    assert 'href="#id_form-0-name"' in show("{% error_summary form %}", form=wrong)
    assert show("{% error_summary form other %}", form=ThreeFields(), other=None) == ""


def test_pagination_keeps_the_filters():
    page = Paginator(range(100), 10).page(2)
    request = RequestFactory().get("/de/organisationen/?thema=sport&thema=kultur&seite=2")
    shown = show("{% pagination page %}", page=page, request=request)
    assert 'href="?thema=sport&amp;thema=kultur&amp;seite=3" rel="next"' in shown
    assert 'href="?thema=sport&amp;thema=kultur" rel="prev"' in shown
    assert shown.count('aria-current="page"') == 1


def test_pagination_of_one_page_is_nothing():
    request = RequestFactory().get("/")
    assert show("{% pagination p %}", p=Paginator([1], 10).page(1), request=request) == ""


def test_breadcrumbs_from_parts_and_from_pairs():
    by_parts = show('{% breadcrumbs "Liste" "/liste/" name %}', name="A & B")
    assert by_parts == show("{% breadcrumbs items=i %}", i=[("Liste", "/liste/"), ("A & B", "")])
    assert '<span aria-current="page"><bdi>A &amp; B</bdi></span>' in by_parts


def test_summary_list_shows_what_is_missing():
    shown = render_to_string(
        "components/summary_list.html",
        {"rows": [{"label": "Telefon", "value": "", "change_url": "/a/"}]},
    )
    assert "keine Angabe" in shown
    assert 'href="/a/">Ändern<span class="visually-hidden">: Telefon</span>' in shown


# --- Forms ----------------------------------------------------------------------------------------
def test_a_field_has_help_then_error_then_control():
    class One(forms.Form):
        name = forms.CharField(label="Name", help_text="Öffentlich.")
        phone = forms.CharField(label="Telefon", required=False)

    shown = Template("{% load crispy_forms_filters %}{{ form|crispy }}").render(
        Context({"form": One({"name": ""})})
    )
    order = [shown.index(part) for part in ("id_name_helptext", "id_name_error", "<input")]
    help_end, error_end, control = order
    assert help_end < error_end < control
    assert 'aria-describedby="id_name_helptext id_name_error"' in shown
    assert shown.count("(freiwillig)") == 1


# --- Frame ----------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_language_switch_stays_on_the_page(client):
    page = client.get("/de/stil/?farben=hell").content.decode()
    assert 'href="/en/stil/?farben=hell" lang="en" hreflang="en"' in page
    assert 'href="/ar/stil/?farben=hell" lang="ar" hreflang="ar"' in page


@pytest.mark.django_db
def test_arabic_runs_from_the_right(client):
    assert '<html lang="ar" dir="rtl">' in client.get("/ar/stil/").content.decode()


@pytest.mark.parametrize(
    ("path", "urls"),
    [
        ("/de/a/?b=1&c=2", ["/de/a/?b=1&c=2", "/en/a/?b=1&c=2", "/ar/a/?b=1&c=2"]),
        ("/de/", ["/de/", "/en/", "/ar/"]),
        ("/bilder/de/x.webp", ["/de/", "/en/", "/ar/"]),
    ],
)
def test_the_language_switch_changes_the_prefix_alone(path, urls):
    links = ui.language_links(Context({"request": RequestFactory().get(path)}))
    assert [link["url"] for link in links] == urls
    assert [link["current"] for link in links] == [True, False, False]


def test_every_translated_address_differs_in_its_prefix_alone():
    """The language switch relies on it."""
    for name in ("portal:home", "organisations:list", "organisations:join", "accounts:enter"):
        found = set()
        for code, _name in settings.LANGUAGES:
            with translation.override(code):
                found.add(reverse(name).removeprefix(f"/{code}/"))
        assert len(found) == 1, name


@pytest.mark.django_db
def test_the_header_offers_what_a_person_can_do(client, client_for, manager):
    anonymous = client.get("/de/stil/").content.decode()
    assert reverse("organisations:join") in anonymous
    assert "Abmelden" not in anonymous
    assert "csrfmiddlewaretoken" not in anonymous, "such a page could not be cached"
    known = client_for(manager).get("/de/stil/").content.decode()
    assert 'href=""' not in anonymous + known
    assert 'action=""' not in anonymous + known
    assert reverse("organisations:mine") in known
    assert "Abmelden" in known


def test_the_page_says_that_it_is_a_demonstration(network, client):
    network.is_demonstration = True
    network.save()
    assert "Vorführung: Fast alle" in client.get("/de/stil/").content.decode()


# --- When something is wrong ----------------------------------------------------------------------
@pytest.mark.parametrize("name", ["500.html", "503.html"])
def test_pages_for_broken_days_need_no_database_and_no_request(name):
    page = render_to_string(name)
    assert "css/tokens.css" in page
    assert 'href="/"' in page


def test_the_pause_page_brings_back_what_was_typed():
    page = render_to_string(
        "503.html", {"fields": [("name", 'A "B"')], "action": "/de/mitmachen/?a=1"}
    )
    assert '<form class="form-actions" method="post" action="/de/mitmachen/?a=1">' in page
    assert '<input type="hidden" name="name" value="A &quot;B&quot;">' in page


@pytest.mark.parametrize("name", ["403.html", "404.html", "429.html"])
def test_pages_for_refusals_offer_a_way_on(db, name):
    request = RequestFactory().get("/de/x/")
    request.user = AnonymousUser()
    page = render_to_string(name, request=request)
    assert f'href="{reverse("portal:home")}">Zur Startseite</a>' in page


@pytest.mark.django_db
def test_an_unknown_address_gets_the_friendly_page_in_its_language(client):
    with translation.override("de"):
        response = client.get("/de/gibt-es-nicht/")
    assert response.status_code == 404
    assert "Diese Seite gibt es nicht" in response.content.decode()


# --- Style page and style sheets ------------------------------------------------------------------
@pytest.fixture
def style_page(db, client) -> str:
    return client.get("/de/stil/").content.decode()


def test_the_style_page_shows_every_tag():
    source = (settings.BASE_DIR / "templates" / "core" / "style.html").read_text()
    frame = {"language_links"}
    assert [
        tag for tag in ui.register.tags if tag not in frame and f"{{% {tag}" not in source
    ] == []


def test_the_style_page_shows_every_icon_and_variant(style_page):
    assert [name for name in icons.drawings() if f"<code>{name}</code>" not in style_page] == []
    sheet = (CSS / "components.css").read_text()
    variants = set(re.findall(r"\.((?:button|badge|notice|card|icon)--[\w-]+)", sheet))
    assert len(variants) > 12
    assert [name for name in variants if name not in style_page] == []


def test_the_style_page_shows_every_component(style_page):
    """A file in `templates/components/` without a place on the style page is not looked after."""
    frame = {"demonstration.html", "footer.html", "header.html", "mark.html", "stylesheets.html"}
    marks = {
        "breadcrumbs.html": 'class="breadcrumbs"',
        "county_map.html": 'class="county-map"',
        "empty_state.html": 'class="empty"',
        "error_summary.html": "data-error-summary",
        "organisation_card.html": "organisation-card__topics",
        "pagination.html": 'class="pagination"',
        "progress.html": 'class="task-progress',
        "summary_list.html": 'class="summary"',
        "task_list.html": 'class="tasks"',
    }
    files = {path.name for path in (settings.BASE_DIR / "templates/components").glob("*.html")}
    assert files - frame == set(marks)
    assert [name for name, mark in marks.items() if mark not in style_page] == []


def test_the_style_page_shows_both_themes_and_directions(style_page, client):
    for theme in ("light", "dark"):
        for direction in ("ltr", "rtl"):
            assert f'data-theme="{theme}" dir="{direction}"' in style_page
    assert '<div class="stack stack--loose" data-theme="dark">' in (
        client.get("/de/stil/?farben=dunkel").content.decode()
    )


TOKEN = re.compile(r"--([\w-]+):\s*light-dark\((#\w{6}), (#\w{6})\)")


def tokens() -> dict[str, tuple[str, str]]:
    """Return every colour's light and dark value by name."""
    return {
        name: (light, dark) for name, light, dark in TOKEN.findall((CSS / "tokens.css").read_text())
    }


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


GROUNDS = ("paper", "surface", "sunken")
PAIRS = [
    *[(text, ground, 7.0) for text in ("ink", "link", "brand-strong") for ground in GROUNDS],
    *[(text, ground, 4.5) for text in ("ink-soft", "brand", "bad", "good") for ground in GROUNDS],
    *[(line, ground, 3.0) for line in ("line-strong", "focus") for ground in GROUNDS],
    *[(tone, f"{tone}-tint", 4.5) for tone in ("good", "warn", "bad", "info", "brand")],
    *[("ink", f"{tone}-tint", 7.0) for tone in ("good", "warn", "bad", "info", "accent", "brand")],
    ("ink-soft", "bad-tint", 4.5),
    ("ink-soft", "brand-tint", 4.5),
    ("link", "info-tint", 4.5),
    ("link", "warn-tint", 4.5),
    ("focus", "brand-tint", 3.0),
    ("brand-strong", "brand-tint", 7.0),
    ("accent-strong", "accent-tint", 4.5),
    ("on-brand", "brand", 7.0),
    ("on-brand", "brand-strong", 7.0),
    ("on-accent", "accent", 7.0),
    ("on-bad", "bad", 4.5),
    ("on-clay", "clay", 4.5),
    ("on-mid", "brand-mid", 4.5),
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_colours_stand_out_enough(front, back, least, theme):
    colours = tokens()
    assert contrast(colours[front][theme], colours[back][theme]) >= least


def test_browsers_without_light_dark_get_the_same_light_colours():
    source = (CSS / "tokens.css").read_text()
    plain = dict(re.findall(r"--([\w-]+):\s*(#\w{6});", source))
    assert plain == {name: light for name, (light, _dark) in tokens().items()}


def test_colours_are_named_in_one_place_only():
    for sheet in CSS.glob("*.css"):
        if sheet.name != "tokens.css":
            assert re.findall(r"#[0-9a-f]{3,8}\b", sheet.read_text()) == [], sheet.name


def test_the_public_styles_are_small():
    """All of them together, as they travel: the issue allows a first visit 60 kB of everything."""
    pages = [page for page in TEMPLATES.rglob("*.html") if "admin" not in page.parts]
    loaded = {name for page in pages for name in SHEET.findall(page.read_text("utf-8"))}
    sheets = [sheet for sheet in CSS.glob("*.css") if sheet.name in loaded]
    assert len(sheets) > 10
    assert sum(len(gzip.compress(sheet.read_bytes())) for sheet in sheets) < 20_000
