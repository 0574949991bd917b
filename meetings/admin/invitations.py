"""The office's pages of a meeting's invitations: the list, the text, sending, letters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from core import office, pdf
from core.admin.mail_texts import MailTextForm
from core.errors import Refused
from core.mail_kinds import kinds
from core.models import OutboxMessage
from core.office import Item, Waiting
from core.resume import arrived, recall
from meetings.admin import desk
from meetings.forms.invitations import (
    REACHED_BY,
    ChosenForm,
    GuestsForm,
    LetterForm,
    PersonForm,
    RulesForm,
)
from meetings.models import Invitation, Meeting
from meetings.services import guests, inviting, letters, recipients, reminding
from organisations.models import Organisation

TEMPLATES = "admin/meetings/invitations"
PER_PAGE = 50
MOST_NAMED = 100
MailState = OutboxMessage.State


# --- The list -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Told:
    """A row of the list: how far its invitation is, in words.

    :ivar tone: of a badge.
    """

    invitation: Invitation
    state: str
    tone: str
    reason: str = ""


FILTERS: dict[str, tuple[Any, Q]] = {
    "": (gettext_lazy("alle"), Q(removed_at=None)),
    "offen": (gettext_lazy("noch nicht eingeladen"), Q(removed_at=None, invited_at=None)),
    "eingeladen": (gettext_lazy("eingeladen"), Q(removed_at=None, invited_at__isnull=False)),
    "unklar": (
        gettext_lazy("nicht sicher angekommen"),
        Q(removed_at=None) & (Q(undelivered_at__isnull=False) | Q(mail__state__in=inviting.STUCK)),
    ),
    "brief": (gettext_lazy("Briefe"), Q(removed_at=None, email="")),
    "entfernt": (gettext_lazy("von der Liste genommen"), Q(removed_at__isnull=False)),
}


@desk.page("invitations", gettext_lazy("Einladungen"), path="einladungen/", order=30)
def invitations(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show who is on the list and how far their invitations are; each button says what it does."""
    if request.method == "POST":
        arrived(request)
        action = ACTIONS.get(request.POST.get("action", ""))
        if action is None:
            raise Http404
        try:
            return action(request, meeting)
        except Refused as refused:
            messages.error(request, str(refused))
            return _back(request, meeting)
    wanted = request.GET.get("auswahl", "")
    wanted = wanted if wanted in FILTERS else ""
    query = request.GET.get("q", "").strip()[:200]
    rows = meeting.invitations.filter(FILTERS[wanted][1]).select_related("organisation", "mail")
    rows = rows.defer("mail__text_body", "mail__html_body", "mail__calendar")
    if query:
        rows = rows.filter(
            Q(name__icontains=query)
            | Q(email__icontains=query)
            | Q(organisation__name__icontains=query)
        )
    page = Paginator(rows.order_by("name", "pk"), PER_PAGE).get_page(request.GET.get("seite"))
    numbers = _numbers(meeting)
    unreached = recipients.unreached(meeting)
    context = {
        "page_obj": page,
        "rows": _told(list(page.object_list)),
        "numbers": numbers,
        "filters": [
            {"url": _query(auswahl=key, q=query), "label": label, "number": numbers[key],
             "is_current": key == wanted}
            for key, (label, _condition) in FILTERS.items()
            if numbers[key] or key in {"", wanted}
        ],
        "wanted": wanted,
        "query": query,
        "progress": inviting.progress(meeting),
        "failure": inviting.failure(meeting),
        "obstacles": inviting.obstacles(meeting),
        "rules": recipients.rules(meeting),
        "reminders": [
            (one, reminding.due_at(one))
            for one in meeting.reminders.select_related("meeting").order_by("-days_before")
        ],
        "silent": meeting.invitations.silent().count(),
        "unreached": unreached[:20],
        "unreached_number": unreached.count(),
        "letters_due": letters.due(meeting).count(),
        "links": _links(meeting),
    }  # fmt: skip
    return desk.render(request, meeting, f"{TEMPLATES}/list.html", context, page="invitations")


def _numbers(meeting: Meeting) -> dict[str, int]:
    """Return how many rows each filter would show, and how many get a mail next; one query."""
    wanted = {
        key or "all": Count("pk", filter=condition) for key, (_l, condition) in FILTERS.items()
    }
    to_mail = Q(removed_at=None, invited_at=None) & ~Q(email="")
    found = meeting.invitations.aggregate(**wanted, to_mail=Count("pk", filter=to_mail))
    return {"": found["all"], **found}


