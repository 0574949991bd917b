"""The readable part of an organisation's address: unique, and never given to another one later."""

from django.utils.text import slugify

from core.folding import fold_word, split
from organisations.models import FormerSlug, Organisation

LENGTH = 72  # leaves room for a number in the 80 characters of the column
FALLBACK = "organisation"  # for a name in a script that has no Latin letters to fall back on
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def readable(name: str, *, fallback: str = FALLBACK) -> str:
    """Return a name as it can stand in an address: `Brücke e. V.` becomes `bruecke`.

    Other letters lose their accents, Cyrillic and Greek ones are written in Latin.

    :param fallback: what stands for a name that has neither.
    """
    text = " ".join(split(name)).lower().translate(UMLAUTS)
    latin = "".join(letter if letter.isascii() else fold_word(letter) for letter in text)
    return slugify(latin)[:LENGTH].strip("-_") or fallback


def unique_slug(name: str, *, organisation: Organisation | None = None) -> str:
    """Return an address for a name that no other organisation has or ever had.

    :param name: the organisation's name in any script.
    :param organisation: whose address it will be; its own present and former ones are free to it.
    """
    base = readable(name)
    current = Organisation.objects.filter(slug__startswith=base)
    former = FormerSlug.objects.filter(slug__startswith=base)
    if organisation is not None and organisation.pk:
        current = current.exclude(pk=organisation.pk)
        former = former.exclude(organisation=organisation.pk)
    taken = {*current.values_list("slug", flat=True), *former.values_list("slug", flat=True)}
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def rename(organisation: Organisation) -> None:
    """Give an organisation the address of its (new) name, on the unsaved row.

    The old address redirects if visitors can have seen it. Belongs into the transaction that saves
    the row.

    :param organisation: a locked row with the new name already set.
    """
    old, new = organisation.slug, unique_slug(organisation.name, organisation=organisation)
    if new == old:
        return
    was_public = organisation.state in {Organisation.State.ACTIVE, Organisation.State.PAUSED}
    if was_public or organisation.confirmed_on is not None:
        FormerSlug.objects.get_or_create(slug=old, defaults={"organisation": organisation})
    FormerSlug.objects.filter(slug=new, organisation=organisation).delete()
    organisation.slug = new
