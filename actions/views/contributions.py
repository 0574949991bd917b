"""Who brings what: the table of those who take part, and what is open in the whole network."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from actions import contribution_table as table
from actions import workbench
from actions.forms import contributions as forms
from actions.models import ActionDate, Contribution, JointAction, may_confirm
from actions.services import contributions
from core.errors import Conflict, Refused
from core.fields import is_key
from core.resume import recall, require_login
from meetings.models import is_member
from organisations.models import Organisation

METHODS = ["GET", "HEAD", "POST"]
PER_PAGE = 40
OPEN_PER_PAGE = 20
OPEN, OURS = "offen", "unsere"


# --- The table of one action ----------------------------------------------------------------------
@require_login
@never_cache
@require_http_methods(METHODS)
def contributions_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what an action needs and who brings it; everybody who takes part promises here."""
    action = workbench.fetch(request, slug)
    if request.method != "POST":
        return _table(request, action, bound=_recalled(request, action))
    verb = next((name for name in VERBS if name in request.POST), "")
    if not verb:
        raise Http404
    need = _named(action, request.POST[verb])
    try:
        return VERBS[verb](request, action, need)
    except PermissionDenied as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(_here(request))


def _own(request: HttpRequest, action: JointAction) -> list[Organisation]:
    """Return those of the reader's organisations that take part."""
    parts = action.participations.of(request.user).confirmed()  # type: ignore[attr-defined]
    return [part.organisation for part in parts.select_related("organisation")]


def _table(
    request: HttpRequest, action: JointAction, *, bound: forms.PledgeForm | None = None
) -> HttpResponse:
    own = _own(request, action)
    needs = table.with_parts(action.contributions.all())
    shows = request.GET.get("zeigen", "")
    if shows == OPEN:
        needs = needs.filter(pk__in=action.contributions.all().open().order_by().values("pk"))  # type: ignore[attr-defined]
    elif shows == OURS:
        needs = needs.filter(pk__in=action.contributions.filter(pledges__organisation__in=own))
    page = Paginator(needs, PER_PAGE).get_page(request.GET.get("seite"))
    is_open = action.state in contributions.OPEN
    lines = table.lines(
        page.object_list,
        own=own,
        is_open=is_open,
        name=request.user.name,  # type: ignore[union-attr]
        bound=bound,
    )
    context = {
        "lines": lines,
        "page_obj": page,
        "shows": shows,
        "bound": bound,
        "is_open": is_open,
        "own": {organisation.pk for organisation in own},
        "today": timezone.localdate(),
    }
    return render(
        request,
        "actions/contributions.html",
        workbench.context(request, action, "contributions") | context,
    )


def _here(request: HttpRequest, need: Contribution | None = None) -> str:
    return request.get_full_path() + (f"#beitrag-{need.pk}" if need else "")


def _named(action: JointAction, key: str) -> Contribution:
    """Return the row a button is about; one that is gone meanwhile is said to be."""
    if not is_key(Contribution, key):
        raise Http404
    found = action.contributions.filter(pk=key).first()
    # The service says in words that it was taken out meanwhile.
    return found or Contribution(pk=int(key), action=action)


def _organisation(request: HttpRequest, action: JointAction) -> Organisation:
    """Return the organisation a button is about: one that takes part."""
    key = request.POST.get("organisation", "")
    if not is_key(Organisation, key):
        raise Http404
    parts = action.participations.select_related("organisation")
    part = parts.filter(organisation=key).first()
    if part is None:
        raise Http404
    return part.organisation


def _bound(
    data: Any, action: JointAction, key: str, organisation: Organisation
) -> forms.PledgeForm | None:
    need = table.with_parts(action.contributions.filter(pk=key)).first()
    if need is None:
        return None
    found = next((one for one in need.pledges.all() if one.organisation == organisation), None)
    return forms.PledgeForm(data, need=need, organisation=organisation, pledge=found)


def _recalled(request: HttpRequest, action: JointAction) -> forms.PledgeForm | None:
    """Return what was typed before a log-in, if it was a promise."""
    kept = recall(request)
    if not kept or not is_key(Contribution, kept.get("pledge", "")):
        return None
    chosen = kept.get("organisation", "")
    own = next((one for one in _own(request, action) if str(one.pk) == chosen), None)
    return _bound(kept, action, kept["pledge"], own) if own else None