def _links(meeting: Meeting) -> dict[str, str]:
    language = settings.LANGUAGE_CODE
    return {
        "send": desk.address("invite", meeting),
        "guests": desk.address("guests", meeting),
        "letter": desk.address("letter", meeting),
        "letters": desk.address("letters", meeting),
        "text": desk.address("invitation_text", meeting, language=language),
    }


def _told(rows: list[Invitation]) -> list[Told]:
    lapsed = recipients.lapsed(row for row in rows if row.invited_at is None)
    return [_tell(row, lapsed.get(row.pk, "")) for row in rows]


def _tell(row: Invitation, lapsed: str) -> Told:
    """Say how far an invitation is."""
    if row.removed_at is not None:
        return Told(row, _("von der Liste genommen"), "neutral")
    if row.invited_at is None:
        if lapsed:
            return Told(row, _("wird nicht eingeladen"), "warn", lapsed)
        if not row.email:
            return Told(row, _("Brief noch nicht gedruckt"), "neutral")
        return Told(row, _("noch nicht eingeladen"), "neutral")
    day = date_format(localtime(row.invited_at), "SHORT_DATE_FORMAT")
    if not row.email:
        return Told(row, _("Brief gedruckt am %(day)s") % {"day": day}, "good")
    state = row.mail.state if row.mail else ""
    error = row.mail.error_in_words if row.mail else ""
    if row.undelivered_at is not None or state in {MailState.FAILED, MailState.RETURNED}:
        return Told(row, _("nicht angekommen"), "bad", error)
    if state == MailState.UNCLEAR:
        return Told(row, _("unklar, ob angekommen"), "warn", error)
    if state == MailState.CANCELLED:
        return Told(row, _("nicht gesendet"), "warn", error)
    if state in {MailState.QUEUED, MailState.SENDING}:
        return Told(row, _("wird gesendet"), "neutral", error)
    return Told(row, _("eingeladen am %(day)s") % {"day": day}, "good")


def _query(**values: str) -> str:
    found = {name: value for name, value in values.items() if value}
    return f"?{urlencode(found)}" if found else "?"


