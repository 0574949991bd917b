import django.db.models.deletion
from django.db import migrations, models

from organisations import finding


def write_texts(apps, schema_editor):
    """Give every organisation its words; the app keeps them from then on."""
    database = schema_editor.connection.alias
    organisations = apps.get_model("organisations", "Organisation").objects.using(database)
    search_texts = apps.get_model("organisations", "SearchText").objects.using(database)
    rows = []
    for organisation in organisations.select_related("municipality").order_by("pk").iterator(1000):
        words = finding.text_of(organisation)
        rows.append(
            search_texts.model(organisation_id=organisation.pk, name=words.name, text=words.text)
        )
        if len(rows) == 1000:
            search_texts.bulk_create(rows)
            rows = []
    search_texts.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("organisations", "0005_duplicates")]

    operations = [
        migrations.AddIndex(
            model_name="organisation",
            index=models.Index(fields=["name", "id"], name="organisations_by_name"),
        ),
        migrations.AddIndex(
            model_name="organisation",
            index=models.Index(
                fields=["state", "kind", "accessibility", "municipality"],
                name="organisations_counted",
            ),
        ),
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        related_query_name="search_text",
                        serialize=False,
                        to="organisations.organisation",
                    ),
                ),
                ("name", models.TextField(editable=False)),
                ("text", models.TextField(editable=False)),
            ],
        ),
        migrations.RunPython(write_texts, migrations.RunPython.noop),
    ]
