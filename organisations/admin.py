"""The officer's desk for organisations: review, decisions, editing, words and places."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from core import history, office
from core.errors import Conflict, Refused
from core.fields import RowsField
from core.office import Item, OfficeModelAdmin, Waiting, translated_form, translation_names
from core.resume import forget, recall
from core.text import CleanCharField, HttpUrlField, clean_url, validate_has_words
from core.translations import TRANSLATION
from organisations import review
from organisations.folding import fold
from organisations.forms.decisions import MailForm, PostponeForm, ReasonForm
from organisations.forms.registration import EmailField, LongTextField, PhoneField
from organisations.models import (
    AccessRequest,
    ContactPerson,
    Language,
    Municipality,
    Organisation,
    OrganisationImage,
    PostalCode,
    ProblemReport,
    Representative,
    TargetGroup,
    Topic,
)
from organisations.services import consent, contacts, decisions, editing, images, people
from organisations.services.decisions import Decision

State = Organisation.State

SERVICES = {
    Decision.ADMIT: decisions.admit,
    Decision.ASK_BACK: decisions.ask_back,
    Decision.REJECT: decisions.reject,
    Decision.POSTPONE: decisions.postpone,
    Decision.PAUSE: decisions.pause,
    Decision.RESUME: decisions.resume,
    Decision.ARCHIVE: decisions.archive,
}


# --- What waits -----------------------------------------------------------------------------------
def _review_url(organisation: Organisation) -> str:
    return reverse("admin:organisations_organisation_review", args=[organisation.pk])


@office.waits(10)
def waiting_registrations(request: HttpRequest) -> Waiting | None:
    if not decisions.may_decide(request.user):
        return None
    submitted = Organisation.objects.filter(state=State.SUBMITTED)
    new = submitted.filter(review_after=None).select_related("municipality")
    new = new.order_by("submitted_at", "pk")
    return Waiting(
        title=_("Neue Anmeldungen"),
        total=new.count(),
        items=[
            Item(one.name, _review_url(one), one.submitted_at, str(one.municipality or ""))
            for one in new[: office.SHOWN]
        ],
        url=reverse("admin:organisations_organisation_changelist") + "?state__exact=submitted",
    )


@office.waits(20)
def waiting_postponed(request: HttpRequest) -> Waiting | None:
    if not decisions.may_decide(request.user):
        return None
    postponed = Organisation.objects.filter(state=State.SUBMITTED, review_after__isnull=False)
    today = timezone.localdate()
    due = postponed.filter(review_after__lte=today).order_by("review_after", "pk")
    later = postponed.filter(review_after__gt=today).order_by("review_after")
    note = ""
    if following := later.values_list("review_after", flat=True).first():
        number = later.count()
        note = ngettext(
            "%(number)s Anmeldung ist zurückgestellt bis %(day)s.",
            "%(number)s Anmeldungen sind zurückgestellt, die nächste bis %(day)s.",
            number,
        ) % {"number": number, "day": date_format(following)}
    return Waiting(
        title=_("Wiedervorlage"),
        total=due.count(),
        items=[Item(one.name, _review_url(one), one.submitted_at) for one in due[: office.SHOWN]],
        url=reverse("admin:organisations_organisation_changelist") + "?state__exact=submitted",
        note=note,
    )


@office.waits(30)
def waiting_access_requests(request: HttpRequest) -> Waiting | None:
    if not request.user.has_perm("organisations.change_accessrequest"):
        return None
    waiting = AccessRequest.objects.filter(state=AccessRequest.State.OPEN)
    managers = Count(
        "organisation__representatives",
        filter=Q(organisation__representatives__role=Representative.Role.MANAGER),
    )
    rows = waiting.annotate(managers=managers).select_related("user", "organisation")
    return Waiting(
        title=_("Anfragen nach Zugang"),
        total=waiting.count(),
        items=[
            Item(
                f"{one.user} – {one.organisation}",
                reverse("organisations:people", args=[one.organisation_id]),
                one.created_at,
                _("Die Verwaltung der Organisation kann auch entscheiden.")
                if one.managers
                else _("Niemand verwaltet diese Organisation."),
            )
            for one in rows.order_by("created_at")[: office.SHOWN]
        ],
        url=reverse("admin:organisations_accessrequest_changelist") + "?state__exact=open",
    )


@office.waits(40)
def waiting_problem_reports(request: HttpRequest) -> Waiting | None:
    if not request.user.has_perm("organisations.change_problemreport"):
        return None
    waiting = ProblemReport.objects.filter(settled_at=None)
    rows = waiting.select_related("organisation").order_by("created_at")
    return Waiting(
        title=_("Hinweise von Besuchern"),
        total=waiting.count(),
        items=[
            Item(
                one.organisation.name,
                reverse("admin:organisations_problemreport_change", args=[one.pk]),
                one.created_at,
                one.text[:100],
            )
            for one in rows[: office.SHOWN]
        ],
        url=reverse("admin:organisations_problemreport_changelist") + "?settled=no",
    )


# --- Words and places -----------------------------------------------------------------------------
class UsedAdmin(OfficeModelAdmin):
    """Rows organisations refer to: shown with how many do, and deleted only while nobody does."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(used=Count("organisations"))

    @admin.display(description=gettext_lazy("Organisationen"), ordering="used")
    def used(self, row: Any) -> int:
        return row.used

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.organisations.exists())

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class TermAdmin(UsedAdmin):
    """Topics, target groups and languages: in the order the officer chooses."""

    list_display = ("name", "slug", "position", "used")
    search_fields = ("name", "slug")
    ordering = ("position", "name")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Topic)
