from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Technik")

    def ready(self) -> None:
        from core import statistics

        post_migrate.connect(statistics.after_migrations, sender=self)


class OfficeConfig(admin_apps.AdminConfig):
    """Django's admin with the portal's own site, so that `@admin.register` registers there."""

    default_site = "core.office.OfficeSite"
    default = False
