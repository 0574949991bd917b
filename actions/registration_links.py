"""The link by which somebody without an account confirms, changes and cancels a registration.

It is the same in every mail, so that whoever finds one of them has the right one. It is made of the
row's salt and SECRET_KEY: who reads the database cannot make it.
"""

import secrets

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from actions.models import Registration


def _signer() -> Signer:
    return Signer(salt="actions.registration", sep=".")


def new_salt() -> str:
    """Return what makes the link of a new registration."""
    return secrets.token_urlsafe(16)


def token(registration: Registration) -> str:
    """Return what the link of a registration carries."""
    return _signer().sign(registration.salt)


def address(registration: Registration) -> str:
    """Return the path of the page of a registration, in the active language."""
    return reverse("actions:registration", kwargs={"token": token(registration)})


def find(token: str) -> Registration | None:
    """Return the registration of a link; None if there is none, or not any more."""
    try:
        salt = _signer().unsign(token)
    except BadSignature:
        return None
    rows = Registration.objects.select_related("date__action")
    return rows.filter(salt=salt).first()