class TopicAdmin(TermAdmin):
    form = translated_form(Topic)
    fields = (
        "name",
        *translation_names(Topic, "name"),
        "examples",
        *translation_names(Topic, "examples"),
        "slug",
        "icon",
        "position",
    )


@admin.register(TargetGroup)
class TargetGroupAdmin(TermAdmin):
    form = translated_form(TargetGroup)
    fields = ("name", *translation_names(TargetGroup), "slug", "position")


@admin.register(Language)
class LanguageAdmin(TermAdmin):
    form = translated_form(Language)
    list_display = ("name", "endonym", "code", "position", "used")
    prepopulated_fields = {"slug": ("code",)}
    search_fields = ("name", "endonym", "code")
    fields = (
        "name",
        *translation_names(Language),
        "endonym",
        "code",
        "iso639_3",
        "rtl",
        "slug",
        "position",
    )


class PostalCodeInline(admin.StackedInline):
    model = PostalCode
    extra = 1
    max_num = 60


@admin.register(Municipality)
class MunicipalityAdmin(UsedAdmin):
    form = translated_form(Municipality)
    list_display = ("name", "kind", "in_county", "used")
    list_filter = ("in_county",)
    search_fields = ("name", "ags")
    inlines = (PostalCodeInline,)
    fields = ("name", *translation_names(Municipality), "kind", "ags", "slug", "in_county")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Municipality]:
        return super().get_queryset(request).defer("outline")


