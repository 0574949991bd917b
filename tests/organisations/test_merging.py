"""Two entries of one organisation become one, and two again."""

import datetime
import time
import uuid
from urllib.parse import urlencode

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from actions.models import IdeaSupport, JointAction, Pledge
from core.errors import Conflict, Refused
from core.jobs import run_due
from core.models import OutboxMessage
from organisations.comparison import Comparison
from organisations.models import (
    AccessRequest,
    Confirmation,
    ContactPerson,
    FormerSlug,
    Merge,
    Organisation,
    Representative,
    RepresentativeInvitation,
    Succession,
    Topic,
)
from organisations.services import decisions, editing, merging, unmerging
from organisations.services.merging import BOTH, GONE, KEPT
from tests import factories as make

State = Organisation.State


@pytest.fixture
def kept(db) -> Organisation:
    return make.make_organisation(name="Haus der Musik e. V.", slug="haus", phone="+4972223810")


@pytest.fixture
def gone(db) -> Organisation:
    return make.make_organisation(
        name="Haus d. Musik", slug="haus-2", phone="+4972223811", email="haus@example.org"
    )


def merge(kept, gone, by, **choices) -> Merge:
    return merging.merge(
        kept=kept,
        gone=gone,
        choices=choices,
        seen_versions={kept.pk: kept.version, gone.pk: gone.version},
        by=by,
    )


# --- What moves -----------------------------------------------------------------------------------
def test_everything_that_hangs_on_it_moves(kept, gone, officer):
    contact = make.make_contact(organisation=gone, public=("name", "phone"))
    photo = make.make_image(organisation=gone, kind="photo")
    logo = make.make_image(organisation=gone)
    manager = make.make_representative(organisation=gone)
    invitation = make.make_invitation(organisation=gone)
    request = make.make_access_request(organisation=gone)
    report = make.make_problem_report(organisation=gone)
    former = make.make_former_slug(slug="ganz-frueher", organisation=gone)

    done = merge(kept, gone, officer, phone=GONE, name=KEPT)

    for row in (contact, photo, logo, manager, invitation, request, report, former):
        row.refresh_from_db()
        assert row.organisation == kept, row
    assert contact.published == {"name": contact.name, "phone": contact.phone}
    assert contact.consents.count() == 1
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.name, str(kept.phone), kept.email) == ("Haus der Musik e. V.", gone.phone, "")
    assert (gone.state, gone.merged_into, gone.version) == (State.ARCHIVED, kept, 2)
    assert (done.kept, done.gone, done.merged_by) == (kept, gone, officer)


def test_all_tables_of_all_apps_are_asked():
    """Whatever points to an organisation moves, or is named here with its reason."""
    columns = {f"{column.model.__name__}.{column.name}" for column in merging.relations()}
    assert {
        "AccessRequest.organisation",
        "ContactPerson.organisation",
        "FormerSlug.organisation",
        "Organisation.merged_into",
        "OrganisationImage.organisation",
        "ProblemReport.organisation",
        "Representative.organisation",
        "RepresentativeInvitation.organisation",
    } <= columns
    assert not {name for name in columns if name.startswith(("Historical", "Organisation_"))}


# --- What is chosen -------------------------------------------------------------------------------
def test_values_are_taken_as_chosen(kept, gone, officer):
    music, dance = make.make_topic(name="Musik"), make.make_topic(name="Tanz")
    kept.topics.set([music])
    gone.topics.set([dance])
    kept.translations = {"en": {"description": "House of music"}}
    kept.social_links = ["https://example.org/a"]
    kept.save()
    gone.translations = {"en": {"aims": "To sing"}, "ar": {"description": "بيت الموسيقى"}}
    gone.social_links = ["https://example.org/a", "https://example.org/b"]
    gone.save()

    merge(
        kept,
        gone,
        officer,
        name=GONE,
        topics=BOTH,
        social_links=BOTH,
        translation_en_aims=GONE,
        translation_en_description=GONE,
        translation_ar_description=GONE,
    )

    kept.refresh_from_db()
    assert (kept.name, kept.slug) == ("Haus d. Musik", "haus")
    assert set(kept.topics.all()) == {music, dance}
    assert kept.social_links == ["https://example.org/a", "https://example.org/b"]
    assert kept.translations == {"en": {"aims": "To sing"}, "ar": {"description": "بيت الموسيقى"}}
    entry = kept.history.first()
    assert (entry.history_user, entry.version) == (officer, 2)
    assert "Zusammengeführt" in entry.history_change_reason
    assert entry.topics.count() == 2
    assert kept.history.count() == 2 + 1 + 1  # made, its topics, its texts; then one for the merge


