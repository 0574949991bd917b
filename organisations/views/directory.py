"""What everybody may see of the organisations: the list and each one's own page."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import limits, qr
from core.addresses import own_url, page_addresses
from core.pagecache import cache_public
from organisations import profile, share_images
from organisations.cards import VISITOR, cards
from organisations.forms.directory import Group, Selection
from organisations.forms.problems import ProblemForm
from organisations.map import county_map
from organisations.models import FormerSlug, Organisation, Representative
from organisations.search import directory
from organisations.services import problems

PER_PAGE = 24


@require_safe
@cache_public
def organisation_list(request: HttpRequest) -> HttpResponse:
    """The directory: search, filters with counts, the map, and the organisations found."""
    index = directory()
    selection = Selection.read(request.GET, index)
    path = reverse("organisations:list")
    if "" in request.GET.values() or selection.is_renamed:
        # The form sends its empty fields, too, and old addresses name words that are called
        # otherwise now; the address to share is the one without them.
        return redirect(path + selection.query_string())
    result = index.search(
        selection.query, selection.filters, page=selection.page, per_page=PER_PAGE
    )
    paginator = Paginator(range(result.total), PER_PAGE)
    page_obj = paginator.get_page(selection.page)
    if page_obj.number != selection.page:
        result = index.search(
            selection.query, selection.filters, page=page_obj.number, per_page=PER_PAGE
        )
    groups = selection.groups(index, result.counts)
    context = {
        "selection": selection,
        "groups": groups,
        "removable": selection.removable(index, path),
        "cards": cards(result.ids, index),
        "result": result,
        "page_obj": page_obj,
        "map": county_map(result.counts["municipality"], index),
        # The filters and the map are the same on every page of an answer, and kept.
        "parts_key": f"{index.revision}{selection.changed().query_string()}",
        "everything_url": path,
        "heading": _heading(groups, selection),
        "addresses": page_addresses(path, _canonical(selection, page_obj)),
        # Search engines get the whole list, the pages of one value, and the organisations.
        "indexed": not selection.query and selection.count <= 1 and bool(result.total),
        **_ways_on(selection, result.total, path, index),
    }
    return render(request, "organisations/organisation_list.html", context)


def _heading(groups: list[Group], selection: Selection) -> str:
    """Return the page's name: with one filter chosen, it says which."""
    if selection.query:
        return _("Suche: %(query)s") % {"query": selection.query}
    chosen = [choice for group in groups for choice in group.chosen]
    if len(chosen) == 1:
        return _("Organisationen: %(filter)s") % {"filter": chosen[0].label}
    return _("Organisationen")


def _canonical(selection: Selection, page_obj: Page) -> str:
    changed = selection.changed()
    query = changed.query_string()
    if page_obj.number > 1:
        query += f"{'&' if query else '?'}seite={page_obj.number}"
    return query


def _ways_on(selection: Selection, total: int, path: str, index: Any) -> dict[str, Any]:
    """Return what to offer when little or nothing was found."""
    ways: dict[str, Any] = {}
    if not total and selection.query:
        ways["suggestions"] = [
            (text, path + Selection(query=text).query_string())
            for text in index.suggest(selection.query)
        ]
        if selection.count:
            without = Selection(query=selection.query)
            found = index.search(selection.query, without.filters, page=1, per_page=1).total
            if found:
                ways["without_filters"] = (found, path + without.query_string())
    if selection.filters.municipality and not selection.filters.active_there:
        wider = selection.changed(active_there=True)
        found = index.search(wider.query, wider.filters, page=1, per_page=1).total
        if found > total:
            ways["wider"] = (found - total, path + wider.query_string())
    return ways


