"""Who speaks for an organisation: inviting, roles, leaving, asking for access."""

import datetime
import re
import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_email
from django.db import connections
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from core import limits
from core.errors import Refused
from core.models import OutboxMessage
from core.tokens import new_token
from organisations.forms.people import parse_addresses
from organisations.models import AccessRequest, Representative, RepresentativeInvitation
from organisations.services import people
from tests.factories import (
    make_access_request,
    make_invitation,
    make_organisation,
    make_representative,
    make_user,
)

pytestmark = pytest.mark.django_db
Role = Representative.Role


def page(organisation) -> str:
    return reverse("organisations:people", args=[organisation.pk])


def role_of(user, organisation) -> str | None:
    rows = Representative.objects.filter(user=user, organisation=organisation)
    return rows.values_list("role", flat=True).first()


def mails_to(email: str) -> list[str]:
    return list(OutboxMessage.objects.filter(to=email).values_list("mail", flat=True))


# --- Reading addresses ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("a@example.org", ["a@example.org"], []),
        (" A@Example.ORG ", ["a@example.org"], []),
        ("a@example.org, b@example.org;c@example.org\nd@example.org", list("abcd"), []),
        ("a@example.org b@example.org\tc@example.org", list("abc"), []),
        ("Ayşe Yılmaz <a@example.org>", ["a"], []),
        ('"Yılmaz, Ayşe" <a@example.org>, b@example.org', ["a", "b"], []),
        ("Ayşe a@example.org", ["a"], []),
        ("mailto:a@example.org", ["a"], []),
        ("<a@example.org>", ["a"], []),
        ("a@example.org\na@EXAMPLE.org", ["a"], []),
        ("a@example.org, keine Adresse", ["a"], ["keine Adresse"]),
        ("a@@example.org", [], ["a@@example.org"]),
        ("a@localhost, b@example.org", ["b", "a@localhost"], []),
        ("Ayşe <a@example.org> b@example.org", ["a", "b"], []),
        ("", [], []),
        (" ,;\n ", [], []),
    ],
)
def test_addresses_are_read_however_they_were_pasted(text, good, bad):
    full = {entry if "@" in entry else f"{entry}@example.org" for entry in good}
    found, wrong = parse_addresses(text)
    assert set(found) == full
    assert wrong == bad


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    good, _bad = parse_addresses(text)
    assert len(good) == len(set(good))
    for address in good:
        assert address == address.strip().lower()
        validate_email(address)


@given(
    st.lists(st.from_regex(r"[a-z]{1,8}@example\.org", fullmatch=True), unique=True, max_size=20),
    st.sampled_from([",", ";", "\n", " ", "\t", ", ", ";\r\n"]),
)
def test_no_address_gets_lost(addresses, separator):
    assert parse_addresses(separator.join(addresses)) == (addresses, [])


# --- Inviting -------------------------------------------------------------------------------------
def invite(client, organisation, addresses, role=Role.EDITOR, language="de"):
    return client.post(
        page(organisation),
        {"action": "invite", "addresses": addresses, "role": role, "language": language},
        follow=True,
    )