def test_two_logos_and_the_other_one_is_wanted(kept, gone, officer):
    own, theirs = make.make_image(organisation=kept), make.make_image(organisation=gone)
    done = merge(kept, gone, officer, logo=GONE)
    own.refresh_from_db()
    theirs.refresh_from_db()
    assert (own.organisation, theirs.organisation) == (gone, kept)
    assert [own.pending, theirs.pending] == [False, False]
    assert unmerging.undo(merge=done, by=officer) == []
    own.refresh_from_db()
    theirs.refresh_from_db()
    assert (own.organisation, theirs.organisation) == (kept, gone)
    assert [own.pending, theirs.pending] == [False, False]


@pytest.mark.parametrize("choices", [{"slug": GONE}, {"state": GONE}, {"name": BOTH}])
def test_nothing_else_can_be_chosen(kept, gone, officer, choices):
    with pytest.raises(ValueError, match="Not to be chosen"):
        merge(kept, gone, officer, **choices)


# --- What is there already ------------------------------------------------------------------------
def test_who_speaks_for_both_keeps_the_higher_role(kept, gone, officer):
    user = make.make_user()
    own = make.make_representative(organisation=kept, user=user, role="editor")
    other = make.make_representative(organisation=gone, user=user, role="manager")
    done = merge(kept, gone, officer)
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.role, own.organisation) == ("manager", kept)
    assert other.organisation == gone
    unmerging.undo(merge=done, by=officer)
    own.refresh_from_db()
    assert own.role == "editor"


def test_who_is_invited_or_asks_twice_waits_once(kept, gone, officer):
    later = timezone.now() + datetime.timedelta(days=20)
    make.make_invitation(organisation=kept, email="neu@example.org", role="editor")
    make.make_invitation(
        organisation=gone, email="neu@example.org", role="manager", expires_at=later
    )
    user = make.make_user()
    make.make_access_request(organisation=kept, user=user)
    make.make_access_request(organisation=gone, user=user)

    merge(kept, gone, officer)

    invitation = RepresentativeInvitation.objects.get(withdrawn_at=None)
    assert (invitation.organisation, invitation.role) == (kept, "manager")
    assert invitation.expires_at == later
    request = AccessRequest.objects.get(state="open")
    assert (request.organisation, request.user) == (kept, user)


def test_a_third_entry_that_was_merged_before_comes_along(kept, gone, officer):
    third = make.make_organisation(name="Musikhaus", slug="dritte")
    merge(gone, third, officer)
    gone.refresh_from_db()
    first = Merge.objects.get()
    second = merge(kept, gone, officer)
    third.refresh_from_db()
    assert third.merged_into == kept
    with pytest.raises(Refused, match="zuerst"):
        unmerging.undo(merge=first, by=officer)
    unmerging.undo(merge=second, by=officer)
    third.refresh_from_db()
    assert third.merged_into == gone
    assert unmerging.undo(merge=first, by=officer) == []


# --- Refusals -------------------------------------------------------------------------------------
def test_one_entry_and_itself(kept, officer):
    with pytest.raises(Refused, match="mit sich selbst"):
        merge(kept, kept, officer)


