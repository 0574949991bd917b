import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from organisations.models import Municipality, Topic
from portal.models import NetworkProfile


def set_up(**options: object) -> str:
    out = StringIO()
    values = {"name": "Netzwerk Musterkreis", "county": "Musterkreis", "stdout": out} | options
    call_command("setup_network", **values)
    return out.getvalue()


def test_a_real_network_gets_its_own_places_and_texts(db, tmp_path):
    places, outlines = tmp_path / "places.csv", tmp_path / "outlines.geojson"
    places.write_text("ags,name,kind,postcodes\n09999001,Musterstadt,Stadt,99998 99999\n")
    outlines.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    said = set_up(municipalities=places, outlines=outlines, contact_email="amt@example.org")
    assert "is set up" in said
    profile = NetworkProfile.objects.get()
    assert not profile.is_demonstration
    assert profile.contact_email == "amt@example.org"
    assert "Musterkreis" in profile.imprint
    assert [place.name for place in Municipality.objects.all()] == ["Musterstadt"]
    assert Topic.objects.exists()


def test_setting_up_again_changes_nothing(db):
    set_up()
    count = Municipality.objects.count()
    assert "Nothing was changed" in set_up(name="Ganz anders", county="X")
    assert NetworkProfile.objects.get().name == "Netzwerk Musterkreis"
    assert Municipality.objects.count() == count


@pytest.mark.parametrize(
    "options",
    [
        {"contact_email": "keine adresse"},
        {"municipalities": Path("gibt-es-nicht.csv")},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_left_half_done(db, options):
    with pytest.raises(CommandError):
        set_up(**options)
    assert not NetworkProfile.objects.exists()
    assert not Topic.objects.exists()


def test_nobody_at_the_terminal_to_ask(db, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: "")
    with pytest.raises(CommandError, match="--name"):
        call_command("setup_network", county="X")
