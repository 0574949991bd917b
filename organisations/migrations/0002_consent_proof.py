import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


def end_parted_consents(apps, schema_editor):
    """Let the period begin for what was kept when people erased their accounts."""
    Consent = apps.get_model("organisations", "Consent")
    Consent.objects.filter(contact=None, withdrawn_at=None).exclude(given_at=None).update(
        withdrawn_at=timezone.now()
    )


class Migration(migrations.Migration):
    dependencies = [("organisations", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="consent",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="organisations.contactperson",
                verbose_name="Ansprechperson",
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                condition=models.Q(("withdrawn_at__isnull", False)),
                fields=["withdrawn_at"],
                name="organisations_consent_ended",
            ),
        ),
        migrations.RunPython(end_parted_consents, migrations.RunPython.noop, elidable=True),
    ]
