"""A joint action's whole life: from three ideas at a meeting to what came of it.

Where the worker would do something, the test does it; where days pass, the clock is moved.
"""

import datetime
import io
import re
import uuid
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from actions.models import ActionDate, Campaign, Idea, JointAction, Registration
from actions.services import registrations
from core import background, jobs
from core.models import OutboxMessage
from meetings.models import Meeting
from organisations.models import Organisation
from tests.browser.conftest import PHONE, WIDE, Visitor
from tests.factories import image_bytes, make_campaign, make_representative, make_user

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.pdf]

LEAD = "vertretung@example.org"  # of the garden
# By the beginning of their names, who speaks for them.
PARTNERS = {
    "Frauencafé Mosaik": "mosaik@example.org",
    "Elternkreis Fidan": "fidan@example.org",
    "Tanzgruppe Doina": "doina@example.org",
}
IDEAS = ("Ein Fest am Fluss", "Musik auf dem Wasser", "Ein Abend mit Laternen")
TITLE = "Lichterfest am Fluss"
SEATS = 30
GUESTS = 20
NEEDS = (("Kuchen", "food", "6"), ("Aufbau", "people", "4"), ("Lichter", "equipment", "1"))


def mails(kind: str) -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(mail=f"actions/{kind}").order_by("pk"))


def link_in(mail: OutboxMessage, words: str) -> str:
    """Return the path of the page a mail leads to, without its language."""
    path = urlsplit(re.search(rf"http\S+/{words}/\S*", mail.text_body)[0]).path
    return path.removeprefix(f"/{mail.language}")


@pytest.mark.parametrize(
    ("size", "scripts"), [(PHONE, False), (WIDE, True)], ids=["without scripts", "with scripts"]
)
def test_an_action_from_three_ideas_to_the_record(
    sit, visit, site, time_machine, tmp_path, size, scripts
):
    people: dict[str, Visitor] = {}
    seen: set[tuple[str, ...]] = set()

    def member(address: str) -> Visitor:
        """Seat somebody once; what one of them has looked at need not be looked at again."""
        if address not in people:
            people[address] = sit(address, size=size, scripts=scripts)
            people[address].seen = seen
        return people[address]

    campaign = network()
    first = think(member, scripts=scripts)
    action = begin(member, first)
    describe(member, action, campaign)
    bring(member, action)
    confirm(member, sit, action, scripts=scripts)
    come(visit, action, size, scripts=scripts)
    print_it(sit, visit, campaign, action, scripts=scripts)
    last = action.dates.order_by("-ends_at").first()
    time_machine.move_to(last.ends_at + datetime.timedelta(days=3, hours=2), tick=True)
    people.clear()  # nobody stays logged in for weeks
    look_back(member, visit, action, tmp_path, scripts=scripts)
    once_more(member, action)


def network() -> Campaign:
    """Three more organisations have somebody with an account, and a week lies ahead."""
    for name, address in PARTNERS.items():
        organisation = Organisation.objects.get(name__startswith=name)
        user = User.objects.filter(email=address).first() or make_user(email=address)
        if not organisation.representatives.filter(user=user).exists():
            make_representative(user=user, organisation=organisation)
    today = timezone.localdate()
    return make_campaign(
        name="Woche der Vielfalt",
        year=today.year,
        starts_on=today + datetime.timedelta(days=20),
        ends_on=today + datetime.timedelta(days=27),
        entries_until=today + datetime.timedelta(days=10),
    )


def think(member, *, scripts: bool) -> Idea:
    """Three ideas at a meeting; three organisations would join the first one."""
    meeting = Meeting.objects.upcoming().first()
    page = f"/treffen/{meeting.slug}/ideen/"
    people = [LEAD, *PARTNERS.values()]
    for address, text in zip(people, IDEAS, strict=False):
        visitor = member(address)
        visitor.open(page)
        visitor.fill(text=text)
        if scripts:
            visitor.page.locator("form.capture button[type=submit]").click()
            visitor.page.locator(".written__note", has_text="Gesichert.").wait_for()
            visitor.check()
        else:
            visitor.follow("form.capture button[type=submit]")
    first, *_others = [Idea.objects.get(text=text) for text in IDEAS]
    for address in PARTNERS.values():
        visitor = member(address)
        visitor.open(page)
        visitor.follow(f"button[name=join][value='{first.pk}']")
    assert first.supports.filter(would_join=True).count() == len(PARTNERS)
    return first