@pytest.mark.parametrize(
    ("kept_state", "gone_state", "reason"),
    [
        (State.ACTIVE, State.ARCHIVED, "archiviert"),
        (State.ARCHIVED, State.ACTIVE, "archiviert"),
        (State.SUBMITTED, State.ACTIVE, "weiter"),
        (State.DRAFT, State.PAUSED, "weiter"),
    ],
)
def test_states_that_do_not_go_together(officer, kept_state, gone_state, reason):
    kept = make.make_organisation(state=kept_state)
    gone = make.make_organisation(state=gone_state)
    with pytest.raises(Refused, match=reason):
        merge(kept, gone, officer)
    assert not Merge.objects.exists()


def test_nobody_else_merges(kept, gone, manager, officer):
    with pytest.raises(PermissionDenied):
        merge(kept, gone, manager)
    done = merge(kept, gone, officer)
    with pytest.raises(PermissionDenied):
        unmerging.undo(merge=done, by=manager)
    with pytest.raises(PermissionDenied):
        unmerging.problems_of_undoing(done, by=manager)


def test_twice_is_once(kept, gone, officer):
    make.make_representative(organisation=gone)
    one, two = merge(kept, gone, officer), merge(kept, gone, officer)
    assert one == two
    assert OutboxMessage.objects.filter(mail="organisations/merged").count() == 1
    assert unmerging.undo(merge=one, by=officer) == unmerging.undo(merge=one, by=officer) == []
    assert OutboxMessage.objects.filter(mail="organisations/merge_undone").count() == 1


def test_a_change_since_is_said_and_nothing_is_done(kept, gone, officer):
    seen = {kept.pk: kept.version, gone.pk: gone.version}
    editing.save(organisation=gone, values={"place": "Bühl"}, seen_version=1, by=officer)
    with pytest.raises(Conflict) as conflict:
        merging.merge(kept=kept, gone=gone, choices={}, seen_versions=seen, by=officer)
    assert conflict.value.theirs == {str(gone.pk): 2}
    gone.refresh_from_db()
    assert (gone.state, gone.merged_into) == (State.ACTIVE, None)


def test_a_preview_says_it_and_does_nothing(kept, gone, officer):
    make.make_contact(organisation=gone)
    make.make_contact(organisation=gone)
    make.make_image(organisation=gone, kind="photo")
    user = make.make_user()
    make.make_representative(organisation=kept, user=user)
    make.make_representative(organisation=gone, user=user)
    make.make_representative(organisation=gone)
    before = dump()
    preview = merging.preview(
        kept=kept,
        gone=gone,
        choices={"name": GONE},
        seen_versions={kept.pk: 1, gone.pk: 1},
        by=officer,
    )
    assert set(preview.moves) == {"2 Ansprechpersonen", "1 Bild", "1 Vertretung"}
    assert (preview.stays, preview.readers) == (["1 Vertretung"], 2)
    assert dump() == before


# --- Mails ----------------------------------------------------------------------------------------
def test_everybody_who_speaks_for_one_is_told_once_in_their_language(kept, gone, officer):
    both = make.make_user(email="beide@example.org", language="en")
    for organisation in (kept, gone):
        make.make_representative(organisation=organisation, user=both)
    arabic = make.make_user(email="arabisch@example.org", language="ar")
    make.make_representative(organisation=gone, user=arabic)
    merge(kept, gone, officer)
    mails = OutboxMessage.objects.filter(mail="organisations/merged")
    assert dict(mails.values_list("to", "language")) == {
        "beide@example.org": "en",
        "arabisch@example.org": "ar",
    }
    body = mails.get(to="beide@example.org").text_body
    assert "Haus d. Musik" in body
    assert f"/meine-organisationen/{kept.pk}/" in body


