"""The office's page of answers: sums, organisations, entries by telephone, tables."""

import csv
import datetime
import io
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.utils import timezone

from core import spreadsheets
from meetings import replies
from meetings.models import Attendance, Invitation
from tests.factories import (
    make_language,
    make_meeting,
    make_meeting_invitation,
    make_organisation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(db):
    return make_meeting(title="Herbsttreffen", state="invited", capacity=20)


@pytest.fixture
def desk(client_for, officer, network):
    return client_for(officer)


def url(meeting, rest="") -> str:
    return f"/de/verwaltung/meetings/meeting/{meeting.pk}/rueckmeldungen/{rest}"


def invited(meeting, organisation=None, **fields) -> Invitation:
    return make_meeting_invitation(meeting=meeting, organisation=organisation, **fields)


def numbers(page) -> dict[str, str]:
    """The large figures, by what they count."""
    found = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)", re.sub(r">\s+<", "><", page.content.decode()))
    return dict(found)


class TestOverview:
    def test_sums_and_needs(self, desk, meeting):
        arabic = make_language(name="Arabisch")
        choir, club = make_organisation(name="Chor"), make_organisation(name="Verein Öst")
        invited(meeting, choir, name="Ana", reply="yes", people=3, children=2, food="vegan",
                interpreting=[arabic], access_needs="Rollstuhl", message="Bis bald")  # fmt: skip
        invited(meeting, choir, name="Boris", reply="no", message="Bin krank")
        invited(meeting, club, name="Cem", undelivered_at=timezone.now())
        invited(meeting, club, name="Dana", is_excused=True)
        invited(meeting, name="Eda", reply="later", food="fehlt nicht")
        invited(meeting, name="Fred", reply="yes", people=2, waiting_since=timezone.now(), email="")
        invited(meeting, name="Weg", reply="yes", removed_at=timezone.now())
        page = desk.get(url(meeting))
        text = page.content.decode()
        assert numbers(page) == {
            "Personen kommen": "3",
            "auf der Warteliste": "1",
            "Organisationen kommen": "1",
            "kommen nicht oder sind entschuldigt": "2",
            "wissen es noch nicht": "1",
            "ohne Antwort": "1",
            "E-Mails nicht angekommen": "1",
        }
        needs = page.context["overview"].needs
        assert (needs.languages, needs.children) == ([("Arabisch", 1)], 2)
        assert [line.row.name for line in needs.access] == ["Ana"]
        # Who does not come eats nothing.
        assert [line.row.name for line in needs.food] == ["Ana"]
        for words in ("Rollstuhl", "Bis bald", "Bin krank", "bitte anrufen"):
            assert words in text
        assert "Weg" not in text
        shown = [(one.name, one.status) for one in page.context["groups"]]
        assert shown == [("Chor", "comes"), ("Verein Öst", "excused"), ("", "waits")]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("zeigen=kommt", ["Chor"]),
            ("zeigen=still", ["Stille"]),
            ("zeigen=unzustellbar", ["Stille"]),
            ("zeigen=kommt-nicht", ["Nein"]),
            ("zeigen=offen", ["Später"]),
            ("zeigen=warteliste", ["Warten"]),
            ("zeigen=gefehlt", []),
            ("zeigen=gibt-es-nicht", ["Chor", "Nein", "Später", "Stille", "Warten"]),
            ("q=SPAETER", ["Später"]),
            ("q=samira", ["Nein"]),
            ("q=%25%27", ["Chor", "Nein", "Später", "Stille", "Warten"]),
            ("q=nichts+davon", []),
            ("zeigen=kommt&q=nein", []),
        ],
    )
    def test_filters(self, desk, meeting, query, found):
        now = timezone.now()
        for name, fields in {
            "Chor": {"reply": "yes"},
            "Nein": {"reply": "no", "name": "Samira"},
            "Später": {"reply": "later"},
            "Stille": {"undelivered_at": now},
            "Warten": {"reply": "yes", "waiting_since": now},
        }.items():
            invited(meeting, make_organisation(name=name), **fields)
        page = desk.get(url(meeting, f"?{query}"))
        assert [group.name for group in page.context["groups"]] == found

    def test_who_missed_the_last_three(self, desk, meeting):
        """Only who was invited each time, and only where it was noted who came."""
        missing, came, new, paused = (
            make_organisation(name=name) for name in ("Fehlt", "War da", "Neu", "Ruht")
        )
        type(paused).objects.filter(pk=paused.pk).update(state="paused")
        for days in (10, 100, 200, 300):
            old = make_meeting(
                state="held", starts_at=timezone.now() - datetime.timedelta(days=days)
            )
            if days == 10:
                continue  # nobody noted who came
            for organisation in (missing, came, paused):
                invited(old, organisation)
            Attendance.objects.create(meeting=old, organisation=came, people=2)
            Attendance.objects.create(meeting=old, organisation=missing, is_present=False)
        invited(meeting, missing)
        invited(meeting, new)
        assert replies.organisations_that_missed(meeting) == [missing]
        assert "Bei den letzten drei Treffen nicht dabei" in desk.get(url(meeting)).content.decode()
        Attendance.objects.update(is_present=True)
        assert replies.organisations_that_missed(meeting) == []

    def test_two_meetings_are_not_three(self, meeting):
        organisation = make_organisation()
        for days in (10, 20):
            old = make_meeting(
                state="held", starts_at=timezone.now() - datetime.timedelta(days=days)
            )
            invited(old, organisation)
            Attendance.objects.create(meeting=old, name="Gast")
        assert replies.organisations_that_missed(meeting) == []

    def test_at_most_ten_queries(self, desk, meeting, django_assert_max_num_queries):
        """However many there are."""
        language = make_language()
        for number in range(45):
            organisation = make_organisation()
            for reply in ("yes", "no", ""):
                invited(meeting, organisation, reply=reply, interpreting=[language])
            if number in (0, 44):
                desk.get(url(meeting))
                with django_assert_max_num_queries(10):
                    page = desk.get(url(meeting))
        assert len(page.context["groups"]) == 40
        assert "?seite=2" in page.content.decode()

    def test_nobody_invited(self, desk, meeting):
        assert "Noch niemand eingeladen" in desk.get(url(meeting)).content.decode()

    def test_names_are_hostile_text(self, desk, meeting):
        invited(meeting, name="<script>x</script>", reply="yes", message="<b>fett</b>")
        text = desk.get(url(meeting)).content.decode()
        assert "&lt;script&gt;x" in text
        assert "<b>fett" not in text


