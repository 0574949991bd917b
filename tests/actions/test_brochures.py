"""The printed programme: made by the worker, read back from the PDF, handed out while it fits."""

import datetime
import re
from io import BytesIO

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from actions.models import Brochure, Campaign, JointAction
from actions.services import brochures
from core import background, pdf
from core.errors import Refused
from core.models import BackgroundTask
from tests.factories import make_campaign, make_joint_action, make_organisation

pytestmark = pytest.mark.django_db


def at(day: int, hour: int, month: int = 9) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime(2027, month, day, hour))


@pytest.fixture
def campaign(network) -> Campaign:
    """Three organisations, a feast, an exhibition over days, something cancelled."""
    campaign = make_campaign(
        slug="woche",
        motto="Zusammen leben",
        introduction="Kommen Sie vorbei!",
        translations={"en": {"name": "Intercultural Week"}, "ar": {"name": "الأسبوع بين الثقافات"}},
    )
    choir, club = make_organisation(name="Chor der Nationen"), make_organisation(name="Club Italia")
    make_joint_action(
        title="Fest am Fluss", slug="fest-am-fluss", campaign=campaign, state="confirmed",
        lead=choir, partners=[club], dates=[(at(25, 15), at(25, 18)), (at(27, 15), at(27, 18))],
        translations={"en": {"title": "Feast at the river"}},
    )  # fmt: skip
    make_joint_action(
        title="Ausstellung Heimat", campaign=campaign, state="confirmed", lead=club,
        dates=[(at(25, 10), at(27, 18))],
    )  # fmt: skip
    make_joint_action(
        title="Lesung", campaign=campaign, state="cancelled", published_at=timezone.now(),
        lead=make_organisation(name="Lesekreis"), dates=[(at(26, 19), at(26, 21))],
    )  # fmt: skip
    make_joint_action(title="Geheimer Plan", campaign=campaign, lead=choir)
    return campaign


@pytest.fixture
def printed(monkeypatch) -> list[str]:
    """Take the place of the printer, which needs seconds and pango; holds what it was given."""
    found: list[str] = []

    def render(html, *, progress, **options):
        found.append(html())
        progress(12)
        return b"%PDF-1.7 " + str(len(found)).encode()

    monkeypatch.setattr(pdf, "render", render)
    return found


def fetch(client, language: str = "de"):
    return client.get(reverse("programme_pdf", args=["woche"]), {"sprache": language})


def make(campaign: Campaign, *languages: str) -> None:
    brochures.start(campaign=campaign, languages=languages or ["de"])
    assert set(background.run_due()) == {"done"}


@pytest.mark.pdf
@pytest.mark.parametrize(
    ("language", "cover", "title", "day"),
    [
        ("de", "Interkulturelle Woche", "Fest am Fluss", "Samstag, 25. September 2027"),
        ("en", "Intercultural Week", "Feast at the river", "Saturday, 25 September 2027"),
        ("ar", "الثقافات", "Fest am Fluss", "2027"),
    ],
)
def test_the_file_has_cover_days_and_an_index_with_pages(
    campaign, client, language, cover, title, day
):
    make(campaign, language)
    answer = fetch(client, language)
    file = PdfReader(BytesIO(b"".join(answer.streaming_content)))
    brochure = Brochure.objects.get(language=language)
    assert len(file.pages) == brochure.pages
    texts = [re.sub(r"\s+", " ", page.extract_text()) for page in file.pages]
    if language != "ar":  # of which a PDF keeps the shapes of the letters in their order
        assert cover in texts[0]
        assert "2027" in texts[0]
    whole = " ".join(texts)
    assert title in whole
    assert day in whole
    assert "Geheimer Plan" not in whole
    assert file.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert file.trailer["/Root"]["/Lang"] == language
    assert f"/{language}/programm/woche/" in whole.replace(" ", "")
    # A5, and an index that names the page on which an action stands.
    width, height = (float(side) for side in file.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (420, 595)
    first = next(number for number, text in enumerate(texts, 1) if number > 2 and title in text)
    index = next(text for text in reversed(texts) if "Club Italia" in text)
    # Brackets of Arabic come the other way round.
    assert re.search(rf"Club Italia.*?[()]{first}[()]", index), index


def test_only_what_fits_the_programme_is_handed_out(campaign, client, printed):
    assert fetch(client).status_code == 404
    make(campaign, "de", "en")
    assert "Fest am Fluss" in printed[0]
    assert "Geheimer Plan" not in printed[0]
    answer = fetch(client)
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].endswith('programm-de.pdf"')
    again = client.get(
        reverse("programme_pdf", args=["woche"]), headers={"if-none-match": answer.headers["ETag"]}
    )
    assert again.status_code == 304
    page = client.get(campaign.get_absolute_url()).content.decode()
    assert page.count("/programm/woche.pdf") == 2

    action = JointAction.objects.get(slug="fest-am-fluss")
    action.state, action.published_at = JointAction.State.PLANNING, None
    action.save()
    answer = fetch(client)
    assert answer.status_code == 503
    assert "neu gemacht" in answer.content.decode()
    assert "/programm/woche.pdf" not in client.get(campaign.get_absolute_url()).content.decode()


