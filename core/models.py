from django.db import models


class Revision(models.Model):
    """The one row that counts the changes of public content; see `core.revision`."""

    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="core_revision_is_one_row")
        ]

    def __str__(self) -> str:
        return str(self.number)
