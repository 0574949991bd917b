from django.db import migrations, models


def former_slugs():
    return models.JSONField(blank=True, default=list, editable=False, verbose_name="Frühere Kürzel")


class Migration(migrations.Migration):
    dependencies = [("organisations", "0009_notes")]

    operations = [
        migrations.AddField(model_name=name, name="former_slugs", field=former_slugs())
        for name in (
            "topic",
            "targetgroup",
            "language",
            "municipality",
            "historicaltopic",
            "historicaltargetgroup",
            "historicallanguage",
            "historicalmunicipality",
        )
    ]
