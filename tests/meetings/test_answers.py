"""Answering an invitation: the rules, the pages, and several people at the same moment."""

import datetime
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone, translation

from core.errors import Conflict, Refused
from core.models import OutboxMessage
from meetings.models import Invitation, InvitationLink
from meetings.services import answers, links, planning
from tests.database import rows_of_all_tables
from tests.factories import (
    make_language,
    make_meeting,
    make_meeting_invitation,
    make_organisation,
    make_user,
)
from tests.together import threads

pytestmark = pytest.mark.django_db
TOKEN = "t" * 43
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def meeting(db):
    return make_meeting(title="Herbsttreffen", slug="herbst", state="invited")


@pytest.fixture
def invitation(meeting, organisation):
    return make_meeting_invitation(
        meeting=meeting,
        name="Mina Leitung",
        email="leitung@example.org",
        organisation=organisation,
        token=TOKEN,
    )


def say(invitation, reply="yes", *, seen=None, way="link", by=None, **values) -> Invitation:
    """Answer as whoever has just opened the page."""
    version = Invitation.objects.get(pk=invitation.pk).version if seen is None else seen
    return answers.answer(
        invitation=invitation,
        values={"reply": reply} | values,
        seen_version=version,
        way=way,
        by=by,
    )


def fresh(invitation) -> Invitation:
    return Invitation.objects.select_related("meeting").get(pk=invitation.pk)


def begins(meeting, moment) -> None:
    type(meeting).objects.filter(pk=meeting.pk).update(starts_at=moment, ends_at=moment + 2 * HOUR)


# --- The rule -------------------------------------------------------------------------------------
class TestAnswer:
    def test_yes_is_one_person_until_more_is_said(self, invitation):
        say(invitation)
        row = fresh(invitation)
        assert (row.reply, row.people, row.replied_by_way, row.version) == ("yes", 1, "link", 2)
        assert row.replied_at is not None
        turkish = make_language()
        say(
            invitation, people=3, names="Ana, Yusuf", interpreting=[turkish], children=2,
            access_needs="Aufzug", food="vegetarisch", message="Bis dann!",
        )  # fmt: skip
        row = fresh(invitation)
        assert (row.people, answers.names_of(row), row.children) == (3, ["Ana", "Yusuf"], 2)
        assert list(row.interpreting.all()) == [turkish]

    def test_the_same_twice_changes_nothing(self, invitation):
        say(invitation, people=2, message="Hallo")
        before = rows_of_all_tables("meetings_")
        # The second click of a double click still has the old version.
        say(invitation, people=2, message="Hallo", seen=1)
        assert rows_of_all_tables("meetings_") == before

    def test_who_does_not_come_needs_nothing(self, invitation):
        """What was only needed to come is forgotten; a word to the team stays."""
        language = make_language()
        say(invitation, people=4, names="Ana", interpreting=[language], access_needs="Rollstuhl",
            food="vegan", children=1, message="Gern!")  # fmt: skip
        say(invitation, "no")
        row = fresh(invitation)
        assert (row.reply, row.people, row.names, row.access_needs) == ("no", 0, "", "")
        assert (row.food, row.children, row.message) == ("", 0, "Gern!")
        assert not row.interpreting.exists()

    def test_not_yet_keeps_what_was_said(self, invitation):
        say(invitation, people=4, names="Ana", food="vegan")
        say(invitation, "later")
        row = fresh(invitation)
        assert (row.reply, row.people, row.names, row.food) == ("later", 0, "Ana", "vegan")

    def test_what_is_no_answer_is_refused(self, invitation):
        with pytest.raises(ValueError, match="removed_at"):
            say(invitation, removed_at=None)

    def test_whoever_may(self, invitation, manager, outsider, officer):
        for way, by in (("account", outsider), ("account", None), ("office", manager)):
            with pytest.raises(PermissionDenied):
                say(invitation, way=way, by=by)
        assert fresh(invitation).reply == ""
        say(invitation, way="account", by=manager)
        assert fresh(invitation).replied_by_way == "account"
        say(invitation, "no", way="office", by=officer)
        assert fresh(invitation).replied_by_way == "office"

    def test_a_link_shows_that_somebody_is_there(self, invitation, manager):
        Invitation.objects.filter(pk=invitation.pk).update(user=manager)
        say(invitation)
        manager.refresh_from_db()
        assert manager.last_seen_on == timezone.localdate()


