"""The pages on which one meeting is run: a row of tabs over each of them.

A page is a tab with one or more addresses below it. Other modules, of this app or a higher one,
register theirs:

    @page("agenda", _("Tagesordnung"), order=20)
    def agenda(request: HttpRequest, meeting: Meeting) -> HttpResponse: ...

    @agenda.part("sortieren/", "agenda_sort")
    def sort(request, meeting): ...
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from meetings.models import Meeting

View = Callable[..., HttpResponse]
FACTS_ORDER = 15


@dataclass(frozen=True)
class Tab:
    """A tab as the template shows it."""

    label: str
    url: str
    is_current: bool
    number: int | None = None


@dataclass
class Page:
    """A tab over a meeting, and what is reached from it.

    :ivar name: of its address: `admin:meetings_meeting_<name>`, with the meeting's `pk`.
    :ivar path: what follows the meeting's key in the address, with a slash at the end.
    :ivar count: gives a number to stand at the tab, or None.
    """

    name: str
    label: str | Promise
    path: str
    order: int
    view: View
    permission: str = "meetings.change_meeting"
    count: Callable[[Meeting], int | None] | None = None
    parts: list[tuple[str, str, View]] = field(default_factory=list)

    def part(self, below: str, name: str) -> Callable[[View], View]:
        """Register a view at an address below this page.

        :param below: the path below the page's own; may have converters, whose values the view
            gets after the meeting.
        """

        def register(view: View) -> View:
            self.parts.append((self.path + below, name, view))
            return view

        return register


_pages: list[Page] = []


def page(
    name: str,
    label: str | Promise,
    *,
    path: str,
    order: int,
    permission: str = "meetings.change_meeting",
    count: Callable[[Meeting], int | None] | None = None,
) -> Callable[[View], Page]:
    """Make a view the page of a new tab. See `Page`."""

    def register(view: View) -> Page:
        _pages.append(Page(name, label, path, order, view, permission, count))
        return _pages[-1]

    return register


def address(name: str, meeting: Meeting, **kwargs: Any) -> str:
    """Return the path of a page or part."""
    return reverse(f"admin:meetings_meeting_{name}", kwargs={"pk": meeting.pk} | kwargs)


def tabs(request: HttpRequest, meeting: Meeting, current: str) -> list[Tab]:
    """Return the tabs the person who asks may open, in order."""
    found = [
        (
            one.order,
            Tab(
                label=str(one.label),
                url=address(one.name, meeting),
                is_current=one.name == current,
                number=one.count(meeting) if one.count else None,
            ),
        )
        for one in _pages
        if request.user.has_perm(one.permission)  # type: ignore[union-attr]
    ]
    # What is known about the meeting is Django's own page of the row.
    url = reverse("admin:meetings_meeting_change", args=[meeting.pk])
    found.append((FACTS_ORDER, Tab(label=_("Angaben"), url=url, is_current=current == "change")))
    return [tab for _order, tab in sorted(found, key=lambda one: one[0])]


def render(
    request: HttpRequest,
    meeting: Meeting,
    template: str,
    context: dict[str, Any],
    *,
    page: str,
    status: int = 200,
) -> TemplateResponse:
    """Answer with a page below the meeting's tabs; templates extend `meeting/frame.html`.

    :param page: the name of the tab that is open.
    """
    return TemplateResponse(
        request,
        template,
        {
            **site.each_context(request),
            "title": str(meeting),
            "opts": Meeting._meta,
            "meeting": meeting,
            "tabs": tabs(request, meeting, page),
            **context,
        },
        status=status,
    )


def urls() -> list[URLPattern]:
    """Return the addresses of all pages, for `MeetingAdmin.get_urls`."""
    found = []
    for one in _pages:
        for below, name, view in [(one.path, one.name, one.view), *one.parts]:
            found.append(
                path(
                    f"<int:pk>/{below}",
                    site.admin_view(_guarded(view, one.permission)),
                    name=f"meetings_meeting_{name}",
                )
            )
    return found


def _guarded(view: View, permission: str) -> View:
    def guarded(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(permission):  # type: ignore[union-attr]
            raise PermissionDenied
        meeting = get_object_or_404(Meeting.objects.visible_to(request.user), pk=pk)
        return view(request, meeting, **kwargs)

    return guarded