def begin(member, idea: Idea) -> JointAction:
    """One click, and those who would join are asked; each agrees for itself."""
    lead = member(LEAD)
    lead.open(f"/ideen/idee/{idea.pk}/")
    lead.press("Zur Aktion machen")
    idea.refresh_from_db()
    action = idea.action
    assert action.state == "planning"
    assert action.participations.get(role="lead").organisation.name.startswith("Interkultureller")
    invited = mails("partner_invited")
    assert {mail.to for mail in invited} == set(PARTNERS.values())
    for mail in invited:
        partner = member(mail.to)
        partner.open(f"/aktionen/{action.slug}/mitmachen/")
        partner.follow("button[name=verb][value=accept]")
    assert action.participations.confirmed().count() == 4
    return action


def describe(member, action: JointAction, campaign: Campaign) -> None:
    """The lead says what and when, a partner where and for whom."""
    lead = member(LEAD)
    lead.open(f"/aktionen/{action.slug}/bearbeiten/")
    lead.fill(
        title=TITLE,
        summary="Wir lassen Lichter schwimmen und essen zusammen.",
        description="Alle bringen eine Laterne mit.",
        category="encounter",
    )
    lead.choose("campaign", str(campaign.pk))
    lead.follow("button[name=next]")
    day = campaign.starts_on + datetime.timedelta(days=1)
    lead.fill(**{"termin-0-day": f"{day}", "termin-0-begin": "19:00", "termin-0-end": "01:00"})
    lead.follow("button[name=next]")
    partner = member("mosaik@example.org")
    partner.open(f"/aktionen/{action.slug}/bearbeiten/ort/")
    partner.fill(place="Uferwiese (erfunden)", address="Musterufer 1, 76437 Rastatt")
    partner.follow("button[name=next]")
    partner.fill(entry="frei, mit Anmeldung", takes_registrations=True, capacity=str(SEATS))
    partner.follow("button[name=next]")
    partner.fill(contact_name="Ansprechperson (erfunden)", contact_email="fest@example.org")
    partner.follow("button[name=next]")
    action.refresh_from_db()
    assert (action.title, action.campaign, action.capacity) == (TITLE, campaign, SEATS)
    date = action.dates.get()
    assert date.ends_at - date.starts_at == datetime.timedelta(hours=6)


def bring(member, action: JointAction) -> None:
    """What is needed stands in the table, and everybody takes something."""
    lead = member(LEAD)
    for what, kind, amount in NEEDS:
        lead.open(f"/aktionen/{action.slug}/beitraege/neu/")
        lead.fill(what=what, kind=kind, amount=amount)
        lead.press("Speichern")
    for address, (what, _kind, amount) in zip(PARTNERS.values(), NEEDS, strict=True):
        need = action.contributions.get(what=what)
        partner = member(address)
        partner.open(f"/aktionen/{action.slug}/beitraege/")
        button = f"button[name=pledge][value='{need.pk}']"
        partner.page.locator(f"details:has({button}) > summary").click()
        partner.page.locator(f"form:has({button}) [name=amount]").fill(amount)
        partner.follow(button)
    assert not action.contributions.open().exists()


def confirm(member, sit, action: JointAction, *, scripts: bool) -> None:
    """Nobody sees it until the officer has confirmed it."""
    lead = member(LEAD)
    lead.open(f"/aktionen/{action.slug}/planung/")
    assert not JointAction.objects.public().filter(pk=action.pk).exists()
    lead.press("Zum Prüfen geben")
    desk = sit("officer@example.org", size=WIDE, scripts=scripts)
    desk.open("/verwaltung/")
    desk.open(f"/verwaltung/actions/jointaction/{action.pk}/pruefen/")
    desk.press("Bestätigen")
    desk.press("Bestätigen und E-Mail senden")
    action.refresh_from_db()
    assert action.state == "confirmed"
    assert {mail.to for mail in mails("confirmed")} >= {LEAD, *PARTNERS.values()}


def come(visit, action: JointAction, size: dict[str, int], *, scripts: bool) -> None:
    """Twenty register, more than there are seats; one who cancels makes room for another."""
    date = action.dates.get()
    visitor = visit("de", scripts=scripts)
    visitor.page.set_viewport_size(size)
    visitor.open("/aktionen/")
    visitor.follow(visitor.page.get_by_role("link", name=TITLE).first)
    visitor.press("Zur Aktion anmelden")
    visitor.fill(name="Gast 1", email="gast1@example.org", people="2")
    visitor.follow("main form button.button--primary")
    (asked,) = mails("registration_ask")
    assert not seats(date)
    visitor.open(link_in(asked, "anmeldung"))
    visitor.press("Ja, Anmeldung bestätigen")
    assert "Sie sind angemeldet" in visitor.page.locator("main").inner_text()
    assert seats(date) == 2
    for number in range(2, GUESTS + 1):
        register(date, number)
    assert seats(date) == SEATS
    waiting = Registration.objects.filter(date=date, state="waiting").order_by("waiting_since")
    assert waiting.count() == GUESTS - SEATS // 2
    next_one = waiting.first()

    visitor.open(link_in(asked, "anmeldung"))
    visitor.press("Ich komme doch nicht")
    next_one.refresh_from_db()
    assert next_one.state == "confirmed"
    assert seats(date) == SEATS
    assert [mail.to for mail in mails("registration_moved_up")] == [next_one.email]