class TestTime:
    def test_until_the_second_it_begins(self, invitation, meeting, time_machine):
        time_machine.move_to(meeting.starts_at - datetime.timedelta(seconds=1), tick=False)
        say(invitation)
        time_machine.move_to(meeting.starts_at, tick=False)
        with pytest.raises(Refused, match="begonnen"):
            say(invitation, "no")
        assert fresh(invitation).reply == "yes"

    def test_the_officer_may_note_it_later(self, invitation, meeting, officer):
        begins(meeting, timezone.now() - HOUR)
        say(invitation, "no", way="office", by=officer)
        assert fresh(invitation).reply == "no"

    def test_after_the_deadline_no_new_yes(self, invitation, meeting, officer):
        """Changing and declining stay possible."""
        meeting.answer_until = timezone.now() - HOUR
        meeting.save()
        with pytest.raises(Refused, match="geschlossen"):
            say(invitation)
        say(invitation, "later")
        say(invitation, "no")
        with pytest.raises(Refused, match="geschlossen"):
            say(invitation)
        say(invitation, way="office", by=officer)
        say(invitation, people=3)
        assert fresh(invitation).people == 3

    def test_not_when_cancelled_or_withdrawn(self, invitation, meeting):
        Invitation.objects.filter(pk=invitation.pk).update(removed_at=timezone.now())
        with pytest.raises(Refused, match="gilt nicht mehr"):
            say(invitation)
        Invitation.objects.filter(pk=invitation.pk).update(removed_at=None)
        meeting.state = "cancelled"
        meeting.save()
        with pytest.raises(Refused, match="abgesagt"):
            say(invitation)
        assert fresh(invitation).reply == ""


