"""What of a person is public, only they decide: asked, given, changed, withdrawn, and provable.

Every consent is a row with the fields, the wording the person saw, when and on which way it was
given (GDPR art. 7(1)). The switches of the contact person follow the consent that is in force; a
withdrawal turns them off in the same transaction, so it takes effect with the next page
(art. 7(3): as easy to withdraw as to give).
"""

import datetime
import hashlib
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User, normalise_email
from core import history, limits, tokens
from core.errors import Refused
from organisations.emails import consent as emails
from organisations.models import Consent, ContactPerson, Organisation

REQUEST_VALID = datetime.timedelta(days=30)
# Asking again within this time sends no second mail.
ASK_AGAIN_AFTER = datetime.timedelta(hours=24)


def wording(organisation: Organisation) -> str:
    """Return what a person agrees to, in the active language, as it is shown and recorded."""
    return _(
        "Ich bin einverstanden: Was ich hier mit „öffentlich zeigen“ ankreuze, steht auf der "
        "Internetseite des Netzwerks bei „%(organisation)s“. Alle Menschen können es dort lesen. "
        "Das ist freiwillig. Ich kann es jederzeit zurücknehmen, dann ist es sofort nicht mehr "
        "öffentlich."
    ) % {"organisation": organisation.name}


def public_fields(contact: ContactPerson) -> list[str]:
    """Return the names of the fields that are public."""
    return [field for field in ContactPerson.PUBLISHABLE if getattr(contact, f"{field}_public")]


def are_hidden(contact: ContactPerson, public: Iterable[str]) -> bool:
    """Whether any of the fields that were public is hidden now, with a value to ask about."""
    return any(getattr(contact, name) for name in set(public) - set(public_fields(contact)))


def outdated_fields(contact: ContactPerson) -> list[str]:
    """Return what a person has agreed to and somebody has changed since, so that it is hidden.

    What is left of a consent goes on under its old date; a new decision has a date of its own.
    """
    given = [row for row in contact.consents.all() if row.given_at]
    in_force = next((row for row in given if row.withdrawn_at is None), None)
    if in_force is None:
        return []
    agreed = {name for row in given if row.given_at == in_force.given_at for name in row.fields}
    hidden = agreed - set(in_force.fields)
    return [name for name in ContactPerson.PUBLISHABLE if name in hidden and getattr(contact, name)]


def shown_data(contact: ContactPerson) -> str:
    """Return a mark of the data a page shows, for its form to carry.

    Somebody who agrees must have seen what they agree to: a number may change while they read.
    """
    values = [str(getattr(contact, field) or "") for field in ContactPerson.PUBLISHABLE]
    return hashlib.sha256("\0".join(values).encode()).hexdigest()[:16]


@transaction.atomic
def give(
    *, contact: ContactPerson, fields: Iterable[str], by: User, wording: str, language: str
) -> bool:
    """Make a person's own data public, or fewer of them, as they choose on their own form.

    An e-mail address is theirs for certain only if it is their account's. Another one stays hidden
    until somebody agrees who reads its mailbox: `request`, `answer`. Whose telephone number it is
    nobody can prove; their word for it is recorded.

    :param fields: names out of `ContactPerson.PUBLISHABLE`; none means: nothing is public.
    :param by: must be the contact person.
    :param wording: the text they saw.
    :param language: code of the language they saw it in.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody else's data.
    """
    row = _lock(contact)
    if row.user_id is None or row.user_id != by.pk:
        raise PermissionDenied
    is_proved = row.email_public or is_address_of(by, row.email)
    return _decide(
        row,
        [field for field in fields if field != "email" or is_proved],
        source=Consent.Source.SELF,
        wording=wording,
        language=language,
        given_by=f"{row.name} <{by.email}>",
        by=by,
    )


def is_address_of(user: User, email: str) -> bool:
    """Whether somebody has proved to read this mailbox: it is what they log in with."""
    return normalise_email(email) == normalise_email(user.email)


