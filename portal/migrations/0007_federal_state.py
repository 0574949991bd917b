from django.db import migrations, models

STATES = [
    ("BW", "Baden-Württemberg"),
    ("BY", "Bayern"),
    ("BE", "Berlin"),
    ("BB", "Brandenburg"),
    ("HB", "Bremen"),
    ("HH", "Hamburg"),
    ("HE", "Hessen"),
    ("MV", "Mecklenburg-Vorpommern"),
    ("NI", "Niedersachsen"),
    ("NW", "Nordrhein-Westfalen"),
    ("RP", "Rheinland-Pfalz"),
    ("SL", "Saarland"),
    ("SN", "Sachsen"),
    ("ST", "Sachsen-Anhalt"),
    ("SH", "Schleswig-Holstein"),
    ("TH", "Thüringen"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0006_officer_actions"),
    ]

    operations = [
        migrations.AddField(
            model_name=model,
            name="federal_state",
            field=models.CharField(
                blank=True,
                choices=STATES,
                default="",
                help_text="Danach richten sich die Feiertage in der Jahresplanung der Treffen.",
                max_length=2,
                verbose_name="Bundesland",
            ),
            preserve_default=False,
        )
        for model in ("historicalnetworkprofile", "networkprofile")
    ]
