import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="decision",
            name="number",
            field=models.PositiveSmallIntegerField(
                blank=True,
                editable=False,
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="Nummer",
            ),
        ),
        migrations.AlterField(
            model_name="historicaldecision",
            name="number",
            field=models.PositiveSmallIntegerField(
                blank=True,
                editable=False,
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="Nummer",
            ),
        ),
    ]