# --- Organisations --------------------------------------------------------------------------------
class LinksField(CleanCharField):
    """Addresses on the web, one in each line; its value is their list."""

    def __init__(self, **options: Any) -> None:
        super().__init__(multiline=True, required=False, max_length=2000, **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = (line.strip() for line in super().clean(value).splitlines())
        return list(dict.fromkeys(clean_url(line) for line in lines if line))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class OrganisationForm(office.TranslatedForm):
    """What an organisation says of itself; saved by the same service as in its own forms."""

    name = CleanCharField(
        label=gettext_lazy("Name"), max_length=160, validators=[validate_has_words]
    )
    phone = PhoneField(label=gettext_lazy("Telefon"), required=False)
    email = EmailField(label=gettext_lazy("E-Mail-Adresse"), required=False)
    website = HttpUrlField(label=gettext_lazy("Internetseite"), required=False)
    social_links = LinksField(
        label=gettext_lazy("Soziale Medien"),
        help_text=gettext_lazy("Eine Adresse in jeder Zeile."),
        widget=AdminTextareaWidget(attrs={"rows": 3}),
    )
    opening_times = LongTextField(
        label=gettext_lazy("Öffnungszeiten oder Treffen"), max_length=500, rows=3, required=False
    )
    seen_version = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1
    )
    # Set by the admin for each request.
    officer: Any = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "seen_version" in self.fields:
            self.fields["seen_version"].initial = self.instance.version
        for name in ("municipality", "active_in"):
            if name in self.fields:
                places = Municipality.objects.defer("outline")
                self.fields[name].queryset = places.filter(in_county=True) | places.filter(
                    pk=self.instance.municipality_id
                )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.state != State.DRAFT:
            for name in ("kind", "municipality"):
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, _("Diese Angabe braucht jede eingereichte Organisation."))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and "seen_version" in self.fields:
            self._rehearse()

    @property
    def values(self) -> dict[str, Any]:
        """Return what `editing.save` is to write: the fields that were changed in this form."""
        known = {*editing.SINGLE, *editing.MANY}
        return {
            name: self.cleaned_data[name]
            for name in self.changed_data
            if name in known or name.startswith(TRANSLATION)
        }

    def save_by_service(self) -> Organisation:
        return editing.save(
            organisation=self.instance,
            values=self.values,
            seen_version=self.cleaned_data.get("seen_version") or 0,
            by=self.officer,
        )

    def _rehearse(self) -> None:
        """Save and take it back, to say at the fields what somebody else has changed meanwhile."""
        try:
            with transaction.atomic():
                self.save_by_service()
                transaction.set_rollback(True)
        except Refused as refused:
            self.add_error(None, str(refused))
        except Conflict as conflict:
            for name, theirs in conflict.theirs.items():
                text = _("Das hat inzwischen jemand geändert. Jetzt steht dort: %(value)s")
                shown = theirs if isinstance(theirs, str) and theirs else _("etwas anderes")
                self.add_error(name, text % {"value": shown})
            self.data = self.data.copy()
            fresh = Organisation.objects.values_list("version", flat=True).get(pk=self.instance.pk)
            self.data[self.add_prefix("seen_version")] = str(fresh)


class ContactForm(forms.ModelForm):
    """A contact person; what of theirs is public follows from their consent alone."""

    name = CleanCharField(
        label=gettext_lazy("Name"), max_length=120, validators=[validate_has_words]
    )
    function = CleanCharField(label=gettext_lazy("Aufgabe"), max_length=80, required=False)
    phone = PhoneField(label=gettext_lazy("Telefon"), required=False)
    email = EmailField(label=gettext_lazy("E-Mail-Adresse"), required=False)
    hide = forms.BooleanField(
        label=gettext_lazy("Nichts mehr öffentlich zeigen"),
        required=False,
        help_text=gettext_lazy("Wirkt sofort, wenn Sie speichern."),
    )
    paper = forms.MultipleChoiceField(
        label=gettext_lazy("Einwilligung auf Papier: Das darf öffentlich sein"),
        required=False,
        choices=[
            (name, ContactPerson._meta.get_field(name).verbose_name)
            for name in ContactPerson.PUBLISHABLE
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Nur wenn Ihnen die Person das unterschrieben hat. Sonst fragen Sie die Person über "
            "die Seite der Organisation per E-Mail."
        ),
    )
    paper_by = CleanCharField(
        label=gettext_lazy("Unterschrieben von"), max_length=254, required=False
    )
    paper_note = CleanCharField(
        label=gettext_lazy("Wo liegt das Papier?"), max_length=500, required=False
    )
    seen_entry = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**62
    )

    class Meta:
        model = ContactPerson
        fields = ("name", "function", "phone", "email")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk and not self.is_bound:
            self.initial["seen_entry"] = contacts.latest_entry(self.instance)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("paper") and not cleaned.get("paper_by"):
            self.add_error("paper_by", _("Bitte schreiben Sie, wer unterschrieben hat."))
        for name in cleaned.get("paper") or []:
            if name == "photo" and not self.instance.photo_id:
                self.add_error("paper", _("Es gibt noch kein Foto von dieser Person."))
            elif name in cleaned and not cleaned[name]:
                self.add_error(name, _("Öffentlich zeigen kann man nur, was hier steht."))
        return cleaned


