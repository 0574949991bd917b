"""Count the queries of one uncached request per address; runs inside the portal's settings.

python -m benchmarks.probe /de/organisationen/ …      prints {"address": queries}
python -m benchmarks.probe --organisation             prints an address of one of the seeded
"""

import json
import sys

import django
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries(address: str) -> int:
    """Return how many queries one answer costs in a process that has answered before."""
    client = Client()
    glue = "&" if "?" in address else "?"
    client.get(f"{address}{glue}warm=1")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(f"{address}{glue}warm=2")
    if response.status_code != 200:
        raise SystemExit(f"{address}: {response.status_code}")
    return len(captured)


def an_organisation() -> str:
    from organisations.models import Organisation

    full = Organisation.objects.public().exclude(description="").exclude(website="")
    return (full.order_by("-pk").first() or Organisation.objects.public().latest("pk")).slug


if __name__ == "__main__":
    django.setup()
    settings.ALLOWED_HOSTS.append("testserver")
    if sys.argv[1:] == ["--organisation"]:
        print(an_organisation())
    else:
        print(json.dumps({address: queries(address) for address in sys.argv[1:]}))