class TestInviting:
    def test_a_manager_invites(self, client_for, manager, organisation):
        known = make_user(email="bekannt@example.org", language="ar")
        response = invite(
            client_for(manager), organisation, "neu@example.org\nBekannt@Example.org", Role.MANAGER
        )
        assert "2 Einladungen sind unterwegs." in response.text
        assert set(organisation.invitations.values_list("email", "role")) == {
            ("neu@example.org", "manager"),
            ("bekannt@example.org", "manager"),
        }
        new, old = (OutboxMessage.objects.get(to=to) for to in ("neu@example.org", known.email))
        assert new.confidential
        assert old.confidential
        # Everybody reads their own language; the words are the same for known and unknown.
        assert (new.language, old.language) == ("de", "ar")
        assert new.mail == old.mail
        assert re.search(r"/de/einladung/[\w-]{22,}/", new.text_body)
        assert re.search(r"/ar/einladung/[\w-]{22,}/", old.text_body)

    @pytest.mark.parametrize("who", ["editor", "outsider", None])
    def test_nobody_else_may(self, client_for, who, organisation, manager, request):
        person = request.getfixturevalue(who) if who else None
        response = client_for(person).post(
            page(organisation),
            {
                "action": "invite",
                "addresses": "neu@example.org",
                "role": "editor",
                "language": "de",
            },
        )
        assert response.status_code == (404 if person else 302)
        assert not organisation.invitations.exists()
        assert not OutboxMessage.objects.exists()

    def test_the_officer_may(self, client_for, officer, organisation):
        assert "unterwegs" in invite(client_for(officer), organisation, "neu@example.org").text

    def test_a_wrong_address_is_named_and_all_are_kept(self, client_for, manager, organisation):
        typed = "gut@example.org\nfalsch@\nauch falsch"
        response = invite(client_for(manager), organisation, typed)
        assert "„falsch@“ ist keine E-Mail-Adresse." in response.text
        assert "„auch falsch“ ist keine E-Mail-Adresse." in response.text
        assert "gut@example.org" in response.text
        assert not organisation.invitations.exists()

    @pytest.mark.parametrize(
        ("typed", "message"),
        [
            ("", "Bitte geben Sie mindestens eine E-Mail-Adresse ein."),
            ("\n".join(f"p{n}@example.org" for n in range(21)), "höchstens 20"),
            ("leitung@example.org", "leitung@example.org gehört schon zu Ihrer Organisation."),
            ("x" * 7000, "6000"),
        ],
    )
    def test_what_cannot_be_sent(self, client_for, manager, organisation, typed, message):
        assert message in invite(client_for(manager), organisation, typed).text
        assert not OutboxMessage.objects.exists()

    def test_the_same_form_twice_sends_once(self, client_for, manager, organisation):
        client = client_for(manager)
        invite(client, organisation, "neu@example.org")
        response = invite(client, organisation, "neu@example.org")
        assert "schon eingeladen" in response.text
        assert OutboxMessage.objects.count() == 1

    def test_another_role_is_a_new_invitation(self, manager, organisation):
        for role in (Role.EDITOR, Role.MANAGER):
            people.invite(
                organisation=organisation,
                emails=["neu@example.org"],
                role=role,
                by=manager,
                language="de",
            )
        assert organisation.invitations.get().role == Role.MANAGER
        assert OutboxMessage.objects.count() == 2

    def test_an_address_is_not_flooded_and_nobody_learns_who_else_wrote(
        self, client_for, manager, organisation
    ):
        """After the fifth mail no more go out; whoever invites reads the same as always."""
        texts = set()
        for _time in range(7):
            boss = make_user()
            other = make_organisation(manager=boss)
            response = invite(client_for(boss), other, "neu@example.org")
            texts.add(" ".join(str(message) for message in response.context["messages"]))
            assert other.invitations.get().is_open(timezone.now())
        assert OutboxMessage.objects.count() == 5
        assert len(texts) == 1
        # To send it again is no way around, and does not break a link that may have arrived.
        own = make_invitation(organisation=organisation, email="neu@example.org")
        data = {"action": "resend", "invitation": own.pk}
        assert "unterwegs" in client_for(manager).post(page(organisation), data, follow=True).text
        assert OutboxMessage.objects.count() == 5
        assert RepresentativeInvitation.objects.get(pk=own.pk).token_hash == own.token_hash

    def test_ones_own_repetitions_are_named(self, client_for, manager, organisation):
        client = client_for(manager)
        invite(client, organisation, "neu@example.org")
        data = {"action": "resend", "invitation": organisation.invitations.get().pk}
        for _time in range(2):
            client.post(page(organisation), data)
        text = client.post(page(organisation), data, follow=True).text
        assert "neu@example.org haben Sie heute schon mehrere Einladungen geschickt" in text
        assert OutboxMessage.objects.count() == 3

    def test_not_too_many_are_open(self, manager, organisation, monkeypatch):
        monkeypatch.setattr(people, "INVITATIONS_OPEN", 2)
        for number in range(2):
            make_invitation(organisation=organisation, email=f"o{number}@example.org")
        with pytest.raises(Refused):
            people.invite(
                organisation=organisation,
                emails=["neu@example.org"],
                role=Role.EDITOR,
                by=manager,
                language="de",
            )

    def test_sending_again_ends_the_old_link(self, client_for, manager, organisation):
        token, hashed = new_token()
        invitation = make_invitation(
            organisation=organisation,
            token_hash=hashed,
            expires_at=timezone.now() - datetime.timedelta(days=1),
        )
        client_for(manager).post(
            page(organisation), {"action": "resend", "invitation": invitation.pk}
        )
        assert people.invitation_for(token) is None
        invitation.refresh_from_db()
        assert invitation.is_open(timezone.now())
        assert mails_to(invitation.email) == ["organisations/invitation"]

    def test_withdrawing_ends_the_link(self, client_for, manager, organisation):
        invitation = make_invitation(organisation=organisation)
        client = client_for(manager)
        for _time in range(2):
            client.post(page(organisation), {"action": "withdraw", "invitation": invitation.pk})
        invitation.refresh_from_db()
        assert invitation.withdrawn_at
        assert not people.resend(invitation=invitation, by=manager, language="de")


