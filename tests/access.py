"""The access matrix that `test_access` checks: one row per route and object.

A cell is the status of a request with nothing in it: 200 a page, or the form again with its errors;
302 on to another page, for visitors the log-in; 404 does not exist for this person; 405 is not a
thing one can do there.
"""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core.mail import queue_mail
from core.tokens import new_token
from meetings import calendars
from meetings.models import CalendarFeed, Decision
from organisations.models import DuplicatePair, Merge, Organisation, OrganisationImage
from organisations.services.images import sized_name
from tests import factories
from tests.conftest import officer_group

COLUMNS = ("public", "outsider", "editor", "manager", "officer", "administrator")


class World:
    """Everything a route can be asked for, and a browser for every role.

    `active`, `draft`, `submitted` are the editor's and manager's; `foreign` and `foreign_draft`
    somebody else's.
    """

    def __init__(self, client_for: Callable[[User | None], Client]) -> None:
        self._people(client_for)
        self._organisations()
        self._contacts()
        self._questions()
        self._images()
        self._meetings_planning()
        self._meetings_agenda()
        self._meetings_answers()
        self._meetings_pages()
        self._meetings_minutes()
        self._office()
        self._door()
        self._ideas()

    def _people(self, client_for: Callable[[User | None], Client]) -> None:
        self.outsider = factories.make_user(email="fremd@example.org")
        self.editor = factories.make_user(email="redaktion@example.org")
        self.manager = factories.make_user(email="leitung@example.org")
        self.officer = factories.make_user(email="amt@example.org", is_staff=True)
        self.officer.groups.add(officer_group())
        self.administrator = factories.make_user(
            email="admin@example.org", is_staff=True, is_superuser=True
        )
        for staff in (self.officer, self.administrator):
            factories.make_second_factor(staff)
        self.stranger = factories.make_user(email="anderswo@example.org")
        self.clients = {"public": client_for(None)} | {
            role: client_for(getattr(self, role)) for role in COLUMNS[1:]
        }

    def _organisations(self) -> None:
        State = Organisation.State
        own = {"manager": self.manager, "editor": self.editor}
        make = factories.make_organisation
        self.active = make(slug="aktiv", **own)
        self.draft = make(slug="entwurf", state=State.DRAFT, **own)
        self.submitted = make(slug="gesendet", state=State.SUBMITTED, **own)
        self.paused = make(slug="pausiert", state=State.PAUSED, **own)
        self.archived = make(slug="archiviert", state=State.ARCHIVED, **own)
        self.foreign = make(slug="andere", manager=self.stranger)
        self.foreign_draft = make(slug="anderer-entwurf", state=State.DRAFT, manager=self.stranger)
        self.former_slug = factories.make_former_slug(slug="frueher", organisation=self.active)
        self.invitation_token, token_hash = new_token()
        factories.make_invitation(
            organisation=self.active, email=self.outsider.email, token_hash=token_hash
        )

    def _contacts(self) -> None:
        make = factories.make_contact
        self.contact = make(organisation=self.active, public=("name", "phone"))
        self.hidden_contact = make(organisation=self.active)
        self.draft_contact = make(organisation=self.draft, public=("name", "phone"))
        self.foreign_contact = make(organisation=self.foreign, public=("name",))
        self.consent_token, token_hash = new_token()
        factories.make_consent(
            contact=self.hidden_contact, given_at=None, given_by="", token_hash=token_hash
        )

    def _questions(self) -> None:
        """Whoever has the link is asked, with or without a log-in."""
        self.confirmation = factories.make_confirmation(organisation=self.active)
        self.confirmation_token, token_hash = new_token()
        factories.make_confirmation_ask(
            confirmation=self.confirmation,
            user=self.editor,
            email=self.editor.email,
            token_hash=token_hash,
        )
        Organisation.objects.filter(pk=self.active.pk).update(confirmed_on="2020-01-01")
        self.succession = factories.make_succession(organisation=self.active)
        self.succession_token, token_hash = new_token()
        factories.make_succession_ask(
            succession=self.succession, user=self.editor, token_hash=token_hash
        )

    def _images(self) -> None:
        Kind = OrganisationImage.Kind
        make = factories.make_image
        self.logo = make(organisation=self.active)
        self.draft_photo = make(organisation=self.draft, kind=Kind.PHOTO)
        self.foreign_draft_photo = make(organisation=self.foreign_draft, kind=Kind.PHOTO)
        self.hidden_portrait = make(organisation=self.active, kind=Kind.PORTRAIT)
        small = ContentFile(factories.image_bytes(kind="WEBP"))
        default_storage.save(sized_name(self.hidden_portrait, "klein"), small)
        self.hidden_contact.photo = self.hidden_portrait
        self.hidden_contact.save()

    def _meetings_planning(self) -> None:
        self.planned_meeting = factories.make_meeting(slug="geplant")
        self.school_holiday = factories.make_school_holiday()

    def _meetings_answers(self) -> None:
        """The manager is invited, the stranger to another meeting."""
        self.answer_token = "a" * 43
        meeting = factories.make_meeting(slug="mit-antworten", state="invited")
        self.meeting_invitation = factories.make_meeting_invitation(
            meeting=meeting, email=self.manager.email, token=self.answer_token
        )
        self.foreign_meeting_invitation = factories.make_meeting_invitation(
            email=self.stranger.email
        )

    def _meetings_agenda(self) -> None:
        """What a meeting talks about and what comes of it; members see what is published."""
        soon = timezone.now() + datetime.timedelta(days=5)
        self.agenda_meeting = factories.make_meeting(slug="mit-vorschlaegen", proposals_until=soon)
        self.agenda_item = factories.make_agenda_item(meeting=self.agenda_meeting)
        self.proposed_item = factories.make_proposed_item(
            meeting=self.agenda_meeting, organisation=self.active, by=self.manager
        )
        self.task = factories.make_task(organisation=self.active)
        self.foreign_task = factories.make_task(organisation=self.foreign)
        held = factories.make_meeting(state="held")
        self.draft_task = factories.make_task(organisation=self.active, meeting=held)
        self.decision = Decision.objects.create(
            meeting=held, year=2026, number=1, text="Wir treffen uns öfter."
        )

    def _meetings_minutes(self) -> None:
        """Minutes that members read, and some that nobody has published yet."""
        self.minuted = factories.make_meeting(slug="protokolliert", state="documented")
        factories.make_minutes(meeting=self.minuted, text="Alle waren da.")
        self.minuted_decision = factories.make_decision(meeting=self.minuted)
        self.minuted_task = factories.make_task(meeting=self.minuted, person="Mina")
        self.unminuted = factories.make_meeting(slug="im-entwurf", state="held")
        factories.make_minutes(meeting=self.unminuted, state="draft", text="Noch nicht fertig.")
        self.drafted_decision = factories.make_decision(meeting=self.unminuted)
        self.drafted_task = factories.make_task(meeting=self.unminuted, person="Mina")

    def _office(self) -> None:
        self.group = officer_group()
        self.network = factories.make_network()
        self.municipality = factories.make_municipality()
        self.places = factories.make_places_file()
        self.topic = factories.make_topic()
        self.target_group = factories.make_target_group()
        self.language = factories.make_language()
        self.access_request = factories.make_access_request(
            organisation=self.active, user=self.outsider
        )
        self.proposal = factories.make_proposal(
            organisation=self.active, by=self.manager, aims="Singen"
        )
        self.note = factories.make_note(organisation=self.active, by=self.officer)
        self.problem = factories.make_problem_report(organisation=self.active)
        self.feedback = factories.make_feedback()
        self.import_run = factories.make_import_run()
        self.double = factories.make_organisation(name=self.active.name, slug="doppelt")
        self.pair = DuplicatePair.objects.create(first=self.active, second=self.double, score=90)
        self.absorbed = factories.make_organisation(
            slug="aufgegangen", state="archived", merged_into=self.active
        )
        self.merge = Merge.objects.create(kept=self.active, gone=self.absorbed)
        self.mail = queue_mail(
            key="access", to="fremd@example.org", mail="", language="de", context={},
            subject_body=("Betreff", "Text"),
        )  # fmt: skip

    def _meetings_pages(self) -> None:
        """One for everybody, one for members, one the officer has not shown yet."""
        make = factories.make_meeting
        self.public_meeting = make(slug="fuer-alle", visibility="public")
        self.members_meeting = make(slug="fuer-mitglieder")
        self.hidden_meeting = make(slug="noch-geheim", visibility="office")
        for name in ("public", "members"):
            meeting = getattr(self, f"{name}_meeting")
            for kind in ("document", "photo"):
                row = getattr(factories, f"make_meeting_{kind}")(meeting=meeting, is_public=True)
                setattr(self, f"{name}_{kind}", row)
        self.inner_document = factories.make_meeting_document(meeting=self.public_meeting)
        self.inner_photo = factories.make_meeting_photo(meeting=self.public_meeting)
        feed = CalendarFeed.objects.create(user=self.editor, salt="salz")
        self.feed_token = calendars.own_address(feed).rpartition("/")[2].removesuffix(".ics")

    def _ideas(self) -> None:
        self.brainstorm = factories.make_meeting(slug="ideenabend")
        self.team_meeting = factories.make_meeting(slug="nur-team", visibility="office")
        self.board = factories.make_idea_board(meeting=self.brainstorm)
        self.idea = factories.make_idea(meeting=self.brainstorm)
        self.campaign = factories.make_campaign()

    def _door(self) -> None:
        """A meeting that has begun, so that somebody can be there."""
        self.evening = factories.make_meeting(slug="abend", state="held")


