"""Topics, target groups, languages and places in the office: order, merging, what uses them."""

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import revision
from core.errors import Refused
from core.models import SavedView
from organisations.models import (
    ImportRun,
    Language,
    Municipality,
    Organisation,
    PostalCode,
    SearchText,
    TargetGroup,
    Topic,
)
from organisations.services import taxonomy
from tests.factories import (
    make_language,
    make_municipality,
    make_organisation,
    make_second_factor,
    make_target_group,
    make_topic,
    make_user,
)

pytestmark = pytest.mark.django_db

MAKERS = {
    "topic": (make_topic, "topics"),
    "targetgroup": (make_target_group, "target_groups"),
    "language": (make_language, "languages"),
}


@pytest.fixture
def desk(client_for, officer, network) -> Client:
    return client_for(officer)


def url(name: str, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:organisations_{name}_{page}", args=args)


# --- The lists ------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", MAKERS)
def test_the_list_counts_leads_on_and_marks_what_is_not_translated(desk, kind) -> None:
    make, relation = MAKERS[kind]
    full = {"en": {"name": "Music"}, "ar": {"name": "موسيقى"}}
    used, unused = make(name="Musik", translations=full), make(name="Tanz")
    for slug in ("eins", "zwei"):
        getattr(make_organisation(slug=slug), relation).add(used)
    make_organisation(slug="drei")
    page = desk.get(url(kind)).text
    assert "2 Organisationen" in page
    assert "fehlt: Englisch, Arabisch" in page
    assert "vollständig" in page
    address = reverse("admin:organisations_organisation_changelist")
    found = desk.get(address + taxonomy.organisations_address(used))
    assert found.context["cl"].result_count == 2
    nobody = desk.get(address + taxonomy.organisations_address(unused))
    assert nobody.context["cl"].result_count == 0
    missing = desk.get(url(kind) + "?uebersetzung=fehlt")
    assert [row.name for row in missing.context["cl"].result_list] == ["Tanz"]


def test_a_place_has_its_own_name_in_languages_with_the_same_letters() -> None:
    assert taxonomy.missing_translations(make_municipality(name="Ort")) == ["ar"]
    arabic = make_municipality(name="Ort", translations={"ar": {"name": "قرية"}})
    assert taxonomy.missing_translations(arabic) == []


def test_places_outside_the_county_lead_to_their_organisations_too(desk) -> None:
    place = make_municipality(name="Früher hier", in_county=False)
    make_organisation(municipality=place)
    make_organisation()
    address = reverse("admin:organisations_organisation_changelist")
    page = desk.get(address + taxonomy.organisations_address(place))
    assert page.context["cl"].result_count == 1


@pytest.mark.parametrize("kind", [*MAKERS, "municipality"])
def test_the_list_asks_the_same_of_1_and_of_30(desk, kind) -> None:
    make = MAKERS[kind][0] if kind in MAKERS else make_municipality
    make(name="Eins")
    desk.get(url(kind))
    with CaptureQueriesContext(connection) as few:
        desk.get(url(kind))
    for number in range(29):
        make(name=f"Wort {number}")
    desk.get(url(kind))  # what is kept in memory is read anew
    with CaptureQueriesContext(connection) as many:
        desk.get(url(kind))
    assert len(many) == len(few)


# --- Editing --------------------------------------------------------------------------------------
def test_a_new_word_stands_last_and_gets_a_slug(desk, officer) -> None:
    make_topic(slug="musik-und-tanz")
    answer = desk.post(url("topic", "add"), {"name": " Öffentliche\u200b Feste "}, follow=True)
    row = Topic.objects.get(name="Öffentliche Feste")
    assert row.slug == "oeffentliche-feste"
    assert row.position == max(Topic.objects.values_list("position", flat=True))
    assert "Noch nicht übersetzt: Englisch, Arabisch" in answer.text
    twice = desk.post(url("topic", "add"), {"name": "öffentliche feste"})
    assert "Das gibt es schon" in twice.text
    assert Topic.objects.count() == 2


def test_another_slug_keeps_the_old_address(desk, client_for) -> None:
    topic = make_topic(name="Tanz", slug="tanz")
    make_organisation().topics.add(topic)
    desk.post(url("topic", "change", topic.pk), {"name": "Tanz", "slug": "tanzen"})
    topic.refresh_from_db()
    assert (topic.slug, topic.former_slugs) == ("tanzen", ["tanz"])
    answer = client_for(None).get("/de/organisationen/?thema=tanz&q=&seite=1")
    assert answer.status_code == 302
    assert answer["Location"].endswith("?thema=tanzen")
    desk.post(url("topic", "change", topic.pk), {"name": "Tanz", "slug": "tanz"})
    topic.refresh_from_db()
    assert (topic.slug, topic.former_slugs) == ("tanz", ["tanzen"])
    assert client_for(None).get("/de/organisationen/?thema=tanz").status_code == 200


def test_a_key_of_a_place_has_eight_digits(desk) -> None:
    place = make_municipality(name="Ort", ags="01234567")
    data = {
        "name": "Ort", "ags": "123", "slug": "",
        "postal_codes-TOTAL_FORMS": "0", "postal_codes-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert "hat acht Ziffern" in desk.post(url("municipality", "change", place.pk), data).text
    desk.post(url("municipality", "change", place.pk), data | {"ags": "76543210"})
    place.refresh_from_db()
    assert place.ags == "76543210"


def test_what_is_used_says_where_instead_of_being_deleted(desk) -> None:
    topic, place = make_topic(name="Musik"), make_municipality(name="Hier")
    organisation = make_organisation()
    organisation.topics.add(topic)
    organisation.active_in.add(place)
    for kind, row, where in (
        ("topic", topic, "1 Organisation (Themen)"),
        ("municipality", place, "1 Organisation (Auch aktiv in)"),
    ):
        answer = desk.post(url(kind, "delete", row.pk), {"post": "yes"}, follow=True)
        assert where in answer.text
        assert "lässt sich nicht löschen" in answer.text
        assert type(row).objects.filter(pk=row.pk).exists()
    organisation.topics.clear()
    desk.post(url("topic", "delete", topic.pk), {"post": "yes"})
    assert not Topic.objects.filter(pk=topic.pk).exists()


# --- Order ----------------------------------------------------------------------------------------
@pytest.fixture
def ordered() -> list[Topic]:
    return [make_topic(name=name) for name in ("A", "B", "C", "D", "E")]


def names() -> str:
    return "".join(Topic.objects.values_list("name", flat=True))


def places(rows: list[Topic], **numbers: object) -> dict[str, object]:
    given = {row.name: place for place, row in enumerate(rows, 1)} | numbers
    return {f"place_{row.pk}": given[row.name] for row in rows}


@pytest.mark.parametrize(
    ("step", "name", "wanted"),
    [("up", "B", "BACDE"), ("down", "B", "ACBDE"), ("up", "A", "ABCDE"), ("down", "E", "ABCDE")],
)
def test_a_button_moves_by_one_place(desk, ordered, step, name, wanted) -> None:
    word = next(row for row in ordered if row.name == name)
    answer = desk.post(url("topic", "order"), places(ordered) | {step: word.pk})
    assert names() == wanted
    page = desk.get(answer["Location"])
    # The keyboard goes on with the same word.
    assert page.text.count("autofocus") == 1
    assert desk.get(reverse("organisations:list")).status_code == 200


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ({"B": 5}, "ACDEB"),
        ({"E": 2}, "AEBCD"),
        ({"A": 9999}, "BCDEA"),
        ({"A": 2, "B": 1}, "BACDE"),
        ({"A": 3, "B": 3, "C": 3}, "CABDE"),
        ({}, "ABCDE"),
    ],
)
def test_numbers_say_the_place(desk, ordered, numbers, wanted) -> None:
    desk.post(url("topic", "order"), places(ordered, **numbers))
    assert sorted(names()) == list("ABCDE")
    if numbers != {"A": 3, "B": 3, "C": 3}:  # whatever that means, it is stable
        assert names() == wanted
    before = list(Topic.objects.values_list("pk", "position"))
    desk.post(url("topic", "order"), places(list(Topic.objects.all())))
    assert list(Topic.objects.values_list("pk", "position")) == before


