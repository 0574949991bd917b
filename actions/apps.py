import datetime

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActionsConfig(AppConfig):
    name = "actions"
    verbose_name = _("Ideen und Aktionen")

    def ready(self) -> None:
        from accounts import own_data
        from actions import calendars as own_calendars
        from actions import signals
        from actions.services import (
            brochures,
            campaigns,
            contributions,
            erasure,
            images,
            joint_actions,
            registration_news,
            registration_retention,
            results,
            uniting,
        )
        from core import jobs, mail
        from meetings import calendars, collisions
        from organisations.services import merging

        signals.connect()
        calendars.more.append(own_calendars.own)
        collisions.sources += [campaigns.collisions, campaigns.collisions_of_actions]
        merging.CLASHES.update(uniting.CLASHES)
        own_data.register("actions", collect=erasure.collect, erase=erasure.erase)
        jobs.register("actions.retention", every=datetime.timedelta(days=1))(erasure.forget_old)
        mail.delivery_checks.append(registration_news.refuse_stale)
        joint_actions.changed_handlers.append(registration_news.action_changed)
        jobs.register("actions.registrations", every=datetime.timedelta(minutes=15))(
            lambda: registration_news.ask_later() | registration_news.remind_due()
        )
        jobs.register("actions.forget_registrations", every=datetime.timedelta(hours=6))(
            registration_retention.forget_old
        )
        jobs.register("actions.finish", every=datetime.timedelta(hours=6))(joint_actions.finish_due)
        jobs.register("actions.images", every=datetime.timedelta(days=1))(images.erase_stale)
        jobs.register("actions.brochures", every=datetime.timedelta(minutes=5))(
            brochures.refresh_stale
        )
        jobs.register("actions.results", every=datetime.timedelta(days=1))(results.remind_due)
        jobs.register("actions.contributions", every=datetime.timedelta(days=1))(
            contributions.remind_due
        )
