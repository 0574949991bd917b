"""Joining: what it takes, the first line, the list of steps, and the steps themselves."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from core import limits
from core.errors import Refused
from core.folding import fold
from core.pagecache import cache_public
from core.resume import recall, require_login
from core.text import clean_text
from organisations import duplicates, questions, review
from organisations.forms import registration as forms
from organisations.models import Organisation
from organisations.services import confirmation, editing, proposals, registration
from organisations.views import contacts, images, steps
from organisations.views.contacts import contact_rows
from organisations.views.steps import frame, own_organisation, step_url

State = Organisation.State
METHODS = ["GET", "HEAD", "POST"]

STATUS = {
    "done": (gettext_lazy("fertig"), "good"),
    "begun": (gettext_lazy("begonnen"), "warn"),
    "open": (gettext_lazy("noch offen"), "neutral"),
    "optional": (gettext_lazy("freiwillig"), "neutral"),
}


# --- Before there is anything ---------------------------------------------------------------------
@require_safe
@cache_public
def join(request: HttpRequest) -> HttpResponse:
    """Say who may join, how long it takes, what one needs, and what becomes public."""
    return render(request, "organisations/registration/join.html")


@require_login
@never_cache
@require_http_methods(METHODS)
def register(request: HttpRequest) -> HttpResponse:
    """Begin a registration with the name; likely duplicates are shown before it goes on."""
    kept = recall(request)
    if request.method == "POST":
        form = forms.RegisterForm(request.POST)
    else:
        form = forms.RegisterForm(kept, initial={"creation_key": uuid.uuid4()})
    context: dict[str, Any] = {"form": form}
    # "Back" from the question about duplicates shows the form as it was filled.
    if request.method == "POST" and "change" not in request.POST and form.is_valid():
        name, key = form.cleaned_data["name"], form.cleaned_data["creation_key"]
        already = registration.begun(by=request.user, creation_key=key)
        if already:
            return redirect("organisations:tasks", pk=already.pk)
        found = similar_to(name, request.user)
        # The answer counts for the name it was given for, not for one typed afterwards.
        is_another = request.POST.get("another", "") == fold(name)
        if is_another or not (found["matches"] or found["own"]):
            try:
                organisation = registration.start(
                    name=name,
                    kind=form.cleaned_data["kind"],
                    creation_key=key,
                    by=request.user,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                return redirect("organisations:tasks", pk=organisation.pk)
        else:
            context |= found | {"asked_about": fold(name)}
    return render(request, "organisations/registration/register.html", context)


@require_login
@never_cache
@require_safe
def similar(request: HttpRequest) -> HttpResponse:
    """Answer with the organisations a name typed so far may mean, as a piece of HTML."""
    name = clean_text(request.GET.get("name", "")[:200], multiline=False)
    found: dict[str, Any] = {"matches": [], "own": []}
    if len(name) >= 3 and limits.allow(str(request.user.pk), action="duplicates"):
        found = similar_to(name, request.user)
    return render(request, "organisations/registration/_similar.html", found)


def similar_to(name: str, user: User) -> dict[str, Any]:
    """Return likely duplicates that a person may know of: public ones, and their own."""
    found = duplicates.find(name=name, public_only=True)
    own = [
        match.organisation
        for organisation in Organisation.objects.of(user)
        if (match := duplicates.compare(duplicates.traits_of(names=[name]), organisation))
    ]
    keys = {organisation.pk for organisation in own}
    return {
        "own": own,
        "matches": [match.organisation for match in found if match.organisation.pk not in keys],
    }


# --- My organisation ------------------------------------------------------------------------------
@require_login
@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the organisations somebody speaks for; whoever has just one is led to it."""
    organisations = list(Organisation.objects.of(request.user).order_by("name", "pk"))
    requests = list(
        request.user.access_requests.filter(state="open").select_related("organisation")
    )
    if len(organisations) == 1 and not requests and "alle" not in request.GET:
        return redirect("organisations:tasks", pk=organisations[0].pk)
    return render(
        request,
        "organisations/registration/mine.html",
        {"organisations": organisations, "requests": requests},
    )


