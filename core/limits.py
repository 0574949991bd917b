"""How often something may happen: against guessing, flooding with mails and spam.

A limit counts in fixed windows in the shared cache. It ignores letter case, knows keys only as
hashes, and nothing resets it before its time, least of all a success (allauth 2020–2025).

Ask *before* the transaction of the service: with the cache in the database, what is counted inside
a transaction is forgotten when that is rolled back.
"""

import hashlib
import ipaddress
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpRequest

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Limit:
    """So many times within so many seconds."""

    times: int
    seconds: int


LIMITS: dict[str, tuple[Limit, ...]] = {
    # Mails to one address, whoever asks: nobody can be flooded.
    "mail_to_address": (Limit(5, HOUR), Limit(15, DAY)),
    # Log-in: asking for codes and typing them.
    "login_code": (Limit(5, 10 * MINUTE), Limit(20, DAY)),
    "login_code_by_network": (Limit(40, HOUR),),
    # Codes for log-in to whatever address, so that many networks together cannot use the mail
    # server to write to the world. Far above what the largest network needs.
    "login_codes_in_all": (Limit(600, HOUR),),
    "code_attempt": (Limit(10, 10 * MINUTE),),
    # Registration: drafts a person begins, and what the officer gets to see.
    "draft": (Limit(10, DAY),),
    "submit": (Limit(20, DAY),),
    "invitation": (Limit(40, DAY),),
    "invitation_to_address": (Limit(3, DAY),),
    "access_request": (Limit(10, DAY),),
    # Mails that say what waits anyway on the officer's desk or an organisation's page, whoever
    # causes them: many accounts together flood nobody either.
    "mails_to_the_office": (Limit(20, HOUR), Limit(60, DAY)),
    "mails_about_access": (Limit(5, HOUR), Limit(15, DAY)),
    "mail_test": (Limit(20, HOUR),),
    "consent_request": (Limit(10, DAY),),
    # Open forms without a log-in, by network address; in all only their mails are limited, since
    # strangers must not be able to close a form to everybody.
    "problem": (Limit(5, HOUR), Limit(20, DAY)),
    "feedback": (Limit(5, HOUR), Limit(20, DAY)),
    "mails_about_feedback": (Limit(20, HOUR), Limit(60, DAY)),
    # A whole room writes from one network; how many ideas a meeting holds is limited as well.
    "idea": (Limit(300, 10 * MINUTE), Limit(2000, DAY)),
    # Actions a person begins.
    "joint_action": (Limit(30, DAY),),
    "idea_comment": (Limit(30, 10 * MINUTE), Limit(200, DAY)),
    # Joint actions: how often one organisation is asked about one action, how many organisations
    # somebody invites, and how often those who take part write to all others.
    "partner_mail": (Limit(3, DAY),),
    "partner_invitation": (Limit(100, DAY),),
    "action_message": (Limit(5, HOUR), Limit(15, DAY)),
    # Registering for an action: the form by network address (a desk at a festival writes from one),
    # its mails by address and by action. Mails above that wait: no stranger can close the form to
    # everybody, nor have the portal write to the world. By hand: those who organise the action.
    "registration": (Limit(60, HOUR), Limit(300, DAY)),
    "registration_mail": (Limit(3, DAY),),
    "registration_mails": (Limit(300, HOUR), Limit(2000, DAY)),
    "registration_by_hand": (Limit(100, HOUR), Limit(500, DAY)),
    "duplicates": (Limit(120, 10 * MINUTE),),
    "image": (Limit(60, HOUR),),
    # Answers to one invitation, and new links to invitations by network address.
    "answer": (Limit(60, HOUR),),
    "new_link": (Limit(20, HOUR), Limit(60, DAY)),
    # What is kept of a form sent without a log-in, by network address: it fills sessions.
    "resume": (Limit(30, HOUR),),
}


def allow(key: str, *, action: str) -> bool:
    """Count one more and say whether it is still within the limit.

    :param key: whom the limit is about: an e-mail address, a user's id, a `client_ip`.
    :param action: a name in `LIMITS`.
    :return: False as soon as one of the action's limits is exceeded.
    :raises KeyError: for an action that is not in `LIMITS`.
    """
    hashed = hashlib.sha256(key.strip().casefold().encode(errors="surrogatepass")).hexdigest()[:32]
    now = time.time()
    with transaction.atomic():
        _wait_for_turn(f"{action}:{hashed}")
        counts = [
            _count(f"limit:{action}:{limit.seconds}:{int(now // limit.seconds)}:{hashed}", limit)
            for limit in LIMITS[action]
        ]
    return all(count <= limit.times for count, limit in zip(counts, LIMITS[action], strict=True))


def _wait_for_turn(name: str) -> None:
    """Let only one request at a time count the same: a hundred guesses at once are a hundred.

    SQLite does so by itself, since a transaction is IMMEDIATE; a cache that is no database counts
    without reading first.
    """
    if connection.vendor == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _count(cache_key: str, limit: Limit) -> int:
    if cache.add(cache_key, 1, timeout=limit.seconds):
        return 1
    try:
        count = cache.incr(cache_key)
    except ValueError:  # it ran out or was thrown away in between
        count = 1
        cache.set(cache_key, count, timeout=limit.seconds)
    # Some caches give what they count the default timeout, which is shorter than most limits.
    cache.touch(cache_key, limit.seconds)
    return count


def client_ip(request: HttpRequest) -> str:
    """Return the network address of whoever asks, as far as it can be trusted.

    `X-Forwarded-For` is written by the client and continued by each proxy; only the last
    TRUSTED_PROXY_COUNT entries come from proxies of our own (pretix CVE-2023-44463). An IPv6
    address counts by its /64, which one household or phone has to itself.

    :return: a normalised address, or an empty string when there is none.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    trusted: int = settings.TRUSTED_PROXY_COUNT
    if trusted:
        forwarded = [
            part for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part
        ]
        if len(forwarded) >= trusted:
            address = forwarded[-trusted]
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed.packed, 64), strict=False).network_address)
    return str(parsed)