class TestSeats:
    @pytest.fixture
    def meeting(self, db):
        return make_meeting(state="invited", capacity=4)

    def others(self, meeting, *numbers):
        found = [make_meeting_invitation(meeting=meeting) for _number in numbers]
        for one, number in zip(found, numbers, strict=True):
            say(one, people=number)
        return found

    def test_the_list_moves_up_in_its_order(self, meeting, invitation):
        first, second, third = self.others(meeting, 3, 2, 2)
        say(invitation, people=1)
        assert fresh(invitation).waiting_since is None  # for one there was room
        assert [answers.place_in_line(fresh(one)) for one in (first, second, third)] == [0, 1, 2]
        assert answers.seats_taken(meeting) == 4
        say(first, "no")
        assert answers.seats_taken(meeting) == 3
        assert [answers.place_in_line(fresh(one)) for one in (second, third)] == [0, 1]
        mail = OutboxMessage.objects.get()
        assert (mail.to, mail.mail) == (second.email, "meetings/moved_up")
        assert "2 Personen" in mail.text_body
        token = re.search(r"/treffen/antwort/([\w-]{43})/", mail.text_body)[1]
        assert answers.find(token).invitation == second

    def test_a_group_that_is_too_large_holds_up_nobody(self, meeting):
        first, large, small = self.others(meeting, 4, 3, 1)
        say(first, people=3)
        assert fresh(small).waiting_since is None
        assert fresh(large).waiting_since is not None

    def test_who_waits_keeps_the_place(self, meeting):
        _first, second, third = self.others(meeting, 4, 2, 2)
        since = fresh(second).waiting_since
        say(second, people=3, message="Jetzt drei")
        assert fresh(second).waiting_since == since
        assert answers.place_in_line(fresh(third)) == 2
        say(second, "no")
        assert fresh(second).waiting_since is None

    def test_more_than_there_are_is_refused_and_the_seats_stay(self, meeting):
        first, second = self.others(meeting, 2, 1)
        with pytest.raises(answers.NoSeats, match="höchstens mit 2 Personen"):
            say(second, people=3, names="Ana")
        assert (fresh(second).people, fresh(second).names) == (1, "")
        say(second, people=2)
        with pytest.raises(answers.NoSeats, match="nur 4 Plätze"):
            say(make_meeting_invitation(meeting=meeting), people=5)
        assert answers.seats_taken(meeting) == 4
        assert fresh(first).people == 2

    def test_fewer_is_possible_where_there_are_too_many(self, meeting):
        (first,) = self.others(meeting, 4)
        type(meeting).objects.update(capacity=2)
        say(first, people=3)
        assert fresh(first).waiting_since is None

    def test_more_seats_are_given_out(self, meeting):
        _first, second, third = self.others(meeting, 4, 2, 2)
        type(meeting).objects.update(capacity=6)
        assert answers.move_up(meeting=meeting) == [second]
        assert answers.move_up(meeting=meeting) == []
        type(meeting).objects.update(capacity=None)
        assert answers.move_up(meeting=meeting) == [third]
        assert OutboxMessage.objects.count() == 2

    def test_the_officer_makes_room(self, meeting, officer):
        _first, second = self.others(meeting, 4, 2)
        meeting.refresh_from_db()
        planning.change(
            meeting=meeting, values={"capacity": 6}, seen_version=meeting.version, by=officer
        )
        assert fresh(second).waiting_since is None
        assert OutboxMessage.objects.get().to == second.email

    def test_nobody_moves_up_once_it_has_begun(self, meeting):
        first, second = self.others(meeting, 4, 2)
        begins(meeting, timezone.now() - HOUR)
        Invitation.objects.filter(pk=first.pk).update(reply="no", people=0)
        assert answers.move_up(meeting=meeting) == []
        assert fresh(second).waiting_since is not None

    def test_a_letter_gets_no_mail(self, meeting):
        first, second = self.others(meeting, 4, 2)
        Invitation.objects.filter(pk=second.pk).update(email="")
        say(first, "no")
        assert fresh(second).waiting_since is None
        assert not OutboxMessage.objects.exists()

    def test_waiting_again_is_told_again(self, meeting):
        first, second = self.others(meeting, 4, 2)
        say(first, "no")
        say(second, "no")
        say(first, people=4)
        say(second, people=2)
        say(first, "no")
        assert OutboxMessage.objects.filter(to=second.email).count() == 2


class TestExcused:
    def test_is_not_silence_and_frees_the_seats(self, invitation, meeting, officer):
        say(invitation, people=2, names="Ana")
        assert answers.excuse(invitation=invitation, is_excused=True, by=officer)
        row = fresh(invitation)
        assert (row.is_excused, row.reply, row.people, row.names) == (True, "no", 0, "")
        assert not answers.excuse(invitation=invitation, is_excused=True, by=officer)
        silent = make_meeting_invitation(meeting=meeting)
        answers.excuse(invitation=silent, is_excused=True, by=officer)
        assert not Invitation.objects.silent().exists()
        answers.excuse(invitation=silent, is_excused=False, by=officer)
        assert list(Invitation.objects.silent()) == [silent]

    def test_who_comes_after_all_is_not_excused(self, invitation, officer):
        answers.excuse(invitation=invitation, is_excused=True, by=officer)
        say(invitation)
        assert not fresh(invitation).is_excused

    def test_only_the_officer(self, invitation, manager):
        with pytest.raises(PermissionDenied):
            answers.excuse(invitation=invitation, is_excused=True, by=manager)


class TestConflict:
    def test_an_answer_in_between_is_not_overwritten(self, invitation, officer):
        say(invitation, "no", way="office", by=officer)
        with pytest.raises(Conflict) as conflict:
            say(invitation, seen=1, message="Ich komme")
        assert conflict.value.theirs == {"reply": "no", "people": 0, "message": ""}
        assert conflict.value.version == 2
        assert fresh(invitation).reply == "no"

    def test_moving_up_is_none(self, meeting, invitation):
        type(meeting).objects.update(capacity=1)
        first = make_meeting_invitation(meeting=meeting)
        say(first)
        say(invitation)
        say(first, "no")
        say(invitation, message="Danke!", seen=2)
        assert fresh(invitation).message == "Danke!"


