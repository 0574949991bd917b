"""What a meeting's invitations were answered, at a glance: by organisation, in sums, as a table.

Everything is read in a handful of queries and sorted here; a meeting has a few thousand invitations
at most.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Count, Exists, F, OuterRef
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import folding
from meetings.models import Attendance, Invitation, Meeting
from organisations.models import Organisation

Reply = Invitation.Reply
# So many meetings in a row without anybody there are worth a telephone call.
MISSED = 3

COMES, WAITS, LATER, NOT, EXCUSED, SILENT, UNSENT = (
    "comes", "waits", "later", "not", "excused", "silent", "unsent"
)  # fmt: skip
STATUS: dict[str, tuple[str | Promise, str]] = {
    COMES: (gettext_lazy("kommt"), "good"),
    WAITS: (gettext_lazy("auf der Warteliste"), "warn"),
    LATER: (gettext_lazy("weiß es noch nicht"), "neutral"),
    NOT: (gettext_lazy("kommt nicht"), "neutral"),
    EXCUSED: (gettext_lazy("entschuldigt"), "neutral"),
    SILENT: (gettext_lazy("keine Antwort"), "neutral"),
    UNSENT: (gettext_lazy("noch nicht eingeladen"), "neutral"),
}


def status(row: Invitation) -> str:
    """Return in a word what an invitation was answered, a key of `STATUS`."""
    if row.reply == Reply.YES:
        return WAITS if row.waiting_since else COMES
    if row.is_excused:
        return EXCUSED
    if row.reply:
        return LATER if row.reply == Reply.LATER else NOT
    return SILENT if row.invited_at else UNSENT


@dataclass
class Line:
    """One invitation, with its languages."""

    row: Invitation
    status: str
    languages: list[str] = field(default_factory=list)

    @property
    def label(self) -> str | Promise:
        return STATUS[self.status][0]

    @property
    def tone(self) -> str:
        return STATUS[self.status][1]


@dataclass
class Group:
    """An organisation with all who were invited for it.

    :ivar name: empty for those who were invited for none.
    :ivar has_missed: nobody of it was at the last three meetings.
    """

    name: str
    lines: list[Line] = field(default_factory=list)
    has_missed: bool = False

    @cached_property
    def status(self) -> str:
        """The answer of the organisation: the best one that somebody gave for it."""
        given = {line.status for line in self.lines}
        return next(one for one in STATUS if one in given)

    @property
    def label(self) -> str | Promise:
        return STATUS[self.status][0]

    @property
    def tone(self) -> str:
        return STATUS[self.status][1]

    @cached_property
    def people(self) -> int:
        return sum(line.row.people for line in self.lines if line.status == COMES)

    @cached_property
    def waiting(self) -> int:
        return sum(line.row.people for line in self.lines if line.status == WAITS)

    @cached_property
    def undelivered(self) -> int:
        return sum(line.row.undelivered_at is not None for line in self.lines)

    @cached_property
    def words(self) -> str:
        """What a search looks into, folded."""
        people = [f"{line.row.name} {line.row.email}" for line in self.lines]
        return folding.fold(" ".join([self.name, *people]))


@dataclass
class Needs:
    """What those who come need, each with who said it."""

    languages: list[tuple[str, int]]
    children: int
    access: list[Line]
    food: list[Line]

    def __bool__(self) -> bool:
        return bool(self.languages or self.children or self.access or self.food)


@dataclass
class Overview:
    """All answers to one meeting.

    :ivar counts: how many invitations have which status; `undelivered` comes besides.
    :ivar organisations: how many organisations have which.
    """

    meeting: Meeting
    groups: list[Group]
    lines: list[Line]
    missed: list[Organisation]

    @cached_property
    def counts(self) -> Counter[str]:
        found = Counter(line.status for line in self.lines)
        found["undelivered"] = sum(line.row.undelivered_at is not None for line in self.lines)
        return found

    @cached_property
    def organisations(self) -> Counter[str]:
        return Counter(group.status for group in self.groups if group.name)

    @cached_property
    def declined(self) -> int:
        return self.counts[NOT] + self.counts[EXCUSED]

    @cached_property
    def people(self) -> int:
        return sum(group.people for group in self.groups)

    @cached_property
    def waiting(self) -> list[Line]:
        """The waiting list, in its order."""
        found = [line for line in self.lines if line.status == WAITS]
        return sorted(found, key=lambda line: (line.row.waiting_since, line.row.pk))

    @cached_property
    def messages(self) -> list[Line]:
        return [line for line in self.lines if line.row.message]

    @cached_property
    def needs(self) -> Needs:
        coming = [line for line in self.lines if line.status in (COMES, WAITS)]
        languages = Counter(name for line in coming for name in line.languages)
        return Needs(
            languages=languages.most_common(),
            children=sum(line.row.children for line in coming),
            access=[line for line in coming if line.row.access_needs],
            food=[line for line in coming if line.row.food],
        )

    def shown(self, wanted: str, search: str) -> list[Group]:
        """Return the groups of a filter (a key of `FILTERS`) whose names have the words sought."""
        fits = FILTERS[wanted][1] if wanted in FILTERS else lambda group: True
        sought = folding.words(search)
        return [
            group
            for group in self.groups
            if fits(group) and all(word in group.words for word in sought)
        ]


def _with(*wanted: str) -> Callable[[Group], bool]:
    return lambda group: any(line.status in wanted for line in group.lines)


# By the word in the address.
FILTERS: dict[str, tuple[str | Promise, Callable[[Group], bool]]] = {
    "kommt": (gettext_lazy("kommt"), _with(COMES)),
    "warteliste": (gettext_lazy("Warteliste"), _with(WAITS)),
    "offen": (
        gettext_lazy("weiß es noch nicht"),
        lambda group: group.status == LATER,
    ),
    "kommt-nicht": (gettext_lazy("kommt nicht"), lambda group: group.status in (NOT, EXCUSED)),
    "still": (gettext_lazy("keine Antwort"), lambda group: group.status in (SILENT, UNSENT)),
    "unzustellbar": (
        gettext_lazy("E-Mail nicht angekommen"),
        lambda group: group.undelivered > 0,
    ),
    "gefehlt": (gettext_lazy("dreimal gefehlt"), lambda group: group.has_missed),
}


def overview(meeting: Meeting) -> Overview:
    """Return all answers to a meeting, in three queries."""
    rows = (
        meeting.invitations.listed()
        .annotate(organisation_name=F("organisation__name"))
        .order_by("name", "pk")
    )
    languages = _languages(meeting)
    missed = organisations_that_missed(meeting)
    keys = {organisation.pk for organisation in missed}
    groups: dict[int | None, Group] = {}
    lines = []
    for row in rows:
        line = Line(row, status(row), languages.get(row.pk, []))
        lines.append(line)
        key = row.organisation_id
        if key not in groups:
            groups[key] = Group(row.organisation_name or "", has_missed=key in keys)
        groups[key].lines.append(line)
    # Those without an organisation stand last.
    ordered = sorted(groups.values(), key=lambda one: (not one.name, folding.fold(one.name)))
    return Overview(meeting=meeting, groups=ordered, lines=lines, missed=missed)


def _languages(meeting: Meeting) -> dict[int, list[str]]:
    """Return the languages wanted, by the invitations' keys."""
    through = Invitation.interpreting.through
    wanted = through._default_manager.filter(
        invitation__meeting=meeting, invitation__removed_at=None
    ).select_related("language")
    found: dict[int, list[str]] = {}
    for row in wanted.order_by("language__position", "language__name"):
        found.setdefault(row.invitation_id, []).append(str(row.language))
    return found


