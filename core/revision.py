"""The number of the public content: it changes with every change a visitor could see.

What is kept in memory (pages, the directory's index) remembers the number it was made from and is
made anew as soon as the number is another; so a withdrawn consent takes effect with the next
request of every process, without a message between them.

The number is drawn, not counted: a database that goes back to an earlier state (a restored backup,
a rolled-back test) must never arrive a second time at a number that stood for something else.
"""

import secrets

from core.models import Revision


def current() -> int:
    """Return the number of the content as the database has it now; one query by primary key."""
    return Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def bump() -> None:
    """Mark a change of public content, inside the transaction that makes it."""
    number = secrets.randbits(62)
    if not Revision.objects.filter(pk=1).update(number=number):
        Revision.objects.update_or_create(pk=1, defaults={"number": number})


def watch(*models: type[Model]) -> None:
    """Count every change of these models' rows; called by an app in `AppConfig.ready`.

    It covers saving, deleting and the relations to many; `QuerySet.update` and `bulk_create` send
    no signal, so whoever uses them calls `bump`.
    """
    for model in models:
        name = f"core.revision.{model._meta.label_lower}"
        post_save.connect(_changed, sender=model, dispatch_uid=f"{name}.saved")
        post_delete.connect(_changed, sender=model, dispatch_uid=f"{name}.deleted")
        for field in model._meta.many_to_many:
            m2m_changed.connect(
                _related,
                sender=getattr(model, field.name).through,
                dispatch_uid=f"{name}.{field.name}",
            )


def _changed(raw: bool = False, **signal: object) -> None:
    if not raw:  # a fixture is being loaded; its command bumps once
        bump()


def _related(action: str, **signal: object) -> None:
    if action.startswith("post_"):
        bump()
