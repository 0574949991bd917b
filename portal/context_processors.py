"""What every page knows about the network it belongs to."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.models import NetworkProfile


def network(request: HttpRequest) -> dict[str, object]:
    """Give templates `network`, the profile; nothing is asked of the database unless used."""
    return {"network": SimpleLazyObject(lambda: NetworkProfile.objects.filter(pk=1).first())}
