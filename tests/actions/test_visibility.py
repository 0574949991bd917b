"""Only confirmed actions and later ones are public, in every place and format there is.

Every place is asked by somebody without an account whether it knows of one action; what is kept in
memory from before a change must be gone with it.
"""

import datetime
import io
from collections.abc import Callable
from dataclasses import dataclass

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from actions.models import ActionImage, Brochure, Campaign, JointAction
from actions.services import brochures, images, joint_actions
from organisations.models import Organisation
from tests.factories import (
    image_bytes,
    make_campaign,
    make_joint_action,
    make_language,
    make_municipality,
    make_organisation,
)

pytestmark = pytest.mark.django_db

TITLE = "Lange Tafel im Lindenhof"
SLUG = "lange-tafel-im-lindenhof"


@dataclass
class World:
    """One action that is in everything an action can be in."""

    action: JointAction
    lead: Organisation
    campaign: Campaign
    image: ActionImage
    photo: ActionImage


@pytest.fixture
def world(network, organisation) -> World:
    today = timezone.localdate()
    campaign = make_campaign(
        slug="woche",
        year=today.year,
        starts_on=today - datetime.timedelta(days=60),
        ends_on=today + datetime.timedelta(days=60),
    )
    action = make_joint_action(
        title=TITLE,
        slug=SLUG,
        lead=organisation,
        campaign=campaign,
        state="confirmed",
        municipality=make_municipality(),
        takes_registrations=True,
    )
    action.languages.add(make_language())
    main, photo = (_picture(action, kind) for kind in ActionImage.Kind.values)
    return World(action, organisation, campaign, main, photo)


def _picture(action: JointAction, kind: str) -> ActionImage:
    row = ActionImage.objects.create(
        action=action, kind=kind, width=60, height=40, alt_text="Eine Tafel", credit="Mina Muster",
        has_consent=True,
    )  # fmt: skip
    for size in images.SIZES:
        content = ContentFile(image_bytes(kind="WEBP", size=(60, 40)))
        default_storage.save(images.name(row, size), content)
    return row


# --- The places -----------------------------------------------------------------------------------
def is_there(client: Client, url: str) -> bool:
    """Whether there is such a page at all."""
    response = client.get(url)
    assert response.status_code in {200, 404}, (url, response.status_code)
    return response.status_code == 200


def knows(client: Client, url: str) -> bool:
    """Whether a page or file that is always there says anything of the action."""
    response = client.get(url)
    if response.status_code in {302, 404}:  # an organisation or a campaign that is not public
        return False
    assert response.status_code == 200, (url, response.status_code)
    content = b"".join(response) if response.streaming else response.content
    if url.partition("?")[0].endswith(".xlsx"):
        sheets = openpyxl.load_workbook(io.BytesIO(content)).worksheets
        content = repr([list(sheet.values) for sheet in sheets]).encode()
    text = content.decode().replace("\r\n ", "")
    return TITLE in text or SLUG in text


Place = Callable[[Client, World], bool]


def _page(url: str) -> Place:
    return lambda client, world: knows(client, url)


def _own(path: str) -> Place:
    return lambda client, world: is_there(client, f"/de/aktionen/{SLUG}/{path}")