# --- By the link ----------------------------------------------------------------------------------
class TestLinkPage:
    url = f"/de/treffen/antwort/{TOKEN}/"

    def test_opening_it_changes_nothing(self, client, invitation):
        before = rows_of_all_tables("meetings_")
        for method in (client.get, client.head):
            page = method(self.url)
            assert page.status_code == 200
            assert "no-store" in page.headers["Cache-Control"]
        assert rows_of_all_tables("meetings_") == before
        text = client.get(self.url).content.decode()
        assert "Herbsttreffen" in text
        assert "Landratsamt, Großer Saal" in text
        assert 'name="reply" value="yes"' in text
        assert "noindex" in text

    def test_one_button_answers(self, client, invitation):
        page = client.post(self.url, {"reply": "yes", "seen_version": "1"}, follow=True)
        assert page.redirect_chain == [(self.url, 302)]
        assert "1 Person ist angemeldet" in page.content.decode()
        assert fresh(invitation).reply == "yes"

    def test_then_the_details(self, client, invitation):
        make_language(name="Türkisch")
        arabic = make_language(name="Arabisch")
        invitation.meeting.interpreters.add(arabic)
        say(invitation)
        page = client.get(self.url)
        choices = [
            str(label) for _value, label in page.context["form"].fields["interpreting"].choices
        ]
        assert choices == ["Arabisch", "Türkisch"]  # what is planned stands first
        sent = {
            "reply": "yes", "seen_version": "2", "details": "True", "people": "٢",
            "names": "Ana\u202e Petrova, Yusuf", "interpreting": [arabic.pk], "children": "1",
            "access_needs": "Aufzug", "food": "", "message": "Bis\r\nbald",
        }  # fmt: skip
        assert client.post(self.url, sent).status_code == 302
        row = fresh(invitation)
        assert (row.people, row.names, row.children) == (2, "Ana Petrova, Yusuf", 1)
        assert (row.access_needs, row.message) == ("Aufzug", "Bis\nbald")
        assert list(row.interpreting.all()) == [arabic]
        # Boxes without a tick send nothing, and mean it.
        del sent["interpreting"]
        client.post(self.url, sent | {"seen_version": "3"})
        assert not fresh(invitation).interpreting.exists()

    @pytest.mark.parametrize("number", ["0", "10000", "-1", "", "zwei", "9" * 30, "1.5", "51"])
    def test_a_number_that_is_none_keeps_what_was_typed(self, client, invitation, number):
        say(invitation)
        before = rows_of_all_tables("meetings_")
        page = client.post(
            self.url,
            {"reply": "yes", "seen_version": "2", "details": "True", "people": number,
             "names": "Ana", "message": "Hallo"},
        )  # fmt: skip
        text = page.content.decode()
        assert page.status_code == 200
        assert "Zahl von 1 bis 50" in text
        assert 'value="Ana"' in text
        assert "Hallo</textarea>" in text
        assert rows_of_all_tables("meetings_") == before

    def test_who_says_no_need_not_mend_the_number(self, client, invitation):
        say(invitation)
        client.post(
            self.url,
            {"reply": "no", "seen_version": "2", "details": "True", "people": "0",
             "children": "x", "interpreting": "x", "message": "Leider nicht"},
        )  # fmt: skip
        assert (fresh(invitation).reply, fresh(invitation).message) == ("no", "Leider nicht")

    @pytest.mark.parametrize("sent", [{}, {"reply": "vielleicht"}, {"reply": ""}])
    def test_no_answer_is_asked_for_again(self, client, invitation, sent):
        page = client.post(self.url, sent)
        assert page.status_code == 200
        assert "Bitte wählen Sie eine Antwort." in page.content.decode()
        assert fresh(invitation).reply == ""

    def test_both_answers_are_shown_and_mine_is_kept(self, client, invitation, officer):
        say(invitation, "no", way="office", by=officer, message="Am Telefon abgesagt")
        page = client.post(
            self.url, {"reply": "yes", "seen_version": "1", "message": "Wir kommen!"}
        )
        text = page.content.decode()
        assert page.status_code == 200
        assert "Inzwischen steht hier eine andere Antwort" in text
        assert "Am Telefon abgesagt" in text
        assert "Wir kommen!</textarea>" in text
        assert fresh(invitation).reply == "no"
        # Sent again, mine counts.
        version = re.search(r'name="seen_version" value="(\d+)"', text)[1]
        client.post(self.url, {"reply": "yes", "seen_version": version, "message": "Wir kommen!"})
        assert (fresh(invitation).reply, fresh(invitation).message) == ("yes", "Wir kommen!")

    def test_too_many_people_is_said_at_the_number(self, client, invitation, meeting):
        type(meeting).objects.update(capacity=2)
        say(invitation)
        page = client.post(
            self.url,
            {"reply": "yes", "seen_version": "2", "details": "True", "people": "3", "names": "Ana"},
        )
        assert "nur 2 Plätze" in str(page.context["form"].errors["people"])
        assert 'value="Ana"' in page.content.decode()

    def test_the_waiting_list_is_said_before_and_after(self, client, invitation, meeting):
        type(meeting).objects.update(capacity=1)
        say(make_meeting_invitation(meeting=meeting))
        assert "Warteliste" in client.get(self.url).content.decode()
        client.post(self.url, {"reply": "yes", "seen_version": "1"})
        assert "an Stelle 1" in client.get(self.url).content.decode()

    def test_answers_of_the_same_organisation(self, client, invitation, meeting, organisation):
        """Names and answers, never what they need or what they wrote."""
        make_meeting_invitation(
            meeting=meeting, organisation=organisation, name="Emil", email="emil@example.org",
            reply="yes", people=3, access_needs="Rollstuhl", message="geheim", food="vegan",
        )  # fmt: skip
        make_meeting_invitation(meeting=meeting, name="Fremde Person", reply="yes")
        make_meeting_invitation(meeting=meeting, organisation=organisation, name="Stumm")
        text = client.get(self.url).content.decode()
        assert "Emil" in text
        assert "kommt mit 3 Personen" in text
        for hidden in ("Fremde Person", "Stumm", "Rollstuhl", "geheim", "vegan", "emil@"):
            assert hidden not in text

    def test_after_it_has_begun_what_was_typed_is_shown(self, client, invitation, meeting):
        begins(meeting, timezone.now() - HOUR)
        page = client.post(
            self.url, {"reply": "yes", "seen_version": "1", "message": "Wir sind <gleich> da"}
        )
        text = page.content.decode()
        assert "Das Treffen hat begonnen." in text
        assert "Wir sind &lt;gleich&gt; da" in text
        assert "<form" not in text.partition("<main")[2].partition("</main>")[0]
        assert fresh(invitation).reply == ""

    def test_after_the_deadline_it_is_said_kindly(self, client, invitation, meeting):
        meeting.answer_until = timezone.now() - HOUR
        meeting.save()
        text = client.get(self.url).content.decode()
        assert "Die Anmeldung ist schon geschlossen" in text
        assert 'value="yes"' not in text
        assert 'value="no"' in text
        page = client.post(self.url, {"reply": "yes", "seen_version": "1"})
        assert "Die Anmeldung ist schon geschlossen" in page.content.decode()
        assert fresh(invitation).reply == ""

    def test_a_cancelled_meeting(self, client, invitation, meeting):
        meeting.state, meeting.cancel_reason = "cancelled", "Glatteis"
        meeting.save()
        text = client.get(self.url).content.decode()
        assert "Das Treffen ist abgesagt" in text
        assert "Glatteis" in text
        assert client.post(self.url, {"reply": "yes"}).status_code in (200, 410)
        assert fresh(invitation).reply == ""

    def test_the_meeting_for_the_calendar(self, client, invitation):
        """Also for guests, who have no account; the way there stands where somebody comes."""
        address = f"{self.url}termin.ics"
        assert address not in client.get(self.url).content.decode()
        say(invitation)
        assert address in client.get(self.url).content.decode()
        file = client.get(address)
        assert file.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert "SUMMARY:Herbsttreffen" in file.content.decode()
        assert client.get(f"/de/treffen/antwort/{'x' * 43}/termin.ics").status_code == 404
        Invitation.objects.update(removed_at=timezone.now())
        assert client.get(address).status_code == 404

    def test_too_often(self, client, invitation):
        for number in range(60):
            client.post(self.url, {"reply": "no", "seen_version": "1", "message": str(number)})
        page = client.post(self.url, {"reply": "yes", "seen_version": "2"})
        assert page.status_code == 429
        assert fresh(invitation).reply == "no"

    @pytest.mark.parametrize("language", ["de", "en", "ar"])
    def test_in_every_language(self, client, invitation, language):
        with translation.override(language):
            page = client.get(reverse("meetings:answer", args=[TOKEN]))
        assert f'lang="{language}"' in page.content.decode()

    def test_the_number_of_queries_is_fixed(
        self, client, invitation, meeting, organisation, django_assert_max_num_queries
    ):
        for number in range(30):
            make_meeting_invitation(
                meeting=meeting, organisation=organisation, name=f"Person {number}", reply="yes"
            )
            meeting.interpreters.add(make_language(name=f"Sprache {number}"))
        say(invitation)
        client.get(self.url)
        with django_assert_max_num_queries(12):
            client.get(self.url)


