"""What the pages of the back office offer to every app: parts, fields, and what is to be mended."""

import pytest
from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpResponse
from django.urls import reverse

from core import office
from core.office import parts
from organisations.models import Organisation, Topic
from tests.factories import make_organisation, make_problem_report, make_topic

pytestmark = pytest.mark.django_db

TOPICS = "/de/verwaltung/organisations/topic/"


@pytest.fixture
def hung(monkeypatch):
    """Hang a button and a box on the pages of topics, for who may change them."""
    for name in ("_list_links", "_change_links", "_change_boxes"):
        monkeypatch.setattr(parts, name, {Topic: [], Organisation: []})

    def allowed(request):
        return request.user.has_perm("organisations.change_topic")

    @office.list_link(Topic, 20)
    def second(request):
        return office.Link("Zweiter", "/zweiter/") if allowed(request) else None

    @office.list_link(Topic, 10)
    def first(request):
        return office.Link("Erster", "/erster/", icon="plus")

    @office.list_link(Topic, 30)
    def nobody(request):
        return None

    @office.change_link(Topic, 10)
    def of_one(request, topic):
        return office.Link(f"Zu {topic.name}", "/dort/")

    @office.change_box(Topic, 10)
    def box(request, topic):
        context = {"page_obj": None}
        return office.Box(f"Kasten {topic.name}", "admin/app_list.html", context, anchor="kasten")


def test_apps_hang_buttons_and_boxes_on_pages_of_others(client_for, officer, hung):
    topic = make_topic(name="Musik")
    client = client_for(officer)
    page = client.get(TOPICS).text
    assert page.index('href="/erster/"') < page.index('href="/zweiter/"')
    page = client.get(reverse("admin:organisations_topic_change", args=[topic.pk])).text
    assert 'href="/dort/"' in page
    assert "Zu Musik" in page
    # Below the form, so that it may hold a form of its own.
    assert page.index("</form>", page.index("topic_form")) < page.index('id="kasten"')
    assert "Kasten Musik" in page


def test_what_has_to_be_mended_is_said_on_top_with_a_way_there(client_for, officer):
    topic = make_topic(name="Musik")
    address = reverse("admin:organisations_topic_change", args=[topic.pk])
    page = client_for(officer).post(address, {"name": "", "slug": topic.slug}).text
    summary = page[page.index("data-error-summary") : page.index("topic_form")]
    assert 'href="#id_name"' in summary
    assert 'id="id_name"' in page


def test_days_and_times_are_the_browsers_own_fields(rf, officer):
    class Event(models.Model):
        day = models.DateField()
        at = models.TimeField()
        when = models.DateTimeField()

        class Meta:
            app_label = "tests"
            managed = False

        def __str__(self):
            return str(self.day)

    request = rf.get("/")
    request.user = officer
    form = office.OfficeModelAdmin(Event, admin.site).get_form(request)({})
    types = {name: field.widget.input_type for name, field in form.fields.items()}
    assert types == {"day": "date", "at": "time", "when": "datetime-local"}
    assert isinstance(form.fields["when"], forms.DateTimeField)
    data = {"day": "2026-11-22", "at": "18:30", "when": "2026-11-22T18:30"}
    form = office.OfficeModelAdmin(Event, admin.site).get_form(request)(data)
    assert form.is_valid(), form.errors
    assert 'value="2026-11-22T18:30"' in str(form["when"])


def test_the_start_page_begins_with_an_overview(client_for, officer):
    make_organisation(state="submitted")
    make_problem_report()
    page = client_for(officer).get(reverse("admin:index"))
    overview = page.text[page.text.index("office-overview") : page.text.index("office-waiting")]
    for number, part in enumerate(page.context["waiting"], 1):
        assert (f'href="#wartet-{number}"' in overview) == bool(part.total)
        assert (f'id="wartet-{number}"' in page.text) == bool(part.total or part.note)
    assert "Neue Anmeldungen" in overview


def test_a_bulk_action_may_lead_elsewhere(client_for, officer, monkeypatch):
    class Compare(office.BulkAction):
        name = "compare"
        label = "Vergleichen"

        def answer(self, request, rows):
            return HttpResponse(",".join(row.name for row in rows))

    monkeypatch.setattr("core.office.bulk._added", {Topic: []})
    office.add_bulk_action(Topic, Compare(), order=1)
    rows = [make_topic(name=name) for name in ("A", "B", "C")]
    data = {"action": "compare", "_selected_action": [row.pk for row in rows[:2]]}
    assert client_for(officer).post(TOPICS, data).content == b"A,B"
