"""Texts of the team in Markdown, as HTML that is safe to show."""

import markdown_it
import nh3
from django.utils.safestring import SafeString, mark_safe

TAGS = {
    "a", "blockquote", "br", "em", "h2", "h3", "h4", "h5", "hr", "li", "ol", "p", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto", "tel"}

_parser = markdown_it.MarkdownIt("commonmark", {"html": False}).enable("table")


def render(text: str) -> SafeString:
    """Return Markdown as HTML.

    The page's own title is its only first-level heading, so a text's headings begin with the
    second level: "#" becomes h2. HTML in the text is shown as it was typed; images are left out.
    What still could do harm (`javascript:` links, handlers) goes in nh3, after the parser.
    """
    tokens = _parser.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 5)}"
    html = _parser.renderer.render(tokens, _parser.options, {})
    return mark_safe(
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href"}, "ol": {"start"}},
            url_schemes=SCHEMES,
            link_rel="noopener noreferrer",
        )
    )
