from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Technik")


class OfficeConfig(admin_apps.AdminConfig):
    """Django's admin with the portal's own site, so that `@admin.register` registers there."""

    default_site = "core.office.OfficeSite"
    default = False
