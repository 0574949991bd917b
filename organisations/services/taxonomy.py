"""Topics, target groups, languages and places: their order, and two that become one.

What hangs on a word is asked of the models (`columns`), so what later apps hang on a topic or a
place moves with it, without this module knowing them.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import CASCADE, SET_NULL, Max, Model
from django.utils.text import capfirst
from django.utils.translation import get_language_info, gettext_lazy, override
from django.utils.translation import gettext as _

from accounts.models import User
from core import history, revision
from core.errors import Refused
from core.models import SavedView
from organisations import finding
from organisations.models import Language, Municipality, Organisation, TargetGroup, Topic
from organisations.models.taxonomy import Term, Word
from organisations.services.merging import plural
from organisations.services.slugs import readable

SLUG_LENGTH = 60
# So many at once are read before they are merged.
MOST_MERGED = 20

# How the office's list of organisations is asked for those of a word (see `admin.listing`): by a
# filter that is shown there, with the word's slug, or by the relation, with its key.
SHOWN_FILTERS: dict[type[Word], str] = {Topic: "thema", Municipality: "ort"}
RELATIONS: dict[type[Word], str] = {
    Topic: "topics__id__exact",
    TargetGroup: "target_groups__id__exact",
    Language: "languages__id__exact",
    Municipality: "municipality__id__exact",
}


def may_merge(user: Any, model: type[Word]) -> bool:
    """Whether somebody may make one of several words: one is changed, the others go."""
    return all(
        user.has_perm(f"{model._meta.app_label}.{get_permission_codename(action, model._meta)}")
        for action in ("change", "delete")
    )


# --- What a word is used for ----------------------------------------------------------------------
def columns(model: type[Word]) -> list[Any]:
    """Return every column of every app that points to words of a kind."""
    every: Any = model._meta.get_fields(include_hidden=True)
    found = [
        relation.field
        for relation in every
        if relation.auto_created
        and not relation.concrete
        and not relation.many_to_many
        and relation.field.db_constraint  # a history without constraints says what was
    ]
    return sorted(found, key=lambda one: (one.model._meta.label, one.name))


def uses(word: Word) -> list[str]:
    """Return in words what uses a word, so that it cannot be deleted: `3 Organisationen (Themen)`.

    Parts of it (a place's postcodes) and what can do without it are not named.
    """
    found = []
    for column in columns(type(word)):
        if _is_choice(column) or column.remote_field.on_delete not in {CASCADE, SET_NULL}:
            number = _rows(column, word).count()
            if number:
                found.append(_in_words(column, number))
    return found


def organisations_address(word: Word) -> str:
    """Return what follows the address of the office's list of organisations: those of a word."""
    model = type(word)
    shown = model in SHOWN_FILTERS and getattr(word, "in_county", True)
    query = {SHOWN_FILTERS[model]: word.slug} if shown else {RELATIONS[model]: str(word.pk)}
    return f"?{urlencode(query)}"


def missing_translations(word: Word) -> list[str]:
    """Return the codes of the portal's languages in which a text of a word is missing.

    A place bears its own name in every language that is written in the same letters.
    """
    texts = [name for name in word.translated_fields if getattr(word, name)]
    return [
        code
        for code, _name in settings.LANGUAGES
        if code != settings.LANGUAGE_CODE
        and not (isinstance(word, Municipality) and _is_latin(code))
        and not all(word.translations.get(code, {}).get(name) for name in texts)
    ]


def _is_latin(code: str) -> bool:
    """Whether a language is written in the letters German is written in."""
    return unicodedata.name(get_language_info(code)["name_local"][0], "").startswith("LATIN")


def _is_choice(column: Any) -> bool:
    """Whether a column belongs to the table of a many-to-many field."""
    return bool(column.model._meta.auto_created)


def _choice(column: Any) -> Any:
    """Return the many-to-many field whose table a column belongs to."""
    source = column.model._meta.auto_created
    return next(
        one for one in source._meta.many_to_many if one.remote_field.through is column.model
    )


def _rows(column: Any, word: Word) -> Any:
    return column.model._base_manager.filter(**{column.name: word.pk})


def _in_words(column: Any, number: int) -> str:
    """Return `3 Organisationen (Auch aktiv in)`."""
    named = _choice(column) if _is_choice(column) else column
    return f"{plural(column.model, number)} ({capfirst(str(named.verbose_name))})"


# --- Order ----------------------------------------------------------------------------------------
@transaction.atomic
def put_in_order(*, model: type[Term], keys: Sequence[int], by: User) -> int:
    """Bring the words of a kind into an order; called again, it changes nothing.

    :param keys: in the order wanted. Who is not named (somebody has just added it) comes behind, in
        the order there was; keys that are not there any more are passed over.
    :return: how many words have another place now.
    """
    rows = list(model._default_manager.select_for_update().order_by("position", "name", "pk"))
    wanted = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    numbers = [row.position for row in rows]
    if len(set(numbers)) < len(numbers):
        numbers = list(range(len(rows)))
    rows.sort(key=lambda row: wanted.get(row.pk, len(wanted)))  # stable
    number = 0
    for place, row in zip(numbers, rows, strict=True):
        if row.position != place:
            row.position = place
            history.note(row, by=by, reason=gettext_lazy("Reihenfolge geändert"))
            row.save(update_fields=["position"])
            number += 1
    return number


@transaction.atomic
def move(*, word: Term, up: bool, by: User) -> bool:
    """Let a word and its neighbour change places.

    :return: False if it is the first or last already.
    """
    model = type(word)
    rows = model._default_manager.select_for_update().order_by("position", "name", "pk")
    keys = list(rows.values_list("pk", flat=True))
    place = keys.index(word.pk)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(keys):
        return False
    keys[place], keys[other] = keys[other], keys[place]
    return put_in_order(model=model, keys=keys, by=by) > 0


def last_position(model: type[Term]) -> int:
    """Return the place behind all words of a kind, for a new one."""
    highest = model._default_manager.aggregate(highest=Max("position"))["highest"]
    return 0 if highest is None else highest + 1


# --- One word of several --------------------------------------------------------------------------
@dataclass(frozen=True)
class Going:
    """What happens to one word that becomes part of another.

    :ivar moves: what gets the other word instead, in words.
    :ivar doubles: how many of these have the other word already, and keep it once.
    """

    word: Word
    moves: list[str]
    doubles: int
    loses_outline: bool


def preview(*, kept: Word, gone: Sequence[Word]) -> list[Going]:
    """Return what `merge` would do; changes nothing."""
    found = []
    for word in gone:
        moves, doubles = [], 0
        for column in columns(type(kept)):
            number = _rows(column, word).count()
            if number and (_is_choice(column) or not column.remote_field.hidden):
                moves.append(_in_words(column, number))
            if number and _is_choice(column):
                doubles += _doubles(column, word, kept).count()
        found.append(Going(word, moves, doubles, bool(getattr(word, "outline", None))))
    return found


def merge(*, kept: Word, gone: Sequence[Word], by: User) -> int:
    """Make one word of several of a kind: whatever used one of the others uses the one that stays.

    Nothing has it twice afterwards. The others are deleted; their slugs lead to the one that stays
    (`Word.former_slugs`). Every row with a history says what happened. Called again after it is
    done, it changes nothing.

    :param gone: words of the same kind as `kept`.
    :return: how many words are gone.
    :raises PermissionDenied: if `by` may not, see `may_merge`.
    :raises Refused: if the one that shall stay is not there any more, or shall go as well.
    """
    model = type(kept)
    if not may_merge(by, model):
        raise PermissionDenied
    if any(type(word) is not model or word.pk == kept.pk for word in gone):
        raise Refused(_("Bitte wählen Sie verschiedene Einträge, von denen einer bleibt."))
    with transaction.atomic():
        keys = [kept.pk, *(word.pk for word in gone)]
        rows: dict[int, Any] = (
            model._default_manager.select_for_update().order_by("pk").in_bulk(keys)
        )
        stays = rows.pop(kept.pk, None)
        if stays is None:
            raise Refused(_("„%(name)s“ gibt es nicht mehr.") % {"name": kept})
        for key in sorted(rows):
            _absorb(stays, rows[key], by)
        return len(rows)


def _absorb(kept: Any, gone: Any, by: User) -> None:
    with override(settings.LANGUAGE_CODE):  # the office reads it
        reason = _("%(kind)s: „%(gone)s“ ist jetzt Teil von „%(kept)s“") % {
            "kind": kept._meta.verbose_name,
            "gone": gone.name,
            "kept": kept.name,
        }
    changed: dict[type[Model], set[Any]] = defaultdict(set)
    for column in columns(type(kept)):
        _move(column, gone, kept, changed)
    for model, keys in changed.items():
        _note(model, keys, by, reason)
    former = [*kept.former_slugs, *gone.former_slugs, gone.slug]
    kept.former_slugs = [slug for slug in dict.fromkeys(former) if slug != kept.slug]
    history.note(kept, by=by, reason=reason)
    kept.save()
    _change_saved_views(gone, kept)
    history.note(gone, by=by, reason=reason)
    gone.delete()
    finding.refresh(changed[Organisation])
    revision.bump()


def _doubles(column: Any, gone: Word, kept: Word) -> Any:
    """Return the rows of a many-to-many field's table whose owner has the other word as well."""
    owner = _choice(column).m2m_field_name()
    return _rows(column, gone).filter(**{f"{owner}__in": _rows(column, kept).values(owner)})


def _move(column: Any, gone: Word, kept: Word, changed: dict[type[Model], set[Any]]) -> None:
    rows = _rows(column, gone)
    if _is_choice(column):
        choice = _choice(column)
        changed[choice.model].update(rows.values_list(choice.m2m_field_name(), flat=True))
        _doubles(column, gone, kept).delete()
        rows.update(**{column.name: kept.pk})
        return
    changed[column.model].update(rows.values_list("pk", flat=True))
    for row in rows:
        try:
            with transaction.atomic():
                column.model._base_manager.filter(pk=row.pk).update(**{column.name: kept.pk})
        except IntegrityError:  # the one that stays has the same: the database knows best
            changed[column.model].discard(row.pk)
            row.delete()


def _note(model: type[Model], keys: Iterable[Any], by: User, reason: str) -> None:
    """Write what has happened into the history of rows that have one, and count their versions."""
    if not hasattr(model, "history"):
        return
    for row in model._base_manager.filter(pk__in=list(keys)).order_by("pk"):
        if hasattr(row, "version"):  # a form that is open now has to look again
            row.version += 1
        history.note(row, by=by, reason=reason)
        row.save()


def _change_saved_views(gone: Word, kept: Word) -> None:
    """Let kept filters of the list of organisations find those of the word that stays."""
    model = type(kept)
    pairs = {(RELATIONS[model], str(gone.pk)): str(kept.pk)}
    if model in SHOWN_FILTERS:
        pairs[SHOWN_FILTERS[model], gone.slug] = kept.slug
    for view in SavedView.objects.filter(page=Organisation._meta.label_lower).order_by("pk"):
        asked = parse_qsl(view.query)
        if any(one in pairs for one in asked):
            changed = [(name, pairs.get((name, value), value)) for name, value in asked]
            view.query = urlencode(changed)
            view.save(update_fields=["query"])


def rename(word: Any, *, old: str) -> None:
    """Keep a slug that a word had until now, on the unsaved row: old addresses lead on."""
    if old and old != word.slug:
        former = [*word.former_slugs, old]
        word.former_slugs = [slug for slug in dict.fromkeys(former) if slug != word.slug]


def free_slug(model: type[Word], name: str, *, but: Any = None) -> str:
    """Return a slug for a name that no word of the kind has or had.

    :param but: the word itself, whose own slugs are free to it.
    """
    taken: set[str] = set()
    for pk, slug, former in model._default_manager.values_list("pk", "slug", "former_slugs"):
        if but is None or pk != but.pk:
            taken |= {slug, *former}
    base = readable(name)[: SLUG_LENGTH - 4].strip("-_")
    slugs = (f"{base}-{number}" if number > 1 else base for number in count(1))
    return next(slug for slug in slugs if slug not in taken)