# --- Undoing --------------------------------------------------------------------------------------
def test_what_was_changed_since_stays_and_is_named(kept, gone, officer):
    topic = make.make_topic(name="Musik")
    gone.topics.set([topic])
    erased = make.make_contact(organisation=gone, name="Erna Weg")
    renamed = make.make_contact(organisation=gone, name="Ada Alt")
    report = make.make_problem_report(organisation=gone)
    done = merge(kept, gone, officer, phone=GONE, email=GONE, topics=GONE)
    kept.refresh_from_db()
    editing.save(organisation=kept, values={"phone": "", "topics": []}, seen_version=2, by=officer)
    ContactPerson.objects.filter(pk=erased.pk).delete()
    ContactPerson.objects.filter(pk=renamed.pk).update(name="Ada Neu")
    report.delete()
    new = make.make_contact(organisation=kept)

    problems = unmerging.problems_of_undoing(done, by=officer)
    texts = [problem.text for problem in problems]
    assert any("Telefon: seither geändert" in text for text in texts), texts
    assert any("Themen: seither geändert" in text for text in texts), texts
    assert "Ansprechperson: inzwischen gelöscht." in texts
    assert "1 Hinweis: inzwischen gelöscht oder woanders." in texts
    assert len(problems) == 4
    with pytest.raises(Conflict):
        unmerging.undo(merge=done, by=officer)
    unmerging.undo(merge=done, by=officer, accepted=[problem.key for problem in problems])

    for row in (kept, gone, renamed, new):
        row.refresh_from_db()
    assert (kept.email, kept.phone, kept.topics.count()) == ("", "", 0)
    assert (gone.state, gone.merged_into, list(gone.topics.all())) == (State.ACTIVE, None, [topic])
    assert (renamed.name, renamed.organisation, new.organisation) == ("Ada Neu", gone, kept)


def test_after_thirty_days_it_is_final(kept, gone, officer):
    with time_machine.travel("2026-03-01 12:00Z", tick=False):
        done = merge(kept, gone, officer)
    with time_machine.travel("2026-03-31 11:59Z", tick=False):
        assert unmerging.problems_of_undoing(done, by=officer) == []
        run_due(everything=True)
        assert Merge.objects.exists()
    with time_machine.travel("2026-03-31 12:00Z", tick=False):
        with pytest.raises(Refused, match="30 Tage"):
            unmerging.undo(merge=done, by=officer)
        run_due(everything=True)
    assert not Merge.objects.exists()
    gone.refresh_from_db()
    assert gone.merged_into == kept


def test_a_merged_entry_comes_back_by_undoing_alone(kept, gone, officer):
    merge(kept, gone, officer)
    gone.refresh_from_db()
    assert decisions.possible(gone) == []
    with pytest.raises(Refused, match="jetzt Teil von"):
        decisions.resume(organisation=gone, by=officer)


# --- Addresses and open forms ---------------------------------------------------------------------
def test_the_old_address_leads_to_the_one_that_stays(kept, gone, officer, client_for):
    merge(kept, gone, officer)
    for person in (None, officer):
        response = client_for(person).get("/de/organisationen/haus-2/?a=b")
        assert (response.status_code, response["Location"]) == (
            301,
            "/de/organisationen/haus/?a=b",
        )
        assert response["Cache-Control"] == "no-cache"
    unmerging.undo(merge=Merge.objects.get(), by=officer)
    assert client_for(None).get("/de/organisationen/haus-2/").status_code == 200


def test_what_a_visitor_sends_under_the_old_address_arrives(kept, gone, officer, client_for):
    merge(kept, gone, officer)
    client = client_for(None)
    response = client.post(
        "/de/organisationen/haus-2/hinweis/",
        {"text": "Die Nummer stimmt nicht.", "creation_key": str(uuid.uuid4())},
    )
    assert response["Location"] == "/de/organisationen/haus/hinweis/danke/"
    assert kept.problem_reports.get().text == "Die Nummer stimmt nicht."


