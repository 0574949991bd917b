"""What the integration officer's group may do at her desk, beyond registrations."""

from django.db import migrations

NAME = "Integrationsbeauftragte"
PERMISSIONS = {
    ("core", "mailtext"): ("view", "change"),
    ("organisations", "confirmation"): ("view",),
    ("organisations", "duplicatepair"): ("view", "change"),
    ("organisations", "importrun"): ("view", "add", "change"),
    ("organisations", "merge"): ("view", "add", "change"),
    ("organisations", "municipality"): ("add", "delete"),
    ("organisations", "organisationnote"): ("view", "add", "change"),
    ("organisations", "proposededit"): ("view", "change"),
    ("organisations", "succession"): ("view",),
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
        ("core", "0005_saved_view"),
        ("organisations", "0012_proposed_edits"),
        ("portal", "0003_network_look"),
    ]

    # Taking it back would take rights that somebody may have given by hand.
    operations = [migrations.RunPython(create_group, migrations.RunPython.noop)]
