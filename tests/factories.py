"""Plain functions that make rows for tests: every argument has a sensible value, any can be given.

    make_organisation(name="Haus der Musik", topics=[make_topic(name="Musik")], state="draft")

A number that grows keeps what must be unique unique. Reference data are created on the fly, so a
test needs nothing loaded.
"""

import datetime
import itertools
import uuid
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.text import slugify
from PIL import Image

from accounts.models import User
from actions.models import (
    ActionDate,
    ActionImage,
    Campaign,
    Contribution,
    Idea,
    IdeaBoard,
    IdeaSupport,
    JointAction,
    Participation,
    Pledge,
    Registration,
)
from actions.services import images as action_images
from core.folding import fold
from core.images import store as store_picture
from core.tokens import hash_token
from meetings.models import (
    AgendaItem,
    Decision,
    Invitation,
    InvitationLink,
    Meeting,
    MeetingDocument,
    MeetingPhoto,
    MeetingReminder,
    Minutes,
    MinutesEntry,
    SchoolHoliday,
    Task,
)
from meetings.services import files as meeting_files
from meetings.services.minutes import refresh_search_text
from organisations.models import (
    AccessRequest,
    Confirmation,
    ConfirmationAsk,
    Consent,
    ContactPerson,
    FormerSlug,
    ImportRow,
    ImportRun,
    Language,
    Municipality,
    Organisation,
    OrganisationImage,
    OrganisationNote,
    PlacesFile,
    PostalCode,
    ProblemReport,
    ProposedEdit,
    Representative,
    RepresentativeInvitation,
    Succession,
    SuccessionAsk,
    TargetGroup,
    Topic,
)
from portal.models import Feedback, NetworkProfile

_numbers = itertools.count(1)

Relation = Topic | TargetGroup | Language | Municipality


def _slug(text: str, number: int) -> str:
    return f"{slugify(text) or 'eintrag'}-{number}"


