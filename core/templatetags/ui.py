"""The portal's components as template tags; their look is in `static/css/components.css`.

`{% load ui %}` first. Small ones are built here, larger ones render a template in
`templates/components/`. The style page (`core:style`) shows every one in every state.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.forms import BaseForm, BaseFormSet
from django.http import HttpRequest
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info

from core import icons

register = template.Library()

BUTTON_STYLES = ("primary", "secondary", "quiet", "danger")
TONES = ("neutral", "good", "warn", "bad")
NOTICE_ICONS = {"info": "info", "success": "check", "warning": "alert", "danger": "alert"}
STATE_TONES = {
    "draft": "neutral",
    "submitted": "warn",
    "returned": "bad",
    "rejected": "bad",
    "active": "good",
    "paused": "neutral",
    "archived": "neutral",
}
MONOGRAM_TONES = 6
LONG_LIST = 24  # choices a thumb still scrolls past
SHOWN_FIRST = 10
MONOGRAM_SHAPES = (
    "M12 0h40a12 12 0 0 1 12 12v40a12 12 0 0 1-12 12H12A12 12 0 0 1 0 52V12A12 12 0 0 1 12 0z",
    "M32 0a32 32 0 1 1 0 64a32 32 0 1 1 0-64z",
    "M6 0h26a32 32 0 0 1 32 32v26a6 6 0 0 1-6 6H32A32 32 0 0 1 0 32V6a6 6 0 0 1 6-6z",
    "M32 0h26a6 6 0 0 1 6 6v26a32 32 0 0 1-32 32H6a6 6 0 0 1-6-6V32A32 32 0 0 1 32 0z",
    "M0 58V32a32 32 0 0 1 64 0v26a6 6 0 0 1-6 6H6a6 6 0 0 1-6-6z",
)


def checked(value: str, allowed: Iterable[str], what: str) -> str:
    """Refuse a misspelt variant while the template is written, instead of showing it unstyled.

    :raises template.TemplateSyntaxError: if `value` is not one of `allowed`.
    """
    if value not in allowed:
        raise template.TemplateSyntaxError(f"{what} must be one of {', '.join(allowed)}: {value!r}")
    return value


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """An icon in the colour of the text around it.

    :param name: name in `core/icons.svg`; topics use their slug.
    :param label: what it says where no text stands beside it; without one it is decoration.
    :param size: "" (as high as the line), "l" or "xl".
    """
    return icons.render(name, label=str(label), size=size)


def initials(name: str) -> str:
    """One or two letters for a name: the first letters of its first two words that count.

    The legal form "e. V." never counts, words in small letters ("am") only if there are no others.
    Arabic letters would join into something else, so one is enough.
    """
    name = re.sub(r"\be\. ?V\.?", "", name)
    firsts = [word[0] for word in re.findall(r"[^\W\d_]+", name)]
    signs = [sign for sign in firsts if not sign.islower()] or firsts
    if signs and unicodedata.bidirectional(signs[0]) == "AL":
        signs = signs[:1]
    return "".join(signs[:2]).upper() or "·"


@register.filter
def isolated(text: str) -> SafeString:
    """A name in its own direction, so that quotes and brackets around it stay in their places."""
    return format_html("<bdi>{}</bdi>", text)


@register.simple_tag
@lru_cache(maxsize=2048)
def monogram(name: str, size: str = "") -> SafeString:
    """Initials on a coloured shape, for organisations without a logo; the same name, the same look.

    :param name: the organisation's name; decoration only, as the name stands beside it.
    :param size: "" (3.5rem) or "l".
    """
    name = str(name)
    digest = hashlib.blake2s(name.encode(), digest_size=2).digest()
    return format_html(
        '<svg class="monogram monogram--{}{}" viewBox="0 0 64 64" width="56" height="56"'
        ' aria-hidden="true" focusable="false"><path d="{}"/>'
        '<text x="32" y="41" text-anchor="middle">{}</text></svg>',
        digest[0] % MONOGRAM_TONES + 1,
        " monogram--l" if size == "l" else "",
        MONOGRAM_SHAPES[digest[1] % len(MONOGRAM_SHAPES)],
        initials(name),
    )


@register.simple_tag
def button(url: str, label: str, style: str = "primary", icon: str = "") -> SafeString:
    """A link that looks like a button. What changes something is a real `<button>` in a form.

    :param style: one of BUTTON_STYLES.
    :param icon: name of an icon before the label.
    """
    return format_html(
        '<a class="button button--{}" href="{}">{}{}</a>',
        checked(style, BUTTON_STYLES, "style"),
        url,
        icons.render(icon) if icon else "",
        label,
    )


@register.simple_block_tag
def notice(content: str, tone: str = "info", title: str = "") -> SafeString:
    """A framed message: `{% notice "warning" title=… %}…{% endnotice %}`.

    :param tone: one of NOTICE_ICONS.
    """
    return format_html(
        '<div class="notice notice--{}">{}<div class="notice__body">{}{}</div></div>',
        checked(tone, NOTICE_ICONS, "tone"),
        icons.render(NOTICE_ICONS[tone]),
        format_html('<p class="notice__title">{}</p>', title) if title else "",
        content,
    )


class FieldError(NamedTuple):
    """One line of the error summary."""

    anchor: str
    label: str
    message: str

    @property
    def lead(self) -> str:
        """The label as it stands before the message; one that ends a sentence needs no colon."""
        return self.label if self.label.endswith((".", "?", "!", ":", "؟")) else f"{self.label}:"


def collect_errors(form: BaseForm | BaseFormSet) -> list[FieldError]:
    """All errors of a form, or of all forms of a formset, in the order of their fields."""
    if isinstance(form, BaseFormSet):
        found = [FieldError("", "", str(message)) for message in form.non_form_errors()]
        return found + [error for single in form.forms for error in collect_errors(single)]
    found = [FieldError("", "", str(message)) for message in form.non_field_errors()]
    for field in form:
        if field.is_hidden:
            found += [FieldError("", "", str(message)) for message in field.errors]
        else:
            # Groups of boxes have no element with the plain id; their first box has "_0".
            anchor = field.id_for_label or f"{field.auto_id}_0"
            found += [FieldError(anchor, str(field.label), str(text)) for text in field.errors]
    return found


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm | BaseFormSet | None) -> dict[str, Any]:
    """What has to be mended, as links to the fields; above the form, and nothing if all is well."""
    return {"errors": [error for form in forms if form for error in collect_errors(form)]}


class Choices(NamedTuple):
    """Boxes or radio buttons: those that show at once, and those that unfold."""

    first: list[Any]
    more: list[Any]
    chosen: bool


@register.filter
def folded(groups: list[Any]) -> Choices:
    """Split a long list of choices; a short one, or one in groups of its own, stays whole.

    :param groups: what a widget's `optgroups` returns.
    """
    if len(groups) <= LONG_LIST or any(label for label, options, index in groups):
        return Choices(groups, [], False)
    more = groups[SHOWN_FIRST:]
    chosen = any(option["selected"] for label, options, index in more for option in options)
    return Choices(groups[:SHOWN_FIRST], more, chosen)


@register.simple_tag
def tag(label: str, url: str = "", icon: str = "") -> SafeString:
    """A keyword; with `url` it leads to everything that has it."""
    inner = format_html("{}{}", icons.render(icon) if icon else "", label)
    if url:
        return format_html('<a class="tag" href="{}">{}</a>', url, inner)
    return format_html('<span class="tag">{}</span>', inner)


@register.simple_tag
def badge(label: str, tone: str = "neutral") -> SafeString:
    """A state in a word. The word carries the meaning, the colour only helps.

    :param tone: one of TONES.
    """
    return format_html(
        '<span class="badge badge--{}">{}</span>', checked(tone, TONES, "tone"), label
    )


@register.simple_tag
def state_badge(organisation: Any) -> SafeString:
    """The state of an organisation (anything with `state` and `get_state_display()`)."""
    return badge(organisation.get_state_display(), STATE_TONES.get(organisation.state, "neutral"))


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page_obj: Any, parameter: str = "seite") -> dict[str, Any]:
    """Links to the other pages of a list; the rest of the query string stays.

    :param page_obj: a Django `Page`, or anything with `number` and `paginator`.
    :param parameter: name of the page number in the query string.
    """
    request: HttpRequest = context["request"]
    kept = [
        (key, value) for key, values in request.GET.lists() if key != parameter for value in values
    ]

    def address(number: int) -> str:
        query = urlencode([*kept, (parameter, number)] if number > 1 else kept)
        return f"?{query}" if query else request.path

    paginator = page_obj.paginator
    number = page_obj.number
    pages = [
        {"number": entry, "url": address(entry) if isinstance(entry, int) else ""}
        for entry in paginator.get_elided_page_range(number, on_each_side=1, on_ends=1)
    ]
    return {
        "page_obj": page_obj,
        "pages": pages,
        "several": paginator.num_pages > 1,
        "previous": address(number - 1) if number > 1 else "",
        "next": address(number + 1) if number < paginator.num_pages else "",
    }


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*parts: str, items: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """Where this page stands: `{% breadcrumbs _("Organisationen") list_url organisation.name %}`.

    :param parts: label, address, label, address …; the last label is this page and has none.
    :param items: the same as (label, address) pairs, from a view.
    """
    if parts:
        padded = [*parts, ""] if len(parts) % 2 else [*parts]
        items = list(zip(padded[::2], padded[1::2], strict=True))
    return {"items": items}


@register.inclusion_tag("components/empty_state.html")
def empty_state(
    title: str, text: str = "", action_url: str = "", action_label: str = "", icon: str = "square"
) -> dict[str, Any]:
    """What a list says when it is empty: what would be here, and a way on."""
    return {
        "title": title,
        "text": text,
        "action_url": action_url,
        "action_label": action_label,
        "icon": icon,
    }


@register.simple_tag(takes_context=True)
def language_links(context: Context) -> list[dict[str, Any]]:
    """This page in every language of the portal, query string included.

    Each has `code`, `name` (in itself), `url` and `current`. Path words are the same in every
    language, so only the prefix changes; nothing needs to be resolved, and a page that does not
    exist says so in the other language too. Addresses outside the languages lead home.
    """
    request: HttpRequest | None = context.get("request")
    current = get_language()
    prefix = f"/{current}/"
    here = request.get_full_path() if request else prefix
    rest = here.removeprefix(prefix) if here.startswith(prefix) else ""
    return [
        {
            "code": code,
            "name": get_language_info(code)["name_local"],
            "url": f"/{code}/{rest}",
            "current": code == current,
        }
        for code, _name in settings.LANGUAGES
    ]
