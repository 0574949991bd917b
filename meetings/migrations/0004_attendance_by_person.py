from django.db import migrations


class Migration(migrations.Migration):
    """Several people come on one invitation, and each has a switch; `key` makes them unique."""

    dependencies = [("meetings", "0003_invitation_text")]

    operations = [
        migrations.RemoveConstraint("attendance", "meetings_attendance_once_per_invitation"),
    ]
