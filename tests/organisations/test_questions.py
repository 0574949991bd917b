"""One list of questions: whatever is asked somewhere is asked, shown and edited everywhere."""

import pytest
from django.urls import reverse

from organisations import questions
from organisations.models import Organisation
from tests.factories import make_complete_organisation, make_municipality, make_target_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def complete(manager):
    """A registration with an answer to every question, about to be sent."""
    place = make_municipality(name="Rastatt", postal_codes=("76437",))
    return make_complete_organisation(
        municipality=place,
        manager=manager,
        state="returned",
        active_in=[place, make_municipality(name="Gaggenau")],
        address_extra="Hinterhaus",
        opening_times="Jeden Freitag",
        target_groups=[make_target_group(name="Frauen")],
        translations={"tr": {"aims": "Daha çok müzik"}},
    )


ANSWERS = [
    "Haus am Fluss e. V.", "HaF", "1998", "VR 123456", "Gaggenau", "Hauptstraße 1<br>Hinterhaus",
    "76437 Rastatt", "Jeden Freitag", "Wir sind da.", "Mehr Musik", "Daha çok müzik", "Chor",
    "Musik", "Frauen", "Türkisch", "Anatolien", "07222 381-4325", "haus@example.org",
    "https://haus.example.org/", "https://social.example.org/haus",
]  # fmt: skip


def test_everything_an_organisation_may_change_is_asked():
    model = Organisation._meta
    editable = {field.name for field in [*model.fields, *model.many_to_many] if field.editable}
    # Further languages are asked for beside their texts.
    assert set(questions.FIELDS) == editable - {"id", "translations"}
    assert len(questions.FIELDS) == len(set(questions.FIELDS))


@pytest.mark.parametrize("section", questions.SECTIONS, ids=lambda section: section.step)
def test_the_step_of_a_section_asks_all_of_it(client_for, manager, complete, section):
    url = reverse("organisations:step", args=[complete.pk, section.step])
    form = client_for(manager).get(url).context["form"]
    asked = {*form.fields, *(["social_links"] if "social_1" in form.fields else [])}
    assert set(section.fields) <= asked


def test_the_officer_edits_all_of_it(client_for, officer, complete):
    url = reverse("admin:organisations_organisation_change", args=[complete.pk])
    page = client_for(officer).get(url)
    assert set(questions.FIELDS) <= set(page.context["adminform"].form.fields)
    for section in questions.SECTIONS:
        assert str(section.title) in page.content.decode()


def test_all_answers_are_read_before_sending_and_by_the_officer(
    client_for, manager, officer, complete
):
    step = reverse("organisations:step", args=[complete.pk, "senden"])
    review = reverse("admin:organisations_organisation_review", args=[complete.pk])
    for page in (client_for(manager).get(step), client_for(officer).get(review)):
        text = page.content.decode()
        shown = text[text.index('<dl class="summary">') :]
        assert [answer for answer in ANSWERS if answer not in shown] == []


def test_the_whole_county_stands_for_its_places(client_for, manager, complete):
    complete.whole_county = True
    complete.save()
    step = reverse("organisations:step", args=[complete.pk, "senden"])
    text = client_for(manager).get(step).content.decode()
    assert "im ganzen Landkreis" in text
    assert "Gaggenau" not in text
