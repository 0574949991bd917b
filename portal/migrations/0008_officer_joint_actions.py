"""What the integration officer's group may do with joint actions."""

from django.db import migrations

NAME = "Integrationsbeauftragte"
PERMISSIONS = {
    ("actions", "jointaction"): ("view", "add", "change", "delete"),
    ("actions", "actiondate"): ("view", "add", "change", "delete"),
    ("actions", "actionimage"): ("view", "add", "change", "delete"),
    ("actions", "participation"): ("view", "add", "change", "delete"),
    ("actions", "contribution"): ("view", "add", "change", "delete"),
    ("actions", "pledge"): ("view", "add", "change", "delete"),
    ("actions", "actionmessage"): ("view", "add", "change", "delete"),
    ("actions", "registration"): ("view", "add", "change", "delete"),
    ("actions", "actionresult"): ("view", "add", "change", "delete"),
    ("actions", "brochure"): ("view", "add", "change", "delete"),
    ("actions", "ideacomment"): ("view", "add", "change", "delete"),
}


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
                defaults={"name": f"Can {action} {model}"},
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("actions", "0002_joint_actions"),
        ("portal", "0007_federal_state"),
    ]

    # Taking it back would take rights that somebody may have given by hand.
    operations = [migrations.RunPython(create_group, migrations.RunPython.noop)]