def test_wrong_numbers_are_kept_and_change_nothing(desk, ordered) -> None:
    page = desk.post(url("topic", "order"), places(ordered, A="x", B="9" * 25, C="")).text
    assert "Bitte geben Sie eine ganze Zahl an." in page
    assert 'value="x"' in page
    assert names() == "ABCDE"


def test_typed_numbers_are_not_lost_by_a_button(desk, ordered) -> None:
    desk.post(url("topic", "order"), places(ordered, E=1) | {"down": ordered[0].pk})
    assert names() == "EBACD"


def test_who_changed_the_order_stands_in_the_history(desk, ordered, officer) -> None:
    desk.post(url("topic", "order"), places(ordered) | {"up": ordered[1].pk})
    entry = ordered[1].history.first()
    assert entry.history_user == officer
    assert entry.history_change_reason == "Reihenfolge geändert"
    assert Topic.history.count() == 7


# --- Merging --------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", MAKERS)
def test_two_words_become_one(desk, client_for, officer, kind, network) -> None:
    make, relation = MAKERS[kind]
    kept, gone = make(name="Bleibt"), make(name="Geht")
    with_both, with_gone = make_organisation(slug="beide"), make_organisation(slug="eins")
    without = make_organisation(slug="keins")
    getattr(with_both, relation).set([kept, gone])
    getattr(with_gone, relation).set([gone])
    number = revision.current()
    chosen = desk.post(
        url(kind), {"action": "merge_words", "_selected_action": [kept.pk, gone.pk]}, follow=True
    )
    address, _status = chosen.redirect_chain[-1]
    assert "Was soll bleiben?" in chosen.text
    data = {"eintrag": [kept.pk, gone.pk]}
    assert "Bitte wählen Sie, welcher Eintrag bleibt." in desk.post(address, data).text
    preview = desk.post(address, data | {"kept": kept.pk}).text
    assert "2 Organisationen" in preview
    assert "Eine davon hat „Bleibt“ schon" in preview
    assert type(gone).objects.filter(pk=gone.pk).exists()

    done = desk.post(address, data | {"kept": kept.pk, "_confirmed": "1"}, follow=True)
    assert "1 Eintrag ist jetzt Teil von „Bleibt“." in done.text
    assert not type(gone).objects.filter(pk=gone.pk).exists()
    for organisation, keys in ((with_both, [kept.pk]), (with_gone, [kept.pk]), (without, [])):
        assert list(getattr(organisation, relation).values_list("pk", flat=True)) == keys
    assert revision.current() != number
    entry = with_gone.history.first()
    assert entry.history_user == officer
    assert "„Geht“ ist jetzt Teil von „Bleibt“" in entry.history_change_reason
    assert without.history.count() == 1
    with_gone.refresh_from_db()
    assert with_gone.version == 2
    again = desk.post(address, data | {"kept": kept.pk, "_confirmed": "1"}, follow=True)
    assert "Bitte wählen Sie mindestens zwei Einträge" in again.text


