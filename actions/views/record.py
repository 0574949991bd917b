"""What the network has done together, year by year: for everybody, and the ground of the report."""

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from actions.models import ActionDate, Participation
from actions.services import record as services
from core.addresses import page_addresses
from core.pagecache import cache_public

PER_PAGE = 20


@require_safe
@cache_public
def record(request: HttpRequest) -> HttpResponse:
    """Show the sums of every year, and the actions of all years or of one."""
    rows = services.of(request.user)
    years = services.by_year(rows)
    typed = request.GET.get("jahr", "")
    year = next((one for one in years if str(one) == typed), None)
    if "jahr" in request.GET and year is None:
        return redirect("actions:record")
    shown = rows if year is None else rows.filter(year=year)
    shown = shown.select_related("result", "municipality").prefetch_related(
        Prefetch("dates", ActionDate.objects.order_by("starts_at", "pk")),
        # Who has left the network since is counted, but not named.
        Prefetch(
            "participations",
            Participation.objects.public().select_related("organisation"),
            to_attr="named",
        ),
    )
    page_obj = Paginator(shown, PER_PAGE).get_page(request.GET.get("seite"))
    query = f"?jahr={year}" if year else ""
    if page_obj.number > 1:
        query += f"{'&' if query else '?'}seite={page_obj.number}"
    context = {
        "years": years,
        "year": year,
        "total": services.total(years.values(), rows) if len(years) > 1 else None,
        "uncounted": sum(one.uncounted for one in years.values() if one.uncounted < one.actions),
        "page_obj": page_obj,
        "addresses": page_addresses(reverse("actions:record"), query),
    }
    return render(request, "actions/record.html", context)
