import datetime

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Konten")

    def ready(self) -> None:
        from accounts import services, signals
        from core import jobs, mail

        signals.connect()
        mail.bounce_handlers.append(services.mail_came_back)
        jobs.register("accounts.sessions", every=datetime.timedelta(days=1))(
            services.forget_ended_sessions
        )
