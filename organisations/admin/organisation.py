"""An organisation's page in the back office, with its people and pictures."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Conflict, Refused
from core.fields import RowsField
from core.office import ExplainedInline, translated_form, translation_names
from organisations import columns, questions, review
from organisations.admin import explanations, listing
from organisations.admin.forms import ContactForm, ImageForm, OrganisationForm
from organisations.admin.history import HistoryPages
from organisations.admin.notes import NotePages
from organisations.admin.review_page import ReviewPage, review_url
from organisations.models import (
    ContactPerson,
    Organisation,
    OrganisationImage,
)
from organisations.services import consent, contacts, decisions, editing, images

State = Organisation.State


class ContactInline(ExplainedInline, admin.StackedInline):
    model = ContactPerson
    form = ContactForm
    extra = 0
    max_num = contacts.MAX_CONTACTS
    explanations = explanations.CONTACT
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

    def get_formset(
        self, request: HttpRequest, obj: Organisation | None = None, **options: Any
    ) -> Any:
        formset = super().get_formset(request, obj, **options)
        # Django would refuse because of the consents; `contacts.remove` keeps their proof.
        formset.form.hand_clean_DELETE = lambda form: None
        return formset

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


class ImageInline(ExplainedInline, admin.StackedInline):
    """Logo and photos are uploaded in the organisation's forms; here described or removed."""

    model = OrganisationImage
    form = ImageForm
    explanations = explanations.IMAGE
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


@admin.register(Organisation)
class OrganisationAdmin(HistoryPages, NotePages, ReviewPage):
    """An organisation with its people and pictures; its state changes on the review page alone."""

    form = translated_form(Organisation, OrganisationForm)
    explanations = explanations.ORGANISATION
    change_form_template = "admin/organisations/organisation/change_form.html"
    list_display = ("name", "state_in_words", "kind", "municipality", "waits_since", "confirmed")
    list_filter = (
        ("state", listing.CountedChoices),
        ("kind", listing.CountedChoices),
        listing.MunicipalityFilter,
        listing.TopicFilter,
        ("accessibility", listing.CountedChoices),
    )
    search_fields = ("name",)  # that there is a search; what it means is said below
    search_help_text = gettext_lazy(
        "Name, Ort, Telefon, E-Mail-Adresse oder Person; Tippfehler machen nichts"
    )
    list_select_related = ("municipality",)
    list_defer = (
        "description", "aims", "activities", "opening_times", "translations", "social_links",
        "officer_message", "answer_to_office", "municipality__outline",
    )  # fmt: skip
    inlines = (ContactInline, ImageInline)
    readonly_fields = ("speakers",)
    bulk_actions = listing.DECISIONS
    fieldsets = (
        *((section.title, {"fields": section.fields}) for section in questions.SECTIONS),
        (
            gettext_lazy("Texte in weiteren Sprachen"),
            {"fields": translation_names(Organisation), "classes": ("collapse",)},
        ),
        (gettext_lazy("Vertretungen"), {"fields": ("speakers", "seen_version")}),
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
            url = review_url(organisation)
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

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return listing.OrganisationChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return listing.search(request, queryset, search_term)

    def full_export(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> tuple[list[str], Iterator[list[str]]]:
        people = request.user.has_perm("organisations.view_contactperson")
        return columns.export(queryset, people=people)

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
        return name in {*questions.FIELDS, *self.readonly_fields}

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
        public: list[str] = []
        try:
            if contact is None:
                contact = contacts.add(
                    organisation=formset.instance, values=values, is_self=False, by=request.user
                )
                formset.new_objects.append(contact)
            else:
                public = consent.public_fields(contact)
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
            else:
                self.ask_anew(request, contact, public)
        except Refused as refused:
            self.message_user(request, str(refused), messages.ERROR)
        except Conflict:
            text = _("%(name)s wurde inzwischen geändert. Diese Angaben sind nicht gespeichert.")
            self.message_user(request, text % {"name": values["name"]}, messages.ERROR)

    def ask_anew(self, request: HttpRequest, contact: ContactPerson, public: list[str]) -> None:
        """Ask a person by mail about what was public before their entry was changed."""
        contact.refresh_from_db()
        if not consent.are_hidden(contact, public):
            return
        last = contact.consents.exclude(language="").first()
        language = last.language if last else settings.LANGUAGE_CODE
        if consent.request(contact=contact, by=request.user, language=language):
            text = _("%(name)s bekommt eine E-Mail und entscheidet selbst, was öffentlich wird.")
        else:
            text = _(
                "%(name)s hat keine E-Mail-Adresse. Was neu ist, ist nicht öffentlich, bis eine "
                "Einwilligung auf Papier eingetragen ist."
            )
        self.message_user(request, text % {"name": contact.name}, messages.WARNING)
