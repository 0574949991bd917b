import datetime
import secrets
from collections import defaultdict

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core.folding import fold
from meetings.models import Meeting, is_member
from organisations.models import Organisation

from .joint_actions import JointAction

# Without I, L, O and U, which are read as 1 and 0 or make words (Crockford's base 32).
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
CODE_LENGTH = 12


def new_code() -> str:
    """Return the secret part of a board's address: 60 bits, short enough to be typed."""
    return "".join(secrets.choice(ALPHABET) for _number in range(CODE_LENGTH))


class IdeaBoard(models.Model):
    """Where those in the room write their ideas without an account, while the meeting runs.

    The address is shown to the room again and again, so it is stored as it is; it opens nothing but
    this page, and only for a time.
    """

    # People come early, and meetings last longer than planned.
    BEFORE = datetime.timedelta(minutes=30)
    AFTER = datetime.timedelta(minutes=30)
    # More than a room can write; a script gets no further.
    MOST_IDEAS = 1000

    meeting = models.OneToOneField(
        Meeting, models.CASCADE, related_name="idea_board", verbose_name=_("Treffen")
    )
    question = models.CharField(
        _("Frage"),
        max_length=200,
        blank=True,
        help_text=_("Steht über dem Feld, zum Beispiel: Was können wir gemeinsam machen?"),
    )
    code = models.CharField(
        _("Code"), max_length=CODE_LENGTH, unique=True, default=new_code, editable=False
    )
    opens_at = models.DateTimeField(
        _("Offen ab"),
        null=True,
        blank=True,
        help_text=_("Ohne Angabe: eine halbe Stunde vor dem Beginn des Treffens."),
    )
    closes_at = models.DateTimeField(
        _("Offen bis"),
        null=True,
        blank=True,
        help_text=_("Ohne Angabe: eine halbe Stunde nach dem Ende des Treffens."),
    )
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Ideensammlung")
        verbose_name_plural = _("Ideensammlungen")
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="actions_board_has_code"),
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(closes_at__gt=F("opens_at")),
                name="actions_board_closes_after_opening",
                violation_error_message=_("Das Ende muss nach dem Anfang liegen."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.meeting)

    def get_absolute_url(self) -> str:
        return reverse("actions:room", kwargs={"code": self.shown_code})

    @property
    def shown_code(self) -> str:
        """The code in groups of four, as one reads it out; `by_code` takes every spelling."""
        return "-".join(self.code[at : at + 4] for at in range(0, len(self.code), 4))

    @property
    def opens(self) -> datetime.datetime:
        return self.opens_at or self.meeting.starts_at - self.BEFORE

    @property
    def closes(self) -> datetime.datetime:
        return self.closes_at or self.meeting.ends_at + self.AFTER

    @property
    def is_open(self) -> bool:
        """Whether people without an account may write now."""
        return not self.meeting.is_cancelled and self.opens <= timezone.now() < self.closes


