"""Help in the back office: every field whose effect is not obvious says it, and the handbook."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from core.office import handbook
from organisations.models import Language, Municipality, Organisation, TargetGroup, Topic
from portal.models import Feedback, NetworkProfile

pytestmark = pytest.mark.django_db

MODELS = (
    User, Organisation, Topic, TargetGroup, Language, Municipality, NetworkProfile, Feedback,
)  # fmt: skip
# Whose label says all there is to know.
SELF_EXPLAINING = {"municipality", "DELETE"}


def shown_fields(model: type[Any], user: User) -> dict[str, Any]:
    """Return the fields an administrator can change on a model's page and its inlines."""
    page = admin.site.get_model_admin(model)
    request = RequestFactory().get("/")
    request.user = user
    fields = dict(page.get_form(request, None, change=True).base_fields)
    for inline in page.get_inline_instances(request, None):
        form = inline.get_formset(request, None).form
        fields |= {f"{inline.model.__name__}.{name}": one for name, one in form.base_fields.items()}
    return {
        name: one
        for name, one in fields.items()
        # In the other languages the same holds as in German.
        if not one.widget.is_hidden and not name.startswith("translation_")
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_says_what_it_does(model, administrator) -> None:
    unexplained = [
        name
        for name, one in shown_fields(model, administrator).items()
        if not one.help_text and name.split(".")[-1] not in SELF_EXPLAINING
    ]
    if model is Organisation:  # the field itself, not the hidden link of an inline
        assert shown_fields(model, administrator)["municipality"].help_text
    assert unexplained == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_explanation_is_about_a_field_that_is_not_there(model) -> None:
    page = admin.site.get_model_admin(model)
    for one in (page, *(inline(model, admin.site) for inline in page.inlines)):
        known = {field.name for field in one.model._meta.get_fields()} | set(one.form.base_fields)
        assert set(getattr(one, "explanations", ())) <= known
        for text in getattr(one, "explanations", {}).values():
            assert len(str(text)) <= 160, text


def test_the_page_shows_the_explanation_at_the_field(client_for, officer, organisation) -> None:
    page = client_for(officer).get(
        reverse("admin:organisations_organisation_change", args=[organisation.pk])
    )
    text = "Ohne Haken sehen nur die Organisation und das Team Straße und Hausnummer."
    assert re.search(rf'<div class="help" id="id_address_public_helptext">{text}', page.text)
    assert 'aria-describedby="id_address_public_helptext"' in page.text


# --- The handbook ---------------------------------------------------------------------------------
@pytest.fixture
def desk(client_for, officer, network) -> Client:
    return client_for(officer)


def test_the_handbook_is_one_click_away(desk) -> None:
    start = desk.get(reverse("admin:index")).text
    assert f'href="{reverse("admin:handbook")}"' in start
    page = desk.get(reverse("admin:handbook")).text
    assert '<a href="#was-wartet">Was wartet</a>' in page
    assert 'id="was-wartet"' in page
    assert '<div class="legal" lang="de" dir="ltr">' in page
    assert "<strong>Anmelden</strong>" in page
    assert "Das Handbuch gibt es nur auf Deutsch." not in page
    arabic = desk.get("/ar/verwaltung/handbuch/").text
    assert '<div class="legal" lang="de" dir="ltr">' in arabic


def test_the_whole_handbook_is_there_and_every_part_has_its_own_anchor(desk) -> None:
    headings = re.findall(r"^## (.+)$", handbook.FILE.read_text(encoding="utf-8"), re.MULTILINE)
    parts = handbook.sections()
    assert [part.title for part in parts] == headings
    assert len({part.anchor for part in parts}) == len(parts)
    assert all(part.anchor and part.text for part in parts)
    levels = re.findall(r"<h(\d)", desk.get(reverse("admin:handbook")).text)
    assert set(levels) <= {"1", "2", "3", "4"}
    assert levels.count("1") == 1
