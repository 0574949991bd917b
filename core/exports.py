"""Who has taken which data out of the portal: one line in the admin's log for each table."""

from typing import Any

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils.translation import ngettext, override


def note(*, by: Any, model: type[Model], number: int, ending: str, what: str = "") -> LogEntry:
    """Note that somebody was given a table (GDPR art. 5(2): who had personal data is known).

    :param by: the account it was given to.
    :param number: how many rows it had.
    :param ending: `xlsx` or `csv`.
    :param what: which columns or rows, in a few words.
    """
    with override(settings.LANGUAGE_CODE):  # the office reads it
        text = ngettext(
            "%(number)d Zeile als %(ending)s ausgegeben",
            "%(number)d Zeilen als %(ending)s ausgegeben",
            number,
        ) % {"number": number, "ending": ending.upper()}
        return LogEntry.objects.create(
            user=by,
            content_type=ContentType.objects.get_for_model(model),
            object_repr=str(model._meta.verbose_name_plural)[:200],
            action_flag=CHANGE,
            change_message=f"{text}: {what}" if what else text,
        )