def test_a_stale_one_is_made_anew_by_itself_but_not_after_every_word(campaign, client, printed):
    make(campaign)
    former = Brochure.objects.get()
    action = JointAction.objects.get(slug="fest-am-fluss")
    action.title = "Fest am See"
    action.save()
    assert brochures.refresh_stale() == {"brochures begun": 0}
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=11)):
        assert brochures.refresh_stale() == {"brochures begun": 1}
        assert brochures.refresh_stale() == {"brochures begun": 0}
        background.run_due()
        assert b"".join(fetch(client).streaming_content) == b"%PDF-1.7 2"
        assert brochures.refresh_stale() == {"brochures begun": 0}
    assert "Fest am See" in printed[1]
    assert not Brochure.objects.filter(pk=former.pk).exists()
    # Nobody has asked for other languages.
    assert Brochure.objects.count() == 1


def test_what_does_not_concern_a_language_leaves_its_brochure_alone(campaign, client, printed):
    make(campaign, "de", "en")
    campaign.translations["en"]["motto"] = "Living together"
    campaign.save()
    german = fetch(client, "de")
    assert b"".join(german.streaming_content).startswith(b"%PDF")
    assert fetch(client, "en").status_code == 503


def test_the_file_of_the_former_goes_with_it(campaign, printed, django_capture_on_commit_callbacks):
    make(campaign)
    former = Brochure.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        make(campaign)
    assert not former.file.storage.exists(former.file.name)
    with Brochure.objects.get().file.open() as file:
        assert file.read() == b"%PDF-1.7 2"


def test_a_failure_is_told_until_one_was_made(campaign, monkeypatch, printed):
    def too_much(*arguments, **options):
        raise Refused("Das Heft ist zu lang.")

    with monkeypatch.context() as patch:
        patch.setattr(pdf, "render", too_much)
        brochures.start(campaign=campaign, languages=["de"])
        background.run_due()
    (failure,) = brochures.failed()
    assert (failure.campaign, failure.language) == (campaign, "de")
    assert failure.error == "Das Heft ist zu lang."
    make(campaign)
    assert brochures.failed() == []


def test_the_office_has_it_made_and_sees_how_far_it_is(campaign, client_for, officer, printed):
    client = client_for(officer)
    address = reverse("admin:actions_campaign_brochure", args=[campaign.pk])
    page = client.get(address).content.decode()
    assert page.count("noch nicht gemacht") == 3
    assert client.post(address, {"action": "make", "language": ["ar", "xx"]}).status_code == 302
    assert "wird gemacht" in client.get(address).content.decode()
    task = BackgroundTask.objects.get()
    assert task.by == officer
    assert task.argument["language"] == "ar"
    background.run_due()
    page = client.get(address).content.decode()
    assert "aktuell" in page
    assert "12 Seiten" in page
    client.post(address, {"action": "make"})
    assert BackgroundTask.objects.count() == 1


def test_an_empty_programme_is_not_printed(network, client_for, officer, printed):
    empty = make_campaign()
    address = reverse("admin:actions_campaign_brochure", args=[empty.pk])
    answer = client_for(officer).post(address, {"action": "make", "language": "de"}, follow=True)
    assert "steht noch keine Aktion" in answer.content.decode()
    assert not BackgroundTask.objects.exists()
