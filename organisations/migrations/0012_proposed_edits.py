import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0011_places_file"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ProposedEdit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "offen"),
                            ("accepted", "übernommen"),
                            ("partly", "teilweise übernommen"),
                            ("declined", "abgelehnt"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="Stand",
                    ),
                ),
                ("values", models.JSONField(default=dict, verbose_name="Angaben")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="Vorgeschlagen am"
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="Zuletzt geändert am"
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="Entschieden am"),
                ),
                ("reason", models.TextField(blank=True, verbose_name="Begründung")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Vorgeschlagen von",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Entschieden von",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposed_edits",
                        to="organisations.organisation",
                        verbose_name="Organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "Vorgeschlagene Änderung",
                "verbose_name_plural": "Vorgeschlagene Änderungen",
                "ordering": ["created_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ProposedImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("alt_text", models.CharField(max_length=200, verbose_name="Bildbeschreibung")),
                (
                    "credit",
                    models.CharField(
                        blank=True, max_length=120, verbose_name="Wer hat das Bild gemacht?"
                    ),
                ),
                (
                    "agreed_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="Einverständnis vom"
                    ),
                ),
                (
                    "image",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposed",
                        to="organisations.organisationimage",
                        verbose_name="Bild",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="images",
                        to="organisations.proposededit",
                        verbose_name="Vorschlag",
                    ),
                ),
                (
                    "replacing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="organisations.organisationimage",
                        verbose_name="Statt",
                    ),
                ),
            ],
            options={
                "verbose_name": "Vorgeschlagenes Bild",
                "verbose_name_plural": "Vorgeschlagene Bilder",
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="proposededit",
            index=models.Index(
                fields=["state", "created_at"], name="organisations_proposal_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="proposededit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("organisation", "by"),
                name="organisations_proposal_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposededit",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "accepted", "partly", "declined"])),
                name="organisations_proposal_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposededit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "open"), ("decided_at__isnull", False), _connector="OR"
                ),
                name="organisations_proposal_decided_when",
            ),
        ),
    ]
