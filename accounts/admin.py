"""Accounts, for the administrator: who belongs to the team."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.office import OfficeModelAdmin


@admin.register(User)
class UserAdmin(OfficeModelAdmin):
    """Whoever logs in does so by a code; there is no password to set here.

    To take somebody into the team: create or open the account, tick "Team", choose the group. They
    log in with their address and are led to their second factor.
    """

    list_display = ("email", "name", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email", "name")
    fieldsets = (
        (None, {"fields": ("email", "name", "language")}),
        (_("Rechte"), {"fields": ("is_active", "is_staff", "groups", "is_superuser")}),
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **options)
        field.help_text = _("Was eine Gruppe darf, ist mit dem Portal festgelegt.")
        return field

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People erase their own account, which keeps what others still need."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