@require_login
@never_cache
@require_safe
def tasks(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an organisation to those who speak for it: its state, what to do, what comes next."""
    organisation = own_organisation(request, pk)
    progress = registration.progress(organisation)
    registering = organisation.can_submit
    entries = [
        {
            "title": title,
            "url": step_url(organisation, step),
            "status": STATUS[progress[step]][0] if registering and step != "senden" else "",
            "tone": STATUS[progress[step]][1],
        }
        for step, title in registration.STEPS.items()
        if registering or step != "senden"
    ]
    following = next(
        (step for step in registration.STEPS if progress[step] in {"open", "begun"}), "senden"
    )
    manages = Organisation.objects.managed_by(request.user).filter(pk=pk).exists()
    waiting = organisation.access_requests.filter(state="open").select_related("user")
    return render(
        request,
        "organisations/registration/tasks.html",
        {
            "organisation": organisation,
            "access_requests": waiting if manages else [],
            "next_url": step_url(organisation, following) if registering else "",
            "next_title": registration.STEPS[following],
            "tasks": entries if organisation.state in editing.EDITABLE_STATES else [],
            "missing": registration.missing(organisation) if registering else [],
            "manages": manages,
            "offers_confirmation": confirmation.is_worth_confirming(organisation),
            "must_wait": proposals.must_wait(organisation, request.user),
            "proposed": proposed(organisation, request.user),
            "own_contacts": [
                row
                for row in contact_rows(organisation, request.user)
                if row["is_own"] and row["public"]
            ],
            "can_discard": organisation.state == State.DRAFT and organisation.submitted_at is None,
        },
    )


def proposed(organisation: Organisation, user: User) -> list[dict[str, Any]]:
    """Return what waits for the officer, in words; each person takes back their own."""
    waiting = proposals.waiting().filter(organisation=organisation)
    return [
        {
            "proposal": one,
            "is_own": one.by_id == user.pk,
            "fields": proposals.told(one),
            "images": one.images.select_related("image"),
        }
        for one in waiting
    ]


@require_login
@never_cache
@require_http_methods(["POST"])
def withdraw_proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back one's own change that waits for the officer."""
    organisation = own_organisation(request, pk)
    if proposals.withdraw(organisation=organisation, by=request.user):
        messages.success(request, _("Ihre Änderung ist zurückgezogen."))
    return redirect("organisations:tasks", pk=pk)


@require_login
@never_cache
@require_http_methods(METHODS)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether a draft is to be thrown away, and do it."""
    organisation = get_object_or_404(
        Organisation.objects.managed_by(request.user), pk=pk, state=State.DRAFT, submitted_at=None
    )
    if request.method == "POST":
        try:
            registration.discard(organisation=organisation, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("organisations:tasks", pk=pk)
        messages.success(request, _("Der Entwurf ist gelöscht."))
        return redirect("organisations:mine")
    return render(
        request, "organisations/registration/discard.html", {"organisation": organisation}
    )


# --- Steps ----------------------------------------------------------------------------------------
@require_login
@never_cache
@require_http_methods(METHODS)
def step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Show and save one step of the registration, later one topic of the organisation's page."""
    organisation = own_organisation(request, pk)
    if step == "senden" and not organisation.can_submit:
        return redirect("organisations:tasks", pk=pk)
    if organisation.state not in editing.EDITABLE_STATES:
        messages.info(request, _("Diese Organisation kann jetzt nicht geändert werden."))
        return redirect("organisations:tasks", pk=pk)
    return HANDLERS[step](request, organisation, step)


def send(request: HttpRequest, organisation: Organisation, step: str) -> HttpResponse:
    """Show all answers, and hand the registration over."""
    data = request.POST if request.method == "POST" else recall(request)
    form = forms.SubmitForm(data, organisation=organisation)
    lacking = registration.missing(organisation)
    if request.method == "POST" and form.is_valid():
        try:
            registration.submit(
                organisation=organisation,
                by=request.user,
                answer=form.cleaned_data.get("answer", ""),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        except PermissionDenied as error:
            raise Http404 from error
        else:
            return redirect("organisations:tasks", pk=organisation.pk)
    return render(
        request,
        "organisations/registration/send.html",
        frame(organisation, step)
        | {
            "form": form,
            "missing": [
                {"text": entry.text, "url": step_url(organisation, entry.step)} for entry in lacking
            ],
            "sections": summary(organisation, request.user),
            "same_contact": duplicates.same_contact(organisation),
        },
    )


def summary(organisation: Organisation, user: User) -> list[dict[str, Any]]:
    """Return all answers by step, in words, each with the address where it can be changed."""
    rows = {section.step: review.answers(organisation, section) for section in questions.SECTIONS}
    rows["kontakt"] += [
        {"label": _("Ansprechperson"), "value": f"{row['contact'].name}\n{row['status']}"}
        for row in contact_rows(organisation, user)
    ]
    rows["logo"] = [
        {"label": image.get_kind_display(), "value": image.alt_text}
        for image in review.images(organisation)
    ] or [{"label": _("Logo"), "value": ""}]
    return [
        {
            "title": registration.STEPS[step],
            "rows": [
                row | {"change_url": f"{step_url(organisation, step)}?zurueck=senden"}
                for row in answers
            ],
        }
        for step, answers in rows.items()
    ]


HANDLERS: dict[str, steps.Handler] = {
    "organisation": steps.form_step(
        forms.OrganisationForm, "organisations/registration/step_organisation.html"
    ),
    "ort": steps.form_step(forms.PlaceForm, "organisations/registration/step_place.html"),
    "taetigkeit": steps.form_step(
        forms.ActivityForm, "organisations/registration/step_activity.html"
    ),
    "kontakt": contacts.reach,
    "logo": images.logo,
    "senden": send,
}
