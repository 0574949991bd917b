from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from core import mail
        from portal import delivery

        mail.delivery_checks.append(delivery.refuse_real_address)
