"""The mailbox of development: what the outbox holds, with links to click; never in production."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from core.models import OutboxMessage

PER_PAGE = 10


@dataclass(frozen=True)
class Box:
    """What else a developer needs to get in, above the mails: for example current codes."""

    title: str
    rows: Sequence[tuple[str, str]]


# A higher app adds its own in AppConfig.ready; each is asked with every look at the page.
boxes: list[Callable[[HttpRequest], Box | None]] = []


def _only_in_development() -> None:
    if not (settings.DEBUG or settings.TESTING):
        raise Http404


@require_safe
@never_cache
def messages(request: HttpRequest) -> HttpResponse:
    """List the outbox, the newest first, confidential mails too: they are what one needs here."""
    _only_in_development()
    page = Paginator(OutboxMessage.objects.all(), PER_PAGE).get_page(request.GET.get("seite"))
    return render(
        request,
        "core/mailbox.html",
        {"page_obj": page, "boxes": [box for make in boxes if (box := make(request))]},
    )


@require_safe
@never_cache
@xframe_options_sameorigin
@csp_replace(
    {
        "frame-ancestors": [SELF],
        "style-src": [UNSAFE_INLINE],
        # No scripts, no forms, no origin: a click on a link opens it outside the frame.
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
)
def html_body(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """Show a mail's HTML as a mail program would, in a frame that can do nothing."""
    _only_in_development()
    message = get_object_or_404(OutboxMessage, pk=pk)
    return HttpResponse(message.html_body.replace("<head>", '<head><base target="_top">', 1))
