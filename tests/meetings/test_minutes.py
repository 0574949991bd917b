"""Minutes: written along the agenda without losing a word, published once, corrected in sight."""

import datetime
import threading
import uuid

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from core.errors import Conflict, Refused
from core.models import OutboxMessage
from core.seen import fingerprint
from meetings.models import AgendaItem, Correction, Decision, Meeting, Minutes
from meetings.services import decisions, minutes, tasks
from meetings.services.minutes import Typed
from tests import factories
from tests.accounts.test_second_factor import SECRET
from tests.conftest import officer_group
from tests.organisations.test_office_resumed import send


def url(meeting, name="minutes", **more) -> str:
    return reverse(f"admin:meetings_meeting_{name}", kwargs={"pk": meeting.pk} | more)


@pytest.fixture
def meeting(db) -> Meeting:
    return factories.make_meeting(state="held", title="Herbsttreffen", slug="herbst")


@pytest.fixture
def items(meeting) -> list[AgendaItem]:
    return [
        factories.make_agenda_item(meeting=meeting, title=title, position=place)
        for place, title in enumerate(("Begrüßung", "Woche der Vielfalt"), 1)
    ]


@pytest.fixture
def desk(client_for, officer):
    return client_for(officer)


@pytest.fixture
def colleague(officer):
    user = factories.make_user(email="kollege@example.org", name="Kai Kollege", is_staff=True)
    user.groups.set(officer.groups.all())
    factories.make_second_factor(user)
    return user


def save(meeting, by, reason="", seen="", **texts):
    """Save sections as a form does that was filled with `seen`; `item_1` is "item-1"."""
    typed = {name.replace("_", "-"): Typed(text, fingerprint(seen)) for name, text in texts.items()}
    return minutes.save(meeting=meeting, texts=typed, by=by, reason=reason)


def text_of(meeting, name) -> str:
    return minutes.parts(minutes.of(meeting), minutes.items_of(meeting))[name].text


