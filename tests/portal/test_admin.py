import pytest
from django.urls import reverse
from django.utils import timezone

from portal import services
from portal.models import Feedback, NetworkProfile
from tests.factories import make_feedback

PROFILE = "admin:portal_networkprofile_change"


@pytest.fixture
def profile(db) -> NetworkProfile:
    return services.ensure_profile(
        name="Netzwerk im Musterkreis", short_name="Netzwerk", county="Musterkreis"
    )[0]


def form_values(client, url: str) -> dict[str, object]:
    """What a browser would send back without a change."""
    form = client.get(url).context["adminform"].form
    return {
        name: value
        for name in form.fields
        if (value := form[name].value()) not in (None, False, "")
    }


def test_the_list_leads_to_the_one_profile(client_for, officer, profile):
    response = client_for(officer).get(reverse("admin:portal_networkprofile_changelist"))
    assert response.headers["Location"] == reverse(PROFILE, args=[1])


def test_texts_are_changed_in_every_language(client_for, officer, profile):
    client, url = client_for(officer), reverse(PROFILE, args=[1])
    values = form_values(client, url)
    values |= {
        "claim": "Ein neuer Satz.",
        "translation_ar_claim": "جملة جديدة",
        "privacy_checked": "on",
    }
    assert client.post(url, values).status_code == 302
    profile.refresh_from_db()
    assert profile.claim == "Ein neuer Satz."
    assert profile.translated("claim", "ar") == "جملة جديدة"
    assert profile.translated("imprint", "en").startswith("The German version")
    assert profile.privacy_checked
    assert not profile.imprint_checked
    assert "Ein neuer Satz." in client_for(None).get(reverse("portal:home")).content.decode()
    assert profile.history.first().history_user == officer


def test_nobody_adds_a_second_profile_or_deletes_the_first(client_for, administrator, profile):
    client = client_for(administrator)
    assert client.get(reverse("admin:portal_networkprofile_add")).status_code == 404
    assert (
        client.post(
            reverse("admin:portal_networkprofile_delete", args=[1]), {"post": "yes"}
        ).status_code
        == 404
    )
    assert NetworkProfile.objects.count() == 1


def test_a_demonstration_cannot_be_switched_off(client_for, administrator, profile):
    NetworkProfile.objects.update(is_demonstration=True)
    client, url = client_for(administrator), reverse(PROFILE, args=[1])
    client.post(url, form_values(client, url))
    profile.refresh_from_db()
    assert profile.is_demonstration


def test_feedback_waits_on_the_start_page_until_it_is_answered(client_for, officer):
    feedback = make_feedback(text="Die Karte geht nicht.", email="ada@example.org")
    client, start = client_for(officer), reverse("admin:index")
    assert "Die Karte geht nicht." in client.get(start).content.decode()
    url = reverse("admin:portal_feedback_change", args=[feedback.pk])
    assert "mailto:ada@example.org" in client.get(url).content.decode()
    client.post(url, {"note": "Angerufen.", "text": "Gefälscht", "_answered": "1"})
    feedback.refresh_from_db()
    assert feedback.answered_at is not None
    assert (feedback.note, feedback.text) == ("Angerufen.", "Die Karte geht nicht.")
    assert "Die Karte geht nicht." not in client.get(start).content.decode()


def test_answering_twice_keeps_the_first_day(client_for, officer):
    feedback = make_feedback()
    client = client_for(officer)
    url = reverse("admin:portal_feedback_changelist")
    values = {"action": "mark_answered", "_selected_action": [feedback.pk], "_confirmed": "1"}
    client.post(url, values)
    first = Feedback.objects.get().answered_at
    assert first is not None
    client.post(url, values)
    assert Feedback.objects.get().answered_at == first


@pytest.mark.parametrize(
    ("query", "expected"), [("no", {"offen"}), ("yes", {"fertig"}), ("x", {"offen", "fertig"})]
)
def test_feedback_is_filtered(client_for, officer, query, expected):
    make_feedback(text="offen")
    make_feedback(text="fertig", answered_at=timezone.now())
    url = reverse("admin:portal_feedback_changelist")
    response = client_for(officer).get(url, {"answered": query})
    assert {row.text for row in response.context["cl"].queryset} == expected


def test_feedback_is_neither_written_nor_deleted_here(client_for, administrator):
    feedback, client = make_feedback(), client_for(administrator)
    assert client.get(reverse("admin:portal_feedback_add")).status_code == 404
    url = reverse("admin:portal_feedback_delete", args=[feedback.pk])
    assert client.post(url, {"post": "yes"}).status_code == 404
    assert Feedback.objects.exists()


def test_visitors_and_representatives_see_none_of_it(client_for, manager, outsider):
    feedback = make_feedback()
    for user in (None, manager, outsider):
        response = client_for(user).get(
            reverse("admin:portal_feedback_change", args=[feedback.pk]), follow=True
        )
        assert feedback.text not in response.content.decode()