def request(*, contact: ContactPerson, by: User, language: str) -> Consent | None:
    """Ask a person by mail what of theirs may be public; the link is valid for 30 days.

    :param by: a representative of the organisation, or the officer.
    :param language: the language the person reads.
    :return: the open request; the one there is if they were asked less than a day ago; None if
        there is no address to write to.
    :raises PermissionDenied: if the person may not change the organisation.
    :raises Refused: if this address or this person has had enough mails for now.
    """
    if not Organisation.objects.editable_by(by).filter(pk=contact.organisation_id).exists():
        raise PermissionDenied
    if not contact.email:
        return None
    now = timezone.now()
    for asked in contact.consents.filter(given_at=None, declined_at=None, expires_at__gt=now):
        if is_recent(asked, now):
            return asked
    if not limits.allow(str(by.pk), action="consent_request") or not limits.allow(
        contact.email, action="mail_to_address"
    ):
        raise Refused(
            _("Wir haben heute schon genug E-Mails geschickt. Bitte versuchen Sie es morgen.")
        )
    with transaction.atomic():
        row = _lock(contact)
        row.consents.filter(given_at=None, declined_at=None).update(expires_at=now)
        token, token_hash = tokens.new_token()
        asked = Consent.objects.create(
            contact=row,
            token_hash=token_hash,
            requested_by=by,
            requested_at=now,
            expires_at=now + REQUEST_VALID,
            language=language,
        )
        emails.requested(asked, token=token, language=language)
    return asked


def is_recent(consent: Consent, now: datetime.datetime) -> bool:
    """Whether an open request is so new that the person is not to be asked again yet."""
    return (
        consent.is_open(now)
        and consent.requested_at is not None
        and consent.requested_at > now - ASK_AGAIN_AFTER
    )


def find(token: str) -> Consent | None:
    """Return the newest consent a link belongs to, open, answered or expired."""
    return (
        Consent.objects.filter(token_hash=tokens.hash_token(token), contact__isnull=False)
        .select_related("contact__organisation")
        .order_by("-pk")
        .first()
    )


def can_answer(consent: Consent, now: datetime.datetime | None = None) -> bool:
    """Whether a link still works: while open, and later for whoever answered and thinks again."""
    answered = consent.given_at is not None or consent.declined_at is not None
    return answered or consent.is_open(now or timezone.now())


@transaction.atomic
def answer(
    *, consent: Consent, fields: Iterable[str], wording: str, language: str, seen: str = ""
) -> bool:
    """Record what the person decided who came by the link in the mail; they may do so again.

    :param consent: what `find` returned.
    :param fields: what may be public; none means: nothing (any more).
    :param seen: the `shown_data` they decided about, if it was a page that showed them.
    :return: whether anything changed.
    :raises Refused: if the link has expired, belongs to somebody who was replaced, or the person
        has not seen what they would agree to.
    """
    if consent.contact is None:
        raise Refused(_("Dieser Link gilt nicht mehr."))
    row = _lock(consent.contact)
    latest = row.consents.filter(token_hash=consent.token_hash).order_by("-pk").first()
    if not consent.token_hash or latest is None or not can_answer(latest):
        raise Refused(_("Dieser Link gilt nicht mehr."))
    fields = list(fields)
    if fields and seen and seen != shown_data(row):
        raise Refused(_("Das hat sich inzwischen geändert. Bitte sehen Sie noch einmal nach."))
    return _decide(
        row,
        fields,
        source=Consent.Source.LINK,
        wording=wording,
        language=language,
        given_by=f"{row.name} <{row.email}>",
        by=None,
        asked=latest,
    )


@transaction.atomic
def withdraw(*, contact: ContactPerson, by: User) -> bool:
    """Take everything of a person off the public pages at once.

    :param by: the person themselves, or who may change the organisation: hiding never hurts.
    :return: whether anything was public.
    :raises PermissionDenied: for everybody else.
    """
    row = _lock(contact)
    is_own = row.user_id is not None and row.user_id == by.pk
    if not is_own and not _may_edit(row, by):
        raise PermissionDenied
    note = "" if is_own else _for_the_office(gettext_lazy("Zurückgenommen von %(name)s"), name=by)
    return _withdraw(row, by=by, note=note)


@transaction.atomic
def record_paper(
    *,
    contact: ContactPerson,
    fields: Iterable[str],
    by: User,
    wording: str,
    given_by: str,
    note: str = "",
) -> bool:
    """Record a consent that was given on paper.

    :param by: the officer.
    :param wording: the text on the paper.
    :param given_by: who signed, with address.
    :param note: where the paper lies.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but staff with the right to change contact persons.
    """
    if not by.has_perm("organisations.change_contactperson"):
        raise PermissionDenied
    return _decide(
        _lock(contact),
        fields,
        source=Consent.Source.PAPER,
        wording=wording,
        language="",
        given_by=given_by,
        by=by,
        note=note,
    )


