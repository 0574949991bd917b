"""The contact step: how the organisation can be reached, and the people who answer for it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from core import bounces
from core.errors import Conflict, Refused
from core.resume import recall, require_login
from organisations import duplicates
from organisations.forms import contacts as forms
from organisations.forms.registration import ReachForm
from organisations.models import ContactPerson, Organisation
from organisations.services import consent, contacts, editing, images
from organisations.views import steps

METHODS = ["GET", "HEAD", "POST"]
OWN, OTHER = "ich", "andere"


def contact_rows(organisation: Organisation, user: User) -> list[dict[str, Any]]:
    """Return the contact persons, each with what is public of them and what can be done."""
    now = timezone.now()
    rows = []
    people = list(organisation.contacts.prefetch_related("consents"))
    returning = bounces.returning_since(contact.email for contact in people)
    for contact in people:
        asked = [entry for entry in contact.consents.all() if entry.requested_at]
        latest = asked[0] if asked else None
        public = [
            str(contact._meta.get_field(field).verbose_name)
            for field in consent.public_fields(contact)
        ]
        waits_since = latest.requested_at if latest and latest.is_open(now) else None
        if public and organisation.is_public:
            status = _("Öffentlich: %(fields)s") % {"fields": ", ".join(public)}
        elif public:
            status = _("Darf öffentlich sein: %(fields)s") % {"fields": ", ".join(public)}
        elif latest and latest.declined_at:
            status = _("Nichts ist öffentlich. Die Person möchte nicht genannt werden.")
        else:
            status = _("Nichts ist öffentlich.")
        if waits_since:
            day = date_format(timezone.localtime(waits_since), "DATE_FORMAT")
            status += "\n" + _("Gefragt am %(day)s, noch keine Antwort.") % {"day": day}
        is_own = contact.user_id == user.pk
        rows.append(
            {
                "contact": contact,
                "public": public,
                "status": status,
                "returning_since": returning.get(contact.email.lower()),
                "is_own": is_own,
                "asked": latest is not None,
                "can_ask": bool(contact.email)
                and not is_own
                and (not public or bool(consent.outdated_fields(contact)))
                and not (latest and (latest.declined_at or consent.is_recent(latest, now))),
            }
        )
    return rows


def _people(request: HttpRequest, organisation: Organisation) -> dict[str, Any]:
    return {
        "rows": contact_rows(organisation, request.user),
        "same_contact": duplicates.same_contact(organisation) if organisation.can_submit else [],
    }


def _first_person(organisation: Organisation) -> HttpResponse | None:
    """While registering, lead from the organisation's own data to the person to be named."""
    if organisation.can_submit and not organisation.contacts.exists():
        return redirect("organisations:contact_add", pk=organisation.pk)
    return None


# How the organisation can be reached; on the same page its contact persons.
reach = steps.form_step(
    ReachForm,
    "organisations/registration/step_contact.html",
    context=_people,
    following=_first_person,
)


@require_login
@never_cache
@require_http_methods(METHODS)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask who the contact person is – oneself or somebody else –, then for their data."""
    organisation = steps.editable_organisation(request, pk)
    own = organisation.contacts.filter(user=request.user).first()
    who = request.GET.get("wer", OTHER if own else "")
    if who == OWN and own:
        # Named already: sent twice, or come back to.
        return redirect("organisations:contact_edit", pk=organisation.pk, contact=own.pk)
    if who not in {OWN, OTHER}:
        return render(
            request,
            "organisations/registration/contact_who.html",
            {"organisation": organisation, "own": OWN, "other": OTHER},
        )
    form = _form(request, organisation, None, is_own=who == OWN)
    if _is_right(request, form):
        try:
            contact = contacts.add(
                organisation=organisation,
                values=form.values,
                is_self=who == OWN,
                by=request.user,
            )
            _decide(request, contact, form)
        except Refused as refused:
            form.add_error(None, str(refused))
        except PermissionDenied as error:
            raise Http404 from error
        else:
            return _back(organisation)
    return _page(request, organisation, form, None)


@require_login
@never_cache
@require_http_methods(METHODS)
def edit(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Change a contact person's data; one's own with the switches, others' with a new question."""
    organisation = steps.editable_organisation(request, pk)
    person = get_object_or_404(organisation.contacts, pk=contact)
    form = _form(request, organisation, person, is_own=person.user_id == request.user.pk)
    conflicts: list[dict[str, Any]] = []
    if _is_right(request, form):
        try:
            public = consent.public_fields(person)
            changed = contacts.change(
                contact=person,
                values=form.values,
                seen_entry=form.cleaned_data["seen_entry"] or 0,
                by=request.user,
            )
            person.refresh_from_db()
            hidden = consent.are_hidden(person, public)
            _decide(request, person, form, changed=changed, hidden=hidden)
        except Refused as refused:
            form.add_error(None, str(refused))
        except PermissionDenied as error:
            raise Http404 from error
        except Conflict as conflict:
            conflicts = [
                {
                    "label": form.fields[field].label,
                    "theirs": form.shown(field, theirs),
                    "mine": form.shown(field, form.cleaned_data[field]),
                }
                for field, theirs in conflict.theirs.items()
            ]
            # Sent again, the form wins: it has seen the other entry now.
            form.data = form.data.copy()
            form.data["seen_entry"] = conflict.version
        else:
            return _back(organisation)
    return _page(request, organisation, form, person, conflicts=conflicts)


