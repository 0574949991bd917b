"""Texts of the team in Markdown, as HTML that is safe to show."""

import re
from html import unescape

import markdown_it
import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.text import LINE_ENDS, clean_text

TAGS = {
    "a", "blockquote", "br", "em", "h2", "h3", "h4", "h5", "hr", "li", "ol", "p", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto", "tel"}

# Tags that somebody pastes from elsewhere, or means harm with; "<Name>" is only text.
HTML = {
    "a", "audio", "base", "body", "div", "embed", "font", "form", "frame", "head", "html", "iframe",
    "img", "input", "link", "meta", "object", "script", "span", "style", "svg", "table", "video",
}  # fmt: skip
DEEPEST = 12  # blanks before a line: lists in lists in lists

_parser = markdown_it.MarkdownIt("commonmark", {"html": False}).enable("table")
# For texts of people who do not know Markdown: a line is a line, and an indented one is no code.
_line_parser = (
    markdown_it.MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable("table")
    .disable("code")
)
_html_parser = markdown_it.MarkdownIt("commonmark", {"html": True}).disable("code")


def render(text: str, *, level: int = 2, line_breaks: bool = False) -> SafeString:
    """Return Markdown as HTML.

    The page's own title is its only first-level heading, so a text's headings begin with the
    second level: "#" becomes h2. HTML in the text is shown as it was typed; images are left out.
    What still could do harm (`javascript:` links, handlers) goes in nh3, after the parser.

    :param level: of the text's headings, where it stands below a heading itself.
    :param line_breaks: for people who do not know Markdown: a new line in the text is one on the
        page, and headings leave out no level, whatever they were chosen for.
    """
    parser = _line_parser if line_breaks else _parser
    tokens = parser.parse(text)
    above: list[int] = []
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            depth = int(token.tag[1])
            if line_breaks:
                above = [*(one for one in above if one < depth), depth]
                depth = len(above)
            token.tag = f"h{min(depth + level - 1, 5)}"
    html = parser.renderer.render(tokens, parser.options, {})
    return mark_safe(
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href"}, "ol": {"start"}},
            url_schemes=SCHEMES,
            link_rel="noopener noreferrer",
        )
    )


def plain(text: str) -> str:
    """Return what is read of a text, without its signs and in one line."""
    html = render(text, line_breaks=True).replace("</td>", "</td> ").replace("</th>", "</th> ")
    return " ".join(unescape(nh3.clean(html, tags=set())).split())


def clean(text: str) -> str:
    """Return a text as it may be stored: as `clean_text` does, but what is indented stays so."""
    lines = []
    for line in LINE_ENDS.sub("\n", text).expandtabs(4).split("\n"):
        words = clean_text(line, multiline=False)
        indent = min(len(line) - len(line.lstrip(" ")), DEEPEST) if words else 0
        lines.append(" " * indent + words)
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip()


def problems(text: str) -> list[str]:
    """Say in words what of a text would not be shown, so that nobody wonders where it is.

    That is pictures, wherever they lie, and commands in HTML.
    """
    found = []
    for token in _html_parser.parse(text):
        for part in [token, *(token.children or [])]:
            if part.type == "image":
                told = _(
                    "Bilder können hier nicht stehen. Bitte nehmen Sie „%(piece)s“ aus dem Text."
                )
                found.append(told % {"piece": f"![{part.content}]"[:60]})
            elif part.type in {"html_block", "html_inline"}:
                tags = re.findall(r"<\s*/?\s*([a-z]+)", part.content.lower())
                told = _("Der Text enthält HTML: „<%(tag)s>“. Bitte nehmen Sie das aus dem Text.")
                found += [told % {"tag": tag} for tag in tags if tag in HTML]
    return list(dict.fromkeys(found))[:5]
