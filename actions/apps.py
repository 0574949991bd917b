import datetime

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActionsConfig(AppConfig):
    name = "actions"
    verbose_name = _("Ideen und Aktionen")

    def ready(self) -> None:
        from accounts import own_data
        from actions.services import campaigns, erasure, joint_actions
        from core import jobs
        from meetings import collisions

        collisions.sources.append(campaigns.collisions)
        own_data.register("actions", collect=erasure.collect, erase=erasure.erase)
        jobs.register("actions.retention", every=datetime.timedelta(days=1))(erasure.forget_old)
        jobs.register("actions.finish", every=datetime.timedelta(hours=6))(joint_actions.finish_due)
