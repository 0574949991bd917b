"""Mails about two organisations that became one, or two again: to everybody who speaks for them."""

from collections.abc import Iterable, Sequence

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import AN_ORGANISATION, OFFICER, ORGANISATION
from organisations.models import Merge

BOTH_NAMES = Placeholder("Anlass", "what", _("welche Einträge es waren, ganze Sätze"))

for _name, _title, _purpose in (
    (
        "organisations/merged",
        _("Zusammengeführt"),
        _("An alle Vertretungen, wenn Sie zwei Einträge zusammenführen."),
    ),
    (
        "organisations/merge_undone",
        _("Zusammenführung rückgängig"),
        _("An alle Vertretungen, wenn Sie eine Zusammenführung rückgängig machen."),
    ),
):
    declare(
        _name,
        title=_title,
        purpose=_purpose,
        placeholders=[ORGANISATION, BOTH_NAMES, OFFICER],
        example={
            "organisation": AN_ORGANISATION,
            "first": AN_ORGANISATION,
            "second": _("Muster-Verein"),
            "same_name": False,
            "officer": _("Ihr Name"),
        },
    )


def merged(merge: Merge, *, names: Sequence[str], by: User, readers: Iterable[User]) -> None:
    """Say that two entries are one now, and where it is.

    :param names: of both, as they were before.
    """
    action = (
        _("Ihre Organisation ansehen"),
        reverse("organisations:tasks", kwargs={"pk": merge.kept_id}),
    )
    _to("merged", merge, names, by, readers, action)


def undone(merge: Merge, *, by: User, readers: Iterable[User]) -> None:
    """Say that they are two entries again."""
    action = (_("Meine Organisationen ansehen"), reverse("organisations:mine"))
    _to("merge_undone", merge, [merge.kept.name, merge.gone.name], by, readers, action)


def _to(
    name: str,
    merge: Merge,
    names: Sequence[str],
    by: User,
    readers: Iterable[User],
    action: tuple[Promise, str],
) -> None:
    for reader in readers:
        queue_mail(
            key=f"organisations/{name}:{merge.pk}:{reader.pk}",
            to=reader.email,
            mail=f"organisations/{name}",
            language=reader.language,
            context={
                "organisation": merge.kept.name,
                "first": names[0],
                "second": names[1],
                "same_name": names[0] == names[1],
                "officer": by.name,
            },
            action=action,
        )