LISTS = {
    "list": _page("/de/aktionen/"),
    "past list": _page("/de/aktionen/?zeit=vergangen"),
    "list in English": _page("/en/aktionen/"),
    "search": _page("/de/aktionen/?q=Tafel+Lindenhof"),
    "search in the past": _page("/de/aktionen/?q=Tafel&zeit=vergangen"),
    "list of the campaign": _page("/de/aktionen/?zeitraum=woche"),
    "record": _page("/de/aktionen/archiv/"),
    "feed": _page("/kalender/aktionen.ics"),
    "programme": _page("/de/programm/woche/"),
    "programme by place": _page("/de/programm/woche/?nach=ort"),
    "programme on paper": _page("/de/programm/woche/drucken/"),
    "programme as calendar": _page("/programm/woche.ics"),
    "programme as CSV": _page("/programm/woche.csv"),
    "programme as XLSX": _page("/programm/woche.xlsx"),
    "programme as JSON": _page("/programm/woche.json"),
    "sitemap": _page("/sitemap-0.xml"),
    "home": _page("/de/"),
    "organisation": lambda client, world: knows(client, world.lead.get_absolute_url()),
}
OWN = {
    "page": _own(""),
    "page in Arabic": lambda client, world: is_there(client, f"/ar/aktionen/{SLUG}/"),
    "calendar file": _own("termin.ics"),
    "picture to share": _own("bild.png"),
    "registration": _own("anmelden/"),
    "image": lambda client, world: is_there(client, images.address(world.image, "mittel")),
    "photo": lambda client, world: is_there(client, images.address(world.photo, "mittel")),
    "linked data": lambda client, world: b"ld+json" in client.get(f"/de/aktionen/{SLUG}/").content,
}
PLACES: dict[str, Place] = LISTS | OWN


def found(world: World) -> set[str]:
    """Return the places where a stranger finds the action."""
    client = Client()
    return {name for name, place in PLACES.items() if place(client, world)}


COMING = set(PLACES) - {"past list", "search in the past", "record"}
OVER = set(PLACES) - {"list", "list in English", "search", "list of the campaign", "home"}


def set_state(action: JointAction, state: str, **fields: object) -> None:
    action.state = state
    for name, value in fields.items():
        setattr(action, name, value)
    action.save()


def put_in_the_past(action: JointAction) -> None:
    for date in action.dates.all():
        date.starts_at -= datetime.timedelta(days=50)
        date.ends_at -= datetime.timedelta(days=50)
        date.save()


# --- The rule -------------------------------------------------------------------------------------
def test_a_confirmed_one_is_everywhere(world: World) -> None:
    assert found(world) == COMING


def test_one_that_took_place_stays_in_the_record(world: World) -> None:
    put_in_the_past(world.action)
    set_state(world.action, "done")
    assert found(world) == OVER


@pytest.mark.parametrize("state", ["idea", "planning", "cancelled"])
def test_one_that_was_never_confirmed_is_nowhere(world: World, state: str) -> None:
    assert found(world) == COMING
    set_state(world.action, state, published_at=None)
    assert found(world) == set()


def test_one_that_was_taken_back_is_gone_from_everywhere_at_once(world: World, officer) -> None:
    assert found(world) == COMING
    joint_actions.take_back(action=world.action, by=officer, reason="Bitte noch einmal ansehen.")
    assert found(world) == set()
    joint_actions.confirm(action=world.action, by=officer)
    assert found(world) == COMING


def test_a_cancelled_one_stays_as_cancelled(world: World, officer) -> None:
    joint_actions.cancel(action=world.action, by=officer, reason="Es regnet.")
    # Nobody looks forward to it any more on the home page.
    assert found(world) == COMING - {"home"}
    client = Client()
    for url in (
        "/de/aktionen/",
        f"/de/aktionen/{SLUG}/",
        "/de/programm/woche/",
        "/programm/woche.csv",
    ):
        response = client.get(url)
        content = b"".join(response) if response.streaming else response.content
        assert "bgesagt" in content.decode(), url
    for url in ("/kalender/aktionen.ics", "/programm/woche.ics", f"/de/aktionen/{SLUG}/termin.ics"):
        assert b"STATUS:CANCELLED" in client.get(url).content, url


@pytest.mark.parametrize("state", ["paused", "archived"])
def test_it_goes_with_its_only_organisation_and_stays_in_the_record_for_its_people(
    world: World, client_for, manager, officer, state: str
) -> None:
    put_in_the_past(world.action)
    set_state(world.action, "done")
    assert found(world) == OVER
    world.lead.state = state
    world.lead.save()
    assert found(world) == set()
    record = "/de/aktionen/archiv/"
    assert knows(client_for(officer), record)
    assert is_there(client_for(officer), f"/de/aktionen/{SLUG}/")
    # Whose organisation is archived speaks for nobody any more.
    assert knows(client_for(manager), record) == (state == "paused")