def test_a_form_that_was_open_meanwhile_loses_nothing(kept, gone, officer, client_for):
    user = make.make_representative(organisation=gone).user
    client = client_for(user)
    url = f"/de/meine-organisationen/{gone.pk}/ort/"
    page = client.get(url)
    form = page.context["form"]
    typed = {
        name: form[name].value()
        for name in form.fields
        if isinstance(form[name].value(), str | int | bool) and form[name].value() is not False
    }
    typed |= {"street": "Neue Straße 7", "seen_version": page.context["seen_version"]}
    merge(kept, gone, officer)

    response = client.post(url, typed, follow=True)

    assert response.redirect_chain == [(f"/de/meine-organisationen/{kept.pk}/ort/", 302)]
    text = response.content.decode()
    assert "wurde dieser Eintrag mit „Haus der Musik e. V.“ zusammengeführt" in text
    assert "Neue Straße 7" in text
    kept.refresh_from_db()
    assert kept.street == ""
    # Sent again there, what differs is shown for choosing: nothing is overwritten unseen.
    again = response.context["form"].data.dict() | {
        "seen_version": response.context["seen_version"]
    }
    answer = client.post(f"/de/meine-organisationen/{kept.pk}/ort/", again)
    shown = {one["field"]: one["mine"] for one in answer.context["conflicts"]}
    assert shown["street"] == "Neue Straße 7"
    client.post(
        f"/de/meine-organisationen/{kept.pk}/ort/",
        again | {"seen_version": answer.context["seen_version"], "take-municipality": "theirs"},
    )
    kept.refresh_from_db()
    assert kept.street == "Neue Straße 7"


def test_links_in_old_mails_lead_on(kept, gone, officer, client_for, outsider):
    user = make.make_representative(organisation=gone).user
    merge(kept, gone, officer)
    response = client_for(user).get(f"/de/meine-organisationen/{gone.pk}/")
    assert response["Location"] == f"/de/meine-organisationen/{kept.pk}/"
    response = client_for(outsider).get(f"/de/meine-organisationen/{gone.pk}/", follow=True)
    assert response.status_code == 404
    assert client_for(None).get(f"/de/meine-organisationen/{gone.pk}/").status_code == 302
    for client in (client_for(user), client_for(officer)):
        assert client.get(f"/de/meine-organisationen/{'9' * 25}/").status_code == 404


# --- The officer's pages --------------------------------------------------------------------------
def compare_url(one, other) -> str:
    return f"/de/verwaltung/organisations/merge/zusammenfuehren/{one.pk}/{other.pk}/"


def sent(page, action: str, **fields: str) -> dict[str, str]:
    """The form as a browser would send it."""
    comparison = page.context["comparison"]
    return {**dict(comparison.hidden()), "action": action, **fields}


def test_two_entries_side_by_side_then_preview_then_done(kept, gone, officer, client_for):
    make.make_contact(organisation=gone)
    client = client_for(officer)
    page = client.get(compare_url(gone, kept))
    questions = {one.name: one for one in page.context["comparison"].differing}
    assert {"name", "phone"} <= set(questions)
    assert [one.name for one in page.context["comparison"].one_sided] == ["email"]
    assert "Haus d. Musik" in page.content.decode()

    preview = client.post(
        compare_url(gone, kept), sent(page, "preview", kept=str(kept.pk), phone=str(gone.pk))
    )
    text = preview.content.decode()
    assert "1 Ansprechperson" in text
    assert "Jetzt zusammenführen" in text
    assert not Merge.objects.exists()
    back = client.post(compare_url(gone, kept), sent(preview, "change"))
    assert f'value="{gone.pk}" id="phone-{gone.pk}" checked' in back.content.decode()

    response = client.post(compare_url(gone, kept), sent(preview, "merge"))
    done = Merge.objects.get()
    assert response["Location"] == f"/de/verwaltung/organisations/merge/{done.pk}/change/"
    kept.refresh_from_db()
    assert (str(kept.phone), kept.email) == (str(gone.phone), "haus@example.org")
    page = client.get(response["Location"])
    assert "1 Ansprechperson" in page.content.decode()
    client.post(response["Location"])
    gone.refresh_from_db()
    assert gone.state == State.ACTIVE
    assert "Rückgängig gemacht" in client.get(response["Location"]).content.decode()


def test_choices_stay_when_somebody_else_was_faster(kept, gone, officer, client_for):
    user = make.make_representative(organisation=gone).user
    client = client_for(officer)
    page = client.get(compare_url(kept, gone))
    data = sent(page, "merge", name=str(gone.pk), kept=str(kept.pk))
    editing.save(organisation=gone, values={"place": "Bühl"}, seen_version=1, by=user)
    for action in ("preview", "merge"):
        answer = client.post(compare_url(kept, gone), data | {"action": action})
        text = answer.content.decode()
        assert "Inzwischen hat sich etwas geändert" in text
        assert "Bühl" in text
        assert str(user) in text
        assert f'id="name-{gone.pk}" checked' in text
    assert not Merge.objects.exists()
    client.post(compare_url(kept, gone), sent(answer, "merge"))
    kept.refresh_from_db()
    assert (kept.name, kept.place) == (gone.name, "Bühl")


