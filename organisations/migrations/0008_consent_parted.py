import django.db.models.deletion
from django.db import migrations, models


def forget_questions_to_nobody(apps, schema_editor):
    """Delete what the constraint does not allow: a question whose person is gone proves nothing."""
    Consent = apps.get_model("organisations", "Consent")
    Consent.objects.filter(contact=None, withdrawn_at=None).delete()


class Migration(migrations.Migration):
    dependencies = [("organisations", "0007_imports")]

    operations = [
        migrations.RunPython(forget_questions_to_nobody, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="consent",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="consents",
                to="organisations.contactperson",
                verbose_name="Ansprechperson",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("contact__isnull", False), ("withdrawn_at__isnull", False), _connector="OR"
                ),
                name="organisations_consent_parted_when_over",
            ),
        ),
    ]
