"""A campaign's programme for everybody: the page, a page to print, and files to take along."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.text import slugify
from django.utils.translation import get_language, get_language_info, override
from django.views.decorators.http import require_safe

from actions import exports, ical, profile
from actions import programme as programmes
from actions.forms.programme import Selection, pages
from actions.models import Brochure, Campaign, JointAction
from actions.programme import Programme
from actions.services import brochures
from core import spreadsheets
from core.addresses import page_addresses
from core.pagecache import cache_public
from core.spreadsheets import UMLAUTS
from meetings import calendars


class File(NamedTuple):
    """A brochure as a page offers it.

    :ivar size: in byte.
    """

    language: str
    name: str
    url: str
    pages: int
    size: int


def find(request: HttpRequest, slug: str) -> Campaign:
    """Return a campaign this person may see, with the brochures that fit it as `files`; one query.

    :raises Http404: if there is none, or none for this person.
    """
    campaigns = Campaign.objects.visible_to(request.user).filter(slug=slug)
    rows: list[Any] = list(brochures.with_brochures(campaigns))
    if not rows:
        raise Http404
    campaign = rows[0]
    made = {row.brochure_language: row for row in rows if row.brochure_language}
    campaign.files = [
        File(
            language,
            get_language_info(language)["name_local"],
            brochures.address(campaign, language),
            row.brochure_pages,
            row.brochure_size,
        )
        for language in brochures.LANGUAGES
        if (row := made.get(language))
        and row.brochure_fingerprint == brochures.fingerprint(campaign, language)
    ]
    return campaign


# --- Pages ----------------------------------------------------------------------------------------
@require_safe
@cache_public
def programme(request: HttpRequest, slug: str) -> HttpResponse:
    """The programme by day or by place, with filters and what can be taken along."""
    campaign = find(request, slug)
    found = programmes.of(campaign)
    selection = Selection.read(request.GET, found)
    path = campaign.get_absolute_url()
    if "" in request.GET.values():
        # The form sends its empty fields, too; the address to share is the one without them.
        return redirect(path + selection.query_string())
    paginator = Paginator(pages(selection.sections(found)), 1)
    page_obj = paginator.get_page(selection.page)
    is_last = page_obj.number == paginator.num_pages
    context = {
        "campaign": campaign,
        "selection": selection,
        "programme": found,
        # Counted only where the filters are not kept from a page with the same ones.
        "groups": lambda: selection.groups(found),
        "parts_key": f"{campaign.pk} {found.revision} {selection.query_string()}",
        "removable": selection.removable(found, path),
        "days": selection.days(found, path),
        "all_days": path + selection.changed(day=None).query_string(),
        "by_day": path + selection.changed(by_place=False).query_string(),
        "by_place": path + selection.changed(by_place=True).query_string(),
        "page_obj": page_obj,
        "sections": page_obj.object_list[0] if page_obj.object_list else [],
        "undated": selection.undated(found) if is_last else [],
        "number": len({slot.action.pk for slot in selection.slots(found)})
        + len(selection.undated(found)),
        "is_all": selection.is_empty,
        "everything_url": path,
        "print_url": reverse("actions:programme_print", args=[campaign.slug])
        + selection.query_string(),
        "files": exports.addresses(campaign.slug),
        "ways": calendars.ways(settings.SITE_URL + exports.addresses(campaign.slug)["ics"]),
        "addresses": page_addresses(path, _canonical(selection, page_obj.number)),
        # Search engines get the whole programme, and its days.
        "indexed": campaign.is_public and not selection.count and not selection.by_place,
    }
    return render(request, "actions/programme.html", context)


def _canonical(selection: Selection, page: int) -> str:
    query = selection.query_string()
    if page > 1:
        query += f"{'&' if query else '?'}seite={page}"
    return query


@require_safe
@cache_public
def programme_print(request: HttpRequest, slug: str) -> HttpResponse:
    """All that was chosen on one page without frills, for paper."""
    campaign = find(request, slug)
    found = programmes.of(campaign)
    selection = Selection.read(request.GET, found)
    context = {
        "campaign": campaign,
        "selection": selection,
        "removable": selection.removable(found, ""),
        "sections": selection.sections(found),
        "undated": selection.undated(found),
        "back_url": campaign.get_absolute_url() + selection.query_string(),
    }
    return render(request, "actions/programme_print.html", context)


# --- Files ----------------------------------------------------------------------------------------
FileView = Callable[[HttpRequest, Campaign], HttpResponseBase]


def in_language(view: FileView) -> Callable[..., HttpResponseBase]:
    """Give a view the campaign, and have it answer in the language of `?sprache=`."""

    @wraps(view)
    def found(request: HttpRequest, slug: str) -> HttpResponseBase:
        asked = request.GET.get("sprache", "")
        language = asked if asked in brochures.LANGUAGES else settings.LANGUAGE_CODE
        campaign = find(request, slug)
        with override(language):
            return view(request, campaign)

    return found


@require_safe
@cache_public
@in_language
def calendar(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """The programme as a calendar to subscribe to."""
    actions = JointAction.objects.public().filter(campaign=campaign).order_by("pk")
    content = ical.feed(
        profile.for_cards(actions),
        name=str(campaign),
        language=get_language() or settings.LANGUAGE_CODE,
    )
    return HttpResponse(content, content_type=calendars.CONTENT_TYPE)


@require_safe
@in_language
def csv(request: HttpRequest, campaign: Campaign) -> FileResponse:
    """The programme as a table, for the press."""
    return _table("csv", programmes.of(campaign))


@require_safe
@in_language
def xlsx(request: HttpRequest, campaign: Campaign) -> FileResponse:
    """The same for spreadsheet programs."""
    return _table("xlsx", programmes.of(campaign))


def _table(ending: str, found: Programme) -> FileResponse:
    return spreadsheets.response(
        ending, exports.filename(found), exports.headings(), exports.rows(found)
    )


@require_safe
@cache_public
@in_language
def json(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """The programme for other websites."""
    response = JsonResponse(
        exports.as_data(programmes.of(campaign)), json_dumps_params={"ensure_ascii": False}
    )
    if campaign.is_public:
        # Pages of other sites may read what everybody may read; they never get what needs a
        # log-in, for browsers send no cookies along with this.
        response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
@in_language
def pdf(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    """The brochure, while it says what the programme says; until it is made anew, a page says so.

    :raises Http404: where none was ever made.
    """
    language = get_language() or settings.LANGUAGE_CODE
    brochure = Brochure.objects.filter(campaign=campaign, language=language).first()
    if brochure is None:
        raise Http404
    if not any(file.language == language for file in campaign.files):
        return _not_now(request, campaign)
    etag = f'"{brochure.fingerprint}-{brochure.pk}"'
    answer: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if answer is None:
        try:
            file = brochure.file.open()
        except FileNotFoundError:
            return _not_now(request, campaign)
        name = slugify(exports.filename(programmes.of(campaign)).lower().translate(UMLAUTS))
        answer = FileResponse(
            file,
            as_attachment=True,
            filename=f"{name or 'programm'}-{language}.pdf",
            content_type="application/pdf",
        )
        answer["ETag"] = etag
    # What is taken back must be gone with the next request.
    answer["Cache-Control"] = "public, no-cache" if campaign.is_public else "private, no-store"
    return answer


def _not_now(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    page = "actions/programme_no_pdf.html"
    response = render(request, page, {"campaign": campaign}, status=503)
    response["Cache-Control"] = "no-store"
    response["Retry-After"] = "900"
    return response