class IdeaGroup(models.Model):
    """A heading under which the ideas of a meeting are put together afterwards."""

    meeting = models.ForeignKey(
        Meeting, models.PROTECT, related_name="idea_groups", verbose_name=_("Treffen")
    )
    title = models.CharField(_("Name der Gruppe"), max_length=80)
    position = models.PositiveSmallIntegerField(_("Stelle"), default=0, editable=False)

    class Meta:
        verbose_name = _("Ideengruppe")
        verbose_name_plural = _("Ideengruppen")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "title"],
                name="actions_group_once_per_meeting",
                violation_error_message=_("Diese Gruppe gibt es schon."),
            ),
            models.CheckConstraint(
                condition=~Q(title=""),
                name="actions_group_has_title",
                violation_error_message=_("Bitte geben Sie der Gruppe einen Namen."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class IdeaQuerySet(models.QuerySet["Idea"]):
    def listed(self) -> "IdeaQuerySet":
        """Those that stand for themselves: not hidden, and not part of another one."""
        return self.filter(state=Idea.State.OPEN)

    def visible_to(self, user) -> "IdeaQuerySet":
        """For members those of meetings they may read, without the hidden; for the officer all."""
        if user.is_authenticated and user.has_perm("actions.view_idea"):
            return self
        if is_member(user):
            meetings = Meeting.objects.open_to(user).values("pk")
            return self.filter(Q(meeting=None) | Q(meeting__in=meetings)).exclude(
                state=Idea.State.HIDDEN
            )
        return self.none()

    def with_support(self) -> "IdeaQuerySet":
        """Add `supporters`: how many organisations support it.

        Who supports an idea that has become part of this one counts here, each organisation once.
        """
        # Asked in two steps, which indexes answer: "of this idea or of a part of it" reads all
        # supports again for every idea. For 1,500 ideas that took 20 s, this takes 0.1 s.
        counted = IdeaSupport.objects.filter(organisation__state=Organisation.State.ACTIVE)
        own = counted.filter(idea=OuterRef("pk"))
        known = IdeaSupport.objects.filter(
            idea=OuterRef("idea__merged_into"), organisation=OuterRef("organisation")
        )
        parts = Idea.objects.filter(merged_into=OuterRef(OuterRef("pk"))).order_by()
        of_parts = counted.filter(~Exists(known), idea__in=parts.values("pk"))
        # Not Count, which would group by idea.
        number = Func(
            "organisation",
            function="COUNT",
            template="COUNT(DISTINCT %(expressions)s)",
            output_field=IntegerField(),
        )
        steps = [Subquery(rows.order_by().values(number=number)) for rows in (own, of_parts)]
        return self.annotate(supporters=steps[0] + steps[1])

    def search(self, words: str) -> "IdeaQuerySet":
        """Those that say all the words, in whatever spelling; what belongs to one counts as it.

        They are folded here and not in a column: a network has some hundred, each one line long.
        """
        wanted = fold(words).split()
        if not wanted:
            return self
        said: dict[int, list[str]] = defaultdict(list)
        keys = self.order_by().values("pk")
        parts = self.model.objects.filter(Q(pk__in=keys) | Q(merged_into__in=keys)).order_by()
        for key, *texts in parts.values_list(
            Coalesce("merged_into", "pk"), "text", "author_name", "organisation__name"
        ):
            said[key] += [text for text in texts if text]
        folded = {key: fold(" ".join(texts)) for key, texts in said.items()}
        return self.filter(
            pk__in=[key for key, text in folded.items() if all(word in text for word in wanted)]
        )

    def of(self, user, organisations) -> "IdeaQuerySet":
        """Those a person or one of these organisations wrote or supports."""
        supports = IdeaSupport.objects.filter(organisation__in=organisations).order_by()
        supported = supports.values_list(Coalesce("idea__merged_into", "idea"))
        return self.filter(Q(user=user) | Q(organisation__in=organisations) | Q(pk__in=supported))

    def newest(self) -> "IdeaQuerySet":
        return self.order_by("-created_at", "-pk")

    def most_supported(self) -> "IdeaQuerySet":
        return self.with_support().order_by("-supporters", "-created_at", "-pk")

    def in_groups(self) -> "IdeaQuerySet":
        """Group by group, those without one at the end; in a group what most support first."""
        return self.with_support().order_by(
            F("group__position").asc(nulls_last=True),
            F("group_id").asc(nulls_last=True),
            "-supporters",
            "created_at",
            "pk",
        )


class Idea(models.Model):
    """What somebody would like the network to do, in one line.

    It comes from a meeting (then everybody in the room can write it) or from a member. One that
    says the same as another becomes part of it: `merged_into`; its supporters stay where they are
    and count there, so that taking it apart again loses nothing.
    """

    class Way(models.TextChoices):
        ROOM = "room", _("im Treffen, ohne Konto")
        MEMBER = "member", _("von einem Mitglied")
        OFFICE = "office", _("vom Team")

    class State(models.TextChoices):
        OPEN = "open", _("sichtbar")
        HIDDEN = "hidden", _("ausgeblendet")
        MERGED = "merged", _("Teil einer anderen Idee")

    TEXT_LENGTH = 280

    meeting = models.ForeignKey(
        Meeting,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ideas",
        verbose_name=_("Treffen"),
    )
    group = models.ForeignKey(
        IdeaGroup,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="ideas",
        verbose_name=_("Gruppe"),
    )
    text = models.CharField(_("Idee"), max_length=TEXT_LENGTH)
    author_name = models.CharField(
        _("Von wem?"),
        max_length=80,
        blank=True,
        help_text=_("Zum Beispiel: Gruppe 2. Sie müssen hier nichts schreiben."),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="ideas",
        verbose_name=_("Konto"),
        editable=False,
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ideas",
        verbose_name=_("Organisation"),
    )
    way = models.CharField(_("Weg"), max_length=10, choices=Way.choices, editable=False)
    state = models.CharField(
        _("Stand"), max_length=10, choices=State.choices, default=State.OPEN, editable=False
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="doubles",
        verbose_name=_("Teil von"),
        editable=False,
    )
    # What it has become; several ideas may become one action.
    action = models.ForeignKey(
        JointAction,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="ideas",
        verbose_name=_("Aktion"),
        editable=False,
    )
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("Geschrieben am"), default=timezone.now, editable=False)

    objects = IdeaQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Idee")
        verbose_name_plural = _("Ideen")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["meeting", "state", "created_at"], name="actions_idea_meeting"),
            models.Index(fields=["state", "created_at", "id"], name="actions_idea_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="actions_idea_has_text",
                violation_error_message=_("Bitte schreiben Sie Ihre Idee."),
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | ~Q(state="merged") & Q(merged_into=None),
                name="actions_idea_merged_has_target",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "hidden", "merged"]),
                name="actions_idea_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(way__in=["room", "member", "office"]), name="actions_idea_way_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]

    def get_absolute_url(self) -> str:
        return reverse("actions:idea", kwargs={"pk": self.pk})


