import datetime

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganisationsConfig(AppConfig):
    name = "organisations"
    verbose_name = _("Organisationen")

    def ready(self) -> None:
        from accounts import own_data
        from core import jobs, mail
        from organisations import signals
        from organisations.services import (
            confirmation,
            erasure,
            images,
            pairs,
            retention,
            succession,
            unmerging,
        )

        # The worker knows a kind of task when its module is loaded.
        from organisations.services.imports import applying, checking, ending, undoing  # noqa: F401

        signals.connect()
        own_data.register(
            "organisations",
            collect=erasure.collect,
            obstacles=erasure.obstacles,
            erase=erasure.erase,
        )
        jobs.register("organisations.pictures", every=datetime.timedelta(hours=6))(
            lambda: {"dropped": images.erase_stale()}
        )
        jobs.register("organisations.retention", every=datetime.timedelta(days=1))(
            retention.forget_old
        )
        jobs.register("organisations.pairs", every=pairs.EVERY)(pairs.search_daily)
        jobs.register("organisations.merges", every=datetime.timedelta(days=1))(
            unmerging.forget_old
        )
        jobs.register("organisations.imports", every=datetime.timedelta(days=1))(
            lambda: {"runs emptied": ending.forget_old()}
        )
        for name, service in (("confirmation", confirmation), ("succession", succession)):
            mail.bounce_handlers.append(service.came_back)
            jobs.register(f"organisations.{name}", every=datetime.timedelta(days=1))(
                service.ask_due
            )
