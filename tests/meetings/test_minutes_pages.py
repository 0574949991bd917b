"""What members read of past meetings: minutes, their PDF, decisions, and the search."""

import datetime
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from meetings import searching
from meetings.models import Attendance, Correction, Meeting
from meetings.services import minutes
from tests import factories


def url(name: str, *args: str, **query: str) -> str:
    return reverse(f"meetings:{name}", args=args, query=query)


@pytest.fixture
def meeting(db) -> Meeting:
    meeting = factories.make_meeting(state="documented", title="Herbsttreffen", slug="herbst")
    for place, title in enumerate(("Begrüßung", "Woche der Vielfalt", "Verschiedenes"), 1):
        factories.make_agenda_item(meeting=meeting, title=title, position=place)
    return meeting


@pytest.fixture
def published(meeting):
    """Published minutes with a decision and a task, and who was there."""
    row = factories.make_minutes(
        meeting=meeting, text="Alle **Müller** waren da.", public_summary="Ein *schöner* Abend."
    )
    item = meeting.agenda.get(title="Woche der Vielfalt")
    factories.make_decision(meeting=meeting, agenda_item=item, text="Wir feiern ein Fest.")
    factories.make_task(meeting=meeting, agenda_item=item, text="Saal mieten", person="Mina")
    for name, people in (("Chor e. V.", 3), ("Bühne e. V.", 2)):
        organisation = factories.make_organisation(name=name)
        Attendance.objects.create(meeting=meeting, organisation=organisation, people=people)
    Attendance.objects.create(meeting=meeting, name="Emil", is_present=False)
    return row


# --- Reading --------------------------------------------------------------------------------------
class TestReading:
    def test_members_read_everything_along_the_agenda(self, client_for, manager, published):
        text = client_for(manager).get(url("minutes", "herbst")).text
        assert "Alle <strong>Müller</strong> waren da." in text
        year = published.meeting.begins.year
        order = ["1. ", "Begrüßung", "2. ", f"Beschluss {year}-1", "Wir feiern ein Fest.", "Mina"]
        places = [text.index(piece, text.index("<article")) for piece in order]
        assert places == sorted(places)
        assert "5 Personen" in text
        assert text.index("Bühne e. V.") < text.index("Chor e. V.")
        assert "Emil" not in text
        assert "Dazu steht nichts im Protokoll." in text

    def test_a_draft_exists_for_the_team_only(self, client_for, manager, officer, meeting):
        factories.make_minutes(meeting=meeting, state="draft", text="Unfertig")
        assert client_for(manager).get(url("minutes", "herbst")).status_code == 404
        page = client_for(officer).get(url("minutes", "herbst")).text
        assert "Entwurf" in page
        assert "Unfertig" in page

    def test_who_speaks_for_nobody_any_more_reads_nothing(
        self, client_for, manager, organisation, published
    ):
        organisation.state = "archived"
        organisation.save()
        for address in (url("minutes", "herbst"), url("decisions"), url("search")):
            assert client_for(manager).get(address).status_code == 404

    def test_corrections_stand_below(self, client_for, manager, published):
        Correction.objects.create(
            minutes=published, part="Begrüßung", before="20 kamen", after="21", reason="Verzählt"
        )
        text = client_for(manager).get(url("minutes", "herbst")).text
        below = text[text.index('id="berichtigungen"') :]
        assert "Verzählt" in below
        assert "20 kamen" in below

    def test_everybody_reads_the_summary_of_a_public_meeting(
        self, client, client_for, manager, meeting, published
    ):
        Meeting.objects.filter(pk=meeting.pk).update(visibility="public")
        text = client.get(meeting.get_absolute_url()).text
        assert "Ein <em>schöner</em> Abend." in text
        assert url("minutes", "herbst") not in text
        assert "Müller" not in text
        assert url("minutes", "herbst") in client_for(manager).get(meeting.get_absolute_url()).text

    def test_of_a_draft_nobody_reads_the_summary(self, client, meeting):
        factories.make_minutes(meeting=meeting, state="draft", public_summary="Geheim")
        Meeting.objects.filter(pk=meeting.pk).update(visibility="public")
        assert "Geheim" not in client.get(meeting.get_absolute_url()).text

    @pytest.mark.parametrize("number", [1, 30])
    def test_a_fixed_number_of_questions(
        self, client_for, manager, meeting, published, django_assert_num_queries, number
    ):
        for place in range(number):
            item = factories.make_agenda_item(meeting=meeting, position=10 + place)
            factories.make_decision(meeting=meeting, agenda_item=item)
            organisation = factories.make_organisation()
            factories.make_task(meeting=meeting, agenda_item=item, organisation=organisation)
            Attendance.objects.create(meeting=meeting, organisation=organisation)
            Correction.objects.create(minutes=published, part="x", before="a", after="b")
        client = client_for(manager)
        client.get(url("minutes", "herbst"))
        with django_assert_num_queries(13):
            client.get(url("minutes", "herbst"))