def test_one_that_is_less_far_cannot_stay(officer, client_for):
    registered = make.make_organisation(name="Neu angemeldet", state=State.SUBMITTED)
    listed = make.make_organisation(name="Steht schon da")
    client = client_for(officer)
    page = client.get(compare_url(registered, listed))
    assert page.context["comparison"].kept == listed
    assert f'id="kept-{registered.pk}" disabled' in page.content.decode()
    answer = client.post(
        compare_url(registered, listed), sent(page, "preview", kept=str(registered.pk))
    )
    assert "ist weiter" in answer.content.decode()


@pytest.mark.parametrize("state", [State.ACTIVE, State.ARCHIVED])
def test_what_cannot_be_merged_is_said(kept, officer, client_for, state):
    other = kept if state == State.ACTIVE else make.make_organisation(state=state)
    response = client_for(officer).get(compare_url(kept, other), follow=True)
    assert response.redirect_chain[0][0] == "/de/verwaltung/organisations/duplicatepair/"
    said = str(next(iter(response.context["messages"])))
    assert ("mit sich selbst" if other == kept else "archiviert") in said


def test_hostile_input_chooses_nothing(kept, gone, officer, client_for):
    client = client_for(officer)
    for data in (
        {"action": "merge"},
        {"action": "merge", f"version-{kept.pk}": "9" * 40, "kept": "x", "name": "\x00"},
        {"action": "preview", f"version-{kept.pk}": "²", f"version-{gone.pk}": "1"},
        {"action": "\x00", "kept": "1"},
        {},
    ):
        assert client.post(compare_url(kept, gone), data).status_code == 200, data
    assert client.get(compare_url(kept, gone).replace(str(gone.pk), "9" * 25)).status_code == 404
    assert not Merge.objects.exists()


def test_after_a_log_in_the_choices_are_there(kept, gone, officer, client_for):
    client = client_for(officer)
    page = client.get(compare_url(kept, gone))
    session = client.session
    session["core_resume"] = {
        "path": compare_url(kept, gone),
        "data": urlencode(sent(page, "preview", name=str(gone.pk))),
        "files": False,
        "owner": str(officer.pk),
        "at": time.time(),
    }
    session.save()
    text = client.get(compare_url(kept, gone)).content.decode()
    assert f'id="name-{gone.pk}" checked' in text


def test_finding_the_other_entry(kept, gone, officer, client_for):
    other = make.make_organisation(name="Ganz Anderes")
    url = f"/de/verwaltung/organisations/merge/auswaehlen/{kept.pk}/"
    client = client_for(officer)
    page = client.get(url)
    assert [one["organisation"] for one in page.context["likely"]] == [gone]
    page = client.get(url, {"q": "anderes"})
    assert [row for row, _url in page.context["found"]] == [other]
    assert compare_url(kept, other) in page.content.decode()


def test_the_organisations_page_shows_doubles_and_merges(kept, gone, officer, client_for):
    url = f"/de/verwaltung/organisations/organisation/{kept.pk}/change/"
    client = client_for(officer)
    assert compare_url(kept, gone) in client.get(url).content.decode()
    done = merge(kept, gone, officer)
    text = client.get(url).content.decode()
    assert compare_url(kept, gone) not in text
    assert f"/de/verwaltung/organisations/merge/{done.pk}/change/" in text
    history = f"/de/verwaltung/organisations/organisation/{gone.pk}/history/"
    assert history in text
    assert "Zusammengeführt" in client.get(history).content.decode()