@pytest.mark.parametrize("state", ["paused", "archived"])
def test_with_others_it_stays_but_names_only_those(world: World, state: str) -> None:
    world.action.participations.create(
        organisation=make_organisation(name="Club der Nachbarn"), state="confirmed"
    )
    world.lead.state = state
    world.lead.save()
    assert found(world) == COMING - {"organisation"}
    client = Client()
    for url in (
        "/de/aktionen/",
        f"/de/aktionen/{SLUG}/",
        f"/de/aktionen/{SLUG}/termin.ics",
        "/kalender/aktionen.ics",
        "/de/programm/woche/",
        "/de/programm/woche/drucken/",
        "/programm/woche.json",
        "/programm/woche.csv",
        "/de/",
    ):
        response = client.get(url)
        content = (b"".join(response) if response.streaming else response.content).decode()
        assert "Club der Nachbarn" in content.replace("\r\n ", ""), url
        assert "Haus der Musik" not in content.replace("\r\n ", ""), url


@pytest.mark.parametrize("part", ["invited", "asked", "declined", "left"])
def test_who_has_not_agreed_is_not_named(world: World, part: str) -> None:
    other = make_organisation(name="Club der Nachbarn")
    world.action.participations.create(organisation=other, state=part)
    client = Client()
    for url in (f"/de/aktionen/{SLUG}/", "/programm/woche.json", "/kalender/aktionen.ics"):
        assert "Club der Nachbarn" not in client.get(url).content.decode().replace("\r\n ", "")
    assert not knows(client, other.get_absolute_url())


def test_a_campaign_for_members_has_no_public_programme(world: World) -> None:
    world.campaign.is_public = False
    world.campaign.save()
    programmes = {name for name in PLACES if name.startswith("programme")}
    assert found(world) == COMING - programmes - {"list of the campaign"}


def test_a_brochure_is_handed_out_only_while_it_says_what_is_public(world: World, officer) -> None:
    brochure = Brochure(
        campaign=world.campaign,
        language="de",
        size=8,
        pages=1,
        fingerprint=brochures.fingerprint(world.campaign, "de"),
    )
    brochure.file.save("x.pdf", ContentFile(b"%PDF-1.7"))
    client = Client()
    url = brochures.address(world.campaign, "de")

    def is_handed_out() -> bool:
        response = client.get(url)
        content = b"".join(response) if response.streaming else response.content
        return content.startswith(b"%PDF")

    assert is_handed_out()
    joint_actions.take_back(action=world.action, by=officer, reason="Noch einmal.")
    assert not is_handed_out()


# --- For those with an account --------------------------------------------------------------------
def test_who_is_invited_learns_that_it_is_off(world: World, client_for, outsider, officer) -> None:
    set_state(world.action, "planning", published_at=None)
    member = make_organisation(manager=outsider)
    part = world.action.participations.create(organisation=member, state="invited")
    joint_actions.cancel(action=world.action, reason="Zu wenige.", by=officer)
    url = f"/de/aktionen/{SLUG}/mitmachen/"
    assert is_there(client_for(outsider), url)
    part.delete()
    assert not is_there(client_for(outsider), url)


def test_a_plan_is_known_to_members_alone(world: World, client_for, outsider, officer) -> None:
    set_state(world.action, "planning", published_at=None)
    member = make_organisation(manager=outsider)
    url = f"/de/aktionen/{SLUG}/"
    assert is_there(client_for(outsider), url)
    assert is_there(client_for(officer), url)
    # Lists, files and the picture to share stay those of the public.
    for name in ("/de/aktionen/", "/de/programm/woche/", "/programm/woche.csv", "/de/"):
        assert not knows(client_for(outsider), name), name
    assert not is_there(client_for(outsider), f"{url}bild.png")
    # It says more than the short page of a plan does.
    assert not is_there(client_for(outsider), f"{url}termin.ics")
    member.representatives.all().delete()
    assert not is_there(client_for(outsider), url)