class TestLinks:
    @pytest.mark.parametrize("token", ["x" * 43, TOKEN[:-1], TOKEN + "%0A", "neu2", "ء"])
    def test_unknown_and_cut_off(self, client, invitation, token):
        before = rows_of_all_tables("meetings_")
        for method in (client.get, client.post):
            page = method(f"/de/treffen/antwort/{token}/")
            text = page.content.decode()
            assert page.status_code == 404
            assert "Diesen Link kennen wir nicht" in text
            assert "Herbsttreffen" not in text
            assert "/treffen/antwort/neu/" in text
        assert rows_of_all_tables("meetings_") == before

    def test_expired(self, client, invitation):
        past = timezone.now() - HOUR
        InvitationLink.objects.update(created_at=past - HOUR, expires_at=past)
        for method in (client.get, client.post):
            page = method(f"/de/treffen/antwort/{TOKEN}/", {"reply": "yes", "seen_version": "1"})
            assert page.status_code == 410
            assert "Dieser Link gilt nicht mehr" in page.content.decode()
        assert fresh(invitation).reply == ""

    def test_taken_off_the_list(self, client, invitation):
        Invitation.objects.update(removed_at=timezone.now())
        page = client.post(
            f"/de/treffen/antwort/{TOKEN}/", {"reply": "yes", "message": "Schade drum"}
        )
        assert page.status_code == 410
        assert "Schade drum" in page.content.decode()
        assert fresh(invitation).reply == ""

    def test_the_hash_alone_opens_nothing(self, client, invitation):
        token_hash = InvitationLink.objects.get().token_hash
        assert client.get(f"/de/treffen/antwort/{token_hash}/").status_code == 404
        assert TOKEN not in str(rows_of_all_tables())

    def test_each_mail_has_its_own_and_the_old_ones_stay(self, client, invitation):
        token = links.new_link(invitation)
        assert len(token) == 43
        assert token != links.new_link(invitation)
        for one in (token, TOKEN):
            assert client.get(f"/de/treffen/antwort/{one}/").status_code == 200
        until = InvitationLink.objects.order_by("-pk").first().expires_at
        assert until == invitation.meeting.ends_at + datetime.timedelta(days=30)

    @pytest.mark.parametrize(("token", "language"), [(TOKEN, "ar"), ("x" * 43, "de")])
    def test_the_short_address_on_paper(self, client, invitation, token, language):
        Invitation.objects.update(language="ar")
        before = rows_of_all_tables("meetings_")
        page = client.get(f"/a/{token}/", headers={"accept-language": "de"})
        assert (page.status_code, page.url) == (302, f"/{language}/treffen/antwort/{token}/")
        assert client.post(f"/a/{token}/").status_code == 405
        assert rows_of_all_tables("meetings_") == before


