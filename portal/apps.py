import datetime

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from accounts import own_data
        from actions.services import brochures
        from core import jobs, mail, mailbox
        from meetings import collisions
        from meetings.services import year
        from organisations.services import proposals
        from portal import (
            context_processors,
            delivery,
            demonstration,
            emails,
            publisher,
            services,
        )

        mail.delivery_checks.append(delivery.refuse_real_address)
        mail.signatures.append(emails.signature)
        jobs.register("portal.feedback", every=datetime.timedelta(days=1))(
            services.forget_answered_feedback
        )
        proposals.switches.append(context_processors.edits_checked_first)
        collisions.federal_states.append(context_processors.federal_state)
        year.targets.append(context_processors.meetings_per_year)
        brochures.publishers.append(publisher.publisher)
        mailbox.boxes.append(demonstration.mailbox_box)
        own_data.register(
            "portal", collect=services.feedback_of, erase=services.forget_writer_of_feedback
        )