def _back(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Return to the part of the list somebody was at."""
    query = request.GET.urlencode()
    address = desk.address("invitations", meeting)
    return redirect(f"{address}?{query}" if query else address)


def _fill(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    form = RulesForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(form.errors["sources"]))
        return _back(request, meeting)
    added = recipients.fill(meeting=meeting, sources=form.cleaned_data["sources"], by=request.user)
    _say_added(request, added)
    return redirect(desk.address("invitations", meeting))


def _say_added(request: HttpRequest, added: recipients.Added) -> None:
    number = added.new + added.restored
    text = ngettext(
        "%(number)s Person steht neu auf der Liste.",
        "%(number)s Personen stehen neu auf der Liste.",
        number,
    )
    messages.success(request, text % {"number": number})
    if added.present:
        text = ngettext(
            "%(number)s Person stand schon darauf.", "%(number)s Personen standen schon darauf.",
            added.present,
        )  # fmt: skip
        messages.info(request, text % {"number": added.present})
    if added.wrong:
        text = _("Diese Adressen sind keine E-Mail-Adressen: %(wrong)s")
        shown = ", ".join(added.wrong[:10]) + (" …" if len(added.wrong) > 10 else "")
        messages.warning(request, text % {"wrong": shown})


def _chosen(request: HttpRequest, meeting: Meeting) -> list[int]:
    form = ChosenForm(request.POST, meeting=meeting)
    if not form.is_valid():
        raise Refused(_("Bitte wählen Sie zuerst Personen aus."))
    return [one.pk for one in form.cleaned_data["chosen"]]


def _remove(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    number = recipients.remove(meeting=meeting, pks=_chosen(request, meeting), by=request.user)
    text = ngettext(
        "%(number)s Person ist von der Liste genommen. Sie bekommt keine E-Mails mehr zu diesem "
        "Treffen, und ihr Link gilt nicht mehr.",
        "%(number)s Personen sind von der Liste genommen. Sie bekommen keine E-Mails mehr zu "
        "diesem Treffen, und ihre Links gelten nicht mehr.",
        number,
    )
    messages.success(request, text % {"number": number})
    return _back(request, meeting)


def _restore(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    number = recipients.restore(meeting=meeting, pks=_chosen(request, meeting), by=request.user)
    text = ngettext(
        "%(number)s Person steht wieder auf der Liste.",
        "%(number)s Personen stehen wieder auf der Liste.",
        number,
    )
    messages.success(request, text % {"number": number})
    return _back(request, meeting)


def _again(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    chosen = meeting.invitations.filter(pk__in=_chosen(request, meeting))
    number = 0
    for one in chosen.select_related("meeting"):
        try:
            inviting.send_again(invitation=one, by=request.user)
            number += 1
        except Refused as refused:
            messages.warning(request, f"{one}: {refused}")
    text = ngettext(
        "%(number)s Einladung geht noch einmal hinaus, mit einem neuen Link.",
        "%(number)s Einladungen gehen noch einmal hinaus, mit neuen Links.",
        number,
    )
    if number:
        messages.success(request, text % {"number": number})
    return _back(request, meeting)


def _stop(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    if inviting.stop(meeting=meeting, by=request.user):
        text = _("Angehalten. Was schon geschrieben war, geht noch hinaus.")
        messages.success(request, text)
    return _back(request, meeting)


ACTIONS: dict[str, Callable[[HttpRequest, Meeting], HttpResponse]] = {
    "fill": _fill,
    "remove": _remove,
    "restore": _restore,
    "again": _again,
    "stop": _stop,
}


# --- Putting people on it -------------------------------------------------------------------------
@invitations.part("gaeste/", "guests")
def guests_page(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Take pasted addresses; what cannot be read stays in the field, with the reasons."""
    wrong: list[guests.Wrong] = []
    if request.method == "POST":
        arrived(request)
        form = GuestsForm(request.POST)
        if form.is_valid():
            found, wrong = guests.parse(form.cleaned_data["people"])
            language = form.cleaned_data["language"]
            try:
                if found:
                    added = recipients.add_guests(
                        meeting=meeting, guests=found, language=language, by=request.user
                    )
                    _say_added(request, added)
                if not wrong:
                    return redirect(desk.address("invitations", meeting))
                form = _faulty(form, found, wrong)
            except Refused as refused:
                form.add_error(None, str(refused))
    else:
        form = GuestsForm(recall(request))
    context = {"form": form, "wrong": wrong[:MOST_NAMED]}
    return desk.render(request, meeting, f"{TEMPLATES}/guests.html", context, page="invitations")


def _faulty(form: GuestsForm, found: list[guests.Guest], wrong: list[guests.Wrong]) -> GuestsForm:
    """Return the form with the lines that could not be read, to be mended."""
    lines = form.cleaned_data["people"].split("\n")
    kept = [lines[number - 1] for number in dict.fromkeys(one.line for one in wrong)]
    # Of a line with several people the good ones are on the list already: to add them again does
    # no harm.
    left = GuestsForm({"people": "\n".join(kept), "language": form.cleaned_data["language"]})
    text = ngettext(
        "%(number)s Angabe ist keine E-Mail-Adresse. Sie steht noch hier: Bitte verbessern Sie sie "
        "und senden Sie sie noch einmal.",
        "%(number)s Angaben sind keine E-Mail-Adressen. Sie stehen noch hier: Bitte verbessern Sie "
        "sie und senden Sie sie noch einmal.",
        len(wrong),
    )
    left.add_error("people", text % {"number": len(wrong)})
    return left


@invitations.part("brief/", "letter")
def letter_page(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Put somebody on the list who gets a letter."""
    if request.method == "POST":
        arrived(request)
        form = LetterForm(request.POST)
        if form.is_valid():
            try:
                recipients.add_letter(meeting=meeting, by=request.user, **form.cleaned_data)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("Der Brief steht auf der Liste."))
                return redirect(desk.address("invitations", meeting))
    else:
        form = LetterForm(recall(request), initial=_letter_to(request))
    context = {"form": form}
    return desk.render(request, meeting, f"{TEMPLATES}/letter.html", context, page="invitations")


def _letter_to(request: HttpRequest) -> dict[str, Any]:
    """Return what is known about the organisation somebody came from."""
    key = request.GET.get("organisation", "")
    if not key.isascii() or not key.isdecimal() or len(key) > 18:
        return {}
    found = Organisation.objects.visible_to(request.user).public().filter(pk=key).first()
    if found is None:
        return {}
    place = f"{found.postal_code} {found.place}".strip()
    address = "\n".join(line for line in (found.street, place) if line)
    return {"name": found.name, "postal_address": address, "organisation": found.pk}


# --- One person -----------------------------------------------------------------------------------
@invitations.part("person/<int:invitation>/", "invited_person")
def person(request: HttpRequest, meeting: Meeting, invitation: int) -> HttpResponse:
    """Change how somebody is reached, and send them their invitation once more."""
    rows = meeting.invitations.select_related("meeting", "organisation", "mail")
    row = get_object_or_404(rows, pk=invitation)
    form = PersonForm(recall(request), invitation=row)
    if request.method == "POST":
        arrived(request)
        form = PersonForm(request.POST, invitation=row)
        if form.is_valid():
            try:
                return _save_person(request, meeting, row, form)
            except Refused as refused:
                form.add_error(None, str(refused))
    mail_url = ""
    if row.mail and request.user.has_perm("core.view_outboxmessage"):  # type: ignore[union-attr]
        mail_url = reverse("admin:core_outboxmessage_change", args=[row.mail.pk])
    context = {
        "form": form,
        "told": _told([row])[0],
        "mail_url": mail_url,
        "may_send": row.invited_at is not None and not inviting.obstacles(meeting),
    }
    return desk.render(request, meeting, f"{TEMPLATES}/person.html", context, page="invitations")


def _save_person(
    request: HttpRequest, meeting: Meeting, row: Invitation, form: PersonForm
) -> HttpResponse:
    values = {name: form.cleaned_data[name] for name in REACHED_BY}
    if recipients.mend(invitation=row, values=values, by=request.user):
        messages.success(request, _("Gespeichert."))
    if "_send" in request.POST:
        inviting.send_again(invitation=row, by=request.user)
        text = _("Die Einladung geht noch einmal hinaus, mit einem neuen Link.")
        messages.success(request, text)
    return redirect(desk.address("invitations", meeting))


# --- The text -------------------------------------------------------------------------------------
@invitations.part("text/<str:language>/", "invitation_text")
def text_page(request: HttpRequest, meeting: Meeting, language: str) -> HttpResponse:
    """Show what the invitation says in one language; preview it, send a test mail, save it."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    kind = kinds[inviting.MAIL]
    own = inviting.own_words(meeting).get(language)
    usual = inviting.usual_words(language)
    options: dict[str, Any] = {"kind": kind, "language": language, "standing": own or usual}
    shown: tuple[str, str] | None = own or usual
    if request.method == "POST":
        arrived(request)
        form = MailTextForm(request.POST, **options)
        shown = None
        if form.is_valid():
            shown = form.cleaned_data["subject"], form.cleaned_data["body"]
            answer = _done_with_text(request, meeting, form, language, shown)
            if answer is not None:
                return answer
    else:
        form = MailTextForm(recall(request), **options)
    info = get_language_info(language)
    context = {
        "kind": kind,
        "form": form,
        "own": own,
        "text_language": {
            "code": language,
            "name": info["name_local"],
            "dir": "rtl" if info["bidi"] else "ltr",
        },
        "languages": [
            {
                "code": code,
                "name": get_language_info(code)["name_local"],
                "url": desk.address("invitation_text", meeting, language=code),
            }
            for code, _name in settings.LANGUAGES
        ],
        "preview": inviting.preview(meeting, language=language, words=shown)
        if shown and kind.fits(*shown)
        else None,
        "usual": usual,
        "general_url": reverse(
            "admin:core_mailtext_edit", args=[*inviting.MAIL.split("/"), language]
        ),
    }
    return desk.render(request, meeting, f"{TEMPLATES}/text.html", context, page="invitations")


def _done_with_text(
    request: HttpRequest,
    meeting: Meeting,
    form: MailTextForm,
    language: str,
    words: tuple[str, str],
) -> HttpResponse | None:
    """Do what the pressed button says; nothing to lead on to keeps what was typed."""
    here = desk.address("invitation_text", meeting, language=language)
    if "_preview" in request.POST:
        return None
    if "_test" in request.POST:
        try:
            inviting.send_sample(meeting=meeting, language=language, words=words, to=request.user)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            text = _("Eine Test-E-Mail geht an %(address)s. Gespeichert ist noch nichts.")
            messages.success(request, text % {"address": request.user.email})  # type: ignore[union-attr]
        return None
    if "_usual" in request.POST:
        words = inviting.usual_words(language)
    elif form.is_overtaken():
        return None
    try:
        saved = inviting.save_words(
            meeting=meeting, language=language, subject=words[0], body=words[1], by=request.user
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None
    if saved:
        messages.success(request, _("Der Text ist gespeichert."))
    return redirect(here)


# --- Sending --------------------------------------------------------------------------------------
@invitations.part("senden/", "invite")
def send(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show who gets which mail, and who gets none; send them."""
    if request.method == "POST":
        try:
            inviting.start(meeting=meeting, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect(desk.address("invitations", meeting))
    rows = list(inviting.waiting(meeting).select_related("organisation"))
    lapsed = recipients.lapsed(rows)
    left_out = [(row, lapsed[row.pk]) for row in rows if row.pk in lapsed]
    left_out += [
        (row, _("keine gültige E-Mail-Adresse"))
        for row in rows
        if row.pk not in lapsed and not recipients.is_address(row.email)
    ]
    gone = {row.pk for row, _reason in left_out}
    sent = [row for row in rows if row.pk not in gone]
    own = inviting.own_words(meeting)
    previews = []
    for code, _name in settings.LANGUAGES:
        number = sum(row.language == code for row in sent)
        if number:
            info = get_language_info(code)
            words = own.get(code) or inviting.usual_words(code)
            subject, body = inviting.preview(meeting, language=code, words=words)
            previews.append(
                {
                    "code": code,
                    "name": info["name_translated"],
                    "dir": "rtl" if info["bidi"] else "ltr",
                    "number": number,
                    "subject": subject,
                    "body": body,
                    "url": desk.address("invitation_text", meeting, language=code),
                }
            )
    context = {
        "number": len(sent),
        "left_out": left_out[:MOST_NAMED],
        "left_out_number": len(left_out),
        "previews": previews,
        "letters_due": letters.due(meeting).count(),
        "obstacles": inviting.obstacles(meeting),
    }
    return desk.render(request, meeting, f"{TEMPLATES}/send.html", context, page="invitations")


# --- Letters --------------------------------------------------------------------------------------
@invitations.part("briefe.pdf", "letters")
def letters_file(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Print the letters that are due, or the one that is asked for; only then they count."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    rows: QuerySet[Invitation] = letters.due(meeting)
    if "chosen" in request.POST:
        rows = meeting.invitations.listed().filter(
            pk__in=_chosen_letters(request, meeting), email=""
        )
    chosen = list(rows.select_related("organisation")[: letters.MOST])
    try:
        if found := inviting.obstacles(meeting):
            raise Refused(" ".join(found))
        if not chosen:
            raise Refused(_("Es ist kein Brief zu drucken."))
        context = {"meeting": meeting, "letters": letters.write(meeting, chosen)}
        name = _("Briefe %(title)s") % {"title": meeting.title}
        answer = pdf.response(request, "pdf/meetings/letters.html", context, name)
        if answer.status_code == 200:
            inviting.note_letters(meeting=meeting, pks=[one.pk for one in chosen], by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(desk.address("invitations", meeting))
    return answer


def _chosen_letters(request: HttpRequest, meeting: Meeting) -> list[int]:
    try:
        return _chosen(request, meeting)
    except Refused:
        return []


# --- The first page of the office -----------------------------------------------------------------
@office.waits(64)
def waiting_undelivered(request: HttpRequest) -> Waiting | None:
    """People who perhaps know nothing of a meeting they are invited to."""
    if not request.user.has_perm("meetings.change_meeting"):  # type: ignore[union-attr]
        return None
    found = inviting.undelivered()
    return Waiting(
        title=_("Einladungen, die nicht sicher angekommen sind"),
        total=found.count(),
        items=[
            Item(
                str(one),
                desk.address("invited_person", one.meeting, invitation=one.pk),
                one.undelivered_at or one.invited_at,
                one.meeting.title,
            )
            for one in found.select_related("meeting")[: office.SHOWN]
        ],
    )