class IdeaSupport(models.Model):
    """An organisation stands behind an idea; whoever speaks for it says so and takes it back."""

    idea = models.ForeignKey(Idea, models.CASCADE, related_name="supports", verbose_name=_("Idee"))
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="idea_supports",
        verbose_name=_("Organisation"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Eingetragen von"),
        editable=False,
    )
    would_join = models.BooleanField(_("würde mitmachen"), default=False)
    created_at = models.DateTimeField(_("Seit"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Unterstützung")
        verbose_name_plural = _("Unterstützungen")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["idea", "organisation"], name="actions_support_once_per_organisation"
            )
        ]

    def __str__(self) -> str:
        return str(self.organisation)


class IdeaCommentQuerySet(models.QuerySet["IdeaComment"]):
    def about(self, idea: Idea) -> "IdeaCommentQuerySet":
        """What was said about an idea, and about those that have become part of it."""
        return self.filter(Q(idea=idea) | Q(idea__merged_into=idea))

    def visible_to(self, user) -> "IdeaCommentQuerySet":
        """Those of ideas a person may see, without the hidden ones; for the officer all."""
        seen = self.filter(idea__in=Idea.objects.visible_to(user))
        may_curate = user.is_authenticated and user.has_perm("actions.change_idea")
        return seen if may_curate else seen.filter(is_hidden=False)


class IdeaComment(models.Model):
    """What a member says about an idea; the officer may hide it."""

    TEXT_LENGTH = 500

    idea = models.ForeignKey(Idea, models.CASCADE, related_name="comments", verbose_name=_("Idee"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Geschrieben von"),
        editable=False,
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Organisation"),
    )
    text = models.CharField(_("Kommentar"), max_length=TEXT_LENGTH)
    is_hidden = models.BooleanField(_("ausgeblendet"), default=False, editable=False)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("Geschrieben am"), default=timezone.now, editable=False)

    objects = IdeaCommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("Kommentar")
        verbose_name_plural = _("Kommentare")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="actions_comment_has_text",
                violation_error_message=_("Bitte schreiben Sie etwas."),
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]
