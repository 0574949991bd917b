"""No mail leaves a demonstration for somebody real."""

from django.utils.translation import gettext as _

from core.models import OutboxMessage
from portal.models import NetworkProfile

# Names that no one can own (RFC 2606, RFC 6761).
RESERVED_DOMAINS = ("example", "example.com", "example.net", "example.org", "invalid", "test")


def is_reserved(address: str) -> bool:
    """Whether an e-mail address lies under a domain that no one can own."""
    domain = address.rpartition("@")[2].lower().rstrip(".")
    return any(domain == name or domain.endswith(f".{name}") for name in RESERVED_DOMAINS)


def refuse_real_address(message: OutboxMessage) -> str:
    """Keep a mail inside while the demonstration is loaded; asked right before it would leave.

    :return: why the mail must not leave, or an empty string.
    """
    if is_reserved(message.to):
        return ""
    if NetworkProfile.objects.filter(is_demonstration=True).exists():
        return _("Vorführung: Es geht keine E-Mail an echte Adressen.")
    return ""
