from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganisationsConfig(AppConfig):
    name = "organisations"
    verbose_name = _("Organisationen")

    def ready(self) -> None:
        from organisations import signals

        signals.connect()
