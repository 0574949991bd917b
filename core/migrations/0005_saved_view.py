import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("core", "0004_returned_mails"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("page", models.CharField(editable=False, max_length=100)),
                ("name", models.CharField(max_length=60, verbose_name="Name der Ansicht")),
                ("query", models.CharField(editable=False, max_length=2000)),
                (
                    "shared",
                    models.BooleanField(
                        default=False,
                        help_text="Alle, die diese Liste sehen dürfen, finden die Ansicht über der "
                        "Liste.",
                        verbose_name="Auch für das Team",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="Angelegt am"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Gespeichert von",
                    ),
                ),
            ],
            options={
                "verbose_name": "gespeicherte Ansicht",
                "verbose_name_plural": "gespeicherte Ansichten",
                "ordering": ["name", "pk"],
                "indexes": [models.Index(fields=["page", "name"], name="core_savedview_of_page")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["owner", "page", "name"],
                        name="core_savedview_one_name_per_owner",
                        violation_error_message="Diesen Namen haben Sie hier schon vergeben.",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(name="") & ~models.Q(query=""),
                        name="core_savedview_is_named",
                    ),
                ],
            },
        ),
    ]
