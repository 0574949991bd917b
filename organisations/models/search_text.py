from django.db import models

from .organisation import Organisation


class SearchText(models.Model):
    """An organisation's words in their common form, for the search of the back office.

    Kept by `organisations.finding`. A table of its own because it is read from end to end: without
    the long texts beside them, 100,000 rows take a few milliseconds.
    """

    organisation = models.OneToOneField(
        Organisation,
        models.CASCADE,
        primary_key=True,
        # Nothing that belongs to the organisation: it is not moved, told or given out with it.
        related_name="+",
        related_query_name="search_text",
    )
    # Each word with a blank before and behind it, so that " word" is where a word begins.
    name = models.TextField(editable=False)
    text = models.TextField(editable=False)

    def __str__(self) -> str:
        return self.name.strip()
