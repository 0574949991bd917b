
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0004_confirmation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DuplicatePair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "score",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="Wahrscheinlichkeit in Prozent"
                    ),
                ),
                ("reasons", models.JSONField(default=list, verbose_name="Gründe")),
                (
                    "found_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="Gefunden am"
                    ),
                ),
                (
                    "parted_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="Für verschieden erklärt am"
                    ),
                ),
            ],
            options={
                "verbose_name": "Vielleicht doppelt",
                "verbose_name_plural": "Vielleicht doppelt",
                "ordering": ["-score", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "merged_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="Zusammengeführt am"
                    ),
                ),
                ("steps", models.JSONField(default=list, editable=False)),
                (
                    "undone_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="Rückgängig gemacht am"
                    ),
                ),
            ],
            options={
                "verbose_name": "Zusammenführung",
                "verbose_name_plural": "Zusammenführungen",
                "ordering": ["-merged_at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="historicalorganisation",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                editable=False,
                help_text="Die Organisation, unter der diese jetzt zu finden ist.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="organisations.organisation",
                verbose_name="Zusammengeführt mit",
            ),
        ),
        migrations.AddField(
            model_name="organisation",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="Die Organisation, unter der diese jetzt zu finden ist.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_from",
                to="organisations.organisation",
                verbose_name="Zusammengeführt mit",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True),
                    models.Q(
                        ("state", "archived"),
                        models.Q(("merged_into", models.F("id")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="organisations_organisation_merged_is_archived",
            ),
        ),
        migrations.AddField(
            model_name="duplicatepair",
            name="first",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="organisations.organisation",
                verbose_name="Organisation",
            ),
        ),
        migrations.AddField(
            model_name="duplicatepair",
            name="parted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Für verschieden erklärt von",
            ),
        ),
        migrations.AddField(
            model_name="duplicatepair",
            name="second",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="organisations.organisation",
                verbose_name="Andere Organisation",
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="gone",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="organisations.organisation",
                verbose_name="Aufgegangen",
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="kept",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="organisations.organisation",
                verbose_name="Geblieben",
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="merged_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Zusammengeführt von",
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="undone_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Rückgängig gemacht von",
            ),
        ),
        migrations.AddIndex(
            model_name="duplicatepair",
            index=models.Index(
                condition=models.Q(("parted_at__isnull", True)),
                fields=["-score", "id"],
                name="organisations_pair_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="duplicatepair",
            index=models.Index(fields=["-parted_at"], name="organisations_pair_parted"),
        ),
        migrations.AddConstraint(
            model_name="duplicatepair",
            constraint=models.UniqueConstraint(
                fields=("first", "second"), name="organisations_duplicatepair_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="duplicatepair",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))),
                name="organisations_duplicatepair_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="merge",
            index=models.Index(fields=["-merged_at", "-id"], name="organisations_merge_newest"),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.CheckConstraint(
                condition=models.Q(("kept", models.F("gone")), _negated=True),
                name="organisations_merge_of_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)),
                fields=("gone",),
                name="organisations_merge_once_at_a_time",
            ),
        ),
    ]