@dataclass(frozen=True)
class Row:
    """Statuses in the order of COLUMNS; `kwargs` says for which object of the world."""

    get: str
    post: str
    kwargs: Callable[[World], dict[str, Any]] = lambda world: {}


def everybody(status: int) -> str:
    return " ".join([str(status)] * len(COLUMNS))


NOBODY = Row(get=everybody(404), post=everybody(404))
PAGE = Row(get=everybody(200), post=everybody(405))
FORM = Row(get=everybody(200), post=everybody(200))
# Everybody with a log-in, about themselves.
OWN_PAGE = Row(get="302 200 200 200 200 200", post="302 405 405 405 405 405")
OWN_FORM = Row(get="302 200 200 200 200 200", post="302 200 200 200 200 200")


def of(name: str) -> Callable[[World], dict[str, Any]]:
    """The key of an organisation, for routes that have nothing else."""
    return lambda world: {"pk": getattr(world, name).pk}


def step(name: str, step: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"pk": getattr(world, name).pk, "step": step}


def contact(organisation: str, contact: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {
        "pk": getattr(world, organisation).pk,
        "contact": getattr(world, contact).pk,
    }


def picture(organisation: str, image: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {
        "pk": getattr(world, organisation).pk,
        "image": getattr(world, image).pk,
    }


def at(name: str) -> Callable[[World], dict[str, Any]]:
    """The address of an organisation."""
    return lambda world: {"slug": getattr(world, name).slug}


def card(organisation: str, contact: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {
        "slug": getattr(world, organisation).slug,
        "pk": getattr(world, contact).pk,
    }


def file(image: str, size: str = "gross") -> Callable[[World], dict[str, Any]]:
    return lambda world: {"pk": getattr(world, image).pk, "size": size}


# Visitors are sent to the log-in; what is not theirs does not exist for others.
OWN = "302 404 200 200 200 200"
OWN_DONE = "302 404 302 302 302 302"
FOREIGN = "302 404 404 404 200 200"
FOREIGN_DONE = "302 404 404 404 302 302"
NEITHER = "302 404 404 404 404 404"
READ_ONLY = "302 405 405 405 405 405"
# What members of the network see and others do not.
MEMBERS = "404 404 200 200 200 200"

STEPS = ("organisation", "ort", "taetigkeit", "kontakt", "logo", "senden")
# A request with nothing in it is "go on" there.
GOES_ON = {"active": {"kontakt"}, "draft": {"kontakt", "logo"}}
# Before and after it is public, a page is a preview for its own people and the team.
SEEN = (
    ("active", everybody(200)),
    ("foreign", everybody(200)),
    ("draft", "404 404 200 200 200 200"),
    ("submitted", "404 404 200 200 200 200"),
    ("paused", "404 404 200 200 200 200"),
    ("archived", "404 404 404 404 200 200"),
    ("foreign_draft", "404 404 404 404 200 200"),
)
# An object of one organisation under the key of another exists for nobody.
PERSONS = (
    ("active", "contact", OWN, OWN_DONE),
    ("active", "hidden_contact", OWN, OWN_DONE),
    ("foreign", "foreign_contact", FOREIGN, FOREIGN_DONE),
    ("active", "foreign_contact", NEITHER, NEITHER),
)
PHOTOS = (
    ("draft", "draft_photo", OWN, OWN_DONE),
    ("foreign_draft", "foreign_draft_photo", FOREIGN, FOREIGN_DONE),
    ("draft", "foreign_draft_photo", NEITHER, NEITHER),
)

MATRIX: dict[str, Row] = {
    # --- portal -----------------------------------------------------------------------------------
    "portal:home": PAGE,
    "portal:imprint": PAGE,
    "portal:privacy": PAGE,
    "portal:accessibility": PAGE,
    "portal:feedback": FORM,
    "portal:feedback_thanks": PAGE,
    "portal:easy_language": PAGE,
    "portal:sign_language": PAGE,
    "health": PAGE,
    "network_colours": Row(
        everybody(200), everybody(405), lambda world: {"brand": "0c574f", "accent": ""}
    ),
    # There is no logo; `test_look` sees one.
    "network_logo": Row(everybody(404), everybody(405), lambda world: {"name": uuid.UUID(int=0)}),
    "robots": PAGE,
    "sitemap": PAGE,
    "sitemap_part": Row(everybody(200), everybody(405), lambda world: {"part": 0}),
    # --- meetings: what was minuted and decided ---------------------------------------------------
    **{
        f"meetings:{name}@{meeting}": Row(cells, READ_ONLY, at(meeting))
        for name in ("minutes", "minutes_pdf")
        for meeting, cells in (
            ("minuted", "302 404 200 200 200 200"),
            ("unminuted", "302 404 404 404 200 200"),
        )
    },
    "meetings:search": Row("302 404 200 200 200 200", READ_ONLY),
    "meetings:decisions": Row("302 404 200 200 200 200", READ_ONLY),
    # --- organisations: the directory -------------------------------------------------------------
    "organisations:list": PAGE,
    **{
        f"organisations:{route}@{name}": Row(seen_by, everybody(405), at(name))
        for route in ("detail", "share_image", "qr_code")
        for name, seen_by in SEEN
    },
    # An address from before the name changed leads on.
    "organisations:detail@former_slug": Row(
        everybody(301), everybody(405), lambda world: {"slug": world.former_slug.slug}
    ),
    "organisations:problem@active": Row(everybody(200), everybody(200), at("active")),
    "organisations:problem@draft": Row(
        "404 404 200 200 200 200", "404 404 200 200 200 200", at("draft")
    ),
    "organisations:problem_thanks@active": Row(everybody(200), everybody(405), at("active")),
    "organisations:problem_thanks@draft": Row(
        "404 404 200 200 200 200", everybody(405), at("draft")
    ),
    # Only what a person published, and only under their own organisation.
    **{
        f"organisations:contact_vcard@{name} {person}": Row(
            seen_by, everybody(405), card(name, person)
        )
        for name, person, seen_by in (
            ("active", "contact", everybody(200)),
            ("active", "hidden_contact", everybody(404)),
            ("active", "foreign_contact", everybody(404)),
            ("draft", "draft_contact", "404 404 200 200 200 200"),
            ("foreign", "foreign_contact", everybody(200)),
        )
    },
    # --- organisations: joining -------------------------------------------------------------------
    "organisations:join": PAGE,
    "organisations:register": OWN_FORM,
    "organisations:similar": OWN_PAGE,
    "organisations:mine": OWN_PAGE,
    # --- organisations: one's own -----------------------------------------------------------------
    **{
        f"organisations:tasks@{name}": Row(OWN, READ_ONLY, of(name))
        for name in ("active", "draft", "submitted", "paused")
    },
    "organisations:tasks@archived": Row("302 404 404 404 404 404", READ_ONLY, of("archived")),
    "organisations:tasks@foreign": Row(FOREIGN, READ_ONLY, of("foreign")),
    "organisations:tasks@foreign_draft": Row(FOREIGN, READ_ONLY, of("foreign_draft")),
    **{
        f"organisations:step@{name} {word}": Row(
            OWN, OWN_DONE if word in GOES_ON[name] else OWN, step(name, word)
        )
        for name in ("active", "draft")
        for word in STEPS
        if (name, word) != ("active", "senden")
    },
    "organisations:step@active senden": Row(OWN_DONE, OWN_DONE, step("active", "senden")),
    **{
        f"organisations:step@foreign_draft {word}": Row(
            FOREIGN,
            FOREIGN_DONE if word in GOES_ON["draft"] else FOREIGN,
            step("foreign_draft", word),
        )
        for word in STEPS
    },
    "organisations:discard@draft": Row(
        "302 404 404 200 200 200", "302 404 404 302 302 302", of("draft")
    ),
    "organisations:discard@foreign_draft": Row(FOREIGN, FOREIGN_DONE, of("foreign_draft")),
    # Everybody who speaks for an organisation sees who else does; what a form there does, the
    # request must say.
    "organisations:people@active": Row(OWN, "302 404 404 404 404 404", of("active")),
    "organisations:people@foreign": Row(FOREIGN, "302 404 404 404 404 404", of("foreign")),
    # --- organisations: contacts ------------------------------------------------------------------
    "organisations:contact_add@active": Row(OWN, OWN, of("active")),
    "organisations:contact_add@foreign": Row(FOREIGN, FOREIGN, of("foreign")),
    **{
        f"organisations:contact_edit@{org} {person}": Row(cells, cells, contact(org, person))
        for org, person, cells, _done in PERSONS
    },
    **{
        f"organisations:contact_remove@{org} {person}": Row(cells, done, contact(org, person))
        for org, person, cells, done in PERSONS
    },
    **{
        f"organisations:contact_{verb}@{org} {person}": Row(
            "302 405 405 405 405 405", done, contact(org, person)
        )
        for verb in ("withdraw", "ask")
        for org, person, _cells, done in PERSONS
    },
    # --- organisations: pictures ------------------------------------------------------------------
    "organisations:photo_add@draft": Row(OWN, OWN, of("draft")),
    "organisations:photo_add@foreign_draft": Row(FOREIGN, FOREIGN, of("foreign_draft")),
    **{
        f"organisations:photo_edit@{org} {image}": Row(cells, cells, picture(org, image))
        for org, image, cells, _done in PHOTOS
    },
    **{
        f"organisations:image_remove@{org} {image}": Row(
            "302 405 405 405 405 405", done, picture(org, image)
        )
        for org, image, _cells, done in PHOTOS
    },
    "organisations:image@logo": Row(everybody(200), everybody(405), file("logo")),
    "organisations:image@draft_photo": Row(
        "404 404 200 200 200 200", everybody(405), file("draft_photo")
    ),
    "organisations:image@foreign_draft_photo": Row(
        "404 404 404 404 200 200", everybody(405), file("foreign_draft_photo")
    ),
    "organisations:image@hidden_portrait": Row(
        "404 404 200 200 200 200", everybody(405), file("hidden_portrait")
    ),
    "organisations:image@no_such_size": Row(everybody(404), everybody(405), file("logo", "riesig")),
    # --- organisations: links from mails, which only a button follows -----------------------------
    "organisations:consent": Row(
        everybody(200), everybody(302), lambda world: {"token": world.consent_token}
    ),
    "organisations:consent_photo": Row(
        everybody(200), everybody(405), lambda world: {"token": world.consent_token}
    ),
    "organisations:consent_photo@guessed": Row(
        everybody(404), everybody(405), lambda world: {"token": "x" * 43}
    ),
    "organisations:consent@guessed": Row(
        everybody(404), everybody(404), lambda world: {"token": "x" * 43}
    ),
    "organisations:confirmation": Row(
        everybody(200), everybody(302), lambda world: {"token": world.confirmation_token}
    ),
    "organisations:confirmation_correction": Row(
        everybody(200), everybody(200), lambda world: {"token": world.confirmation_token}
    ),
    "organisations:succession": Row(
        everybody(200), everybody(302), lambda world: {"token": world.succession_token}
    ),
    **{
        f"organisations:{route}@guessed": Row(
            everybody(404), everybody(404), lambda world: {"token": "x" * 43}
        )
        for route in ("confirmation", "confirmation_correction", "succession")
    },
    "organisations:proposal_withdraw@active": Row(READ_ONLY, OWN_DONE, of("active")),
    "organisations:proposal_withdraw@foreign": Row(READ_ONLY, FOREIGN_DONE, of("foreign")),
    "organisations:confirm@active": Row(READ_ONLY, OWN_DONE, of("active")),
    "organisations:confirm@foreign": Row(READ_ONLY, FOREIGN_DONE, of("foreign")),
    # The invitation is the outsider's.
    "organisations:invitation": Row(
        everybody(200),
        "200 302 200 200 200 200",
        lambda world: {"token": world.invitation_token},
    ),
    "organisations:invitation@guessed": Row(
        everybody(404), everybody(404), lambda world: {"token": "x" * 43}
    ),
    # Who speaks for it already needs no access.
    "organisations:access_request@active": Row(
        "302 200 302 302 200 200", "302 200 302 302 200 200", of("active")
    ),
    "organisations:access_request@foreign_draft": Row(
        "302 404 404 404 404 404", "302 404 404 404 404 404", of("foreign_draft")
    ),
    # --- actions ----------------------------------------------------------------------------------
    "actions:room": Row(
        everybody(200), everybody(200), lambda world: {"code": world.board.shown_code}
    ),
    "actions:room@guessed": Row(
        everybody(404), everybody(404), lambda world: {"code": "0000-0000-0000"}
    ),
    # The office reads them here; it writes at its desk.
    "actions:ideas": Row(
        "302 404 200 200 200 200", "302 404 200 200 404 404", lambda world: {"slug": "ideenabend"}
    ),
    "actions:ideas@team": Row(
        "302 404 404 404 200 200", "302 404 404 404 404 404", lambda world: {"slug": "nur-team"}
    ),
    # --- meetings: everybody's pages, files and calendars -----------------------------------------
    "meetings:list": PAGE,
    **{
        f"meetings:{route}@{name}": Row(seen_by, everybody(405), at(name))
        for route in ("detail", "event")
        for name, seen_by in (
            ("public_meeting", everybody(200)),
            ("members_meeting", MEMBERS),
            ("hidden_meeting", "404 404 404 404 200 200"),
        )
    },
    # Marked as public counts for nothing at a meeting that is not.
    **{
        f"meetings_document@{name}": Row(seen_by, everybody(405), of(name))
        for name, seen_by in (
            ("public_document", everybody(200)),
            ("members_document", MEMBERS),
            ("inner_document", MEMBERS),
        )
    },
    **{
        f"meetings_photo@{name} {size}": Row(seen_by, everybody(405), file(name, size))
        for name, size, seen_by in (
            ("public_photo", "gross", everybody(200)),
            ("public_photo", "riesig", everybody(404)),
            ("members_photo", "mittel", MEMBERS),
            ("inner_photo", "gross", MEMBERS),
        )
    },
    "meetings:calendar": Row(OWN_PAGE.get, "302 302 302 302 302 302"),
    "meetings_feed": PAGE,
    # Whoever has the address has the calendar.
    "meetings_own_feed@own": Row(
        everybody(200), everybody(405), lambda world: {"token": world.feed_token}
    ),
    "meetings_own_feed@other": Row(
        everybody(404), everybody(405), lambda world: {"token": f"{world.feed_token}x"}
    ),
    # --- meetings: one's own answer, by the link from a mail or logged in ------------------------
    "meetings:answer": Row(
        everybody(200), everybody(200), lambda world: {"token": world.answer_token}
    ),
    "meetings:answer_calendar": Row(
        everybody(200), everybody(405), lambda world: {"token": world.answer_token}
    ),
    "short_answer": Row(
        everybody(302), everybody(405), lambda world: {"token": world.answer_token}
    ),
    "meetings:answer@guessed": Row(
        everybody(404), everybody(404), lambda world: {"token": "x" * 43}
    ),
    "meetings:answer_calendar@guessed": Row(
        everybody(404), everybody(405), lambda world: {"token": "x" * 43}
    ),
    "meetings:answer_renew": FORM,
    "meetings:invitations": OWN_PAGE,
    "meetings:invitation": Row(
        "302 404 404 200 404 404", "302 404 404 200 404 404", of("meeting_invitation")
    ),
    # --- meetings: agenda and tasks ---------------------------------------------------------------
    # For members of the network; the officer puts things on the agenda in the office.
    "meetings:propose@agenda_meeting": Row(
        "302 404 200 200 404 404",
        "302 404 200 200 404 404",
        lambda world: {"slug": world.agenda_meeting.slug},
    ),
    "meetings:proposal_withdraw@own": Row(
        "302 405 405 405 405 405",
        "302 404 302 302 404 404",
        lambda world: {"slug": world.agenda_meeting.slug, "pk": world.proposed_item.pk},
    ),
    "meetings:tasks": Row("302 404 200 200 200 200", READ_ONLY),
    "meetings:task@task": Row("302 404 200 200 200 200", OWN_DONE, of("task")),
    "meetings:task@foreign_task": Row(
        "302 404 200 200 200 200", "302 404 404 404 302 302", of("foreign_task")
    ),
    "meetings:task@draft_task": Row(FOREIGN, FOREIGN_DONE, of("draft_task")),
    # --- accounts ---------------------------------------------------------------------------------
    # Who is logged in has no business at the door.
    **{
        name: Row("200 302 302 302 302 302", "200 302 302 302 302 302")
        for name in ("accounts:enter", "account_login")
    },
    # Stages of a log-in that nobody here is in.
    **{
        name: Row(everybody(302), everybody(302))
        for name in ("accounts:code", "mfa_authenticate", "mfa_login_webauthn")
    },
    "account_inactive": PAGE,
    "account_logout": Row("302 200 200 200 200 200", everybody(302)),
    "accounts:profile": OWN_FORM,
    "accounts:email": OWN_FORM,
    "accounts:password": OWN_FORM,
    "accounts:export": Row("302 200 200 200 200 200", everybody(405)),
    # The only manager has to find a successor first.
    "accounts:erase": Row("302 200 200 200 200 200", "302 200 200 409 200 200"),
    # By a code for those who have no second factor, by the second factor for those who have.
    "accounts:confirm": Row("302 200 200 200 302 302", "302 200 200 200 302 302"),
    "mfa_reauthenticate": Row("302 302 302 302 200 200", "302 302 302 302 200 200"),
    # Nobody here has a password or a passkey.
    "account_reauthenticate": Row(everybody(302), everybody(302)),
    "mfa_reauthenticate_webauthn": Row(everybody(302), everybody(302)),
    "mfa_index": OWN_PAGE,
    "mfa_list_webauthn": OWN_PAGE,
    "mfa_add_webauthn": OWN_FORM,
    "mfa_remove_webauthn": Row(NEITHER, NEITHER, lambda world: {"pk": 999}),
    # One app at a time; what is not there cannot be taken away.
    "mfa_activate_totp": Row("302 200 200 200 302 302", "302 200 200 200 302 302"),
    "mfa_deactivate_totp": Row("302 404 404 404 200 200", "302 404 404 404 200 200"),
    "mfa_generate_recovery_codes": Row("302 200 200 200 200 200", "302 200 200 200 302 302"),
    "mfa_view_recovery_codes": Row(NEITHER, "302 405 405 405 405 405"),
    "mfa_download_recovery_codes": Row(NEITHER, NEITHER),
    "usersessions_list": Row("302 200 200 200 200 200", everybody(302)),
    # --- development ------------------------------------------------------------------------------
    "core:style": PAGE,
    "core:mailbox": PAGE,
    "core:mailbox_html": Row(everybody(200), everybody(405), lambda world: {"pk": world.mail.pk}),
}


# --- The back office ------------------------------------------------------------------------------
def office(officer: int, administrator: int | None = None) -> str:
    """Visitors are sent to the log-in; for those who are not staff it does not exist."""
    return f"302 404 404 404 {officer} {officer if administrator is None else administrator}"


def model(
    name: str,
    attribute: str,
    *,
    officer: str,
    administrator: str | None = None,
    saves: bool = False,
    is_one_row: bool = False,
) -> dict[str, Row]:
    """Return the rows of one model's pages.

    :param attribute: the world's object that its pages are asked for.
    :param officer: what she may do with it: "view add change delete".
    :param administrator: what the administrator may do, if not the same.
    :param saves: an empty form is a valid one, and leads on.
    :param is_one_row: the list leads to its only row.
    """
    hers = officer.split()
    theirs = hers if administrator is None else administrator.split()

    def cells(right: str, granted: int = 200) -> str:
        return office(*(granted if right in rights else 404 for rights in (hers, theirs)))

    def key(world: World) -> dict[str, Any]:
        return {"object_id": getattr(world, attribute).pk}

    def old_key(world: World) -> dict[str, Any]:
        return {"<path:object_id>": getattr(world, attribute).pk}

    def table(world: World) -> dict[str, Any]:
        return {"what": "angezeigt", "ending": "csv"}

    prefix, path = f"admin:{name}", "/de/verwaltung/" + name.replace("_", "/", 1)
    return {
        f"{prefix}_changelist": Row(cells("view", 302 if is_one_row else 200), cells("view")),
        f"{prefix}_export": Row(cells("view"), cells("view"), table),
        # Without a filter there is nothing to keep, so it leads back; nobody here has a view.
        f"{prefix}_view_add": Row(cells("view", 302), cells("view", 302)),
        f"{prefix}_view": Row(office(404), office(404), lambda world: {"pk": 999}),
        f"{prefix}_add": Row(cells("add"), cells("add")),
        f"{prefix}_change": Row(cells("view"), cells("change", 302 if saves else 200), key),
        f"{prefix}_history": Row(cells("view"), cells("view"), key),
        f"{prefix}_delete": Row(cells("delete"), cells("delete"), key),
        f"{path}/<path:object_id>/": Row(office(302), office(302), old_key),
    }


def mail_text(world: World) -> dict[str, Any]:
    return {"app": "organisations", "name": "admitted", "language": "de"}


def past(world: World, kind: str, row: Any) -> dict[str, Any]:
    """An entry of a row's history, on the page of `active`."""
    entry = row.history.values_list("history_id", flat=True).first()
    return {"pk": world.active.pk, "kind": kind, "entry": entry}


ALL = "view add change delete"
ADMIN: dict[str, Row] = {
    "admin:index": Row(office(200), office(200)),
    "admin:handbook": Row(office(200), office(405)),
    "admin:login": Row(office(302), office(302)),
    "admin:logout": Row(office(405), office(302)),
    "admin:password_change": Row(office(302), office(302)),
    "admin:password_change_done": Row(office(200), office(405)),
    "admin:autocomplete": Row(office(404), office(405)),
    "admin:jsi18n": Row(office(200), office(405)),
    "admin:view_on_site": Row(
        office(302),
        office(302),
        lambda world: {
            "content_type_id": ContentType.objects.get_for_model(Organisation).pk,
            "object_id": world.active.pk,
        },
    ),
    "admin:app_list": Row(office(200), office(200), lambda world: {"app_label": "organisations"}),
    "admin:app_list@auth": Row(
        office(404, 200), office(404, 200), lambda world: {"app_label": "auth"}
    ),
    "/de/verwaltung/(?P<url>.*)$": Row(
        office(404), office(404), lambda world: {"(?P<url>.*)$": "gibt-es-nicht/"}
    ),
    "admin:organisations_organisation_review@submitted": Row(
        office(200), office(404), of("submitted")
    ),
    "admin:organisations_organisation_review@foreign_draft": Row(
        office(200), office(404), of("foreign_draft")
    ),
    "admin:organisations_organisation_put_back": Row(
        office(200), office(302), lambda world: past(world, "angaben", world.active)
    ),
    "admin:organisations_organisation_put_back@contact": Row(
        office(200), office(302), lambda world: past(world, "ansprechperson", world.contact)
    ),
    "admin:organisations_organisation_put_back@other": Row(
        office(404), office(404), lambda world: past(world, "angaben", world.foreign)
    ),
    "admin:organisations_organisation_notes": Row(office(200), office(200), of("active")),
    # Only who wrote it changes it.
    **{
        f"admin:organisations_organisation_note{name}": Row(
            office(page, 404),
            office(sent, 404),
            lambda world: {"pk": world.active.pk, "note": world.note.pk},
        )
        for name, page, sent in (("", 200, 200), ("_delete", 405, 302))
    },
    "admin:organisations_organisation_recent": Row(office(200), office(200)),
    "admin:organisations_organisation_seen": Row(office(405), office(302)),
    **model("auth_group", "group", officer="", administrator=ALL),
    **model("accounts_user", "outsider", officer="", administrator=ALL),
    **model("core_outboxmessage", "mail", officer="view"),
    **{
        f"admin:core_outboxmessage_{name}": Row(
            office(405), office(302), lambda world: {"object_id": world.mail.pk}
        )
        for name in ("send_again", "give_up")
    },
    "admin:core_mailtext_changelist": Row(office(200), office(200)),
    "admin:core_mailtext_edit": Row(office(200), office(200), mail_text),
    "admin:core_mailtext_reset": Row(office(405), office(302), mail_text),
    "admin:core_mailtext_history": Row(office(200), office(200), mail_text),
    **model("organisations_topic", "topic", officer=ALL),
    **model("organisations_targetgroup", "target_group", officer=ALL),
    **model("organisations_language", "language", officer=ALL),
    **model("organisations_municipality", "municipality", officer=ALL),
    **{
        f"admin:organisations_{name}_order": Row(office(200), office(200))
        for name in ("topic", "targetgroup", "language")
    },
    "admin:organisations_municipality_upload": Row(office(200), office(200)),
    "admin:organisations_municipality_meaning": Row(office(200), office(200), of("places")),
    # Nobody has seen what the file changes.
    "admin:organisations_municipality_preview": Row(office(200), office(302), of("places")),
    # Nothing is chosen that could be merged.
    **{
        f"admin:organisations_{name}_merge": Row(office(302), office(302))
        for name in ("topic", "targetgroup", "language", "municipality")
    },
    **model("organisations_organisation", "active", officer="view change"),
    **model("organisations_accessrequest", "access_request", officer="view change", saves=True),
    **model("organisations_proposededit", "proposal", officer="view change"),
    **model("organisations_confirmation", "confirmation", officer="view"),
    "admin:organisations_confirmation_organisation@active": Row(
        office(200), office(200), of("active")
    ),
    "admin:organisations_confirmation_organisation@foreign_draft": Row(
        office(200), office(200), of("foreign_draft")
    ),
    **model("organisations_succession", "succession", officer="view"),
    "admin:organisations_succession_settle": Row(office(405), office(302), of("succession")),
    **model("organisations_duplicatepair", "pair", officer="view"),
    # A request must say what it decides; a pair is looked at where it is merged.
    "admin:organisations_duplicatepair_changelist": Row(office(200), office(404)),
    "admin:organisations_duplicatepair_change": Row(
        office(302), office(302), lambda world: {"object_id": world.pair.pk}
    ),
    **model("organisations_merge", "merge", officer="view"),
    # Sent, it undoes the merge.
    "admin:organisations_merge_change": Row(
        office(200), office(302), lambda world: {"object_id": world.merge.pk}
    ),
    "admin:organisations_merge_choose": Row(office(200), office(200), of("active")),
    "admin:organisations_merge_compare": Row(
        office(200), office(200), lambda world: {"one": world.active.pk, "other": world.double.pk}
    ),
    # Nobody merges an organisation with itself.
    "admin:organisations_merge_compare@same": Row(
        office(302), office(302), lambda world: {"one": world.active.pk, "other": world.active.pk}
    ),
    **model("organisations_problemreport", "problem", officer="view change", saves=True),
    **model("portal_networkprofile", "network", officer="view change", is_one_row=True),
    "admin:portal_networkprofile_logo": Row(
        office(200), office(200), lambda world: {"pk": world.network.pk}
    ),
    # --- meetings: documents and photos; an empty request is the form again
    "admin:meetings_meeting_files": Row(office(200), office(200), of("public_meeting")),
    **{
        f"admin:meetings_meeting_{name}@{meeting}": Row(
            office(status),
            office(status),
            lambda world, name=name, meeting=meeting: {
                "pk": getattr(world, meeting).pk,
                "row": getattr(world, f"public_{name}").pk,
            },
        )
        for name in ("document", "photo")
        for meeting, status in (("public_meeting", 200), ("members_meeting", 404))
    },
    # --- Minutes in the office; an empty request writes nothing.
    **{
        f"admin:meetings_meeting_{name}@{meeting}": Row(office(page), office(sent), of(meeting))
        for name, meeting, page, sent in (
            ("minutes", "unminuted", 200, 302),
            ("minutes", "minuted", 200, 200),
            ("minutes_correct", "unminuted", 302, 302),
            ("minutes_correct", "minuted", 200, 302),
            ("minutes_part", "unminuted", 405, 404),
            ("minutes_publish", "unminuted", 200, 302),
            ("minutes_publish", "minuted", 302, 302),
        )
    },
    **{
        f"admin:meetings_meeting_{name}@{meeting}": Row(
            office(200),
            office(200),
            lambda world, meeting=meeting: {"pk": getattr(world, meeting).pk, "item": 0},
        )
        for name in ("decision_add", "task_add")
        for meeting in ("minuted", "unminuted")
    },
    # Of minutes members have read nothing is removed; what belongs to others is not there.
    **{
        f"admin:meetings_meeting_{name}@{meeting} {row}": Row(
            office(page),
            office(sent),
            lambda world, key=key, meeting=meeting, row=row: {
                "pk": getattr(world, meeting).pk,
                key: getattr(world, row).pk,
            },
        )
        for name, key, meeting, row, page, sent in (
            ("decision", "decision", "minuted", "minuted_decision", 200, 200),
            ("decision", "decision", "minuted", "drafted_decision", 404, 404),
            ("decision_remove", "decision", "unminuted", "drafted_decision", 405, 302),
            ("decision_remove", "decision", "minuted", "drafted_decision", 404, 404),
            ("minutes_task", "task", "minuted", "minuted_task", 200, 200),
            ("minutes_task", "task", "minuted", "drafted_task", 404, 404),
            ("minutes_task_remove", "task", "unminuted", "drafted_task", 405, 302),
            ("minutes_task_remove", "task", "minuted", "drafted_task", 404, 404),
        )
    },
    # --- At the door: an empty request taps on nothing
    "admin:meetings_meeting_door": Row(
        office(200), office(302), lambda world: {"pk": world.evening.pk}
    ),
    **{
        f"admin:meetings_meeting_door_{name}": Row(
            office(200), office(405), lambda world: {"pk": world.evening.pk}
        )
        for name in ("list", "badges")
    },
    # --- Ideas: which button was pressed, the request must say
    "admin:meetings_meeting_ideas": Row(
        office(200), office(404), lambda world: {"pk": world.brainstorm.pk}
    ),
    **{
        f"admin:meetings_meeting_ideas_{name}": Row(
            office(200), office(405), lambda world: {"pk": world.brainstorm.pk}
        )
        for name in ("wall", "code")
    },
    "admin:meetings_meeting_ideas_edit": Row(
        office(200),
        office(200),
        lambda world: {"pk": world.brainstorm.pk, "idea": world.idea.pk},
    ),
    **model("actions_idea", "idea", officer="view"),
    **model("actions_campaign", "campaign", officer=ALL),
    **model("organisations_importrun", "import_run", officer="view add change", saves=True),
    "admin:organisations_importrun_template": Row(office(200), office(200)),
    "admin:organisations_importrun_faulty": Row(
        office(200), office(200), lambda world: {"pk": world.import_run.pk}
    ),
    # --- meetings: planning -----------------------------------------------------------------------
    **model("meetings_meeting", "planned_meeting", officer=ALL),
    **model("meetings_schoolholiday", "school_holiday", officer=ALL),
    # Nobody has said which Land it is, so there is nothing to take over.
    "admin:meetings_schoolholiday_take_over": Row(office(200), office(200)),
    "admin:meetings_meeting_this_year": Row(office(302), office(405)),
    "admin:meetings_meeting_year": Row(office(200), office(405), lambda world: {"year": 2027}),
    "admin:meetings_meeting_day": Row(office(200), office(405)),
    "admin:meetings_meeting_overview": Row(office(200), office(405), of("planned_meeting")),
    "admin:meetings_meeting_cancel": Row(office(200), office(200), of("planned_meeting")),
    **{
        f"admin:meetings_meeting_{name}": Row(office(405), office(302), of("planned_meeting"))
        for name in ("hold", "take_back_hold")
    },
    **model("portal_feedback", "feedback", officer="view change", saves=True),
    # --- meetings: answers; who sends nothing changes nothing
    "admin:meetings_meeting_answers": Row(
        office(200), office(200), lambda world: {"pk": world.meeting_invitation.meeting_id}
    ),
    "admin:meetings_meeting_answers_export": Row(
        office(200),
        office(200),
        lambda world: {"pk": world.meeting_invitation.meeting_id, "ending": "csv"},
    ),
    **{
        f"admin:meetings_meeting_answer@{name}": Row(
            office(page),
            office(sent),
            lambda world, name=name: {
                "pk": world.meeting_invitation.meeting_id,
                "invitation": getattr(world, name).pk,
            },
        )
        for name, page, sent in (
            ("meeting_invitation", 200, 302),
            ("foreign_meeting_invitation", 404, 404),
        )
    },
    # --- meetings: invitations; an empty request invites nobody
    **{
        f"admin:meetings_meeting_{name}": Row(office(page), office(sent), of("planned_meeting"))
        for name, page, sent in (
            ("invitations", 200, 404),
            ("guests", 200, 200),
            ("letter", 200, 200),
            ("invite", 200, 302),
            ("letters", 405, 302),
        )
    },
    "admin:meetings_meeting_invitation_text": Row(
        office(200),
        office(200),
        lambda world: {"pk": world.planned_meeting.pk, "language": "de"},
    ),
    "admin:meetings_meeting_invitation_text@unknown": Row(
        office(404),
        office(404),
        lambda world: {"pk": world.planned_meeting.pk, "language": "xx"},
    ),
    **{
        f"admin:meetings_meeting_invited_person@{name}": Row(
            office(status),
            office(status),
            lambda world, name=name: {
                "pk": world.meeting_invitation.meeting_id,
                "invitation": getattr(world, name).pk,
            },
        )
        for name, status in (("meeting_invitation", 200), ("foreign_meeting_invitation", 404))
    },
    # --- meetings: agenda and tasks
    "admin:meetings_meeting_agenda": Row(
        office(200), office(200), lambda world: {"pk": world.agenda_meeting.pk}
    ),
    "admin:meetings_meeting_agenda_item": Row(
        office(200),
        office(200),
        lambda world: {"pk": world.agenda_meeting.pk, "item": world.agenda_item.pk},
    ),
    "admin:meetings_meeting_agenda_item@other": Row(
        office(404), office(404), lambda world: {"pk": world.agenda_meeting.pk, "item": 999_999}
    ),
    **model("meetings_task", "task", officer="view add change"),
    "admin:meetings_task_end": Row(office(200), office(200), of("task")),
    **model("meetings_decision", "decision", officer="view", administrator="view"),
}
