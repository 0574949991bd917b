"""Those who organise an action may note somebody who has no e-mail address."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("actions", "0002_joint_actions")]

    operations = [
        migrations.RemoveConstraint("registration", "actions_reg_once_per_address"),
        migrations.RemoveConstraint("registration", "actions_reg_is_named"),
        migrations.AlterField(
            "registration",
            "email",
            models.EmailField(blank=True, max_length=254, verbose_name="E-Mail-Adresse"),
        ),
        migrations.AlterField(
            "registration",
            "email_key",
            models.CharField(blank=True, editable=False, max_length=254),
        ),
        migrations.AddIndex(
            "registration", models.Index(fields=["email_key"], name="actions_reg_address")
        ),
        migrations.AddConstraint(
            "registration",
            models.UniqueConstraint(
                condition=Q(("state", "cancelled"), _negated=True)
                & Q(("email_key", ""), _negated=True),
                fields=("date", "email_key"),
                name="actions_reg_once_per_address",
            ),
        ),
        migrations.AddConstraint(
            "registration",
            models.CheckConstraint(
                condition=Q(("name", ""), _negated=True), name="actions_reg_is_named"
            ),
        ),
        migrations.AddConstraint(
            "registration",
            models.CheckConstraint(
                condition=Q(("email", ""), ("state", "new"), _negated=True),
                name="actions_reg_new_can_confirm",
            ),
        ),
    ]
