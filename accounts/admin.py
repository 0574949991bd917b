"""Accounts in the back office: helping people in, never into more rights than one has oneself."""

from collections.abc import Sequence
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import own_data, second_factor, services
from accounts.forms import AddressField
from accounts.models import User, normalise_email
from core import office
from core.admin.outbox import mails_to
from core.errors import Refused
from core.models import OutboxMessage
from core.office import OfficeModelAdmin
from core.text import CleanCharField

# allauth shows its tables there, secrets of second factors included; they are nobody's business.
for model in (EmailAddress, EmailConfirmation, Authenticator, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class UserForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("email", "name", "language", "is_active", "is_staff", "is_superuser", "groups")
        field_classes = {"email": AddressField, "name": CleanCharField}

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                _("Zu dieser E-Mail-Adresse gibt es schon ein Konto."), code="unique"
            )
        return email


@office.change_link(User, 40)
def mails_of_account(request: HttpRequest, user: Any) -> office.Link | None:
    """Lead to all mails that went to the account's address."""
    if not request.user.has_perm("core.view_outboxmessage"):
        return None
    return office.Link(_("E-Mails an diese Adresse"), mails_to(user.email), icon="mail")


@office.change_link(OutboxMessage, 20)
def account_of_mail(request: HttpRequest, message: Any) -> office.Link | None:
    """Lead from a mail to the account at its address."""
    if not request.user.has_perm("accounts.view_user"):
        return None
    user = User.objects.filter(email=normalise_email(message.to)).first()
    if user is None:
        return None
    page = reverse("admin:accounts_user_change", args=[user.pk])
    return office.Link(_("Konto: %(name)s") % {"name": user}, page, icon="person")


def _is_above(request: HttpRequest, user: User | None) -> bool:
    """Whether an account is out of reach of somebody who is no superuser."""
    return user is not None and second_factor.is_required_of(user) and not request.user.is_superuser


class HelpPeople(office.BulkAction):
    """What helps people in or keeps others out; nobody reaches above themselves."""

    outcome: Promise

    def is_allowed(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_user")

    def is_refused(self, request: HttpRequest, user: User) -> bool:
        return _is_above(request, user)

    def outcomes(self, request: HttpRequest, rows: Sequence[Any]) -> list[office.Outcome]:
        return [
            office.Outcome(refused=_("Das darf nur jemand anderes mit allen Rechten."))
            if self.is_refused(request, user)
            else office.Outcome(str(self.outcome), mails=self.mails(user))
            for user in rows
        ]

    def mails(self, user: User) -> list[str]:
        return []

    def apply(self, request: HttpRequest, row: Any, **answers: Any) -> bool:
        if self.is_refused(request, row):
            text = _("%(user)s: Das darf nur jemand anderes mit allen Rechten.")
            raise Refused(text % {"user": row})
        self.help(row)
        return True

    def help(self, user: User) -> None:
        raise NotImplementedError


class ResetSecondFactor(HelpPeople):
    name = "reset_second_factor"
    label = gettext_lazy("Zweiten Faktor zurücksetzen")
    explanation = gettext_lazy(
        "Prüfen Sie vorher, wer fragt: rufen Sie die Person unter einer Nummer an, die Sie kennen."
    )
    outcome = gettext_lazy("richtet beim nächsten Anmelden einen neuen zweiten Faktor ein")
    danger = True

    def is_refused(self, request: HttpRequest, user: User) -> bool:
        return super().is_refused(request, user) or user.pk == request.user.pk

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.prefetch_related("authenticator_set")

    def mails(self, user: User) -> list[str]:
        return [user.email] if user.authenticator_set.all() else []

    def help(self, user: User) -> None:
        services.reset_second_factor(user=user)

    def result(self, number: int) -> str:
        text = ngettext(
            "Der zweite Faktor von %(done)d Konto ist zurückgesetzt.",
            "Der zweite Faktor von %(done)d Konten ist zurückgesetzt.",
            number,
        )
        return text % {"done": number}


class LogOutEverywhere(HelpPeople):
    name = "log_out_everywhere"
    label = gettext_lazy("Überall abmelden")
    outcome = gettext_lazy("ist überall abgemeldet")

    def help(self, user: User) -> None:
        services.end_sessions(user)


@admin.register(User)
class UserAdmin(OfficeModelAdmin):
    """Superusers decide who is on the team; the officer helps everybody else.

    There is no password here: people log in by a code and set what they like themselves. To take
    somebody into the team: create or open the account, tick "Team", choose the group; they log in
    with their address and are led to their second factor.
    """

    form = UserForm
    explanations = {
        "email": gettext_lazy(
            "Damit meldet sich die Person an. Alle E-Mails des Portals an sie gehen dorthin."
        ),
    }
    list_display = ("email", "name", "language", "is_staff", "has_second_factor", "last_login")
    list_filter = ("is_active", "is_staff", "language")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("date_joined", "last_login", "last_seen_on", "mail_failed_on")
    bulk_actions = (ResetSecondFactor(), LogOutEverywhere())
    rights = ("is_staff", "is_superuser", "groups")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=second_factor.FACTORS)
        return super().get_queryset(request).annotate(second_factor=Exists(factors))

    @admin.display(description=gettext_lazy("zweiter Faktor"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        return user.second_factor  # type: ignore[attr-defined]

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        person = (None, {"fields": ("email", "name", "language", "is_active")})
        team = (
            _("Team"),
            {
                "fields": self.rights,
                "description": _("Wer zum Team gehört, braucht einen zweiten Faktor."),
            },
        )
        dates = (
            _("Zeiten"),
            {"fields": ("date_joined", "last_login", "last_seen_on", "mail_failed_on")},
        )
        return [
            part for part in (person, request.user.is_superuser and team, obj and dates) if part
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        # Nobody can take the rights away by which they would give them back.
        own = (*self.rights, "is_active") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *own)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **options)
        field.help_text = _("Was eine Gruppe darf, ist mit dem Portal festgelegt.")
        return field

    # --- Who may ----------------------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_above(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and (obj.pk == request.user.pk or _is_above(request, obj)):
            return False
        return super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # one at a time, by the service
        return actions

    # --- Saving -----------------------------------------------------------------------------------
    def save_model(
        self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool
    ) -> None:
        if not change:
            obj.set_unusable_password()
            super().save_model(request, obj, form, change)
            return
        email = obj.email
        obj.email = form.initial["email"]
        super().save_model(request, obj, form, change)
        services.change_email(user=obj, email=email)
        obj.email = email
        if not obj.is_active:
            services.end_sessions(obj)

    # --- Erasing ----------------------------------------------------------------------------------
    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the accounts and what stands in the way; what goes with them is the service's."""
        names = [str(user) for user in objs]
        obstacles = [obstacle.text for user in objs for obstacle in own_data.obstacles(user)]
        return names, {str(self.opts.verbose_name_plural): len(names)}, set(), obstacles

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        services.erase(obj)
