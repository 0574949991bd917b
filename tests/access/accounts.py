"""People and their log-ins."""

from collections.abc import Callable

from django.test import Client

from accounts.models import User
from tests import factories
from tests.access.rows import ALL, COLUMNS, NEITHER, OWN_FORM, OWN_PAGE, PAGE, Row, everybody, model
from tests.conftest import officer_group


class AccountsWorld:
    """Somebody for every role, with a browser, and a stranger who speaks for others."""

    def add_accounts(self, client_for: Callable[[User | None], Client]) -> None:
        self.outsider = factories.make_user(email="fremd@example.org")
        self.editor = factories.make_user(email="redaktion@example.org")
        self.manager = factories.make_user(email="leitung@example.org")
        self.officer = factories.make_user(email="amt@example.org", is_staff=True)
        self.officer.groups.add(officer_group())
        self.administrator = factories.make_user(
            email="admin@example.org", is_staff=True, is_superuser=True
        )
        for staff in (self.officer, self.administrator):
            factories.make_second_factor(staff)
        self.stranger = factories.make_user(email="anderswo@example.org")
        self.clients = {"public": client_for(None)} | {
            role: client_for(getattr(self, role)) for role in COLUMNS[1:]
        }
        self.group = officer_group()


PAGES: dict[str, Row] = {
    # Who is logged in has no business at the door.
    **{
        name: Row("200 302 302 302 302 302", "200 302 302 302 302 302")
        for name in ("accounts:enter", "account_login")
    },
    # Stages of a log-in that nobody here is in.
    **{
        name: Row(everybody(302), everybody(302))
        for name in ("accounts:code", "mfa_authenticate", "mfa_login_webauthn")
    },
    "account_inactive": PAGE,
    "account_logout": Row("302 200 200 200 200 200", everybody(302)),
    "accounts:profile": OWN_FORM,
    "accounts:email": OWN_FORM,
    "accounts:password": OWN_FORM,
    "accounts:export": Row("302 200 200 200 200 200", everybody(405)),
    # The only manager has to find a successor first.
    "accounts:erase": Row("302 200 200 200 200 200", "302 200 200 409 200 200"),
    # By a code for those who have no second factor, by the second factor for those who have.
    "accounts:confirm": Row("302 200 200 200 302 302", "302 200 200 200 302 302"),
    "mfa_reauthenticate": Row("302 302 302 302 200 200", "302 302 302 302 200 200"),
    # Nobody here has a password or a passkey.
    "account_reauthenticate": Row(everybody(302), everybody(302)),
    "mfa_reauthenticate_webauthn": Row(everybody(302), everybody(302)),
    "mfa_index": OWN_PAGE,
    "mfa_list_webauthn": OWN_PAGE,
    "mfa_add_webauthn": OWN_FORM,
    "mfa_remove_webauthn": Row(NEITHER, NEITHER, lambda world: {"pk": 999}),
    # One app at a time; what is not there cannot be taken away.
    "mfa_activate_totp": Row("302 200 200 200 302 302", "302 200 200 200 302 302"),
    "mfa_deactivate_totp": Row("302 404 404 404 200 200", "302 404 404 404 200 200"),
    "mfa_generate_recovery_codes": Row("302 200 200 200 200 200", "302 200 200 200 302 302"),
    "mfa_view_recovery_codes": Row(NEITHER, "302 405 405 405 405 405"),
    "mfa_download_recovery_codes": Row(NEITHER, NEITHER),
    "usersessions_list": Row("302 200 200 200 200 200", everybody(302)),
}
OFFICE: dict[str, Row] = {
    **model("auth_group", "group", officer="", administrator=ALL),
    **model("accounts_user", "outsider", officer="", administrator=ALL),
}
