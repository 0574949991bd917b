"""The back office: Django's admin, made the integration officer's own."""

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class OfficeSite(AdminSite):
    site_header = _("Geschäftsstelle")
    site_title = _("Geschäftsstelle")
    index_title = _("Was wartet")
    enable_nav_sidebar = False