@pytest.mark.pdf
class TestPdf:
    def read(self, client, language: str = "de") -> PdfReader:
        answer = client.get(f"/{language}/treffen/herbst/protokoll.pdf")
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Cache-Control"] == "no-store"
        return PdfReader(BytesIO(answer.content))

    def test_it_is_accessible(self, client_for, manager, published, network):
        document = self.read(client_for(manager))
        assert document.metadata.title == "Protokoll: Herbsttreffen"
        catalogue = document.trailer["/Root"]
        assert catalogue["/Lang"] == "de"
        assert catalogue["/MarkInfo"]["/Marked"].value is True
        assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"].value is True
        assert "pdfuaid" in catalogue["/Metadata"].get_object().get_data().decode()
        tags = list(self.tags(catalogue["/StructTreeRoot"]))
        assert tags.count("/H1") == 1
        assert tags.count("/H2") == 3
        assert {"/P", "/L", "/LI", "/H3"} <= set(tags)
        text = "".join(page.extract_text() for page in document.pages)
        assert "Wir feiern ein Fest." in text
        assert "Saal mieten" in text

    def tags(self, node):
        """Yield the tags of a document's structure, in order."""
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for one in node:
                yield from self.tags(one)
        elif isinstance(node, dict):
            if "/S" in node:
                yield node["/S"]
            yield from self.tags(node.get("/K", []))

    def test_it_speaks_the_reader_s_language(self, client_for, manager, published, network):
        assert self.read(client_for(manager), "ar").trailer["/Root"]["/Lang"] == "ar"

    def test_hostile_text_is_only_text(self, client_for, manager, meeting, network):
        factories.make_minutes(
            meeting=meeting, text="<script>1</script> ![x](file:///etc/passwd) </p><img src=//x>"
        )
        document = self.read(client_for(manager))
        text = "".join(page.extract_text() for page in document.pages)
        assert "<script>" in text
        assert "root:" not in text


# --- Decisions ------------------------------------------------------------------------------------
class TestDecisions:
    def test_they_are_listed_by_year_and_found(self, client_for, manager, published, meeting):
        old = factories.make_meeting(state="documented", slug="alt")
        start = meeting.starts_at - datetime.timedelta(days=400)
        Meeting.objects.filter(pk=old.pk).update(
            starts_at=start, ends_at=start + datetime.timedelta(hours=2)
        )
        old.refresh_from_db()
        factories.make_minutes(meeting=old)
        factories.make_decision(meeting=old, text="Grünes Logo")
        client = client_for(manager)
        text = client.get(url("decisions")).text
        assert text.index("Wir feiern") < text.index("Grünes Logo")
        year = client.get(url("decisions", jahr=str(old.begins.year))).text
        assert "Grünes Logo" in year
        assert "Wir feiern" not in year
        assert "Wir feiern" not in client.get(url("decisions", q="gruenes")).text
        assert "Dazu gibt es keinen Beschluss." in client.get(url("decisions", q="xyz")).text

    def test_drafts_are_not_listed(self, client_for, manager, officer):
        held = factories.make_meeting(state="held")
        factories.make_minutes(meeting=held, state="draft")
        factories.make_decision(meeting=held, text="Vielleicht")
        for user in (manager, officer):
            assert "Vielleicht" not in client_for(user).get(url("decisions")).text

    @pytest.mark.parametrize("number", [1, 30])
    def test_a_fixed_number_of_questions(
        self, client_for, manager, meeting, published, django_assert_num_queries, number
    ):
        for _number in range(number):
            factories.make_decision(meeting=meeting)
        client = client_for(manager)
        client.get(url("decisions"))
        with django_assert_num_queries(10):
            page = client.get(url("decisions"))
        assert len(page.context["decisions"]) == min(number + 1, 20)