def test_two_rows_of_the_list_lead_to_the_comparison(kept, gone, officer, client_for):
    url = "/de/verwaltung/organisations/organisation/"
    client = client_for(officer)
    chosen = {"action": "merge_two", "_selected_action": [kept.pk, gone.pk]}
    response = client.post(url, chosen)
    assert response["Location"] in {compare_url(kept, gone), compare_url(gone, kept)}
    response = client.post(url, chosen | {"_selected_action": [kept.pk]}, follow=True)
    assert "genau zwei" in response.content.decode()


def test_many_merges_take_as_many_queries_as_one(
    kept, officer, client_for, django_assert_max_num_queries
):
    client = client_for(officer)
    url = "/de/verwaltung/organisations/merge/"
    for number in (1, 30):
        while Merge.objects.count() < number:
            merge(kept, make.make_organisation(), officer)
            kept.refresh_from_db()
        with django_assert_max_num_queries(12):
            page = client.get(url)
        assert page.content.decode().count("ist jetzt Teil von") == number


# --- Any two entries ------------------------------------------------------------------------------
# What only grows, counts changes or is about merging itself.
LEFT_OUT = {"Merge", "OutboxMessage", "Revision", "DuplicatePair", "Session", "Job"}
COUNTED = {"version", "modified_at"}


def dump() -> dict[str, list]:
    """Everything in the database that a merge may touch, by table."""
    return {
        model.__name__: sorted(
            repr(
                {
                    column.attname: column.value_from_object(row)
                    for column in model._meta.concrete_fields
                    if column.attname not in COUNTED
                    and not (column.primary_key and model._meta.auto_created)
                }
            )
            for row in model._base_manager.all()
        )
        for model in apps.get_models(include_auto_created=True)
        if model.__name__ not in LEFT_OUT
        and not model.__name__.startswith("Historical")
        and model._meta.app_label in {"core", "accounts", "organisations", "actions", "portal"}
    }


def hanging() -> dict[tuple[str, str], int]:
    """Which organisation every row of every related table hangs on."""
    return {
        (column.model.__name__, str(pk)): owner
        for column in merging.relations()
        for pk, owner in column.model._base_manager.values_list("pk", column.attname)
        if owner is not None
    }


TODAY = datetime.date(2026, 5, 4)
# Rows that can hang on an organisation; the number makes them meet or not.
MAKERS = {
    "contact": lambda one, n: make.make_contact(organisation=one, public=("name",) if n else ()),
    "logo": lambda one, n: (
        one.images.filter(kind="logo").exists() or make.make_image(organisation=one)
    ),
    "photo": lambda one, n: make.make_image(organisation=one, kind="photo"),
    "representative": lambda one, n: Representative.objects.get_or_create(
        organisation=one, user=person(n), defaults={"role": "manager" if n % 2 else "editor"}
    ),
    "invitation": lambda one, n: (
        one.invitations.filter(email=f"gast{n}@example.org", withdrawn_at=None).exists()
        or make.make_invitation(
            organisation=one, email=f"gast{n}@example.org", role="manager" if n else "editor"
        )
    ),
    "request": lambda one, n: AccessRequest.objects.get_or_create(
        organisation=one, user=person(n), state="open"
    ),
    "report": lambda one, n: make.make_problem_report(organisation=one),
    "former": lambda one, n: (
        make.make_former_slug(slug=f"frueher-{one.pk}-{n}", organisation=one)
        if not FormerSlug.objects.filter(slug=f"frueher-{one.pk}-{n}").exists()
        else None
    ),
    "confirmation": lambda one, n: (
        one.confirmations.filter(ended_at=None).exists()
        or Confirmation.objects.create(
            organisation=one, state="asked" if n else "unanswered", next_on=TODAY
        )
    ),
    "succession": lambda one, n: (
        one.successions.filter(ended_at=None).exists()
        or Succession.objects.create(organisation=one, state="asked", next_on=TODAY)
    ),
    "topic": lambda one, n: one.topics.add(topic(n)),
    "participation": lambda one, n: takes_part(one, n),
    "pledge": lambda one, n: Pledge.objects.get_or_create(
        contribution=together(n).contributions.get(),
        organisation=one,
        defaults={"amount": n + 1, "person": f"Person {n}"},
    ),
    "idea": lambda one, n: IdeaSupport.objects.get_or_create(
        idea=together(n).ideas.get(), organisation=one, defaults={"would_join": n == 1}
    ),
    "active_in": lambda one, n: one.active_in.add(make.make_municipality(name=f"Ort {n}")),
}


