import django.core.validators
from django.db import migrations, models


def answer() -> models.TextField:
    return models.TextField(
        blank=True,
        default="",
        editable=False,
        help_text="Was die Organisation auf die letzte Rückfrage geantwortet hat.",
        validators=[django.core.validators.MaxLengthValidator(3000)],
        verbose_name="Antwort an das Team",
    )


class Migration(migrations.Migration):
    dependencies = [("organisations", "0002_consent_proof")]

    operations = [
        migrations.AddField(
            model_name=model, name="answer_to_office", field=answer(), preserve_default=False
        )
        for model in ("organisation", "historicalorganisation")
    ]