# --- Saving sections ------------------------------------------------------------------------------
class TestSave:
    def test_sections_are_kept_cleaned_and_found(self, meeting, items, officer):
        name = minutes.name_of(items[1])
        row = minutes.save(
            meeting=meeting,
            texts={
                "introduction": Typed("Guten Abend.\r\n\u202e"),
                name: Typed("- Müsik\n  - Bühne  "),
            },
            by=officer,
        )
        assert (row.introduction, row.state, row.version) == ("Guten Abend.", "draft", 1)
        assert text_of(meeting, name) == "- Müsik\n  - Bühne"
        row.refresh_from_db()
        assert "herbsttreffen" in row.search_text
        assert "woche der vielfalt musik buhne" in row.search_text
        assert row.history.get().history_user == officer

    def test_only_the_officer_writes(self, meeting, manager):
        with pytest.raises(PermissionDenied):
            save(meeting, manager, introduction="Ich")
        assert not Minutes.objects.exists()

    def test_of_a_cancelled_meeting_there_are_none(self, officer):
        with pytest.raises(Refused, match="abgesagt"):
            save(factories.make_meeting(state="cancelled"), officer, introduction="x")

    @pytest.mark.parametrize(
        ("name", "text", "told"),
        [
            ("introduction", "x" * 1_000_000, "1000000 Zeichen. Möglich sind 20000"),
            ("summary", "x" * 5_001, "Möglich sind 5000"),
            ("closing", "<script>alert(1)</script>", "<script>"),
            ("closing", "![x](https://evil.example/x.png)", "Bilder können hier nicht stehen"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_saved(self, meeting, officer, name, text, told):
        with pytest.raises(ValidationError) as error:
            save(meeting, officer, **{"introduction": "Gut", "closing": "Gut", name: text})
        assert told in str(error.value.message_dict[name])
        assert not Minutes.objects.exists()

    def test_two_people_in_different_sections_do_not_disturb_each_other(
        self, meeting, officer, colleague
    ):
        save(meeting, officer, introduction="Eins", closing="")
        save(meeting, colleague, introduction="", closing="Zwei")
        row = Minutes.objects.get()
        assert (row.introduction, row.closing) == ("Eins", "Zwei")

    def test_the_same_section_is_a_conflict_and_nothing_is_saved(self, meeting, officer, colleague):
        save(meeting, officer, introduction="Eins")
        with pytest.raises(Conflict) as conflict:
            save(meeting, colleague, introduction="Zwei", closing="Schluss")
        assert conflict.value.theirs == {"introduction": "Eins"}
        row = Minutes.objects.get()
        assert (row.introduction, row.closing, row.version) == ("Eins", "", 1)
        save(meeting, colleague, seen="Eins", introduction="Beide")
        assert Minutes.objects.get().introduction == "Beide"

    def test_an_answer_that_was_lost_is_no_conflict(self, meeting, officer):
        save(meeting, officer, introduction="Wir beg")
        # The page never heard that this was saved, and goes on from the empty field.
        typed = Typed("Wir beginnen", fingerprint(""), unconfirmed="Wir beg\r\n")
        minutes.save(meeting=meeting, texts={"introduction": typed}, by=officer)
        assert Minutes.objects.get().introduction == "Wir beginnen"
        minutes.save(meeting=meeting, texts={"introduction": typed}, by=officer)
        assert Minutes.objects.get().version == 2

    def test_what_was_written_about_an_item_stays_when_it_leaves_the_agenda(
        self, meeting, items, officer
    ):
        name = minutes.name_of(items[0])
        AgendaItem.objects.filter(pk=items[0].pk).update(state="withdrawn")
        assert minutes.items_of(meeting) == [items[1]]
        minutes.save(meeting=meeting, texts={name: Typed("Schon getippt")}, by=officer)
        assert minutes.items_of(meeting) == items
        foreign = factories.make_agenda_item(meeting=factories.make_meeting())
        with pytest.raises(Refused, match="nicht mehr da"):
            minutes.save(meeting=meeting, texts={minutes.name_of(foreign): Typed("x")}, by=officer)


# --- Publishing -----------------------------------------------------------------------------------
class TestPublish:
    @pytest.fixture
    def members(self, organisation, manager, editor):
        """Two people; one speaks for a second organisation, and others cannot read it."""
        factories.make_representative(
            user=manager, organisation=factories.make_organisation(), role="editor"
        )
        paused = factories.make_organisation(state="paused")
        factories.make_representative(
            user=factories.make_user(), organisation=paused, role="manager"
        )
        gone = factories.make_user(is_active=False)
        factories.make_representative(user=gone, organisation=organisation, role="editor")
        return [manager, editor]

    def test_members_get_one_mail_each_and_the_decisions_their_numbers(
        self, meeting, items, officer, members, django_capture_on_commit_callbacks
    ):
        later = decisions.record(
            meeting=meeting, agenda_item=items[1], text="Wir machen mit.", by=officer
        )
        first = decisions.record(
            meeting=meeting, agenda_item=items[0], text="Das Protokoll gilt.", by=officer
        )
        tasks.create(meeting=meeting, text="Saal mieten", person="Mina", by=officer)
        save(meeting, officer, introduction="Guten Abend", summary="Ein **gutes** Treffen.")
        for _twice in range(2):
            minutes.publish(meeting=meeting, by=officer)
        meeting.refresh_from_db()
        assert meeting.state == "documented"
        row = Minutes.objects.get()
        assert (row.state, row.published_by) == ("published", officer)
        first.refresh_from_db()
        later.refresh_from_db()
        year = meeting.begins.year
        assert (str(first), str(later)) == (f"{year}-1", f"{year}-2")
        mails = OutboxMessage.objects.filter(mail="meetings/minutes_published")
        assert sorted(mails.values_list("to", flat=True)) == sorted(one.email for one in members)
        body = mails.first().text_body
        assert "Es enthält 2 Beschlüsse. Es gibt 1 Aufgabe." in body
        assert reverse("meetings:minutes", args=["herbst"]) in body

    def test_what_is_empty_not_over_or_cancelled_is_not_published(self, meeting, officer):
        with pytest.raises(Refused, match="noch leer"):
            minutes.publish(meeting=meeting, by=officer)
        planned = factories.make_meeting()
        save(planned, officer, introduction="Vorbereitet")
        with pytest.raises(Refused, match="noch nicht begonnen"):
            minutes.publish(meeting=planned, by=officer)
        assert not Minutes.objects.filter(state="published").exists()
        assert not OutboxMessage.objects.exists()

    def test_only_by_the_officer(self, meeting, officer, manager):
        save(meeting, officer, introduction="Text")
        with pytest.raises(PermissionDenied):
            minutes.publish(meeting=meeting, by=manager)

    def test_a_meeting_nobody_marked_as_held_was_held(self, officer):
        meeting = factories.make_meeting(state="held")
        Meeting.objects.filter(pk=meeting.pk).update(state="invited")
        save(meeting, officer, introduction="Text")
        minutes.publish(meeting=meeting, by=officer)
        assert Meeting.objects.get(pk=meeting.pk).state == "documented"

    def test_corrections_are_visible_and_keep_what_was_there(self, meeting, items, officer):
        name = minutes.name_of(items[0])
        save(meeting, officer, **{name: "Es kamen 20."}, summary="Schön.")
        decision = decisions.record(meeting=meeting, text="Wir tagen im Mai.", by=officer)
        minutes.publish(meeting=meeting, by=officer)
        assert not Correction.objects.exists()
        save(
            meeting,
            officer,
            reason="Zählfehler",
            seen="Es kamen 20.",
            **{name: "Es kamen 21."},
        )
        decision.refresh_from_db()
        decisions.change(decision=decision, text="Wir tagen im Juni.", by=officer)
        added = decisions.record(meeting=meeting, text="Nachtrag.", by=officer)
        told = Correction.objects.values_list("part", "before", "after", "reason")
        year = meeting.begins.year
        assert list(told) == [
            ("Begrüßung", "Es kamen 20.", "Es kamen 21.", "Zählfehler"),
            (f"Beschluss {year}-1", "Wir tagen im Mai.", "Wir tagen im Juni.", ""),
            (f"Beschluss {year}-2", "", "Nachtrag.", ""),
        ]
        assert added.number == 2
        # The summary is no part of what was minuted.
        save(meeting, officer, seen="Schön.", summary="Sehr schön.")
        assert Correction.objects.count() == 3


# --- Decisions ------------------------------------------------------------------------------------
class TestDecisions:
    def test_sent_twice_is_one(self, meeting, officer):
        key = uuid.uuid4()
        for _twice in range(2):
            decisions.record(meeting=meeting, text="Ja", by=officer, creation_key=key)
        assert Decision.objects.get().number is None

    def test_a_draft_s_can_go_and_leaves_no_gap(self, meeting, officer):
        one, two = (
            decisions.record(meeting=meeting, text=text, by=officer) for text in ("Eins", "Zwei")
        )
        assert decisions.remove(decision=one, by=officer) is True
        assert decisions.remove(decision=one, by=officer) is False
        minutes.publish(meeting=meeting, by=officer)
        two.refresh_from_db()
        assert two.number == 1
        with pytest.raises(Refused, match="schon veröffentlicht"):
            decisions.remove(decision=two, by=officer)
        assert Decision.objects.get() == two

    def test_numbers_run_through_the_year_in_the_order_of_publication(self, officer):
        spring, autumn = factories.make_meeting(state="held"), factories.make_meeting(state="held")
        other_year = factories.make_meeting(state="held")
        other_year.starts_at = other_year.starts_at.replace(year=other_year.starts_at.year - 1)
        other_year.ends_at = other_year.ends_at.replace(year=other_year.ends_at.year - 1)
        other_year.save()
        for meeting in (spring, autumn, other_year):
            for text in ("Eins", "Zwei"):
                decisions.record(meeting=meeting, text=text, by=officer)
        for meeting in (autumn, other_year, spring):
            minutes.publish(meeting=meeting, by=officer)
        numbers = {
            meeting: sorted(meeting.decisions.values_list("number", flat=True))
            for meeting in (autumn, spring, other_year)
        }
        assert numbers == {autumn: [1, 2], spring: [3, 4], other_year: [1, 2]}

    def test_what_is_refused(self, meeting, officer, manager):
        with pytest.raises(PermissionDenied):
            decisions.record(meeting=meeting, text="Ja", by=manager)
        with pytest.raises(Refused, match="was beschlossen wurde"):
            decisions.record(meeting=meeting, text="  ", by=officer)
        foreign = factories.make_agenda_item(meeting=factories.make_meeting())
        with pytest.raises(Refused, match="anderen Treffen"):
            decisions.record(meeting=meeting, agenda_item=foreign, text="Ja", by=officer)
        assert not Decision.objects.exists()

    def test_two_people_change_one(self, meeting, officer, colleague):
        decision = decisions.record(meeting=meeting, text="Eins", by=officer)
        seen = fingerprint("Eins")
        assert decisions.change(decision=decision, text="Zwei", by=officer, seen=seen)
        with pytest.raises(Conflict):
            decisions.change(decision=decision, text="Drei", by=colleague, seen=seen)
        assert not decisions.change(decision=decision, text="Zwei", by=colleague, seen=seen)
        decision.refresh_from_db()
        assert decision.text == "Zwei"


# --- Really at the same time ----------------------------------------------------------------------
def together(*calls):
    """Run the calls at the same moment, each in its own connection; return what each raised."""
    raised, start = [], threading.Barrier(len(calls))

    def run(call):
        try:
            start.wait()
            call()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.fixture
def staff(transactional_db):
    """The officer, where the group is made anew for every test."""
    user = factories.make_user(email="amt@example.org", is_staff=True)
    user.groups.add(officer_group())
    return user


def test_numbers_given_at_the_same_moment_have_no_gap_and_no_double(staff):
    meetings = [factories.make_meeting(state="held") for _number in range(3)]
    for meeting in meetings:
        for _number in range(2):
            decisions.record(meeting=meeting, text="Ja", by=staff)
    calls = [
        lambda meeting=meeting: minutes.publish(meeting=meeting, by=staff)
        for meeting in [*meetings, meetings[0]]
    ]
    assert together(*calls) == []
    numbers = Decision.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3, 4, 5, 6]


def test_two_begin_the_minutes_at_the_same_moment(staff):
    meeting = factories.make_meeting(state="held")
    raised = together(
        lambda: save(meeting, staff, introduction="Eins"),
        lambda: save(meeting, staff, introduction="Zwei"),
        lambda: save(meeting, staff, closing="Schluss"),
    )
    assert [type(error) for error in raised] == [Conflict]
    row = Minutes.objects.get()
    assert row.introduction in {"Eins", "Zwei"}
    assert row.closing == "Schluss"


# --- The page -------------------------------------------------------------------------------------
class TestEditor:
    def data(self, meeting, **changed):
        """What the form sends: all sections as they are, some of them changed."""
        data = {}
        for name, part in minutes.parts(minutes.of(meeting), minutes.items_of(meeting)).items():
            data[name] = part.text
            data[f"seen-{name}"] = fingerprint(part.text)
        return data | changed

    def test_it_follows_the_agenda_and_saves_without_scripts(self, desk, meeting, items):
        page = desk.get(url(meeting)).text
        assert page.index("Begrüßung") < page.index("Woche der Vielfalt")
        name = minutes.name_of(items[1])
        answer = desk.post(url(meeting), self.data(meeting, **{name: "**Alle** da"}, _save=""))
        assert answer.url == url(meeting)
        assert "<strong>Alle</strong> da" in desk.get(url(meeting)).text

    def test_a_preview_saves_nothing(self, desk, meeting):
        answer = desk.post(url(meeting), self.data(meeting, introduction="**Neu**", _preview=""))
        assert "<strong>Neu</strong>" in answer.text
        assert not Minutes.objects.exists()

    @pytest.mark.parametrize("button", ["decision_add", "task_add"])
    def test_the_way_on_saves_first(self, desk, meeting, items, button):
        data = self.data(meeting, introduction="Getippt", _go=f"{button}:{items[0].pk}")
        answer = desk.post(url(meeting), data)
        assert answer.url == url(meeting, button, item=items[0].pk)
        assert Minutes.objects.get().introduction == "Getippt"
        assert "Begrüßung" in desk.get(answer.url).text

    @pytest.mark.parametrize("target", ["", "decision:99999999999999999999", "x:y", "task:-1"])
    def test_a_way_that_is_none_saves_too(self, desk, meeting, target):
        answer = desk.post(url(meeting), self.data(meeting, introduction="Neu", _go=target))
        assert answer.url.startswith(url(meeting))
        assert Minutes.objects.get().introduction == "Neu"

    def test_what_is_wrong_is_said_at_its_field_and_everything_is_kept(self, desk, meeting):
        data = self.data(meeting, introduction="<iframe>", closing="Bis bald", _save="")
        page = desk.post(url(meeting), data)
        assert page.context["form"]["closing"].value() == "Bis bald"
        assert "HTML: „&lt;iframe&gt;“" in page.text
        assert not Minutes.objects.exists()

    def test_a_megabyte_is_refused_and_still_there(self, desk, meeting):
        page = desk.post(url(meeting), self.data(meeting, introduction="x" * 1_000_000))
        assert "1000000 Zeichen" in page.text
        assert len(page.context["form"]["introduction"].value()) == 1_000_000
        assert not Minutes.objects.exists()

    def test_both_texts_are_shown_and_the_choice_counts(self, desk, meeting, colleague):
        mine = self.data(meeting, introduction="Meins", closing="Ende", _save="")
        save(meeting, colleague, introduction="Deins")
        page = desk.post(url(meeting), mine)
        assert "Deins" in page.text
        assert page.context["form"]["introduction"].value() == "Meins"
        assert Minutes.objects.get().closing == ""
        seen = {f"seen-{one.part.name}": one.seen for one in page.context["sections"]}
        taken = desk.post(url(meeting), mine | seen | {"_take": "introduction"})
        assert taken.status_code == 302
        row = Minutes.objects.get()
        assert (row.introduction, row.closing) == ("Deins", "Ende")
        again = self.data(meeting, introduction="Beides")
        assert desk.post(url(meeting), again).status_code == 302
        assert Minutes.objects.get().introduction == "Beides"

    def test_what_was_open_when_it_was_published_becomes_a_correction(self, desk, meeting, officer):
        save(meeting, officer, introduction="Alt")
        data = self.data(meeting, introduction="Neu", _save="")
        minutes.publish(meeting=meeting, by=officer)
        page = desk.post(url(meeting), data)
        assert "inzwischen veröffentlicht" in page.text
        assert page.context["form"]["introduction"].value() == "Neu"
        assert not Correction.objects.exists()
        answer = desk.post(url(meeting, "minutes_correct"), data | {"reason": "Tippfehler"})
        assert answer.url == url(meeting)
        assert Correction.objects.get().reason == "Tippfehler"
        assert "Tippfehler" in desk.get(url(meeting)).text

    def test_of_a_cancelled_meeting_there_is_none(self, desk):
        meeting = factories.make_meeting(state="cancelled")
        assert "Kein Protokoll" in desk.get(url(meeting)).text

    def test_what_was_typed_is_there_after_the_log_in(self, desk, meeting, officer):
        cache.clear()
        Authenticator.objects.filter(user=officer).delete()
        factories.make_second_factor(officer, secret=SECRET)
        typed = self.data(meeting, introduction="Lange getippt", _save="")
        assert send(desk, url(meeting), typed, officer) == url(meeting)
        page = desk.get(url(meeting))
        assert page.context["form"]["introduction"].value() == "Lange getippt"
        assert not Minutes.objects.exists()


class TestAutosave:
    def send(self, desk, meeting, name, text, seen="", **more):
        data = {"part": name, name: text, f"seen-{name}": fingerprint(seen)} | more
        return desk.post(url(meeting, "minutes_part"), data)

    def test_a_section_is_saved_and_shown(self, desk, meeting):
        answer = self.send(desk, meeting, "introduction", "**Hallo**")
        assert answer.status_code == 200
        assert "<strong>Hallo</strong>" in answer.text
        assert f'value="{fingerprint("**Hallo**")}"' in answer.text
        again = self.send(desk, meeting, "introduction", "Hallo Welt", seen="**Hallo**")
        assert again.status_code == 200
        assert Minutes.objects.get().introduction == "Hallo Welt"
        assert Minutes.history.count() == 1

    def test_a_conflict_shows_the_other_text_and_saves_nothing(self, desk, meeting, colleague):
        save(meeting, colleague, introduction="Deins")
        answer = self.send(desk, meeting, "introduction", "Meins")
        assert answer.status_code == 409
        assert "Deins" in answer.text
        assert "data-conflict" in answer.text
        assert Minutes.objects.get().introduction == "Deins"

    def test_what_is_wrong_is_said(self, desk, meeting):
        answer = self.send(desk, meeting, "introduction", "![](x.png)", seen="")
        assert answer.status_code == 422
        assert "Bilder können hier nicht stehen" in answer.text
        assert f'value="{fingerprint("")}"' in answer.text
        assert not Minutes.objects.exists()

    def test_published_minutes_change_only_on_purpose(self, desk, meeting, officer):
        save(meeting, officer, introduction="Alt")
        minutes.publish(meeting=meeting, by=officer)
        answer = self.send(desk, meeting, "introduction", "Neu", seen="Alt")
        assert answer.status_code == 422
        assert "inzwischen veröffentlicht" in answer.text
        assert Minutes.objects.get().introduction == "Alt"

    @pytest.mark.parametrize("name", ["", "unsinn", "item-1", "item-x", "item-" + "9" * 30])
    def test_a_section_that_is_none_does_not_exist(self, desk, meeting, name):
        assert self.send(desk, meeting, name, "x").status_code == 404


class TestNoted:
    def test_decisions_and_tasks_stand_below_their_item(self, desk, meeting, items):
        desk.post(url(meeting, "decision_add", item=items[1].pk), {"text": "Wir machen mit."})
        answer = desk.post(
            url(meeting, "task_add", item=items[1].pk),
            {"text": "Saal mieten", "person": "Mina", "due_on": "2030-05-01"},
        )
        assert answer.url == f"{url(meeting)}#{minutes.name_of(items[1])}"
        page = desk.get(url(meeting))
        section = {one.part.item: one for one in page.context["sections"]}[items[1]]
        assert [str(one.text) for one in (*section.decisions, *section.tasks)] == [
            "Wir machen mit.",
            "Saal mieten",
        ]
        assert "bis 1. Mai 2030" in page.text

    def test_a_decision_is_mended_and_removed(self, desk, meeting, officer):
        decision = decisions.record(meeting=meeting, text="Eins", by=officer)
        address = url(meeting, "decision", decision=decision.pk)
        desk.post(address, {"text": "Zwei", "seen": fingerprint("Eins")})
        page = desk.post(address, {"text": "Drei", "seen": fingerprint("Eins")})
        assert "„Zwei“" in page.text
        form = page.context["form"]
        assert form["text"].value() == "Drei"
        desk.post(address, {"text": "Drei", "seen": form["seen"].value()})
        assert Decision.objects.get().text == "Drei"
        desk.post(url(meeting, "decision_remove", decision=decision.pk))
        assert not Decision.objects.exists()

    def test_a_task_is_mended_and_removed(self, desk, meeting, officer):
        task = tasks.create(meeting=meeting, text="Saal", person="Mina", by=officer)
        address = url(meeting, "minutes_task", task=task.pk)
        page = desk.get(address)
        data = {
            "text": "Saal mieten",
            "person": "Mina",
            "seen": page.context["form"]["seen"].value(),
        }
        assert desk.post(address, data).status_code == 302
        task.refresh_from_db()
        assert task.text == "Saal mieten"
        desk.post(url(meeting, "minutes_task_remove", task=task.pk))
        assert not meeting.tasks.exists()

    def test_those_of_another_meeting_do_not_exist(self, desk, meeting, officer):
        other = factories.make_meeting(state="held")
        decision = decisions.record(meeting=other, text="Eins", by=officer)
        item = factories.make_agenda_item(meeting=other)
        assert desk.get(url(meeting, "decision", decision=decision.pk)).status_code == 404
        assert desk.get(url(meeting, "decision_add", item=item.pk)).status_code == 404

    def test_publishing_says_what_it_does_and_does_it(self, desk, meeting, items, manager, officer):
        save(meeting, officer, introduction="Text")
        page = desk.get(url(meeting, "minutes_publish"))
        assert "1 Person bekommt eine E-Mail" in page.text
        assert page.context["readiness"].empty == items
        assert desk.post(url(meeting, "minutes_publish")).url == url(meeting)
        assert "Veröffentlicht am" in desk.get(url(meeting)).text
        assert desk.get(url(meeting, "minutes_publish")).status_code == 302

    def test_an_empty_one_is_not_published(self, desk, meeting):
        page = desk.post(url(meeting, "minutes_publish"))
        assert "noch leer" in page.text
        assert not Minutes.objects.exists()


@pytest.mark.parametrize("number", [1, 30])
def test_the_editor_asks_a_fixed_number_of_questions(
    desk, meeting, officer, django_assert_max_num_queries, number
):
    for place in range(number):
        item = factories.make_agenda_item(meeting=meeting, position=place)
        decisions.record(meeting=meeting, agenda_item=item, text="Ja", by=officer)
        tasks.create(
            meeting=meeting,
            agenda_item=item,
            text="Tun",
            organisation=factories.make_organisation(),
            by=officer,
        )
        minutes.save(meeting=meeting, texts={minutes.name_of(item): Typed("Text")}, by=officer)
    desk.get(url(meeting))
    with django_assert_max_num_queries(25):
        desk.get(url(meeting))


# --- What waits -----------------------------------------------------------------------------------
def test_minutes_that_are_missing_two_weeks_later_wait(desk, officer):
    def ended(days, **fields):
        end = timezone.now() - datetime.timedelta(days=days)
        return factories.make_meeting(
            state="held", starts_at=end - datetime.timedelta(hours=2), ends_at=end, **fields
        )

    ended(15, title="Lange her")
    ended(13, title="Gerade erst")
    ended(15, title="Nur eine Fortbildung", kind="training")
    done = ended(20, title="Fertig")
    save(done, officer, introduction="Text")
    minutes.publish(meeting=done, by=officer)
    page = desk.get(reverse("admin:index")).text
    assert "Lange her" in page
    assert "Gerade erst" not in page.partition("Protokolle schreiben")[2].partition("</section>")[0]
    assert "Fertig" not in page.partition("Protokolle schreiben")[2].partition("</section>")[0]
    assert "Nur eine Fortbildung" not in page
