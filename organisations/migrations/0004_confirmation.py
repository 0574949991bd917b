import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_background_task"),
        ("organisations", "0003_answer_to_office"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Confirmation",
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
                            ("asked", "gefragt"),
                            ("unanswered", "keine Antwort"),
                            ("unreachable", "niemand zu fragen"),
                            ("reported", "etwas stimmt nicht"),
                            ("confirmed", "bestätigt"),
                            ("closed", "beendet"),
                        ],
                        default="asked",
                        max_length=12,
                        verbose_name="Stand",
                    ),
                ),
                (
                    "state_since",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="Stand seit"
                    ),
                ),
                (
                    "begun_on",
                    models.DateField(
                        default=django.utils.timezone.localdate, verbose_name="Begonnen am"
                    ),
                ),
                (
                    "asked",
                    models.PositiveSmallIntegerField(default=0, verbose_name="Wie oft gefragt"),
                ),
                (
                    "next_on",
                    models.DateField(blank=True, null=True, verbose_name="Nächster Schritt am"),
                ),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="Beendet am"),
                ),
                (
                    "way",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("link", "über den Link aus der E-Mail"),
                            ("account", "angemeldet"),
                            ("officer", "vom Team, nach Rückfrage"),
                        ],
                        max_length=10,
                        verbose_name="Weg",
                    ),
                ),
                (
                    "note",
                    models.TextField(
                        blank=True,
                        validators=[django.core.validators.MaxLengthValidator(500)],
                        verbose_name="Vermerk",
                    ),
                ),
            ],
            options={
                "verbose_name": "Jährliche Bestätigung",
                "verbose_name_plural": "Jährliche Bestätigungen",
                "ordering": ["-begun_on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ConfirmationAsk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="An")),
                ("language", models.CharField(max_length=10, verbose_name="Sprache")),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "asked_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="Gefragt am"
                    ),
                ),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="Geantwortet am"),
                ),
                (
                    "returned_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="Zurückgekommen am"),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="Wievielte Frage")),
            ],
            options={
                "verbose_name": "Frage nach der Bestätigung",
                "verbose_name_plural": "Fragen nach der Bestätigung",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Succession",
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
                            ("asked", "gefragt"),
                            ("unanswered", "niemand übernimmt"),
                            ("taken_over", "übernommen"),
                            ("still_there", "noch da"),
                            ("closed", "beendet"),
                        ],
                        default="asked",
                        max_length=12,
                        verbose_name="Stand",
                    ),
                ),
                (
                    "state_since",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="Stand seit"
                    ),
                ),
                (
                    "begun_on",
                    models.DateField(
                        default=django.utils.timezone.localdate, verbose_name="Begonnen am"
                    ),
                ),
                (
                    "next_on",
                    models.DateField(blank=True, null=True, verbose_name="Nächster Schritt am"),
                ),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="Beendet am"),
                ),
            ],
            options={
                "verbose_name": "Nachfolge",
                "verbose_name_plural": "Nachfolgen",
                "ordering": ["-begun_on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="SuccessionAsk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="An")),
                ("language", models.CharField(max_length=10, verbose_name="Sprache")),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "asked_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="Gefragt am"
                    ),
                ),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="Geantwortet am"),
                ),
                (
                    "returned_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="Zurückgekommen am"),
                ),
                (
                    "question",
                    models.CharField(
                        choices=[
                            ("still_there", "Sind Sie noch da?"),
                            ("take_over", "Übernehmen Sie?"),
                        ],
                        max_length=12,
                        verbose_name="Frage",
                    ),
                ),
                ("agreed", models.BooleanField(blank=True, null=True, verbose_name="Antwort")),
            ],
            options={
                "verbose_name": "Frage zur Nachfolge",
                "verbose_name_plural": "Fragen zur Nachfolge",
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="organisation",
            index=models.Index(
                fields=["state", "confirmed_on"], name="organisations_state_confirmed"
            ),
        ),
        migrations.AddField(
            model_name="confirmation",
            name="confirmed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Bestätigt von",
            ),
        ),
        migrations.AddField(
            model_name="confirmation",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="confirmations",
                to="organisations.organisation",
                verbose_name="Organisation",
            ),
        ),
        migrations.AddField(
            model_name="confirmationask",
            name="confirmation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="asks",
                to="organisations.confirmation",
                verbose_name="Runde",
            ),
        ),
        migrations.AddField(
            model_name="confirmationask",
            name="mail",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="core.outboxmessage",
                verbose_name="E-Mail",
            ),
        ),
        migrations.AddField(
            model_name="confirmationask",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Konto",
            ),
        ),
        migrations.AddField(
            model_name="succession",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Beendet von",
            ),
        ),
        migrations.AddField(
            model_name="succession",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="successions",
                to="organisations.organisation",
                verbose_name="Organisation",
            ),
        ),
        migrations.AddField(
            model_name="successionask",
            name="mail",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="core.outboxmessage",
                verbose_name="E-Mail",
            ),
        ),
        migrations.AddField(
            model_name="successionask",
            name="succession",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="asks",
                to="organisations.succession",
                verbose_name="Nachfolge",
            ),
        ),
        migrations.AddField(
            model_name="successionask",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Konto",
            ),
        ),
        migrations.AddIndex(
            model_name="confirmation",
            index=models.Index(fields=["state", "next_on"], name="organisations_confirm_due"),
        ),
        migrations.AddIndex(
            model_name="confirmation",
            index=models.Index(fields=["state", "state_since"], name="organisations_confirm_state"),
        ),
        migrations.AddIndex(
            model_name="confirmation",
            index=models.Index(
                fields=["organisation", "-begun_on"], name="organisations_confirm_latest"
            ),
        ),
        migrations.AddIndex(
            model_name="confirmation",
            index=models.Index(fields=["ended_at"], name="organisations_confirm_ended"),
        ),
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["asked", "unanswered", "unreachable", "reported"])
                ),
                fields=("organisation",),
                name="organisations_confirmation_one_unfinished",
            ),
        ),
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["asked", "unanswered", "unreachable", "reported", "confirmed", "closed"],
                    )
                ),
                name="organisations_confirmation_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("state__in", ["confirmed", "closed"])),
                    models.Q(
                        ("ended_at__isnull", True),
                        ("state__in", ["asked", "unanswered", "unreachable", "reported"]),
                    ),
                    _connector="OR",
                ),
                name="organisations_confirmation_ended_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "asked"), _negated=True),
                    ("next_on__isnull", False),
                    _connector="OR",
                ),
                name="organisations_confirmation_asked_goes_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.CheckConstraint(
                condition=models.Q(("asked__lte", 3)),
                name="organisations_confirmation_asked_thrice_at_most",
            ),
        ),
        migrations.AddIndex(
            model_name="confirmationask",
            index=models.Index(fields=["asked_at"], name="organisations_confirmask_day"),
        ),
        migrations.AddConstraint(
            model_name="confirmationask",
            constraint=models.UniqueConstraint(
                fields=("confirmation", "number", "email"), name="organisations_confirmask_once"
            ),
        ),
        migrations.AddIndex(
            model_name="succession",
            index=models.Index(fields=["state", "next_on"], name="organisations_success_due"),
        ),
        migrations.AddIndex(
            model_name="succession",
            index=models.Index(fields=["state", "state_since"], name="organisations_success_state"),
        ),
        migrations.AddIndex(
            model_name="succession",
            index=models.Index(
                fields=["organisation", "-begun_on"], name="organisations_success_latest"
            ),
        ),
        migrations.AddIndex(
            model_name="succession",
            index=models.Index(fields=["ended_at"], name="organisations_success_ended"),
        ),
        migrations.AddConstraint(
            model_name="succession",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["asked", "unanswered"])),
                fields=("organisation",),
                name="organisations_succession_one_unfinished",
            ),
        ),
        migrations.AddConstraint(
            model_name="succession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["asked", "unanswered", "taken_over", "still_there", "closed"])
                ),
                name="organisations_succession_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="succession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", False),
                        ("state__in", ["taken_over", "still_there", "closed"]),
                    ),
                    models.Q(("ended_at__isnull", True), ("state__in", ["asked", "unanswered"])),
                    _connector="OR",
                ),
                name="organisations_succession_ended_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="succession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "asked"), _negated=True),
                    ("next_on__isnull", False),
                    _connector="OR",
                ),
                name="organisations_succession_asked_goes_on",
            ),
        ),
        migrations.AddIndex(
            model_name="successionask",
            index=models.Index(fields=["asked_at"], name="organisations_successask_day"),
        ),
        migrations.AddConstraint(
            model_name="successionask",
            constraint=models.UniqueConstraint(
                fields=("succession", "user"), name="organisations_successask_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="successionask",
            constraint=models.CheckConstraint(
                condition=models.Q(("question__in", ["still_there", "take_over"])),
                name="organisations_successask_known_question",
            ),
        ),
        migrations.AddConstraint(
            model_name="successionask",
            constraint=models.CheckConstraint(
                condition=models.Q(("user__isnull", False)),
                name="organisations_successask_has_person",
            ),
        ),
    ]