class TestRenewal:
    url = "/de/treffen/antwort/neu/"

    def ask(self, client, email):
        return client.post(self.url, {"email": email})

    def test_a_new_link_comes_by_mail(self, client, invitation, meeting):
        page = self.ask(client, " Leitung@Example.org ")
        assert page.status_code == 200
        mail = OutboxMessage.objects.get()
        assert (mail.to, mail.confidential) == ("leitung@example.org", True)
        assert "Herbsttreffen" in mail.text_body
        token = re.search(r"/de/treffen/antwort/([\w-]{43})/", mail.text_body)[1]
        assert answers.find(token).invitation == invitation
        assert token not in page.content.decode()

    def test_known_and_unknown_get_the_same_page(self, client, invitation):
        pages = [self.ask(client, one) for one in ("leitung@example.org", "niemand@example.org")]
        texts = [
            re.sub(r'name="csrfmiddlewaretoken"[^>]*', "", page.content.decode()) for page in pages
        ]
        assert texts[0] == texts[1].replace("niemand@", "leitung@")
        mail = OutboxMessage.objects.get(to="niemand@example.org")
        assert "keine offene Einladung" in mail.text_body
        assert "Herbsttreffen" not in mail.text_body

    def test_only_what_can_still_be_answered(self, client, invitation, meeting):
        for number, fields in enumerate(
            [
                {"starts_at": timezone.now() - HOUR},
                {"state": "cancelled"},
            ]
        ):
            make_meeting_invitation(
                meeting=make_meeting(title=f"Vorbei {number}", **fields), email=invitation.email
            )
        make_meeting_invitation(
            meeting=make_meeting(title="Noch nicht geschickt"),
            email=invitation.email,
            invited_at=None,
        )
        self.ask(client, invitation.email)
        text = OutboxMessage.objects.get().text_body
        assert "Herbsttreffen" in text
        assert "Vorbei" not in text
        assert "Noch nicht" not in text

    def test_nobody_is_flooded_and_nobody_is_told(self, client, invitation):
        pages = [self.ask(client, "leitung@example.org") for _time in range(8)]
        assert {page.status_code for page in pages} == {200}
        assert OutboxMessage.objects.count() == 5

    def test_too_many_from_one_place(self, client):
        pages = [self.ask(client, f"person{number}@example.org") for number in range(21)]
        assert pages[-1].status_code == 429
        assert "person20@example.org" in pages[-1].content.decode()
        assert OutboxMessage.objects.count() == 20

    @pytest.mark.parametrize(
        "email", ["", "keine", "a@example.org, b@example.org", "a\0@c.example.org"]
    )
    def test_no_address(self, client, email):
        page = self.ask(client, email)
        assert page.status_code == 200
        assert page.context["form"].errors["email"]
        assert not OutboxMessage.objects.exists()