def person(number: int) -> User:
    email = f"person-{number}@example.org"
    return User.objects.filter(email=email).first() or make.make_user(email=email)


def together(number: int) -> JointAction:
    """An action nobody leads yet, with something it needs and the idea it came from."""
    found = JointAction.objects.filter(slug=f"aktion-{number}").first()
    if found is None:
        found = make.make_joint_action(slug=f"aktion-{number}", state="idea")
        make.make_contribution(action=found)
        make.make_idea(action=found)
    return found


def takes_part(one: Organisation, number: int) -> None:
    """Whoever comes first leads the first action; the others are asked or have agreed."""
    action = together(number)
    is_lead = number == 0 and not action.participations.filter(role="lead").exists()
    is_first = not action.participations.exists()
    action.participations.get_or_create(
        organisation=one,
        defaults={
            "role": "lead" if is_lead else "partner",
            "state": "confirmed" if is_lead or is_first else "invited",
        },
    )


def topic(number: int) -> Topic:
    return Topic.objects.filter(name=f"Thema {number}").first() or make.make_topic(
        name=f"Thema {number}"
    )


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "short_name": st.sampled_from(["", "HdM", "Haus"]),
        "founding_year": st.sampled_from([None, 1990, 2001]),
        "charitable": st.sampled_from([None, True, False]),
        "phone": st.sampled_from(["", "+4972223814325"]),
        "email": st.sampled_from(["", "info@example.org"]),
        "street": st.sampled_from(["", "Hauptstraße 1"]),
        "translations": st.sampled_from([{}, {"en": {"aims": "Sing"}}, {"ar": {"aims": "غناء"}}]),
        "social_links": st.sampled_from([[], ["https://example.org/x"]]),
        "review_after": st.sampled_from([None, datetime.date(2027, 1, 1)]),
        "state": st.sampled_from([State.ACTIVE, State.PAUSED, State.SUBMITTED, State.DRAFT]),
    },
)
ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from(sorted(MAKERS)), st.integers(0, 2)), max_size=12
)


class AnyTwo(TestCase):
    """Whatever hangs on two entries: nothing is lost by merging, and undoing restores it all."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(VALUES, VALUES, ROWS, st.data())
    def test_nothing_is_lost_and_all_comes_back(self, one_values, other_values, rows, data):
        officer = make.make_user(is_staff=True, is_superuser=True)
        one = make.make_organisation(name="Haus der Musik", **one_values)
        other = make.make_organisation(name="Haus d. Musik", **other_values)
        for is_one, maker, number in rows:
            MAKERS[maker](one if is_one else other, number)
        kept, gone = sorted([one, other], key=lambda row: -merging.RANK[row.state])
        comparison = Comparison.of(kept, gone)
        chosen = {
            question.name: data.draw(st.sampled_from([one.key for one in question.options]))
            for question in (*comparison.differing, *comparison.one_sided)
        }
        comparison = Comparison.of(kept, gone, chosen | {"kept": str(kept.pk)})
        before, owners = dump(), hanging()

        done = merge(kept, gone, officer, **comparison.choices())

        staying = {
            (apps.get_model(step["model"]).__name__, step["stays"])
            for step in done.steps
            if "stays" in step
        }
        after = hanging()
        assert after.keys() - owners.keys() <= {("Organisation", str(gone.pk))}
        swapped = comparison.choices().get("logo") == GONE
        for row, owner in owners.items():
            if row in staying:
                assert after[row] == gone.pk, row
            elif owner in {kept.pk, gone.pk} and not (swapped and row[0] == "OrganisationImage"):
                assert after[row] == kept.pk, row
        assert unmerging.undo(merge=done, by=officer) == []
        restored = dump()
        assert {name: restored[name] for name in before} == before