class TestEntry:
    sent = {"reply": "yes", "details": "True", "people": "4", "names": "Ana", "seen_version": "1"}

    def test_by_telephone(self, desk, meeting):
        row = invited(meeting, make_organisation(name="Chor"))
        assert 'name="reply"' in desk.get(url(meeting, f"{row.pk}/")).content.decode()
        page = desk.post(url(meeting, f"{row.pk}/"), self.sent, follow=True)
        assert page.redirect_chain == [(url(meeting, "?q=Chor"), 302)]
        row.refresh_from_db()
        assert (row.reply, row.people, row.replied_by_way) == ("yes", 4, "office")
        desk.post(url(meeting, f"{row.pk}/"), {"reply": "", "details": "True", "seen_version": "2"})
        row.refresh_from_db()
        assert (row.reply, row.people) == ("", 0)

    def test_the_guest_was_quicker(self, desk, meeting):
        row = invited(meeting)
        Invitation.objects.filter(pk=row.pk).update(
            reply="no", replied_at=timezone.now(), replied_by_way="link", version=2, message="Krank"
        )
        page = desk.post(url(meeting, f"{row.pk}/"), self.sent)
        text = page.content.decode()
        assert "Inzwischen steht hier eine andere Antwort" in text
        assert "Krank" in text
        assert 'value="Ana"' in text
        row.refresh_from_db()
        assert row.reply == "no"
        version = re.search(r'name="seen_version" value="(\d+)"', text)[1]
        desk.post(url(meeting, f"{row.pk}/"), self.sent | {"seen_version": version})
        row.refresh_from_db()
        assert row.reply == "yes"

    @pytest.mark.parametrize(
        ("people", "told"), [("0", "Zahl von 1 bis 50"), ("10000", "Zahl von 1 bis 50"),
                             ("21", "nur 20 Plätze")]
    )  # fmt: skip
    def test_too_few_and_too_many(self, desk, meeting, people, told):
        row = invited(meeting)
        page = desk.post(url(meeting, f"{row.pk}/"), self.sent | {"people": people})
        assert told in page.content.decode()
        assert 'value="Ana"' in page.content.decode()
        row.refresh_from_db()
        assert row.reply == ""

    def test_no_seats_are_left(self, desk, meeting):
        invited(meeting, reply="yes", people=18)
        row = invited(meeting)
        page = desk.post(url(meeting, f"{row.pk}/"), self.sent, follow=True)
        assert "steht auf der Warteliste" in page.content.decode()

    def test_excused_and_back(self, desk, meeting):
        row = invited(meeting)
        for word, is_excused in (("yes", True), ("yes", True), ("no", False)):
            desk.post(url(meeting, f"{row.pk}/"), {"excuse": word})
            row.refresh_from_db()
            assert row.is_excused is is_excused
        meeting.state = "cancelled"
        meeting.save()
        page = desk.post(url(meeting, f"{row.pk}/"), {"excuse": "yes"}, follow=True)
        assert "Das Treffen ist abgesagt." in page.content.decode()

    def test_of_another_meeting_or_taken_off(self, desk, meeting):
        for row in (invited(make_meeting()), invited(meeting, removed_at=timezone.now())):
            assert desk.get(url(meeting, f"{row.pk}/")).status_code == 404
            assert desk.post(url(meeting, f"{row.pk}/"), {"excuse": "yes"}).status_code == 404


class TestTable:
    def test_csv(self, desk, meeting, officer):
        language = make_language(name="Arabisch")
        invited(meeting, make_organisation(name="Chor"), name="=1+1", email="ana@example.org",
                reply="yes", people=2, interpreting=[language], names="Ana, Yusuf")  # fmt: skip
        invited(meeting, name="Stumm", is_letter=True, email="")
        page = desk.get(url(meeting, "tabelle/csv/"))
        assert "no-store" in page.headers["Cache-Control"]
        text = b"".join(page.streaming_content).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
        assert [row["Antwort"] for row in rows] == ["kommt", "keine Antwort"]
        assert (rows[0]["Name"], rows[0]["Dolmetschen"]) == ("'=1+1", "Arabisch")
        entry = LogEntry.objects.get(user=officer)
        assert entry.change_message.startswith("2 Zeilen als CSV ausgegeben: Herbsttreffen")

    def test_xlsx_and_nothing_else(self, desk, meeting):
        invited(meeting, name="Ana", reply="yes")
        page = desk.get(url(meeting, "tabelle/xlsx/"))
        sheet = spreadsheets.read(ContentFile(b"".join(page.streaming_content)))
        assert sheet.rows[1][1] == "Ana"
        assert desk.get(url(meeting, "tabelle/pdf/")).status_code == 404