# --- Logged in ------------------------------------------------------------------------------------
class TestOwn:
    def test_found_by_account_or_address(self, client_for, invitation, manager, outsider):
        later = make_meeting_invitation(
            meeting=make_meeting(title="Wintertreffen", state="invited"),
            email="alt@example.org",
            user=manager,
        )
        client = client_for(manager)
        text = client.get("/de/treffen/einladungen/").content.decode()
        assert "Herbsttreffen" in text
        assert "Wintertreffen" in text
        client.post(f"/de/treffen/einladungen/{later.pk}/", {"reply": "yes", "seen_version": "1"})
        assert (fresh(later).reply, fresh(later).replied_by_way) == ("yes", "account")
        stranger = client_for(outsider)
        assert (
            "Zurzeit keine Einladung" in stranger.get("/de/treffen/einladungen/").content.decode()
        )
        for pk in (invitation.pk, 10**24):
            assert stranger.get(f"/de/treffen/einladungen/{pk}/").status_code == 404
            assert stranger.post(f"/de/treffen/einladungen/{pk}/").status_code == 404

    def test_not_before_it_was_sent(self, client_for, invitation, manager):
        Invitation.objects.update(invited_at=None)
        url = f"/de/treffen/einladungen/{invitation.pk}/"
        assert client_for(manager).get(url).status_code == 404

    def test_what_was_typed_outlives_the_session(self, client, client_for, invitation, manager):
        say(invitation)
        url = f"/de/treffen/einladungen/{invitation.pk}/"
        sent = {
            "reply": "yes",
            "seen_version": "2",
            "details": "True",
            "people": "4",
            "names": "Ana",
        }
        page = client.post(url, sent)
        assert page.status_code == 302
        assert fresh(invitation).people == 1
        client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
        text = client.get(url).content.decode()
        assert 'value="Ana"' in text
        assert 'value="4"' in text

    def test_the_number_of_queries_is_fixed(
        self, client_for, manager, organisation, django_assert_num_queries
    ):
        client = client_for(manager)
        for expected in (1, 15):
            while Invitation.objects.count() < expected:
                make_meeting_invitation(
                    meeting=make_meeting(state="invited"),
                    email=f"x{expected}{Invitation.objects.count()}@example.org",
                    user=manager,
                    organisation=organisation,
                )
            client.get("/de/treffen/einladungen/")
            with django_assert_num_queries(6):
                client.get("/de/treffen/einladungen/")