def organisations_that_missed(meeting: Meeting, number: int = MISSED) -> list[Organisation]:
    """Return the active organisations that nobody was there for, several times running.

    Only meetings before this one count at which it was noted who was there, and only those to which
    the organisation was invited each time; who was not asked has missed nothing.
    """
    there = Attendance.objects.filter(meeting=OuterRef("pk"), is_present=True)
    last = (
        Meeting.objects.filter(
            Exists(there),
            kind__in=[Meeting.Kind.NETWORK, Meeting.Kind.KICKOFF],
            starts_at__lt=meeting.starts_at,
        )
        .exclude(state=Meeting.State.CANCELLED)
        .order_by("-starts_at", "-pk")
        .values("pk")[:number]
    )
    invited = Invitation.objects.invited().filter(meeting__in=last, organisation__isnull=False)
    # Where there were fewer meetings, nobody was invited to so many.
    always = (
        invited.order_by()
        .values("organisation")
        .annotate(times=Count("meeting", distinct=True))
        .filter(times=number)
        .values("organisation")
    )
    came = Attendance.objects.filter(meeting__in=last, is_present=True, organisation=OuterRef("pk"))
    missing = Organisation.objects.public().filter(pk__in=always).exclude(Exists(came))
    return list(missing.only("name", "slug", "state").order_by("name", "pk"))


# --- As a table -----------------------------------------------------------------------------------
def table(answers: Overview) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Return headings and rows of all answers, one row per invitation."""
    headings = [
        _("Organisation"), _("Name"), _("E-Mail-Adresse"), _("Eingeladen als"), _("Antwort"),
        _("Personen"), _("Wer kommt?"), _("Dolmetschen"), _("Kinder"), _("Unterstützung"),
        _("Essen"), _("Nachricht"), _("Entschuldigt"), _("Geantwortet am"), _("Weg"),
        _("Eingeladen am"), _("E-Mail nicht angekommen"),
    ]  # fmt: skip
    return headings, (
        [
            group.name,
            line.row.name,
            line.row.email,
            line.row.get_source_display(),
            str(line.label),
            str(line.row.people or ""),
            line.row.names,
            ", ".join(line.languages),
            str(line.row.children or ""),
            line.row.access_needs,
            line.row.food,
            line.row.message,
            _("ja") if line.row.is_excused else "",
            _moment(line.row.replied_at if line.row.reply else None),
            line.row.get_replied_by_way_display(),
            _moment(line.row.invited_at),
            _moment(line.row.undelivered_at),
        ]
        for group in answers.groups
        for line in group.lines
    )


def _moment(moment) -> str:
    if moment is None:
        return ""
    return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
