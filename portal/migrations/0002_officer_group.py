"""The integration officer's group: everything her work needs, and nothing that needs IT.

Django writes permissions only after all migrations; the rows the group needs are made here, under
the names Django looks for, so that it finds them later.
"""

from django.db import migrations

NAME = "Integrationsbeauftragte"
PERMISSIONS = {
    ("organisations", "organisation"): ("view", "change", "review"),
    ("organisations", "contactperson"): ("view", "add", "change", "delete"),
    ("organisations", "consent"): ("view",),
    ("organisations", "organisationimage"): ("view", "change", "delete"),
    ("organisations", "representative"): ("view", "add", "change", "delete"),
    ("organisations", "representativeinvitation"): ("view", "add", "change"),
    ("organisations", "accessrequest"): ("view", "change"),
    ("organisations", "problemreport"): ("view", "change"),
    ("organisations", "topic"): ("view", "add", "change", "delete"),
    ("organisations", "targetgroup"): ("view", "add", "change", "delete"),
    ("organisations", "language"): ("view", "add", "change", "delete"),
    ("organisations", "municipality"): ("view", "change"),
    ("organisations", "postalcode"): ("view", "add", "change", "delete"),
    ("portal", "networkprofile"): ("view", "change"),
    ("portal", "feedback"): ("view", "change"),
    ("core", "outboxmessage"): ("view", "change"),
}
NAMES = {"review": "Über Anmeldungen entscheiden"}


def create_group(apps, schema_editor):
    database = schema_editor.connection.alias
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(database)
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    group, _created = (
        apps.get_model("auth", "Group").objects.using(database).get_or_create(name=NAME)
    )
    for (app, model), actions in PERMISSIONS.items():
        content_type, _created = content_types.get_or_create(app_label=app, model=model)
        for action in actions:
            permission, _created = permissions.get_or_create(
                content_type=content_type,
                codename=f"{action}_{model}",
                defaults={"name": NAMES.get(action, f"Can {action} {model}")},
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("core", "0001_initial"),
        ("accounts", "0001_initial"),
        ("organisations", "0001_initial"),
        ("portal", "0001_initial"),
    ]

    # Taking it back would take the group from the people in it.
    operations = [migrations.RunPython(create_group, migrations.RunPython.noop)]