def _pledge(request: HttpRequest, action: JointAction, need: Contribution) -> HttpResponse:
    organisation = _organisation(request, action)
    form = _bound(request.POST, action, str(need.pk), organisation)
    if form is None:
        raise Refused(_("Dieser Eintrag wurde inzwischen gestrichen."))
    if not form.is_valid():
        return _table(request, action, bound=form)
    try:
        contributions.pledge(
            contribution=need,
            organisation=organisation,
            amount=form.cleaned_data["amount"],
            person=form.cleaned_data["person"],
            seen=form.cleaned_data["seen"],
            by=request.user,  # type: ignore[arg-type]
        )
    except Conflict as conflict:
        return _table(request, action, bound=_told(form, conflict))
    messages.success(request, _thanks(need))
    return redirect(_here(request, need))


def _told(form: forms.PledgeForm, conflict: Conflict) -> forms.PledgeForm:
    """Say what somebody else has promised meanwhile; sent again, what is typed here counts."""
    theirs = [str(conflict.theirs["amount"]), conflict.theirs["person"]]
    text = _(
        "Jemand hat das für Ihre Organisation inzwischen geändert. Gespeichert ist jetzt: "
        "%(theirs)s. Ihre Angaben stehen noch hier. Speichern Sie noch einmal, dann gelten diese."
    )
    form.add_error(None, text % {"theirs": ", ".join(filter(None, theirs))})
    form.data = form.data.copy()
    form.data["seen"] = contributions.fingerprint(form.pledge)  # type: ignore[index]
    return form


def _thanks(need: Contribution) -> str:
    """Say thank you, and if it is more than was needed, that too."""
    counted: Any = Contribution.objects.with_pledged().get(pk=need.pk)
    numbers = {"pledged": counted.pledged, "amount": counted.amount}
    if counted.pledged > counted.amount:
        return (
            _("Danke! Jetzt sind es %(pledged)s statt %(amount)s. Mehr schadet meistens nicht.")
            % numbers
        )
    if counted.pledged == counted.amount:
        return _("Danke! Damit ist alles da.")
    return _("Danke! Ihre Zusage ist eingetragen.")


def _withdraw(request: HttpRequest, action: JointAction, need: Contribution) -> HttpResponse:
    organisation = _organisation(request, action)
    if contributions.withdraw(contribution=need, organisation=organisation, by=request.user):  # type: ignore[arg-type]
        messages.success(request, _("Die Zusage ist zurückgezogen."))
    return redirect(_here(request, need))


def _done(request: HttpRequest, action: JointAction, need: Contribution) -> HttpResponse:
    is_done = "done" in request.POST
    changed = contributions.set_done(
        contribution=need,
        organisation=_organisation(request, action),
        is_done=is_done,
        by=request.user,  # type: ignore[arg-type]
    )
    if changed and is_done:
        messages.success(request, _("Danke! Das ist erledigt."))
    return redirect(_here(request, need))


VERBS: dict[str, Any] = {
    "pledge": _pledge,
    "withdraw": _withdraw,
    "done": _done,
    "undone": _done,
}


# --- The whole network ----------------------------------------------------------------------------
@require_login
@never_cache
@require_safe
def open_contributions(request: HttpRequest) -> HttpResponse:
    """List what is still missing in all actions ahead, for members: here one joins in."""
    if not is_member(request.user) and not may_confirm(request.user):
        raise Http404
    rows = contributions.open_for(request.user).prefetch_related(
        Prefetch("action__dates", ActionDate.objects.order_by("starts_at", "pk"))
    )
    kind = request.GET.get("art", "")
    if kind in Contribution.Kind.values:
        rows = rows.filter(kind=kind)
    page = Paginator(rows, OPEN_PER_PAGE).get_page(request.GET.get("seite"))
    mine = JointAction.objects.of(request.user).values_list("pk", flat=True)
    context = {
        "page_obj": page,
        "kinds": Contribution.Kind.choices,
        "kind": kind,
        "mine": set(mine),
        "is_member": is_member(request.user),
    }
    return render(request, "actions/open_contributions.html", context)
