import pytest

from organisations.models import Organisation

from . import factories


def test_the_cast_stands_where_it_says(
    officer, administrator, manager, editor, outsider, organisation, draft, submitted
):
    own = Organisation.objects.of(manager)
    assert set(own) == {organisation, draft, submitted}
    assert set(Organisation.objects.of(editor)) == {organisation}
    assert not Organisation.objects.of(outsider).exists()
    assert officer.has_perm("organisations.change_organisation")
    assert not officer.is_superuser
    assert administrator.is_superuser
    assert set(Organisation.objects.visible_to(outsider)) == {organisation}
    assert set(Organisation.objects.visible_to(officer)) == {organisation, draft, submitted}


def test_a_client_knows_who_it_is(client_for, manager):
    assert client_for(manager).session["_auth_user_id"] == str(manager.pk)
    assert "_auth_user_id" not in client_for(None).session


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in dir(factories) if name.startswith("make_")])
def test_every_factory_makes_a_row_without_help(name):
    def writing() -> dict[str, object]:
        return {"organisation": factories.make_organisation(), "by": factories.make_user()}

    needs = {
        "make_complete_organisation": lambda: {"municipality": factories.make_municipality()},
        "make_decision": lambda: {"meeting": factories.make_meeting()},
        "make_note": writing,
        "make_proposal": writing,
        "make_proposed_item": writing,
        "make_second_factor": lambda: {"user": factories.make_user()},
        "make_succession_ask": lambda: {"user": factories.make_user()},
        "make_former_slug": lambda: {"slug": "alt", "organisation": factories.make_organisation()},
    }
    made = getattr(factories, name)(**needs.get(name, dict)())
    assert made
    if hasattr(made, "validate_constraints"):
        made.validate_constraints()