# --- Following the link ---------------------------------------------------------------------------
@pytest.fixture
def link(organisation, outsider):
    """An open invitation of `outsider` and its address."""
    token, hashed = new_token()
    invitation = make_invitation(organisation=organisation, email=outsider.email, token_hash=hashed)
    return invitation, reverse("organisations:invitation", args=[token])


class TestFollowing:
    def test_opening_changes_nothing_the_button_does(
        self, client_for, link, outsider, organisation, manager
    ):
        invitation, url = link
        client = client_for(outsider)
        assert "Einladung annehmen" in client.get(url).text
        assert role_of(outsider, organisation) is None
        response = client.post(url, follow=True)
        assert "Willkommen!" in response.text
        assert role_of(outsider, organisation) == invitation.role
        assert mails_to(manager.email) == ["organisations/invitation_accepted"]
        # A second time is no error and no second mail.
        client.post(url)
        assert OutboxMessage.objects.count() == 1

    def test_without_a_login_it_leads_to_it(self, client_for, link, organisation):
        _invitation, url = link
        client = client_for(None)
        response = client.get(url)
        assert organisation.name in response.text
        assert f"{reverse('accounts:enter')}?next=" in response.text
        client.post(url)
        assert not organisation.representatives.exists()

    def test_the_whole_way_without_an_account(self, client_for, organisation):
        """The link, the log-in by code, the link again, the button."""
        token, hashed = new_token()
        make_invitation(organisation=organisation, email="neu@example.org", token_hash=hashed)
        url = reverse("organisations:invitation", args=[token])
        client = client_for(None)
        enter = re.findall(r'href="([^"]*[?]next=[^"]*)"', client.get(url).text)[-1]
        to_code = client.post(enter, {"email": "Neu@Example.org"}).url
        code = re.search(r"\b\d{6}\b", OutboxMessage.objects.get().text_body)[0]
        assert client.post(to_code, {"code": code}).url == url
        client.post(url)
        assert organisation.representatives.get().user.email == "neu@example.org"

    def test_another_account_is_told(self, client_for, link, organisation):
        other = make_user(email="andere@example.org")
        _invitation, url = link
        client = client_for(other)
        response = client.get(url)
        assert "Sie sind mit einer anderen Adresse angemeldet" in response.text
        client.post(url)
        assert role_of(other, organisation) is None
        assert client.post(response.context["logout_url"]).url == url

    @pytest.mark.parametrize(
        "change",
        [
            {"expires_at": timezone.now() - datetime.timedelta(1)},
            {"withdrawn_at": timezone.now()},
        ],
    )
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("de", "Diese Einladung gilt nicht mehr"),
            ("en", "This invitation is no longer valid"),
            ("ar", "لم تعد هذه الدعوة صالحة"),
        ],
    )
    def test_what_is_over_has_a_way_on(
        self, client_for, link, outsider, organisation, change, language, words
    ):
        invitation, url = link
        url = url.replace("/de/", f"/{language}/", 1)
        RepresentativeInvitation.objects.filter(pk=invitation.pk).update(**change)
        client = client_for(outsider)
        response = client.get(url)
        assert response.status_code == 410
        assert words in response.text
        with translation.override(language):
            assert organisation.get_absolute_url() in response.text
        client.post(url)
        assert role_of(outsider, organisation) is None

    def test_a_used_link_shows_others_nothing(self, client_for, link, outsider, organisation):
        invitation, url = link
        people.accept_invitation(invitation=invitation, user=outsider)
        assert client_for(None).get(url).status_code == 410
        assert "schon angenommen" in client_for(outsider).get(url).text

    @pytest.mark.parametrize("token", ["x", "x" * 500, "%00", "%E2%80%AE", "-" * 43])
    def test_an_unknown_link(self, client_for, token):
        response = client_for(None).get(f"/de/einladung/{token}/")
        assert response.status_code in {400, 404}

    def test_an_invitation_lifts_a_role_but_never_lowers_it(self, organisation, manager, editor):
        for user, role in ((editor, Role.MANAGER), (manager, Role.EDITOR)):
            invitation = make_invitation(organisation=organisation, email=user.email, role=role)
            people.accept_invitation(invitation=invitation, user=user)
        assert role_of(editor, organisation) == role_of(manager, organisation) == Role.MANAGER

    def test_only_the_invited_address(self, link, editor):
        invitation, _url = link
        with pytest.raises(PermissionDenied):
            people.accept_invitation(invitation=invitation, user=editor)