# --- People ---------------------------------------------------------------------------------------
def make_user(*, email: str | None = None, password: str | None = None, **fields: Any) -> User:
    """Return an account with a confirmed address; without a password it logs in by code."""
    email = email or f"person{next(_numbers)}@example.org"
    fields.setdefault("name", email.partition("@")[0].capitalize())
    user = User.objects.create_user(email, password, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def make_second_factor(user: User, *, secret: str | None = None) -> Authenticator:
    """Give the account a one-time-password generator; `secret` is base32, made up if not given."""
    return TOTP.activate(user, secret or generate_totp_secret()).instance


def make_representative(
    *,
    user: User | None = None,
    organisation: Organisation | None = None,
    role: str = Representative.Role.MANAGER,
) -> Representative:
    return Representative.objects.create(
        user=user or make_user(), organisation=organisation or make_organisation(), role=role
    )


def make_invitation(
    *, organisation: Organisation | None = None, token_hash: str | None = None, **fields: Any
) -> RepresentativeInvitation:
    """Return an open invitation; give `token_hash` to be able to follow its link."""
    number = next(_numbers)
    values = {
        "email": f"eingeladen{number}@example.org",
        "role": Representative.Role.EDITOR,
        "expires_at": timezone.now() + datetime.timedelta(days=14),
    } | fields
    return RepresentativeInvitation.objects.create(
        organisation=organisation or make_organisation(),
        token_hash=token_hash or uuid.uuid4().hex * 2,
        **values,
    )


def make_access_request(
    *, organisation: Organisation | None = None, user: User | None = None, **fields: Any
) -> AccessRequest:
    return AccessRequest.objects.create(
        organisation=organisation or make_organisation(), user=user or make_user(), **fields
    )


# --- Words ----------------------------------------------------------------------------------------
def make_topic(*, name: str = "Musik und Tanz", **fields: Any) -> Topic:
    number = next(_numbers)
    fields.setdefault("slug", _slug(name, number))
    return Topic.objects.create(name=name, position=number, **fields)


def make_target_group(*, name: str = "Familien", **fields: Any) -> TargetGroup:
    number = next(_numbers)
    fields.setdefault("slug", _slug(name, number))
    return TargetGroup.objects.create(name=name, position=number, **fields)


def make_language(*, name: str = "Türkisch", code: str | None = None, **fields: Any) -> Language:
    number = next(_numbers)
    code = code or f"x-{number}"
    fields.setdefault("slug", code.lower())
    fields.setdefault("endonym", name)
    return Language.objects.create(name=name, code=code, position=number, **fields)


def make_municipality(
    *, name: str = "Musterstadt", postal_codes: tuple[str, ...] = (), **fields: Any
) -> Municipality:
    """Return a municipality of the county with its postcodes."""
    number = next(_numbers)
    fields.setdefault("slug", _slug(name, number))
    fields.setdefault("ags", f"{number:08d}")
    municipality = Municipality.objects.create(name=name, **fields)
    for code in postal_codes:
        make_postal_code(code=code, municipality=municipality)
    return municipality


def make_postal_code(
    *, code: str = "76437", municipality: Municipality | None = None
) -> PostalCode:
    return PostalCode.objects.create(code=code, municipality=municipality or make_municipality())


def make_places_file(*, names: tuple[str, ...] = ("Neuort",), **fields: Any) -> PlacesFile:
    """Return a file with square places, one beside the other, that nobody has decided about."""
    features = [
        {
            "number": number,
            "properties": {"AGS": f"9900000{number}", "GEN": name},
            "outline": {"type": "MultiPolygon", "coordinates": [[square(8 + number, 48)]]},
        }
        for number, name in enumerate(names, 1)
    ]
    content = {"features": features, "names": ["AGS", "GEN"], "source": "", "notes": []}
    fields = {"mapping": {"ags": "AGS", "name": "GEN"}, "source": "© Amt"} | fields
    return PlacesFile.objects.create(file_name="orte.geojson", content=content, **fields)


def square(west: float, south: float, side: float = 0.1) -> list[list[float]]:
    """Return a ring of longitudes and latitudes."""
    east, north = west + side, south + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


# --- Organisations --------------------------------------------------------------------------------
def make_organisation(
    *,
    name: str | None = None,
    manager: User | None = None,
    editor: User | None = None,
    topics: list[Topic] | tuple[Topic, ...] = (),
    target_groups: list[TargetGroup] | tuple[TargetGroup, ...] = (),
    languages: list[Language] | tuple[Language, ...] = (),
    active_in: list[Municipality] | tuple[Municipality, ...] = (),
    **fields: Any,
) -> Organisation:
    """Return an organisation, active unless `state` says otherwise, with whom is given."""
    number = next(_numbers)
    name = name or f"Verein Nummer {number}"
    state = fields.setdefault("state", Organisation.State.ACTIVE)
    fields.setdefault("slug", _slug(name, number))
    if state != Organisation.State.DRAFT:
        fields.setdefault("kind", Organisation.Kind.ASSOCIATION)
        fields.setdefault("submitted_at", timezone.now())
        if "municipality" not in fields:
            fields["municipality"] = make_municipality()
    if state == Organisation.State.ACTIVE:
        fields.setdefault("description", "Wir laden alle ein, die mitmachen möchten.")
        fields.setdefault("confirmed_on", timezone.localdate())
    organisation = Organisation.objects.create(name=name, **fields)
    organisation.topics.set(topics)
    organisation.target_groups.set(target_groups)
    organisation.languages.set(languages)
    organisation.active_in.set(active_in)
    if manager:
        make_representative(user=manager, organisation=organisation)
    if editor:
        make_representative(user=editor, organisation=organisation, role=Representative.Role.EDITOR)
    return organisation


def make_complete_organisation(*, municipality: Municipality, **fields: Any) -> Organisation:
    """Return an organisation in Rastatt with an answer to every question."""
    return make_organisation(
        **{
            "name": "Haus am Fluss e. V.",
            "slug": "haus-am-fluss",
            "short_name": "HaF",
            "legal_form": "e. V.",
            "founding_year": 1998,
            "register_entry": "VR 123456, Amtsgericht Mannheim",
            "charitable": True,
            "municipality": municipality,
            "active_in": [municipality],
            "street": "Hauptstraße 1",
            "postal_code": "76437",
            "place": "Rastatt",
            "address_public": True,
            "description": "Wir sind da.",
            "aims": "Mehr Musik",
            "activities": "Chor",
            "regions": "Anatolien",
            "phone": "+4972223814325",
            "email": "haus@example.org",
            "website": "https://haus.example.org/",
            "social_links": ["https://social.example.org/haus"],
            "topics": [make_topic(name="Musik")],
            "target_groups": [make_target_group()],
            "languages": [make_language(name="Türkisch", code="tr")],
            "translations": {"tr": {"description": "Buradayız."}},
        }
        | fields
    )


def make_import_run(**fields: Any) -> ImportRun:
    """Return an import that is checked, with one new and one faulty row."""
    values = {
        "file_name": "liste.csv",
        "headings": ["Name", "Ort"],
        "signature": f"{next(_numbers):064}",
        "mapping": {"0": "name", "1": "place"},
        "state": ImportRun.State.CHECKED,
        "counts": {"rows": 2, "new": 1, "faulty": 1},
    } | fields
    run = ImportRun.objects.create(**values)
    said = {"fields": {"name": "Verein"}, "contacts": [], "key": "name:verein|", "town": None}
    ImportRow.objects.create(
        run=run, number=2, cells=["Verein", ""], outcome="new", decision="create", values=said
    )
    problem = {"column": 0, "key": "name", "text": "Bitte geben Sie den Namen an."}
    ImportRow.objects.create(
        run=run, number=3, cells=["", "Ort"], outcome="faulty", decision="skip", problems=[problem]
    )
    return run


def make_note(*, organisation: Organisation, by: User, text: str = "Angerufen") -> OrganisationNote:
    return OrganisationNote.objects.create(organisation=organisation, by=by, text=text)


def make_proposal(*, organisation: Organisation, by: User, **values: Any) -> ProposedEdit:
    """Return an open proposal; `values` are the wanted ones by field, as JSON holds them."""
    kept = {name: {"base": "", "value": value} for name, value in values.items()}
    return ProposedEdit.objects.create(organisation=organisation, by=by, values=kept)


def make_former_slug(*, slug: str, organisation: Organisation) -> FormerSlug:
    return FormerSlug.objects.create(slug=slug, organisation=organisation)


def make_problem_report(
    *, organisation: Organisation | None = None, **fields: Any
) -> ProblemReport:
    fields.setdefault("text", "Die Telefonnummer stimmt nicht mehr.")
    return ProblemReport.objects.create(organisation=organisation or make_organisation(), **fields)


def make_contact(
    *,
    organisation: Organisation | None = None,
    public: tuple[str, ...] = (),
    **fields: Any,
) -> ContactPerson:
    """Return a contact person.

    :param public: names of the fields that are public, such as ("name", "phone"); the consent that
        allows it is recorded with them.
    """
    number = next(_numbers)
    values: dict[str, Any] = {
        "name": f"Person {number}",
        "function": "Vorstand",
        "phone": "+497222381000",
        "email": f"kontakt{number}@example.org",
    } | fields
    values |= {f"{field}_public": True for field in public}
    if public:
        values.setdefault("consented_at", timezone.now())
    contact = ContactPerson.objects.create(
        organisation=organisation or make_organisation(), **values
    )
    if public:
        make_consent(contact=contact, fields=list(public))
    return contact


def make_consent(
    *, contact: ContactPerson | None = None, fields: list[str] | None = None, **values: Any
) -> Consent:
    """Return a consent that was given; with `given_at=None` and `token_hash=…` an open request."""
    contact = contact or make_contact()
    values = {
        "wording": "Ich bin einverstanden.",
        "given_by": f"{contact.name} <{contact.email}>",
        "given_at": timezone.now(),
        "source": Consent.Source.SELF,
        "language": "de",
    } | values
    if values["given_at"] is None:
        values.setdefault("requested_at", timezone.now())
        values.setdefault("expires_at", timezone.now() + datetime.timedelta(days=30))
    return Consent.objects.create(contact=contact, fields=fields or ["name"], **values)


# --- Questions by mail ----------------------------------------------------------------------------
def make_confirmation(*, organisation: Organisation | None = None, **fields: Any) -> Confirmation:
    """Return a round in which the organisation has been asked once."""
    values = {"asked": 1, "next_on": timezone.localdate() + datetime.timedelta(days=21)} | fields
    return Confirmation.objects.create(organisation=organisation or make_organisation(), **values)


def make_confirmation_ask(
    *, confirmation: Confirmation | None = None, token_hash: str | None = None, **fields: Any
) -> ConfirmationAsk:
    """Return a question; give `token_hash` to be able to follow its link."""
    values = {"number": 1, "language": "de", "email": "gefragt@example.org"} | fields
    return ConfirmationAsk.objects.create(
        confirmation=confirmation or make_confirmation(),
        token_hash=token_hash or uuid.uuid4().hex * 2,
        **values,
    )


def make_succession(*, organisation: Organisation | None = None, **fields: Any) -> Succession:
    values = {"next_on": timezone.localdate() + datetime.timedelta(days=14)} | fields
    return Succession.objects.create(organisation=organisation or make_organisation(), **values)


def make_succession_ask(
    *,
    user: User,
    succession: Succession | None = None,
    token_hash: str | None = None,
    question: str = SuccessionAsk.Question.TAKE_OVER,
) -> SuccessionAsk:
    """Return a question to somebody; give `token_hash` to be able to follow its link."""
    return SuccessionAsk.objects.create(
        succession=succession or make_succession(),
        user=user,
        email=user.email,
        language="de",
        question=question,
        token_hash=token_hash or uuid.uuid4().hex * 2,
    )


# --- Files ----------------------------------------------------------------------------------------
def image_bytes(
    *, size: tuple[int, int] = (64, 48), colour: str = "teal", kind: str = "PNG", **options: Any
) -> bytes:
    """Return a picture of one colour, `size` in pixels, in a format Pillow knows."""
    target = BytesIO()
    Image.new("RGB", size, colour).save(target, kind, **options)
    return target.getvalue()


def make_upload(
    *,
    name: str = "bild.png",
    content: bytes | None = None,
    content_type: str = "image/png",
    **image: Any,
) -> SimpleUploadedFile:
    """Return a file as a browser would send it."""
    return SimpleUploadedFile(
        name, image_bytes(**image) if content is None else content, content_type=content_type
    )


def make_image(
    *,
    organisation: Organisation | None = None,
    kind: str = OrganisationImage.Kind.LOGO,
    size: tuple[int, int] = (64, 48),
    **fields: Any,
) -> OrganisationImage:
    """Return a stored image with description and consent."""
    values: dict[str, Any] = {"alt_text": "Ein Haus", "consent": True} | fields
    return OrganisationImage.objects.create(
        organisation=organisation or make_organisation(),
        kind=kind,
        file=ContentFile(image_bytes(size=size, kind="WEBP"), name="bild.webp"),
        **values,
    )


# --- Meetings -------------------------------------------------------------------------------------
def make_planned_years() -> list[Meeting]:
    """Return as many meetings, all documented, as a network wants this year and the next."""
    zone = timezone.get_default_timezone()
    year = timezone.localdate().year
    found = []
    for month in (1, 2, 3):
        for begins in (
            datetime.datetime(year, month, 10, 18, tzinfo=zone),
            datetime.datetime(year + 1, month, 10, 18, tzinfo=zone),
        ):
            ends = begins + datetime.timedelta(hours=2)
            state = Meeting.State.DOCUMENTED
            meeting = make_meeting(state=state, starts_at=begins, ends_at=ends)
            make_minutes(meeting=meeting, state=Minutes.State.PUBLISHED, published_at=ends)
            found.append(meeting)
    return found


def make_meeting(
    *,
    hosts: Sequence[Organisation] = (),
    interpreters: Sequence[Language] = (),
    reminders: Sequence[int] = (),
    **fields: Any,
) -> Meeting:
    """Return a meeting from 18:00 to 20:00 that members see: in 30 days, or 10 days ago if held.

    :param reminders: how many days before it those who have not answered are reminded.
    """
    number = next(_numbers)
    title = fields.setdefault("title", f"Netzwerktreffen Nummer {number}")
    fields.setdefault("slug", _slug(title, number))
    fields.setdefault("place", "Landratsamt, Großer Saal")
    if "starts_at" not in fields:
        is_past = fields.get("state") in {Meeting.State.HELD, Meeting.State.DOCUMENTED}
        day = timezone.localdate() + datetime.timedelta(days=-10 if is_past else 30)
        evening = datetime.datetime.combine(day, datetime.time(18))
        fields["starts_at"] = timezone.make_aware(evening)
    fields.setdefault("ends_at", fields["starts_at"] + datetime.timedelta(hours=2))
    meeting = Meeting.objects.create(**fields)
    if hosts:
        meeting.hosts.set(hosts)
    if interpreters:
        meeting.interpreters.set(interpreters)
    for days in reminders:
        MeetingReminder.objects.create(meeting=meeting, days_before=days)
    return meeting


def make_school_holiday(*, name: str = "Sommerferien", **days: datetime.date) -> SchoolHoliday:
    """Return holidays from `starts_on` to `ends_on`, which is the first day if not given."""
    days.setdefault("starts_on", timezone.localdate())
    days.setdefault("ends_on", days["starts_on"])
    return SchoolHoliday.objects.create(name=name, **days)


def make_meeting_invitation(
    *,
    meeting: Meeting | None = None,
    interpreting: Sequence[Language] = (),
    token: str = "",
    **fields: Any,
) -> Invitation:
    """Return an invitation that has gone out; with `token` one whose link can be followed.

    A `reply` is given now, and a "yes" is for one person.
    """
    number = next(_numbers)
    fields.setdefault("email", f"gast{number}@example.org")
    fields.setdefault("name", f"Gast {number}")
    fields.setdefault("invited_at", timezone.now())
    if reply := fields.get("reply"):
        fields.setdefault("replied_at", timezone.now())
        fields.setdefault("replied_by_way", Invitation.Way.LINK)
        fields.setdefault("people", 1 if reply == Invitation.Reply.YES else 0)
    invitation = Invitation.objects.create(meeting=meeting or make_meeting(), **fields)
    invitation.interpreting.set(interpreting)
    if token:
        InvitationLink.objects.create(
            invitation=invitation,
            token_hash=hash_token(token),
            expires_at=max(invitation.meeting.ends_at, timezone.now())
            + datetime.timedelta(days=30),
        )
    return invitation


def make_agenda_item(*, meeting: Meeting | None = None, **fields: Any) -> AgendaItem:
    """Return an item of the agenda, the last one unless `position` says otherwise."""
    meeting = meeting or make_meeting()
    number = next(_numbers)
    fields.setdefault("title", f"Thema {number}")
    fields.setdefault("position", number)
    return AgendaItem.objects.create(meeting=meeting, **fields)


def make_proposed_item(*, organisation: Organisation, by: User, **fields: Any) -> AgendaItem:
    """Return what an organisation has proposed for an agenda, undecided."""
    values = {"state": AgendaItem.State.PROPOSED, "origin": AgendaItem.Origin.PROPOSAL} | fields
    return make_agenda_item(organisation=organisation, proposed_by=by, **values)


def make_task(**fields: Any) -> Task:
    """Return an open task, of no meeting unless one is given: members know of it."""
    fields.setdefault("text", f"Aufgabe {next(_numbers)}")
    return Task.objects.create(**fields)


def make_minutes(*, meeting: Meeting | None = None, text: str = "", **fields: Any) -> Minutes:
    """Return published minutes; `text` stands at the first item of the agenda."""
    meeting = meeting or make_meeting(state="documented")
    if fields.setdefault("state", Minutes.State.PUBLISHED) == Minutes.State.PUBLISHED:
        fields.setdefault("published_at", timezone.now())
    minutes = Minutes.objects.create(meeting=meeting, **fields)
    if text:
        item = meeting.agenda.order_by("position").first() or make_agenda_item(meeting=meeting)
        MinutesEntry.objects.create(minutes=minutes, agenda_item=item, text=text)
    refresh_search_text(minutes, meeting)
    return minutes


def make_decision(*, meeting: Meeting, **fields: Any) -> Decision:
    """Return a decision of a meeting, with a number if its minutes are published."""
    fields.setdefault("text", f"Wir machen das so: {next(_numbers)}")
    fields.setdefault("year", meeting.begins.year)
    if "number" not in fields and meeting.state == Meeting.State.DOCUMENTED:
        fields["number"] = Decision.objects.filter(year=fields["year"]).count() + 1
    return Decision.objects.create(meeting=meeting, search_text=fold(fields["text"]), **fields)


def make_meeting_document(*, meeting: Meeting | None = None, **fields: Any) -> MeetingDocument:
    """Return a document with a small PDF; `content` is its bytes."""
    content = fields.pop("content", b"%PDF-1.4\n%%EOF\n")
    values = {
        "title": "Einladungsplakat",
        "file_name": "plakat.pdf",
        "content_type": "application/pdf",
        "size": len(content),
    } | fields
    row = MeetingDocument(meeting=meeting or make_meeting(), **values)
    row.file.save(str(row.pk), ContentFile(content), save=False)
    row.save()
    return row


def make_meeting_photo(*, meeting: Meeting | None = None, **fields: Any) -> MeetingPhoto:
    """Return a photo with its files."""
    values = {
        "alt_text": "Menschen an einem langen Tisch",
        "credit": "Mina Muster",
        "has_consent": True,
        "width": 60,
        "height": 40,
    } | fields
    row = MeetingPhoto.objects.create(meeting=meeting or make_meeting(), **values)
    for size in meeting_files.SIZES:
        content = ContentFile(image_bytes(kind="WEBP", size=(row.width, row.height)))
        default_storage.save(meeting_files.photo_name(row, size), content)
    return row


# --- Actions --------------------------------------------------------------------------------------
def make_idea_board(*, meeting: Meeting | None = None, **fields: Any) -> IdeaBoard:
    """Return a board that is open now, unless its times say otherwise."""
    now = timezone.now()
    fields = {
        "opens_at": now - datetime.timedelta(hours=1),
        "closes_at": now + datetime.timedelta(hours=1),
    } | fields
    return IdeaBoard.objects.create(meeting=meeting or make_meeting(), **fields)


def make_idea(
    *, meeting: Meeting | None = None, supporters: Sequence[Organisation] = (), **fields: Any
) -> Idea:
    """Return an idea from the room, with the organisations that support it."""
    fields = {"text": f"Idee {next(_numbers)}", "way": Idea.Way.ROOM} | fields
    idea = Idea.objects.create(
        meeting=meeting or make_meeting(), creation_key=uuid.uuid4(), **fields
    )
    for organisation in supporters:
        IdeaSupport.objects.create(idea=idea, organisation=organisation)
    return idea


def make_campaign(**fields: Any) -> Campaign:
    number = next(_numbers)
    values = {
        "name": "Interkulturelle Woche",
        "year": 2027,
        "slug": f"woche-{number}",
        "starts_on": datetime.date(2027, 9, 25),
        "ends_on": datetime.date(2027, 10, 3),
    } | fields
    return Campaign.objects.create(**values)


def make_joint_action(
    *,
    lead: Organisation | None = None,
    partners: Sequence[Organisation] = (),
    dates: Sequence[tuple[datetime.datetime, datetime.datetime]] | None = None,
    **fields: Any,
) -> JointAction:
    """Return an action in planning; confirmed and later ones are public.

    :param lead: leads it; a new organisation if not given, none in the state `idea`.
    :param partners: have agreed to take part.
    :param dates: begin and end of each; in 30 days from 15:00 to 18:00 if not given, for one that
        is done 10 days ago.
    """
    State = JointAction.State
    number = next(_numbers)
    title = fields.setdefault("title", f"Fest der Nachbarschaft {number}")
    fields = {
        "slug": _slug(title, number),
        "state": State.PLANNING,
        "summary": "Wir kochen und feiern zusammen.",
        "description": "Alle bringen etwas mit.",
        "category": JointAction.Category.ENCOUNTER,
        "place": "Gemeindehaus",
        "address": "Marktplatz 1",
        "contact_name": "Mina Leitung",
        "contact_email": "aktion@example.org",
    } | fields
    if fields["state"] in {State.CONFIRMED, State.DONE}:
        fields.setdefault("published_at", timezone.now())
    fields.setdefault("search_text", fold(f"{title} {fields['summary']} {fields['description']}"))
    action = JointAction.objects.create(**fields)
    if dates is None:
        day = timezone.localdate() + datetime.timedelta(days=-10 if action.state == "done" else 30)
        begins = timezone.make_aware(datetime.datetime.combine(day, datetime.time(15)))
        dates = [(begins, begins + datetime.timedelta(hours=3))]
    for starts_at, ends_at in dates:
        ActionDate.objects.create(action=action, starts_at=starts_at, ends_at=ends_at)
    if action.state != State.IDEA:
        make_participation(
            action=action, organisation=lead or make_organisation(), role=Participation.Role.LEAD
        )
    for partner in partners:
        make_participation(action=action, organisation=partner)
    return action


def make_participation(
    *,
    action: JointAction | None = None,
    organisation: Organisation | None = None,
    **fields: Any,
) -> Participation:
    """Return an organisation's part in an action, agreed unless `state` says otherwise."""
    fields = {"state": Participation.State.CONFIRMED} | fields
    return Participation.objects.create(
        action=action or make_joint_action(),
        organisation=organisation or make_organisation(),
        **fields,
    )


def make_action_image(
    *, action: JointAction | None = None, size: tuple[int, int] = (64, 48), **fields: Any
) -> ActionImage:
    """Return a stored picture with description and consent."""
    values = {
        "kind": ActionImage.Kind.MAIN,
        "alt_text": "Ein langer Tisch",
        "credit": "Mina Leitung",
        "has_consent": True,
    } | fields
    image = ActionImage(action=action or make_joint_action(), **values)
    content = ContentFile(image_bytes(size=size, kind="WEBP"), name="bild.webp")
    names = {action_images.name(image, name): edge for name, edge in action_images.SIZES.items()}
    image.width, image.height = store_picture(content, names)
    image.save()
    return image


def make_contribution(
    *,
    action: JointAction | None = None,
    pledges: Sequence[tuple[Organisation, int]] = (),
    **fields: Any,
) -> Contribution:
    """Return something an action needs; `pledges` say who brings how much of it."""
    fields = {"what": f"Kuchen {next(_numbers)}", "kind": Contribution.Kind.FOOD} | fields
    contribution = Contribution.objects.create(action=action or make_joint_action(), **fields)
    for organisation, amount in pledges:
        Pledge.objects.create(contribution=contribution, organisation=organisation, amount=amount)
    return contribution


def make_registration(*, date: ActionDate | None = None, **fields: Any) -> Registration:
    """Return one person's seat at a date, of a new public action if none is given."""
    number = next(_numbers)
    fields = {
        "name": f"Maria Muster {number}",
        "email": f"gast{number}@example.org",
        "language": "de",
        "state": Registration.State.CONFIRMED,
        "salt": f"salt{number}",
    } | fields
    fields.setdefault("email_key", fields["email"].lower())
    if fields["state"] == Registration.State.WAITING:
        fields.setdefault("waiting_since", timezone.now())
    date = date or make_joint_action(state="confirmed", takes_registrations=True).dates.get()
    return Registration.objects.create(date=date, **fields)


# --- Portal ---------------------------------------------------------------------------------------
def make_network(**fields: Any) -> NetworkProfile:
    """Return the one network profile, made or changed."""
    values = {
        "name": "Netzwerk migrantischer Organisationen im Musterkreis",
        "short_name": "Netzwerk Musterkreis",
        "county": "Musterkreis",
        "claim": "Vereine und Initiativen, die Menschen zusammenbringen.",
        "contact_role": "Integrationsbeauftragte",
        "contact_name": "Erika Muster",
        "contact_phone": "+497222381000",
        "contact_email": "netzwerk@example.org",
    } | fields
    return NetworkProfile.objects.update_or_create(pk=1, defaults=values)[0]


def make_feedback(**fields: Any) -> Feedback:
    fields.setdefault("text", "Ich komme mit der Tastatur nicht zur Karte.")
    return Feedback.objects.create(**fields)