def test_the_history_still_names_the_word_that_is_gone(desk, officer, organisation) -> None:
    kept, gone = make_topic(name="Bleibt"), make_topic(name="Geht fort")
    organisation.topics.add(gone)
    taxonomy.merge(kept=kept, gone=[gone], by=officer)
    page = desk.get(url("organisation", "history", organisation.pk)).text
    assert "Geht fort" in page
    assert "gelöscht" not in page.lower()


def test_an_old_address_of_the_filter_leads_to_the_word_that_stays(desk, client_for, officer):
    kept, gone = make_topic(name="Musik", slug="musik"), make_topic(name="Tanz", slug="tanz")
    last = make_topic(name="Kultur", slug="kultur")
    organisation = make_organisation()
    organisation.topics.add(gone)
    visitor = client_for(None)
    assert organisation.name in visitor.get("/de/organisationen/?thema=tanz").text
    taxonomy.merge(kept=kept, gone=[gone], by=officer)
    taxonomy.merge(kept=last, gone=[kept], by=officer)
    answer = visitor.get("/de/organisationen/?thema=tanz&thema=musik", follow=True)
    assert answer.redirect_chain == [("/de/organisationen/?thema=kultur", 302)]
    assert organisation.name in answer.text
    last.refresh_from_db()
    assert last.former_slugs == ["tanz", "musik"]
    # A new word with the old slug is meant by it again.
    make_topic(name="Tanz", slug="tanz")
    assert visitor.get("/de/organisationen/?thema=tanz").status_code == 200