def person_changed(row: ContactPerson, *, by: User, fields: Iterable[str] | None = None) -> None:
    """End what somebody agreed to before another person, or other data, took their place.

    Part of the transaction that changes the locked row, which the caller saves.

    :param fields: only these data changed; None: it is another person now, whose links die too.
    """
    still = [] if fields is None else [f for f in public_fields(row) if f not in set(fields)]
    now = timezone.now()
    in_force = _in_force(row)
    if in_force:
        in_force.withdrawn_at = now
        in_force.note = _for_the_office(
            gettext_lazy("Angaben geändert von %(name)s: neue Einwilligung nötig."), name=by
        )
        in_force.save()
        if still:
            Consent.objects.create(
                contact=row,
                fields=still,
                wording=in_force.wording,
                language=in_force.language,
                source=in_force.source,
                token_hash=in_force.token_hash,
                given_at=in_force.given_at,
                given_by=in_force.given_by,
            )
    if fields is None:
        end_links(row)
    _switch(row, still, since=in_force.given_at if in_force else None)


def keep_proof(row: ContactPerson) -> None:
    """Part what a person agreed to from their entry, which the caller deletes in this transaction.

    Questions without an answer prove nothing and go.
    """
    row.consents.filter(given_at=None).delete()
    row.consents.filter(withdrawn_at=None).update(withdrawn_at=timezone.now())
    row.consents.update(contact=None, token_hash="", requested_by=None)


def end_links(row: ContactPerson) -> None:
    """Let no mail that was sent to a former address decide about a person any more."""
    row.consents.filter(given_at=None, declined_at=None).update(expires_at=timezone.now())
    row.consents.update(token_hash="")


# --- Parts ----------------------------------------------------------------------------------------
def _for_the_office(text: Promise, **values: object) -> str:
    """Return a remark in the office's language, whoever caused it."""
    with override(settings.LANGUAGE_CODE):
        return str(text) % values


def _lock(contact: ContactPerson) -> ContactPerson:
    return ContactPerson.objects.select_for_update().get(pk=contact.pk)


def _may_edit(contact: ContactPerson, by: User) -> bool:
    return Organisation.objects.editable_by(by).filter(pk=contact.organisation_id).exists()


def _in_force(contact: ContactPerson) -> Consent | None:
    return contact.consents.filter(given_at__isnull=False, withdrawn_at=None).first()


def _decide(
    row: ContactPerson,
    fields: Iterable[str],
    *,
    source: str,
    wording: str,
    language: str,
    given_by: str,
    by: User | None,
    note: str = "",
    asked: Consent | None = None,
) -> bool:
    """Put the person's choice in force: end the consent there was, record the new one."""
    wanted = set(fields)
    chosen = [
        field for field in ContactPerson.PUBLISHABLE if field in wanted and getattr(row, field)
    ]
    is_open = asked is not None and asked.given_at is None and asked.declined_at is None
    if not is_open and chosen == public_fields(row) and bool(chosen) == bool(row.consented_at):
        return False
    now = timezone.now()
    if not chosen:
        if is_open and asked is not None:
            asked.declined_at = now
            asked.save()
            emails.answered(asked, agreed=False)
        return _withdraw(row, by=by, note=note) or is_open
    former = _in_force(row)
    if former:
        former.withdrawn_at = now
        former.note = _for_the_office(gettext_lazy("Durch eine neue Auswahl ersetzt."))
        former.save()
    if is_open and asked is not None:
        given = asked
    else:
        given = Consent(contact=row, token_hash=asked.token_hash if asked else "")
    given.fields, given.wording, given.language = chosen, wording, language
    given.source, given.given_at, given.given_by = source, now, given_by[:254]
    given.note = note
    given.save()
    _switch(row, chosen, since=now)
    _save(row, by, gettext_lazy("Einwilligung erteilt"))
    if is_open:
        emails.answered(given, agreed=True)
    return True


def _withdraw(row: ContactPerson, *, by: User | None, note: str) -> bool:
    in_force = _in_force(row)
    if in_force is None and row.consented_at is None:
        return False
    if in_force:
        in_force.withdrawn_at = timezone.now()
        in_force.note = note
        in_force.save()
    _switch(row, [], since=None)
    _save(row, by, gettext_lazy("Einwilligung widerrufen"))
    return True


def _switch(row: ContactPerson, fields: Iterable[str], *, since: datetime.datetime | None) -> None:
    chosen = set(fields)
    for field in ContactPerson.PUBLISHABLE:
        setattr(row, f"{field}_public", field in chosen)
    row.consented_at = since if chosen else None


def _save(row: ContactPerson, by: User | None, reason: Promise) -> None:
    history.note(row, by=by, reason=reason)
    row.save()