@require_login
@never_cache
@require_http_methods(METHODS)
def remove(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Ask whether a contact person is to be removed, and do it."""
    organisation = steps.editable_organisation(request, pk)
    person = get_object_or_404(organisation.contacts, pk=contact)
    if request.method == "POST":
        try:
            contacts.remove(contact=person, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Die Ansprechperson ist entfernt."))
        return _back(organisation)
    return render(
        request,
        "organisations/registration/contact_remove.html",
        {"organisation": organisation, "contact": person},
    )


@require_login
@never_cache
@require_http_methods(["POST"])
def withdraw(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Take everything of a contact person off the public pages, with one button."""
    organisation = steps.own_organisation(request, pk)
    person = get_object_or_404(organisation.contacts, pk=contact)
    consent.withdraw(contact=person, by=request.user)
    messages.success(request, _("Von %(name)s ist nichts mehr öffentlich.") % {"name": person.name})
    if organisation.state in editing.EDITABLE_STATES and "tasks" not in request.POST:
        return _back(organisation)
    return redirect("organisations:tasks", pk=organisation.pk)


@require_login
@never_cache
@require_http_methods(["POST"])
def ask(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Ask a contact person (again) by mail what may be public."""
    organisation = steps.editable_organisation(request, pk)
    person = get_object_or_404(organisation.contacts, pk=contact)
    _ask(request, person, get_language() or "de")
    return _back(organisation)


def _back(organisation: Organisation) -> HttpResponse:
    return redirect("organisations:step", pk=organisation.pk, step="kontakt")


def _form(
    request: HttpRequest,
    organisation: Organisation,
    contact: ContactPerson | None,
    *,
    is_own: bool,
) -> forms.ContactForm:
    data = request.POST if request.method == "POST" else recall(request)
    files = request.FILES if request.method == "POST" else None
    options: dict[str, Any] = {"organisation": organisation, "contact": contact}
    if contact is not None:
        options["entry"] = contacts.latest_entry(contact)
    if is_own:
        return forms.OwnContactForm(data, files, user=request.user, **options)
    return forms.OtherContactForm(data, files, **options)


def _is_right(request: HttpRequest, form: forms.ContactForm) -> bool:
    """Whether a form was sent and is valid; a good photo is kept even when the rest is not."""
    if request.method != "POST":
        return False
    form.is_valid()
    if content := form.cleaned_data.get("photo"):
        try:
            image = images.keep(
                organisation=form.organisation, kind=form.kind, content=content, by=request.user
            )
        except Refused as refused:
            form.add_error("photo", str(refused))
        except PermissionDenied as error:
            raise Http404 from error
        else:
            form.remember(image)
    return form.is_valid()


def _decide(
    request: HttpRequest,
    contact: ContactPerson,
    form: forms.ContactForm,
    changed: list[str] | None = None,
    *,
    hidden: bool = False,
) -> None:
    """After saving: set the photo, then put the person's own choice in force, or ask the person.

    :param changed: the fields that were changed; None for somebody new.
    :param hidden: whether something was public before the change and is so no more.
    """
    has_new_photo = False
    if form.changes_photo:
        is_changed = contacts.set_photo(contact=contact, image=form.new_photo, by=request.user)
        contact.refresh_from_db()
        has_new_photo = is_changed and contact.photo_id is not None
    if isinstance(form, forms.OwnContactForm):
        consent.give(
            contact=contact,
            fields=form.public,
            by=request.user,
            wording=consent.wording(contact.organisation),
            language=get_language() or "",
        )
        if "email" in form.public and not _is_public(contact, "email"):
            _ask(
                request,
                contact,
                get_language() or "de",
                done=_(
                    "Gespeichert. Wir haben an %(email)s geschrieben. Öffentlich wird diese "
                    "Adresse erst, wenn Sie dort auf den Link klicken und zustimmen."
                ),
            )
        else:
            messages.success(request, _("Gespeichert."))
        return
    is_public = bool(consent.public_fields(contact))
    is_new = changed is None or {"name", "email", "phone"} & set(changed)
    if not (hidden or has_new_photo or (is_new and not is_public)):
        messages.success(request, _("Gespeichert."))
        return
    if not contact.email:
        messages.success(
            request,
            _(
                "Gespeichert. Ohne E-Mail-Adresse können wir die Person nicht fragen. "
                "Darum ist nicht öffentlich, was neu ist."
            )
            if is_public
            else _(
                "Gespeichert. Ohne E-Mail-Adresse können wir die Person nicht fragen. "
                "Darum ist nichts von ihr öffentlich."
            ),
        )
        return
    _ask(request, contact, form.cleaned_data["language"])


def _is_public(contact: ContactPerson, field: str) -> bool:
    contact.refresh_from_db()
    return field in consent.public_fields(contact)


def _ask(request: HttpRequest, contact: ContactPerson, language: str, done: str = "") -> None:
    """Ask by mail and say so, in the words of `done` if there are better ones."""
    text = done or _("%(name)s bekommt eine E-Mail und entscheidet selbst, was öffentlich wird.")
    try:
        consent.request(contact=contact, by=request.user, language=language)
    except Refused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, text % {"name": contact.name, "email": contact.email})


def _page(
    request: HttpRequest,
    organisation: Organisation,
    form: forms.ContactForm,
    contact: ContactPerson | None,
    conflicts: list[dict[str, Any]] | None = None,
) -> HttpResponse:
    return render(
        request,
        "organisations/registration/contact_form.html",
        {
            "organisation": organisation,
            "form": form,
            "contact": contact,
            "is_own": isinstance(form, forms.OwnContactForm),
            "wording": consent.wording(organisation),
            "conflicts": conflicts or [],
        },
    )
