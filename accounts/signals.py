"""Who has just set up a second factor in this session has shown it."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.http import HttpRequest

from accounts.models import User
from accounts.second_factor import FACTORS


def remember_proof(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    if authenticator.type in FACTORS:
        record_authentication(
            request, user, method="mfa", id=authenticator.pk, type=authenticator.type
        )


def connect() -> None:
    authenticator_added.connect(remember_proof, dispatch_uid="accounts.remember_proof")