# --- Roles ----------------------------------------------------------------------------------------
class TestRoles:
    def test_a_manager_changes_removes_and_hands_over(
        self, client_for, manager, editor, organisation
    ):
        client = client_for(manager)
        row = Representative.objects.get(user=editor)
        post = lambda **data: client.post(page(organisation), {"representative": row.pk, **data})  # noqa: E731
        post(action="role", role="manager")
        assert role_of(editor, organisation) == Role.MANAGER
        post(action="role", role="editor")
        assert role_of(editor, organisation) == Role.EDITOR
        post(action="hand_over")
        assert role_of(editor, organisation) == Role.MANAGER
        assert role_of(manager, organisation) == Role.EDITOR
        assert mails_to(editor.email) == [
            "organisations/handed_over",
            "organisations/role_changed",
            "organisations/role_changed",
        ]
        entry = row.history.first()
        assert (entry.history_user, entry.history_change_reason) == (
            manager,
            "Verwaltung übergeben",
        )

    def test_removing_tells_the_person(self, client_for, manager, editor, organisation):
        row = Representative.objects.get(user=editor)
        client_for(manager).post(page(organisation), {"action": "remove", "representative": row.pk})
        assert role_of(editor, organisation) is None
        assert mails_to(editor.email) == ["organisations/removed"]

    @pytest.mark.parametrize("change", [{"action": "remove"}, {"action": "role", "role": "editor"}])
    def test_who_was_sent_away_has_left_no_way_back(
        self, client_for, manager, editor, organisation, change
    ):
        """An invitation to an address of one's own would undo what the others have decided."""
        Representative.objects.filter(user=editor).update(role=Role.MANAGER)
        kept = make_invitation(organisation=organisation, invited_by=manager)
        people.invite(
            organisation=organisation,
            emails=["hintertuer@example.org"],
            role=Role.MANAGER,
            by=editor,
            language="de",
        )
        row = Representative.objects.get(user=editor)
        client_for(manager).post(page(organisation), change | {"representative": row.pk})
        sent = RepresentativeInvitation.objects.get(email="hintertuer@example.org")
        alias = make_user(email=sent.email)
        with pytest.raises(Refused):
            people.accept_invitation(invitation=sent, user=alias)
        assert role_of(alias, organisation) is None
        kept.refresh_from_db()
        assert kept.is_open(timezone.now())

    @pytest.mark.parametrize("action", ["role", "remove", "hand_over", "withdraw", "resend"])
    def test_an_editor_changes_nothing(self, client_for, manager, editor, organisation, action):
        invitation = make_invitation(organisation=organisation)
        response = client_for(editor).post(
            page(organisation),
            {
                "action": action,
                "role": "manager",
                "representative": Representative.objects.get(user=editor).pk,
                "invitation": invitation.pk,
            },
        )
        assert response.status_code == 404
        assert role_of(editor, organisation) == Role.EDITOR
        assert role_of(manager, organisation) == Role.MANAGER
        assert not OutboxMessage.objects.exists()

    def test_an_editor_reads_the_list(self, client_for, manager, editor, organisation):
        make_invitation(organisation=organisation, email="geheim@example.org")
        response = client_for(editor).get(page(organisation))
        assert manager.name in response.text
        for hidden in (manager.email, "geheim@example.org", "Personen einladen", "Entfernen"):
            assert hidden not in response.text

    @pytest.mark.parametrize("who", ["outsider", None])
    def test_others_do_not_find_the_page(self, client_for, who, organisation, request):
        person = request.getfixturevalue(who) if who else None
        assert client_for(person).get(page(organisation)).status_code == (404 if person else 302)

    @pytest.mark.parametrize(
        "data",
        [
            {"action": "role", "role": "editor"},
            {"action": "leave"},
            {"action": "remove"},
        ],
    )
    def test_the_last_manager_stays(self, client_for, manager, editor, organisation, data):
        row = Representative.objects.get(user=manager)
        client_for(manager).post(page(organisation), data | {"representative": row.pk})
        assert role_of(manager, organisation) == Role.MANAGER
        assert not OutboxMessage.objects.exists()

    def test_leaving_tells_who_manages(self, client_for, manager, editor, organisation):
        response = client_for(editor).post(page(organisation), {"action": "leave"})
        assert response.url == reverse("organisations:mine")
        assert role_of(editor, organisation) is None
        assert mails_to(manager.email) == ["organisations/left"]
        assert not people.leave(organisation=organisation, user=editor)

    def test_the_officer_may_take_the_last_manager_away(
        self, client_for, manager, officer, organisation
    ):
        assert "Entfernen" not in client_for(manager).get(page(organisation)).text
        client = client_for(officer)
        assert "Entfernen" in client.get(page(organisation)).text
        row = Representative.objects.get(user=manager)
        client.post(page(organisation), {"action": "remove", "representative": row.pk})
        assert role_of(manager, organisation) is None
        assert mails_to(manager.email) == ["organisations/removed"]

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"action": "unknown"},
            {"action": "role", "representative": "9" * 25, "role": "editor"},
            {"action": "role", "representative": "abc", "role": "editor"},
            {"action": "role", "representative": "1\x00", "role": "editor"},
            {"action": "remove", "representative": ""},
            {"action": "withdraw", "invitation": "9" * 25},
            {"action": "access", "request": "1\x00", "grant": "yes"},
            {"action": "invite", "addresses": "a@example.org", "role": "god", "language": "de"},
            {"action": "invite", "addresses": "a\x00@example.org\u202e", "role": "editor"},
        ],
    )
    def test_tampered_requests_change_nothing(self, client_for, manager, organisation, data):
        response = client_for(manager).post(page(organisation), data)
        assert response.status_code in {200, 302, 404}
        assert role_of(manager, organisation) == Role.MANAGER
        assert not OutboxMessage.objects.exists()

    def test_people_of_another_organisation_are_out_of_reach(
        self, client_for, manager, organisation
    ):
        other = make_representative()
        client_for(manager).post(
            page(organisation), {"action": "remove", "representative": other.pk}
        )
        assert Representative.objects.filter(pk=other.pk).exists()

    def test_one_query_count_for_one_and_for_thirty(
        self, client_for, manager, organisation, django_assert_max_num_queries
    ):
        client = client_for(manager)
        client.get(page(organisation))
        counts = []
        for number in (1, 29):
            for _one in range(number):
                make_representative(organisation=organisation, role="editor")
                make_invitation(organisation=organisation, invited_by=manager)
                make_access_request(organisation=organisation)
            with django_assert_max_num_queries(20) as captured:
                client.get(page(organisation))
            counts.append(len(captured))
        assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_managers_leave_at_the_same_moment(organisation):
    """One of them has to stay, and is told so."""
    users = [make_representative(organisation=organisation).user for _number in range(2)]
    together, outcomes = threading.Barrier(2), []

    def leave(user):
        together.wait()
        try:
            outcomes.append(people.leave(organisation=organisation, user=user))
        except Refused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=leave, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["True", "refused"]
    assert organisation.representatives.get().role == Role.MANAGER


