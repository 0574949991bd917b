from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Konten")

    def ready(self) -> None:
        from accounts import development, signals
        from core import mailbox

        signals.connect()
        mailbox.boxes.append(development.staff_codes)
