"""The network itself, the back office's own pages, and mail."""

import uuid
from typing import Any

from django.contrib.contenttypes.models import ContentType

from core.mail import queue_mail
from organisations.models import Organisation
from tests import factories
from tests.access.rows import FORM, PAGE, Row, everybody, model, office


class PortalWorld:
    """The network, a mail it has sent, and what somebody said about it."""

    def add_portal(self) -> None:
        self.network = factories.make_network()
        self.feedback = factories.make_feedback()
        self.mail = queue_mail(
            key="access", to="fremd@example.org", mail="", language="de", context={},
            subject_body=("Betreff", "Text"),
        )  # fmt: skip


def mail_text(world: Any) -> dict[str, Any]:
    return {"app": "organisations", "name": "admitted", "language": "de"}


PAGES: dict[str, Row] = {
    "portal:home": PAGE,
    "portal:imprint": PAGE,
    "portal:privacy": PAGE,
    "portal:accessibility": PAGE,
    "portal:feedback": FORM,
    "portal:feedback_thanks": PAGE,
    "portal:easy_language": PAGE,
    "portal:sign_language": PAGE,
    "health": PAGE,
    "network_colours": Row(
        everybody(200), everybody(405), lambda world: {"brand": "0c574f", "accent": ""}
    ),
    # There is no logo; `test_look` sees one.
    "network_logo": Row(everybody(404), everybody(405), lambda world: {"name": uuid.UUID(int=0)}),
    "robots": PAGE,
    "sitemap": PAGE,
    "sitemap_part": Row(everybody(200), everybody(405), lambda world: {"part": 0}),
    # --- development ------------------------------------------------------------------------------
    "core:style": PAGE,
    "core:mailbox": PAGE,
    "core:mailbox_html": Row(everybody(200), everybody(405), lambda world: {"pk": world.mail.pk}),
}
OFFICE: dict[str, Row] = {
    "admin:index": Row(office(200), office(200)),
    "admin:handbook": Row(office(200), office(405)),
    "admin:login": Row(office(302), office(302)),
    "admin:logout": Row(office(405), office(302)),
    "admin:password_change": Row(office(302), office(302)),
    "admin:password_change_done": Row(office(200), office(405)),
    "admin:autocomplete": Row(office(404), office(405)),
    "admin:jsi18n": Row(office(200), office(405)),
    "admin:view_on_site": Row(
        office(302),
        office(302),
        lambda world: {
            "content_type_id": ContentType.objects.get_for_model(Organisation).pk,
            "object_id": world.active.pk,
        },
    ),
    "admin:app_list": Row(office(200), office(200), lambda world: {"app_label": "organisations"}),
    "admin:app_list@auth": Row(
        office(404, 200), office(404, 200), lambda world: {"app_label": "auth"}
    ),
    "/de/verwaltung/(?P<url>.*)$": Row(
        office(404), office(404), lambda world: {"(?P<url>.*)$": "gibt-es-nicht/"}
    ),
    **model("core_outboxmessage", "mail", officer="view"),
    **{
        f"admin:core_outboxmessage_{name}": Row(
            office(405), office(302), lambda world: {"object_id": world.mail.pk}
        )
        for name in ("send_again", "give_up")
    },
    "admin:core_mailtext_changelist": Row(office(200), office(200)),
    "admin:core_mailtext_edit": Row(office(200), office(200), mail_text),
    "admin:core_mailtext_reset": Row(office(405), office(302), mail_text),
    "admin:core_mailtext_history": Row(office(200), office(200), mail_text),
    **model("portal_networkprofile", "network", officer="view change", is_one_row=True),
    "admin:portal_networkprofile_logo": Row(
        office(200), office(200), lambda world: {"pk": world.network.pk}
    ),
    **model("portal_feedback", "feedback", officer="view change", saves=True),
}
