from django.db import migrations, models
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone


def begin_with_the_last_login(apps, schema_editor):
    """What is known of the time before: the last log-in, else the day the account was made."""
    User = apps.get_model("accounts", "User")
    User.objects.update(last_seen_on=TruncDate(Coalesce("last_login", "date_joined")))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="last_seen_on",
            field=models.DateField(
                default=timezone.localdate, editable=False, verbose_name="zuletzt da am"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="mail_failed_on",
            field=models.DateField(
                blank=True,
                editable=False,
                null=True,
                verbose_name="E-Mails kommen zurück seit",
            ),
        ),
        migrations.RunPython(begin_with_the_last_login, migrations.RunPython.noop),
    ]