def find(request: HttpRequest, slug: str) -> Organisation:
    """Return the organisation at an address, present or former, if this person may see it.

    :return: the organisation, with `is_own` for those who speak for it.
    :raises Http404: if there is none, or none for this person.
    """
    # Public ones first: most pages need no question about rights.
    people = [VISITOR, request.user] if request.user.is_authenticated else [VISITOR]
    is_own = Exists(
        Representative.objects.filter(organisation=OuterRef("pk"), user=request.user.pk)
    )
    former = FormerSlug.objects.filter(slug=slug).values("organisation")
    # What is part of another one now is found there.
    present = Q(slug=slug, merged_into=None)
    for at_address in (present, Q(pk__in=former), Q(merged_from__slug=slug)):
        for person in people:
            visible = Organisation.objects.visible_to(person).annotate(is_own=is_own)
            organisation = visible.filter(at_address).first()
            if organisation is not None:
                return organisation
    raise Http404


def _moved(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Redirect to the same page under the present address, in the same format."""
    match = request.resolver_match
    path = reverse(match.view_name, kwargs={**match.kwargs, "slug": organisation.slug})
    query = request.META.get("QUERY_STRING", "")
    # Public addresses may be remembered; where others are led, they must not learn the new name.
    response = redirect(f"{path}?{query}" if query else path, permanent=organisation.is_public)
    if organisation.is_public:
        # A merge can be undone: then the address is the other one's again.
        response["Cache-Control"] = "no-cache"
    return response


def of_organisation(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the organisation at the address; a former address leads to the present one."""

    @wraps(view)
    def found(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
        organisation = find(request, slug)
        # What somebody sends under the old address has arrived; a redirect would drop it.
        if organisation.slug != slug and request.method != "POST":
            return _moved(request, organisation)
        return view(request, organisation, **kwargs)

    return found


@require_safe
@cache_public
@of_organisation
def organisation_detail(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """An organisation's page."""
    index = directory()
    context = profile.page(organisation, index)
    context["is_own"] = organisation.is_own
    context["addresses"] = page_addresses(organisation.get_absolute_url())
    return render(request, "organisations/organisation_detail.html", context)


@require_safe
@of_organisation
def contact_vcard(request: HttpRequest, organisation: Organisation, pk: int) -> HttpResponse:
    """A contact person's published fields as a business card for the telephone's address book."""
    person = get_object_or_404(organisation.contacts, pk=pk)
    contact = profile.public_contact(person)
    if contact is None:
        raise Http404
    response = HttpResponse(profile.vcard(organisation, contact), content_type="text/vcard")
    response["Content-Disposition"] = f'attachment; filename="{organisation.slug}.vcf"'
    # What is withdrawn must be gone with the next request.
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@of_organisation
def qr_code(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The page's address as a QR code, to print on a poster."""
    picture = qr.svg(own_url(organisation.get_absolute_url()))
    response = HttpResponse(picture, content_type="image/svg+xml")
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@of_organisation
def share_image(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The picture that messengers show beside a link to the page."""
    picture = share_images.picture(organisation, directory())
    etag = f'"{picture.key}"'
    response: HttpResponse | None = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(picture.read(), content_type="image/png")
        response["ETag"] = etag
    response["Cache-Control"] = (
        "public, no-cache" if organisation.is_public else "private, no-store"
    )
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@of_organisation
def problem(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Take what a visitor says is wrong on an organisation's page."""
    template = "organisations/organisation_problem.html"
    if request.method != "POST":
        form = ProblemForm(initial={"creation_key": uuid.uuid4()})
        return render(request, template, {"organisation": organisation, "form": form})
    form = ProblemForm(request.POST)
    if not form.is_valid():
        return render(request, template, {"organisation": organisation, "form": form})
    if not limits.allow(limits.client_ip(request), action="problem"):
        form.add_error(
            None,
            _(
                "Von hier kamen gerade viele Nachrichten. Bitte versuchen Sie es in einer Stunde "
                "noch einmal."
            ),
        )
        return render(request, template, {"organisation": organisation, "form": form}, status=429)
    problems.report(
        organisation=organisation,
        text=form.cleaned_data["text"],
        email=form.cleaned_data["email"],
        creation_key=form.cleaned_data["creation_key"],
    )
    return redirect("organisations:problem_thanks", slug=organisation.slug)


@require_safe
@cache_public
@of_organisation
def problem_thanks(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Say that the message has arrived and what happens with it."""
    return render(
        request, "organisations/organisation_problem_thanks.html", {"organisation": organisation}
    )