def register(date: ActionDate, number: int) -> None:
    """Somebody registers and follows the link in the mail."""
    email = f"gast{number}@example.org"
    values = {"name": f"Gast {number}", "email": email, "people": 2, "message": ""}
    registrations.register(date=date, values=values, language="de", creation_key=uuid.uuid4())
    registrations.confirm(registration=Registration.objects.get(date=date, email=email))


def seats(date: ActionDate) -> int:
    return registrations.seats_taken(date)


def print_it(sit, visit, campaign: Campaign, action: JointAction, *, scripts: bool) -> None:
    """The programme on a page, and as a brochure to print."""
    visitor = visit("de", scripts=scripts)
    visitor.open(f"/programm/{campaign.slug}/")
    assert TITLE in visitor.page.locator("main").inner_text()

    desk = sit("officer@example.org", size=WIDE, scripts=scripts)
    desk.open(f"/verwaltung/actions/campaign/{campaign.pk}/programmheft/")
    desk.follow("button[name=action][value=make]")
    assert set(background.run_due()) == {"done"}
    response = visitor.page.request.get(f"{visitor.site}/programm/{campaign.slug}.pdf?sprache=de")
    assert response.status == 200
    paper = PdfReader(io.BytesIO(response.body()))
    assert paper.trailer["/Root"]["/Lang"] == "de"
    assert paper.trailer["/Root"]["/MarkInfo"]["/Marked"]
    cover, *pages = [page.extract_text() for page in paper.pages]
    assert "Woche der Vielfalt" in cover
    text = " ".join(" ".join(pages).split())
    for words in (TITLE, "Uferwiese", "frei, mit Anmeldung", *PARTNERS):
        assert words in text, words


def look_back(member, visit, action: JointAction, folder, *, scripts: bool) -> None:
    """The lead is asked how it was; everybody reads it in the record."""
    for _twice in range(2):
        jobs.run_due(everything=True)
    action.refresh_from_db()
    assert action.state == "done"
    asked = mails("result_due")
    assert LEAD in {mail.to for mail in asked}
    lead = member(LEAD)
    lead.open(link_in(asked[0], "aktionen"))
    lead.fill(visitors="140", summary="Das Wasser war voller Lichter.", worked="Die Laternen")
    lead.press("Ergebnis speichern")
    lead.press("Foto hinzufügen")
    picture = folder / "fest.png"
    picture.write_bytes(image_bytes(size=(640, 480)))
    lead.page.locator("input[type=file]").set_input_files(picture)
    lead.fill(alt_text="Lichter auf dem Fluss", credit="Ansprechperson (erfunden)")
    lead.fill(has_consent=True)
    lead.press("Foto speichern")

    visitor = visit("de", scripts=scripts)
    visitor.open("/aktionen/archiv/")
    main = visitor.page.locator("main").inner_text()
    assert TITLE in main
    assert "140 Menschen waren da" in main
    visitor.follow(visitor.page.get_by_role("link", name=TITLE))
    main = visitor.page.locator("main")
    assert "Das Wasser war voller Lichter." in main.inner_text()
    assert main.get_by_role("img", name="Lichter auf dem Fluss").count() == 1
    assert "Die Laternen" not in main.inner_text()
    assert "Gast 2" not in visitor.page.content()


def once_more(member, action: JointAction) -> None:
    """A year later: the partners are asked again, and nobody has promised anything."""
    lead = member(LEAD)
    lead.open(f"/aktionen/{action.slug}/ergebnis/")
    lead.press("Noch einmal machen")
    lead.press("Neue Aktion anlegen")
    copy = JointAction.objects.get(copied_from=action)
    assert copy.contributions.open().count() == len(NEEDS)
    assert copy.participations.filter(state="invited").count() == len(PARTNERS)
    begins = [timezone.localtime(one.dates.get().starts_at) for one in (action, copy)]
    assert begins[0].weekday() == begins[1].weekday()
    assert begins[0].time() == begins[1].time()
    assert begins[1].date() - begins[0].date() == datetime.timedelta(weeks=52)