class ContactInline(admin.StackedInline):
    model = ContactPerson
    form = ContactForm
    extra = 0
    max_num = contacts.MAX_CONTACTS
    readonly_fields = ("publication", "consents")
    fieldsets = (
        (None, {"fields": ("name", "function", "phone", "email", "seen_entry")}),
        (
            gettext_lazy("Was ist öffentlich?"),
            {"fields": ("publication", "consents", "hide", "paper", "paper_by", "paper_note")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactPerson]:
        return super().get_queryset(request).select_related("photo").prefetch_related("consents")

    def get_fieldsets(self, request: HttpRequest, obj: Organisation | None = None) -> Any:
        if obj is None or obj.state in editing.EDITABLE_STATES:
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": ("name", "function", "phone", "email", *self.readonly_fields)})]

    @admin.display(description=gettext_lazy("Öffentlich"))
    def publication(self, contact: ContactPerson) -> str:
        names = [str(contact._meta.get_field(name).verbose_name) for name in contact.published]
        return ", ".join(names) or _("nichts")

    @admin.display(description=gettext_lazy("Einwilligungen"))
    def consents(self, contact: ContactPerson) -> str:
        if contact.pk is None:
            return _("noch keine")
        rows = [(review.consent_in_words(one),) for one in contact.consents.all()]
        listed = format_html_join("\n", "<p>{}</p>", rows) or _("noch keine")
        url = reverse("organisations:step", args=[contact.organisation_id, "kontakt"])
        return format_html(
            '{}<p><a href="{}">{}</a></p>', listed, url, _("Die Person per E-Mail fragen")
        )


class ImageForm(forms.ModelForm):
    alt_text = CleanCharField(
        label=gettext_lazy("Bildbeschreibung"), max_length=200, validators=[validate_has_words]
    )
    credit = CleanCharField(
        label=gettext_lazy("Wer hat das Bild gemacht?"), max_length=120, required=False
    )

    class Meta:
        model = OrganisationImage
        fields = ("alt_text", "credit")


class ImageInline(admin.StackedInline):
    """Logo and photos are uploaded in the organisation's forms; here described or removed."""

    model = OrganisationImage
    form = ImageForm
    extra = 0
    fields = ("picture", "kind", "alt_text", "credit")
    readonly_fields = ("picture", "kind")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrganisationImage]:
        return super().get_queryset(request).filter(pending=False).exclude(kind="portrait")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Bild"))
    def picture(self, image: OrganisationImage) -> str:
        url = reverse("organisations:image", args=[image.pk, "klein"])
        return format_html(
            '<img class="office-picture" src="{}" alt="{}" loading="lazy">', url, image.alt_text
        )


class MunicipalityFilter(admin.SimpleListFilter):
    """The towns of the county, in one query."""

    title = gettext_lazy("Stadt oder Gemeinde")
    parameter_name = "ort"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = Municipality.objects.filter(in_county=True).only("slug", "name", "translations")
        return [(row.slug, str(row)) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(municipality__slug=self.value()) if self.value() else queryset


class TopicFilter(admin.SimpleListFilter):
    title = gettext_lazy("Thema")
    parameter_name = "thema"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(row.slug, str(row)) for row in Topic.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(topics__slug=self.value()) if self.value() else queryset


@admin.register(Organisation)
class OrganisationAdmin(OfficeModelAdmin):
    """An organisation with its people and pictures; its state changes on the review page alone."""

    form = translated_form(Organisation, OrganisationForm)
    change_form_template = "admin/organisations/organisation/change_form.html"
    list_display = ("name", "state_in_words", "kind", "municipality", "waits_since", "confirmed")
    list_filter = ("state", "kind", MunicipalityFilter, TopicFilter, "accessibility")
    search_fields = ("name", "short_name", "place", "email")
    search_help_text = gettext_lazy("Name, Kurzname, Ort oder E-Mail-Adresse")
    list_select_related = ("municipality",)
    inlines = (ContactInline, ImageInline)
    readonly_fields = ("speakers",)
    actions = ("pause", "resume", "archive")
    fieldsets = (
        (
            gettext_lazy("Organisation"),
            {
                "fields": (
                    "name",
                    "short_name",
                    "kind",
                    "legal_form",
                    "founding_year",
                    "register_entry",
                    "charitable",
                    "seen_version",
                )
            },
        ),
        (
            gettext_lazy("Ort"),
            {
                "fields": (
                    "municipality",
                    "whole_county",
                    "active_in",
                    "street",
                    "address_extra",
                    "postal_code",
                    "place",
                    "address_public",
                    "opening_times",
                    "accessibility",
                )
            },
        ),
        (
            gettext_lazy("Tätigkeit"),
            {
                "fields": (
                    "description",
                    "aims",
                    "activities",
                    "topics",
                    "target_groups",
                    "languages",
                    "regions",
                )
            },
        ),
        (
            gettext_lazy("Texte in weiteren Sprachen"),
            {"fields": translation_names(Organisation), "classes": ("collapse",)},
        ),
        (gettext_lazy("Kontakt"), {"fields": ("phone", "email", "website", "social_links")}),
        (gettext_lazy("Vertretungen"), {"fields": ("speakers",)}),
    )

    # --- Rights
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Organisations begin with their registration, which asks for everything in order."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.state in editing.EDITABLE_STATES)

    def has_delete_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        """Nothing with a history is deleted; what is over is archived."""
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return decisions.may_decide(request.user)

    # --- The list
    @admin.display(description=gettext_lazy("Stand"), ordering="state")
    def state_in_words(self, organisation: Organisation) -> str:
        if self._waits(organisation):
            url = _review_url(organisation)
            return format_html('<a href="{}">{}</a>', url, organisation.get_state_display())
        return organisation.get_state_display()

    @admin.display(description=gettext_lazy("Wartet seit"), ordering="submitted_at")
    def waits_since(self, organisation: Organisation) -> str:
        if not self._waits(organisation) or organisation.submitted_at is None:
            return "–"
        return date_format(timezone.localtime(organisation.submitted_at), "SHORT_DATE_FORMAT")

    @admin.display(description=gettext_lazy("Bestätigt"), ordering="confirmed_on")
    def confirmed(self, organisation: Organisation) -> str:
        day = organisation.confirmed_on
        return date_format(day, "SHORT_DATE_FORMAT") if day else "–"

    @staticmethod
    def _waits(organisation: Organisation) -> bool:
        return organisation.state == State.SUBMITTED

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find names however their accents and umlauts were typed."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if folded := fold(search_term):
            names = Organisation.objects.values_list("pk", "name", "short_name")
            alike = [
                pk for pk, name, short in names.iterator() if folded in fold(f"{name} {short}")
            ]
            found |= queryset.filter(pk__in=alike[:500])
        return found, may_repeat

    @admin.action(description=gettext_lazy("Pausieren"), permissions=["decide"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> None:
        self._decide_many(request, queryset, Decision.PAUSE)

    @admin.action(description=gettext_lazy("Wieder aktivieren"), permissions=["decide"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> None:
        self._decide_many(request, queryset, Decision.RESUME)

    @admin.action(description=gettext_lazy("Archivieren"), permissions=["decide"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> None:
        self._decide_many(request, queryset, Decision.ARCHIVE)

    def _decide_many(
        self, request: HttpRequest, queryset: QuerySet[Organisation], decision: Decision
    ) -> None:
        done = 0
        for organisation in queryset:
            try:
                done += SERVICES[decision](organisation=organisation, by=request.user)
            except Refused as refused:
                self.message_user(request, str(refused), messages.WARNING)
        if done:
            text = ngettext(
                "%(decision)s: %(number)s Organisation.",
                "%(decision)s: %(number)s Organisationen.",
                done,
            )
            self.message_user(
                request, text % {"decision": decision.label, "number": done}, messages.SUCCESS
            )

    # --- The form
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what only a form has where the page is only for reading."""
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {"fields": [name for name in options["fields"] if self._is_read(name)]})
            for title, options in fieldsets
            if any(self._is_read(name) for name in options["fields"])
        ]

    def _is_read(self, name: str) -> bool:
        return name in {*editing.SINGLE, *editing.MANY, *self.readonly_fields}

    @admin.display(description=gettext_lazy("Wer vertritt die Organisation?"))
    def speakers(self, organisation: Organisation) -> str:
        rows = [
            (str(one.user), one.get_role_display())
            for one in organisation.representatives.select_related("user")
        ]
        names = format_html_join("", "<li>{} – {}</li>", rows)
        listed = format_html("<ul>{}</ul>", names) if rows else _("Noch niemand.")
        if organisation.state == State.ARCHIVED:
            return listed
        url = reverse("organisations:people", args=[organisation.pk])
        label = _("Einladen, Rollen ändern, entfernen")
        return format_html('{}<p><a href="{}">{}</a></p>', listed, url, label)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        options |= {"widget": forms.CheckboxSelectMultiple, "form_class": RowsField}
        return super().formfield_for_manytomany(db_field, request, **options)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any):
        form = super().get_form(request, obj, change=change, **options)
        form.officer = request.user
        return form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Organisation:
        """Let the service write: history, version, address and conflicts are its matter."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        form.save_by_service()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        is_contacts = formset.model is ContactPerson
        for one in formset.forms:
            if one in formset.deleted_forms:
                if one.instance.pk is None:
                    continue
                if is_contacts:
                    contacts.remove(contact=one.instance, by=request.user)
                else:
                    images.remove(image=one.instance, by=request.user)
                formset.deleted_objects.append(one.instance)
            elif one.has_changed() and is_contacts:
                self._save_contact(request, one, formset)
            elif one.has_changed():
                one.save()
                formset.changed_objects.append((one.instance, one.changed_data))

    def _save_contact(self, request: HttpRequest, one: ContactForm, formset: Any) -> None:
        cleaned = one.cleaned_data
        values = {name: cleaned[name] for name in contacts.FIELDS}
        # The form has written what was typed to its instance; the services look at the row.
        contact = ContactPerson.objects.filter(pk=one.instance.pk).first()
        try:
            if contact is None:
                contact = contacts.add(
                    organisation=formset.instance, values=values, is_self=False, by=request.user
                )
                formset.new_objects.append(contact)
            else:
                contacts.change(
                    contact=contact,
                    values=values,
                    seen_entry=cleaned.get("seen_entry") or 0,
                    by=request.user,
                )
                formset.changed_objects.append((contact, one.changed_data))
            if cleaned["hide"]:
                consent.withdraw(contact=contact, by=request.user)
            elif cleaned["paper"]:
                consent.record_paper(
                    contact=contact,
                    fields=cleaned["paper"],
                    by=request.user,
                    wording=consent.wording(formset.instance),
                    given_by=cleaned["paper_by"],
                    note=cleaned["paper_note"],
                )
        except Refused as refused:
            self.message_user(request, str(refused), messages.ERROR)
        except Conflict:
            text = _("%(name)s wurde inzwischen geändert. Diese Angaben sind nicht gespeichert.")
            self.message_user(request, text % {"name": values["name"]}, messages.ERROR)

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/pruefen/",
                self.admin_site.admin_view(self.review),
                name="organisations_organisation_review",
            ),
            *super().get_urls(),
        ]

    # --- The review page
    def review(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show all an organisation has said, and take a decision about it in two steps."""
        organisation = get_object_or_404(
            Organisation.objects.visible_to(request.user).select_related("municipality"), pk=pk
        )
        if not decisions.may_decide(request.user):
            raise PermissionDenied
        # After a session that ended in between, what was typed comes back.
        data = request.POST if request.method == "POST" else recall(request)
        chosen = (data or {}).get("decision") or request.GET.get("entscheidung", "")
        decision = Decision(chosen) if chosen in Decision.values else None
        if chosen and decision is None:
            raise Http404
        if request.method == "POST":
            if decision is None:
                raise Http404
            forget(request)
            form = self._decision_form(request, organisation, decision, data)
            if form.is_valid() and (answer := self._decide(request, organisation, decision, form)):
                return answer
        elif decision in decisions.possible(organisation):
            form = self._decision_form(request, organisation, decision, data)
        else:
            if decision is not None:
                text = _("Das geht nicht: „%(name)s“ hat den Stand „%(state)s“.")
                state = organisation.get_state_display()
                self.message_user(
                    request, text % {"name": organisation.name, "state": state}, messages.WARNING
                )
            form = decision = None
        return self._review_page(request, organisation, decision, form)

    def _decision_form(
        self,
        request: HttpRequest,
        organisation: Organisation,
        decision: Decision,
        data: QueryDict | None,
    ) -> MailForm | PostponeForm | ReasonForm:
        if decision == Decision.POSTPONE:
            return PostponeForm(data)
        if decision not in decisions.MAILS:
            return ReasonForm(data)
        subject, body = decisions.draft(
            decision,
            organisation=organisation,
            by=request.user,
            language=self._language(request, organisation),
        )
        initial = {
            "subject": subject,
            "body": body,
            "seen": organisation.state_since.isoformat(),
        }
        return MailForm(data, initial=initial)

    def _language(self, request: HttpRequest, organisation: Organisation) -> str:
        """Return the language the text is offered in: as she chose, or the first manager's."""
        asked = request.GET.get("sprache", "")
        known = dict(settings.LANGUAGES)
        return asked if asked in known else decisions.reading_language(organisation)

    def _decide(
        self, request: HttpRequest, organisation: Organisation, decision: Decision, form: Any
    ) -> HttpResponse | None:
        try:
            done = SERVICES[decision](organisation=organisation, by=request.user, **form.decision)
        except Refused as refused:
            form.add_error(None, str(refused))
            organisation.refresh_from_db()
            return None
        if not done:
            organisation.refresh_from_db()
            text = _("Das war schon entschieden: „%(name)s“ hat den Stand „%(state)s“.")
            state = organisation.get_state_display()
            self.message_user(
                request, text % {"name": organisation.name, "state": state}, messages.WARNING
            )
            return redirect(_review_url(organisation))
        self.log_change(request, organisation, str(decision.label))
        organisation.refresh_from_db()
        text = _("Gespeichert: „%(name)s“ hat den Stand „%(state)s“.")
        state = organisation.get_state_display()
        self.message_user(
            request, text % {"name": organisation.name, "state": state}, messages.SUCCESS
        )
        return redirect("admin:index")

    def _review_page(
        self,
        request: HttpRequest,
        organisation: Organisation,
        decision: Decision | None,
        form: Any,
    ) -> HttpResponse:
        rows = list(history.records(Organisation, organisation.pk)[:21])
        language = self._language(request, organisation)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Prüfen: %(name)s") % {"name": organisation.name},
            "opts": self.opts,
            "organisation": organisation,
            "sections": review.sections(organisation),
            "contacts": review.contacts(organisation),
            "images": review.images(organisation),
            "representatives": organisation.representatives.select_related("user"),
            "duplicates": review.likely_duplicates(organisation),
            "entries": history.entries(rows[:20], older=rows[20] if len(rows) > 20 else None),
            "has_more_entries": len(rows) > 20,
            "possible": decisions.possible(organisation),
            "decision": decision,
            "form": form,
            "is_mail": decision in decisions.MAILS,
            "mail_language": get_language_info(language)["name_local"],
            "languages": [
                {"code": code, "name": get_language_info(code)["name_local"]}
                for code, _name in settings.LANGUAGES
            ],
            "may_edit": self.has_change_permission(request, organisation),
        }
        return TemplateResponse(request, "admin/organisations/organisation/review.html", context)


# --- Requests and reports -------------------------------------------------------------------------
class ReadOnlyAdmin(OfficeModelAdmin):
    """Rows that others write; only actions change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(admin.utils.flatten_fieldsets(self.get_fieldsets(request, obj)))


@admin.register(AccessRequest)
class AccessRequestAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "user", "state", "created_at", "decided_at")
    list_filter = ("state",)
    list_select_related = ("organisation", "user")
    search_fields = ("organisation__name", "user__email", "user__name")
    actions = ("grant", "decline")
    fields = ("organisation", "user", "message", "state", "created_at", "decided_at", "decided_by")

    @admin.action(description=gettext_lazy("Zustimmen"), permissions=["change"])
    def grant(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> None:
        self._decide(request, queryset, grant=True)

    @admin.action(description=gettext_lazy("Ablehnen"), permissions=["change"])
    def decline(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> None:
        self._decide(request, queryset, grant=False)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[AccessRequest], *, grant: bool
    ) -> None:
        done = 0
        for one in queryset:
            try:
                done += people.decide_access(request=one, by=request.user, grant=grant)
            except Refused as refused:
                self.message_user(request, str(refused), messages.WARNING)
        if done:
            text = ngettext(
                "%(number)s Anfrage ist entschieden.", "%(number)s Anfragen sind entschieden.", done
            )
            self.message_user(request, text % {"number": done}, messages.SUCCESS)


class SettledFilter(admin.SimpleListFilter):
    title = gettext_lazy("erledigt")
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("offen")), ("yes", gettext_lazy("erledigt"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"yes", "no"}:
            return queryset.filter(settled_at__isnull=self.value() == "no")
        return queryset


@admin.register(ProblemReport)
class ProblemReportAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "text_begin", "created_at", "settled_at")
    list_filter = (SettledFilter,)
    list_select_related = ("organisation",)
    search_fields = ("organisation__name", "text")
    actions = ("settle",)
    fields = ("organisation", "text", "email", "created_at", "settled_at", "settled_by")
    change_form_template = "admin/organisations/problemreport/change_form.html"

    @admin.display(description=gettext_lazy("Hinweis"))
    def text_begin(self, report: ProblemReport) -> str:
        return report.text[:100]

    @admin.action(description=gettext_lazy("Als erledigt markieren"), permissions=["change"])
    def settle(self, request: HttpRequest, queryset: QuerySet[ProblemReport]) -> None:
        done = sum(self._settle(request, report) for report in queryset)
        text = ngettext(
            "%(number)s Hinweis ist erledigt.", "%(number)s Hinweise sind erledigt.", done
        )
        self.message_user(request, text % {"number": done}, messages.SUCCESS)

    def response_change(self, request: HttpRequest, obj: ProblemReport) -> HttpResponse:
        if "_settle" in request.POST and IS_POPUP_VAR not in request.POST:
            self._settle(request, obj)
            self.message_user(request, _("Der Hinweis ist erledigt."), messages.SUCCESS)
            return redirect("admin:index")
        return super().response_change(request, obj)

    def _settle(self, request: HttpRequest, report: ProblemReport) -> bool:
        if report.settled_at:
            return False
        report.settled_at = timezone.now()
        report.settled_by = request.user
        report.save(update_fields=["settled_at", "settled_by"])
        return True
