from django import template
from django.utils.safestring import SafeString

from core.markdown import render

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """Show a text in Markdown: `{{ page.text|markdown }}`."""
    return render(text or "")
