"""What one app hangs on another's pages in the back office.

The lower app never asks: who wants a button above a list, one at the top of a row's page, or a box
below its form registers a function for the model. Each function gets the request (and the row) and
returns None for somebody who may not see it.

    @office.list_link(Organisation, 20)
    def import_link(request):
        if not request.user.has_perm("organisations.add_importrun"):
            return None
        return office.Link(_("Liste einlesen"), reverse("admin:…"), icon="upload")
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.http import HttpRequest


@dataclass(frozen=True)
class Link:
    """A button that leads on.

    :ivar icon: name of an icon of `core/icons.svg`, or nothing.
    :ivar style: see `ui.button`.
    """

    label: str
    url: str
    icon: str = ""
    style: str = "secondary"


@dataclass(frozen=True)
class Box:
    """A part of a row's page, below its form (so it may hold a form of its own).

    :ivar title: its heading.
    :ivar template: what it shows; finds its values in `box.context`, beside the page's own.
    :ivar anchor: its id, to be linked to.
    """

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    anchor: str = ""


ListLink = Callable[[HttpRequest], Link | None]
ChangeLink = Callable[[HttpRequest, Any], Link | None]
ChangeBox = Callable[[HttpRequest, Any], Box | None]

_list_links: dict[type[Model], list[tuple[int, ListLink]]] = defaultdict(list)
_change_links: dict[type[Model], list[tuple[int, ChangeLink]]] = defaultdict(list)
_change_boxes: dict[type[Model], list[tuple[int, ChangeBox]]] = defaultdict(list)


def list_link(model: type[Model], order: int) -> Callable[[ListLink], ListLink]:
    """Let a function give a button above a model's list, the smallest order first."""

    def register(function: ListLink) -> ListLink:
        _list_links[model].append((order, function))
        return function

    return register


def change_link(model: type[Model], order: int) -> Callable[[ChangeLink], ChangeLink]:
    """Let a function give a button at the top of the page of one row."""

    def register(function: ChangeLink) -> ChangeLink:
        _change_links[model].append((order, function))
        return function

    return register


def change_box(model: type[Model], order: int) -> Callable[[ChangeBox], ChangeBox]:
    """Let a function give a box at the end of the page of one row."""

    def register(function: ChangeBox) -> ChangeBox:
        _change_boxes[model].append((order, function))
        return function

    return register


def list_links(model: type[Model], request: HttpRequest) -> list[Link]:
    """Return the buttons above a model's list for the person who asks."""
    return _found(_list_links[model], request)


def change_links(request: HttpRequest, row: Model) -> list[Link]:
    """Return the buttons at the top of a row's page for the person who asks."""
    return _found(_change_links[type(row)], request, row)


def change_boxes(request: HttpRequest, row: Model) -> list[Box]:
    """Return the boxes at the end of a row's page for the person who asks."""
    return _found(_change_boxes[type(row)], request, row)


def _found(registered: list[tuple[int, Any]], *arguments: Any) -> list[Any]:
    ordered = sorted(registered, key=lambda one: one[0])
    return [part for _order, give in ordered if (part := give(*arguments)) is not None]