# --- The search -----------------------------------------------------------------------------------
class TestSearch:
    def test_it_finds_minutes_decisions_and_open_tasks(self, client_for, manager, published):
        client = client_for(manager)
        text = client.get(url("search", q="MUELLER")).text
        assert "<mark>Müller</mark>" in text
        assert f"{url('minutes', 'herbst')}#punkt-" in text
        assert "<mark>Fest</mark>" in client.get(url("search", q="fest")).text
        assert "**" not in text

    def test_all_words_have_to_be_there(self, client_for, manager, published):
        client = client_for(manager)
        assert client.get(url("search", q="muller waren")).context["total"] == 1
        page = client.get(url("search", q="muller walross"))
        assert page.context["total"] == 0
        assert "Nichts gefunden" in page.text

    def test_nobody_finds_what_they_may_not_read(self, client_for, manager, officer, meeting):
        held = factories.make_meeting(state="held", title="Im Entwurf")
        factories.make_minutes(meeting=held, state="draft", text="Walross")
        factories.make_decision(meeting=held, text="Ein Walross")
        factories.make_task(meeting=held, text="Walross", search_text="walross")
        assert client_for(manager).get(url("search", q="walross")).context["total"] == 0
        assert client_for(officer).get(url("search", q="walross")).context["total"] == 3

    def test_what_is_done_is_not_open(self, client_for, manager, meeting):
        factories.make_minutes(meeting=meeting)
        task = {"meeting": meeting, "search_text": "walross"}
        factories.make_task(**task, text="Walross füttern")
        factories.make_task(**task, text="Walross malen", state="done", done_at=timezone.now())
        text = client_for(manager).get(url("search", q="walross")).text
        assert "füttern" in text
        assert "malen" not in text

    def test_one_kind_in_full(self, client_for, manager, meeting):
        factories.make_minutes(meeting=meeting)
        for number in range(25):
            factories.make_decision(meeting=meeting, text=f"Fest {number}")
        client = client_for(manager)
        page = client.get(url("search", q="fest"))
        assert len(page.context["sections"][1]["rows"]) == 5
        assert "Alle 25 ansehen" in page.text
        full = client.get(url("search", q="fest", art="beschluesse", seite="2"))
        assert len(full.context["sections"][0]["rows"]) == 5

    @pytest.mark.parametrize("query", ["", " ", "%", "_", "'", "\\", "x" * 5000, "\u202e", "🎉"])
    def test_odd_questions_find_nothing(self, client_for, manager, published, query):
        page = client_for(manager).get(url("search", q=query))
        assert page.status_code == 200
        assert page.context["total"] == 0

    @pytest.mark.parametrize("number", [1, 30])
    def test_a_fixed_number_of_questions(
        self, client_for, manager, meeting, django_assert_num_queries, number
    ):
        factories.make_minutes(meeting=meeting, text="Walross")
        for _number in range(number):
            other = factories.make_meeting(state="documented")
            factories.make_minutes(meeting=other, text="Walross")
            factories.make_decision(meeting=other, text="Walross")
            factories.make_task(
                meeting=other,
                text="Walross",
                search_text="walross",
                organisation=factories.make_organisation(),
            )
        client = client_for(manager)
        client.get(url("search", q="walross"))
        with django_assert_num_queries(18):
            client.get(url("search", q="walross"))


class TestExcerpt:
    def test_it_begins_near_the_first_word_found_and_cuts_none(self):
        text = "Anfang " * 40 + "Müllers Fest " + "Ende " * 80
        pieces = searching.excerpt(text, ["muller", "fest"])
        assert [piece.text for piece in pieces if piece.is_found] == ["Müllers", "Fest"]
        whole = "".join(piece.text for piece in pieces)
        assert whole.startswith("… Anfang ")
        assert whole.endswith("Ende …")

    @given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=5), max_size=3))
    def test_it_is_part_of_the_text(self, text, words):
        pieces = searching.excerpt(text, words)
        kept = "".join(piece.text for piece in pieces).removeprefix("… ").removesuffix(" …")
        assert kept in " ".join(text.split())


def test_a_section_that_was_renamed_is_found_by_its_new_name(meeting, officer):
    row = factories.make_minutes(meeting=meeting, text="Text")
    item = meeting.agenda.get(title="Begrüßung")
    item.title = "Ankommen"
    item.save()
    minutes.refresh_search_text(row, meeting)
    assert "ankommen" in row.search_text