# --- Really at the same time ----------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_the_last_seat_is_taken_by_one():
    meeting = make_meeting(state="invited", capacity=3)
    rows = [make_meeting_invitation(meeting=meeting) for _number in range(8)]
    raised = threads(*(lambda one=one: say(one) for one in rows))
    assert raised == []
    assert answers.seats_taken(meeting) == 3
    assert meeting.invitations.waiting().count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_of_one_organisation_at_once_lose_nothing():
    meeting, organisation = make_meeting(state="invited"), make_organisation()
    one, two = (
        make_meeting_invitation(meeting=meeting, organisation=organisation) for _number in range(2)
    )
    raised = threads(
        lambda: say(one, people=2, message="Eins"), lambda: say(two, people=3, message="Zwei")
    )
    assert raised == []
    assert [(fresh(row).people, fresh(row).message) for row in (one, two)] == [
        (2, "Eins"),
        (3, "Zwei"),
    ]


@pytest.mark.django_db(transaction=True)
def test_the_officer_and_the_guest_at_once():
    officer = make_user(is_staff=True, is_superuser=True)
    invitation = make_meeting_invitation(meeting=make_meeting(state="invited"))
    raised = threads(
        lambda: say(invitation, people=2, seen=1),
        lambda: say(invitation, "no", seen=1, way="office", by=officer),
    )
    assert [type(error) for error in raised] == [Conflict]
    assert fresh(invitation).version == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_button_twice_at_once():
    invitation = make_meeting_invitation(meeting=make_meeting(state="invited", capacity=1))
    raised = threads(*(lambda: say(invitation, seen=1) for _time in range(3)))
    assert raised == []
    row = fresh(invitation)
    assert (row.reply, row.waiting_since, row.version) == ("yes", None, 2)


@pytest.mark.django_db(transaction=True)
def test_seats_that_become_free_at_once_go_to_nobody_twice():
    """Two leave, two wait for one seat each, one asks anew: all seats are taken, none twice."""
    meeting = make_meeting(state="invited", capacity=4)
    leaving = [make_meeting_invitation(meeting=meeting) for _number in range(2)]
    for one in leaving:
        say(one, people=2)
    waiting = [make_meeting_invitation(meeting=meeting) for _number in range(4)]
    for one in waiting:
        say(one, people=2)
    new = make_meeting_invitation(meeting=meeting)
    raised = threads(
        *(lambda one=one: say(one, "no") for one in leaving), lambda: say(new, people=2)
    )
    assert raised == []
    assert answers.seats_taken(meeting) == 4
    seated = {row.pk for row in Invitation.objects.coming()}
    told = set(OutboxMessage.objects.values_list("to", flat=True))
    assert told == {row.email for row in waiting if row.pk in seated}
    assert OutboxMessage.objects.count() == len(told)
    # In the order of the list.
    assert seated == {waiting[0].pk, waiting[1].pk}
