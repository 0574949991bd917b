"""What visitors choose on the list of actions, as it stands in the page's address."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from actions import profile
from actions.models import Campaign, JointAction, Participation
from actions.models.joint_actions import JointActionQuerySet, ParticipationQuerySet
from core.folding import fold
from core.text import clean_text

LONGEST_QUERY = 200
MOST_WORDS = 10


@dataclass(frozen=True)
class Search:
    """Which actions somebody wants to see.

    :ivar when: one of the constants.
    :ivar may_join: whether this person may see what is being planned.
    :ivar is_untidy: whether the address has something in it that means nothing.
    """

    COMING: ClassVar[str] = ""
    PAST: ClassVar[str] = "vergangen"
    PLANNED: ClassVar[str] = "planung"

    query: str = ""
    when: str = COMING
    campaign: Campaign | None = None
    page: str = ""
    may_join: bool = False
    is_untidy: bool = False

    @classmethod
    def read(cls, data: QueryDict, campaigns: Iterable[Campaign], *, may_join: bool) -> "Search":
        """Return what an address asks for; what nobody could mean is left out."""
        query = clean_text(data.get("q", "")[:LONGEST_QUERY], multiline=False)
        when = data.get("zeit", "")
        known = {cls.COMING, cls.PAST, *([cls.PLANNED] if may_join else [])}
        slug = data.get("zeitraum", "")
        campaign = next((one for one in campaigns if one.slug == slug), None)
        return cls(
            query=query,
            when=when if when in known else cls.COMING,
            campaign=campaign,
            page=data.get("seite", ""),
            may_join=may_join,
            is_untidy="" in data.values() or when not in known or bool(slug and not campaign),
        )

    @property
    def is_plain(self) -> bool:
        """Whether nothing was chosen."""
        return not self.query and not self.when and self.campaign is None

    def query_string(self, page: int = 1) -> str:
        """Return it as the end of an address, with its question mark."""
        values = {
            "q": self.query,
            "zeit": self.when,
            "zeitraum": self.campaign.slug if self.campaign else "",
            "seite": str(page) if page > 1 else "",
        }
        chosen = {name: value for name, value in values.items() if value}
        return f"?{urlencode(chosen)}" if chosen else ""

    @property
    def tabs(self) -> list[tuple[str, "Search", bool]]:
        """The lists there are: what each is called, how to get there, whether it is this one."""
        names = {self.COMING: _("Kommende"), self.PAST: _("Vergangene")}
        if self.may_join:
            names[self.PLANNED] = _("In Planung")
        return [
            (name, replace(self, when=when, page=""), when == self.when)
            for when, name in names.items()
        ]

    @property
    def heading(self) -> str:
        """What the list is called."""
        if self.when == self.PAST:
            return _("Vergangene Aktionen")
        if self.when == self.PLANNED:
            return _("In Planung: Hier können Sie noch mitmachen")
        return _("Die nächsten Aktionen")

    def elsewhere(self) -> "Search":
        """The same among those that are over, or to come."""
        return replace(self, when=self.COMING if self.when == self.PAST else self.PAST, page="")

    def find(self, user, now: datetime.datetime) -> JointActionQuerySet:
        """Return the actions, in the order of the list."""
        if self.when == self.PLANNED:
            planned = [JointAction.State.IDEA, JointAction.State.PLANNING]
            visible = JointAction.objects.visible_to(user).filter(state__in=planned)
            found = profile.by_date(visible, now).order_by("-state_since", "-pk")
        elif self.when == self.PAST:
            found = profile.past(JointAction.objects.public(), now)
        else:
            found = profile.coming(JointAction.objects.public(), now)
        if self.campaign:
            found = found.filter(campaign=self.campaign)
        for word in fold(self.query).split()[:MOST_WORDS]:
            found = found.filter(Q(search_text__contains=word) | Exists(_organisers(word)))
        return found


def _organisers(word: str) -> ParticipationQuerySet:
    """Return the public parts in an action of organisations with a word in their name."""
    return Participation.objects.public().filter(
        action=OuterRef("pk"), organisation__search_text__name__contains=word
    )
