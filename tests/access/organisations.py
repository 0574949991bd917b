"""Organisations: the directory, one's own, and what the office does with them."""

from collections.abc import Callable
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from core.tokens import new_token
from organisations.models import DuplicatePair, Merge, Organisation, OrganisationImage
from organisations.services.images import sized_name
from tests import factories
from tests.access.rows import (
    ALL,
    FOREIGN,
    FOREIGN_DONE,
    NEITHER,
    OWN,
    OWN_DONE,
    OWN_FORM,
    OWN_PAGE,
    PAGE,
    READ_ONLY,
    Row,
    at,
    everybody,
    file,
    model,
    of,
    office,
)


class OrganisationsWorld:
    """Organisations in every state, with their contacts, pictures and open questions.

    `active`, `draft`, `submitted` are the editor's and manager's; `foreign` and `foreign_draft`
    somebody else's.
    """

    def add_organisations(self) -> None:
        self._organisations()
        self._contacts()
        self._questions()
        self._images()
        self._organisations_in_office()

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

    def _organisations_in_office(self) -> None:
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
        self.import_run = factories.make_import_run()
        self.double = factories.make_organisation(name=self.active.name, slug="doppelt")
        self.pair = DuplicatePair.objects.create(first=self.active, second=self.double, score=90)
        self.absorbed = factories.make_organisation(
            slug="aufgegangen", state="archived", merged_into=self.active
        )
        self.merge = Merge.objects.create(kept=self.active, gone=self.absorbed)


def step(name: str, step: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {"pk": getattr(world, name).pk, "step": step}


def contact(organisation: str, contact: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {
        "pk": getattr(world, organisation).pk,
        "contact": getattr(world, contact).pk,
    }


def picture(organisation: str, image: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {
        "pk": getattr(world, organisation).pk,
        "image": getattr(world, image).pk,
    }


def card(organisation: str, contact: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {
        "slug": getattr(world, organisation).slug,
        "pk": getattr(world, contact).pk,
    }


def past(world: Any, kind: str, row: Any) -> dict[str, Any]:
    """An entry of a row's history, on the page of `active`."""
    entry = row.history.values_list("history_id", flat=True).first()
    return {"pk": world.active.pk, "kind": kind, "entry": entry}


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

PAGES: dict[str, Row] = {
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
}
OFFICE: dict[str, Row] = {
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
    **model("organisations_importrun", "import_run", officer="view add change", saves=True),
    "admin:organisations_importrun_template": Row(office(200), office(200)),
    "admin:organisations_importrun_faulty": Row(
        office(200), office(200), lambda world: {"pk": world.import_run.pk}
    ),
}