# --- Asking for access ----------------------------------------------------------------------------
def ask_url(organisation) -> str:
    return reverse("organisations:access_request", args=[organisation.pk])


class TestAskingForAccess:
    def test_the_managers_are_asked(self, client_for, outsider, manager, editor, organisation):
        client = client_for(outsider)
        assert organisation.name in client.get(ask_url(organisation)).text
        response = client.post(
            ask_url(organisation), {"message": "Ich bin im Vorstand."}, follow=True
        )
        assert "Ihre Anfrage läuft" in response.text
        mail = OutboxMessage.objects.get()
        assert mail.to == manager.email
        assert "Ich bin im Vorstand." in mail.text_body
        assert outsider.email in mail.text_body
        assert page(organisation) in mail.text_body
        # Asking again while it is open asks nobody twice.
        client.post(ask_url(organisation), {"message": "Noch einmal"})
        assert AccessRequest.objects.count() == OutboxMessage.objects.count() == 1

    def test_without_managers_the_officer_is_asked(self, outsider, officer, organisation):
        people.request_access(organisation=organisation, user=outsider, message="Hallo")
        assert mails_to(officer.email) == ["organisations/access_requested"]

    @pytest.mark.parametrize("state", ["draft", "submitted", "paused", "archived", "rejected"])
    def test_what_is_not_public_does_not_exist(self, client_for, outsider, state):
        hidden = make_organisation(state=state)
        client = client_for(outsider)
        assert client.get(ask_url(hidden)).status_code == 404
        assert client.post(ask_url(hidden), {"message": "Ich"}).status_code == 404
        with pytest.raises(Refused):
            people.request_access(organisation=hidden, user=outsider, message="Ich")

    def test_who_speaks_for_it_is_led_on(self, client_for, editor, organisation):
        response = client_for(editor).get(ask_url(organisation))
        assert response.url == reverse("organisations:tasks", args=[organisation.pk])

    def test_an_empty_message_is_refused(self, client_for, outsider, organisation):
        response = client_for(outsider).post(ask_url(organisation), {"message": " "})
        assert "Bitte prüfen Sie eine Angabe" in response.text
        assert not AccessRequest.objects.exists()

    def test_not_too_many_at_once(self, outsider, organisation):
        for _number in range(people.REQUESTS_OPEN):
            make_access_request(user=outsider)
        with pytest.raises(Refused):
            people.request_access(organisation=organisation, user=outsider, message="Ich")

    @pytest.mark.parametrize("is_managed", [True, False])
    def test_many_accounts_together_flood_nobody(self, officer, organisation, is_managed):
        reader = officer
        if is_managed:
            reader = make_representative(organisation=organisation, role=Role.MANAGER).user
        allowed = limits.LIMITS["mails_about_access"][0].times
        for _number in range(allowed + 2):
            people.request_access(organisation=organisation, user=make_user(), message="Ich!")
        assert len(mails_to(reader.email)) == allowed
        # Nothing is lost: every request waits for a decision.
        assert organisation.access_requests.filter(state="open").count() == allowed + 2

    @pytest.mark.parametrize("who", ["manager", "officer"])
    def test_granting(self, client_for, who, outsider, manager, organisation, request):
        asked = make_access_request(organisation=organisation, user=outsider)
        client = client_for(request.getfixturevalue(who))
        data = {"action": "access", "request": asked.pk, "grant": "yes"}
        response = client.post(page(organisation), data, follow=True)
        assert "vertritt jetzt die Organisation" in response.text
        assert role_of(outsider, organisation) == Role.EDITOR
        assert mails_to(outsider.email) == ["organisations/access_granted"]
        client.post(page(organisation), data)
        assert OutboxMessage.objects.count() == 1

    def test_declining(self, client_for, outsider, manager, organisation):
        asked = make_access_request(organisation=organisation, user=outsider)
        client = client_for(manager)
        client.post(page(organisation), {"action": "access", "request": asked.pk, "grant": "no"})
        assert role_of(outsider, organisation) is None
        assert mails_to(outsider.email) == ["organisations/access_declined"]
        # The other way round is too late, and is said.
        response = client.post(
            page(organisation),
            {"action": "access", "request": asked.pk, "grant": "yes"},
            follow=True,
        )
        assert "schon entschieden" in response.text
        assert role_of(outsider, organisation) is None

    def test_where_nobody_manages_the_person_does(self, outsider, officer, organisation):
        asked = make_access_request(organisation=organisation, user=outsider)
        people.decide_access(request=asked, by=officer, grant=True)
        assert role_of(outsider, organisation) == Role.MANAGER

    @pytest.mark.parametrize("who", ["editor", "outsider"])
    def test_nobody_else_decides(self, who, manager, organisation, request):
        asked = make_access_request(organisation=organisation)
        with pytest.raises(PermissionDenied):
            people.decide_access(request=asked, by=request.getfixturevalue(who), grant=True)
        asked.refresh_from_db()
        assert asked.state == AccessRequest.State.OPEN