def test_a_place_takes_everything_with_it(officer) -> None:
    kept = make_municipality(name="Neustadt", slug="neustadt", postal_codes=("11111", "22222"))
    gone = make_municipality(name="Altdorf", slug="altdorf", postal_codes=("22222", "33333"))
    seat, active = make_organisation(municipality=gone), make_organisation(slug="aktiv")
    active.active_in.set([kept, gone])
    run = ImportRun.objects.create(file_name="a.csv", signature="x", default_municipality=gone)
    taxonomy.merge(kept=kept, gone=[gone], by=officer)
    seat.refresh_from_db()
    run.refresh_from_db()
    assert seat.municipality == run.default_municipality == kept
    assert list(active.active_in.all()) == [kept]
    codes = PostalCode.objects.filter(municipality=kept).values_list("code", flat=True)
    assert list(codes) == ["11111", "22222", "33333"]
    assert "neustadt" in SearchText.objects.get(organisation=seat).text
    assert not Municipality.objects.filter(pk=gone.pk).exists()


def test_kept_views_find_the_word_that_stays(desk, officer) -> None:
    kept, gone = make_topic(slug="musik"), make_topic(slug="tanz", name="Tanz")
    view = SavedView.objects.create(
        owner=officer,
        page="organisations.organisation",
        name="Meine",
        query="state=active&thema=tanz",
    )
    other = make_language(name="Anders")
    by_key = SavedView.objects.create(
        owner=officer, page="organisations.organisation", name="S",
        query=f"languages__id__exact={other.pk}",
    )  # fmt: skip
    taxonomy.merge(kept=kept, gone=[gone], by=officer)
    taxonomy.merge(kept=make_language(name="Sprache"), gone=[other], by=officer)
    view.refresh_from_db()
    by_key.refresh_from_db()
    assert view.query == "state=active&thema=musik"
    new = Language.objects.get(name="Sprache")
    assert by_key.query == f"languages__id__exact={new.pk}"


def test_nothing_is_merged_with_itself_or_another_kind(officer, manager) -> None:
    topic, other = make_topic(), make_topic(name="Anderes")
    for gone in ([topic], [other, topic], [make_language()]):
        with pytest.raises(Refused):
            taxonomy.merge(kept=topic, gone=gone, by=officer)
    with pytest.raises(PermissionDenied):
        taxonomy.merge(kept=topic, gone=[other], by=manager)
    topic_key = topic.pk
    Topic.objects.filter(pk=topic_key).delete()
    with pytest.raises(Refused, match="gibt es nicht mehr"):
        taxonomy.merge(kept=topic, gone=[other], by=officer)


def test_whoever_may_not_delete_does_not_merge(client_for, network) -> None:
    user = make_user(is_staff=True)
    make_second_factor(user)
    for action in ("view", "change"):
        user.user_permissions.add(Permission.objects.get(codename=f"{action}_topic"))
    client = client_for(user)
    one, other = make_topic(), make_topic(name="B")
    assert "merge_words" not in client.get(url("topic")).text
    query = f"?eintrag={one.pk}&eintrag={other.pk}"
    assert client.get(url("topic", "merge") + query).status_code == 404
    assert client.post(url("topic", "merge"), {"eintrag": [one.pk, other.pk]}).status_code == 404
    assert client.get(url("topic", "order")).status_code == 200


def test_an_open_form_with_the_word_that_is_gone_loses_nothing(
    client_for, manager, organisation, officer
):
    kept, gone = make_topic(name="Bleibt"), make_topic(name="Geht")
    organisation.topics.add(gone)
    client = client_for(manager)
    address = reverse("organisations:step", args=[organisation.pk, "taetigkeit"])
    page = client.get(address)
    taxonomy.merge(kept=kept, gone=[gone], by=officer)
    data = {"topics": [gone.pk], "aims": "Neu getippt", "seen_version": organisation.version}
    answer = client.post(address, data)
    assert page.status_code == answer.status_code == 200
    assert "Neu getippt" in answer.text
    assert list(Organisation.objects.get(pk=organisation.pk).topics.all()) == [kept]


def test_target_groups_keep_their_order_through_a_merge(officer) -> None:
    rows = [make_target_group(name=name) for name in "ABC"]
    taxonomy.merge(kept=rows[2], gone=[rows[0]], by=officer)
    assert [row.name for row in TargetGroup.objects.all()] == ["B", "C"]
