"""The outbox on the officer's desk: every mail with its state; few things can be done with one."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import office, outbox, return_mailbox
from core.mail_kinds import kinds
from core.models import OutboxMessage

State = OutboxMessage.State
# A person has to look at these.
STUCK = (State.FAILED, State.UNCLEAR, State.RETURNED)


def mails_to(address: str) -> str:
    """Return the address of the list of all mails to an e-mail address."""
    return f"{reverse('admin:core_outboxmessage_changelist')}?{urlencode({'q': address})}"


@office.waits(60)
def waiting_mails(request: HttpRequest) -> office.Waiting | None:
    """Mails somebody has to look at; a code that is of no more use needs nobody."""
    if not request.user.has_perm("core.change_outboxmessage"):
        return None
    stuck = OutboxMessage.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()), state__in=STUCK
    )
    items = [
        office.Item(
            f"{one.subject} → {one.to}",
            reverse("admin:core_outboxmessage_change", args=[one.pk]),
            one.created_at,
            one.error_in_words,
        )
        for one in stuck.order_by("created_at").defer("text_body", "html_body")[: office.SHOWN]
    ]
    mailbox = return_mailbox.current()
    failing = [mailbox] if mailbox and mailbox.failing_since else []
    listed = reverse("admin:core_outboxmessage_changelist")
    return office.Waiting(
        title=_("E-Mails, die nicht sicher angekommen sind"),
        total=stuck.count() + len(failing),
        items=[
            *(
                office.Item(
                    _("Das Postfach für zurückgekommene E-Mails ist nicht zu erreichen"),
                    listed,
                    one.failing_since,
                    one.error,
                )
                for one in failing
            ),
            *items,
        ],
        url=f"{listed}?state__in={','.join(STUCK)}",
    )


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("Anlass")
    parameter_name = "anlass"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return sorted(
            ((name, str(kind.title)) for name, kind in kinds.items()), key=lambda it: it[1]
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(mail=self.value()) if self.value() in kinds else queryset


class MailAction(office.BulkAction):
    """Something `core.outbox` does to a mail."""

    def is_allowed(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_outboxmessage")

    def rows(self, queryset: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
        return queryset.defer(None).defer("html_body")


class SendAgain(MailAction):
    name = "send_again"
    label = gettext_lazy("Noch einmal senden")
    explanation = gettext_lazy(
        "Jede E-Mail geht noch einmal an dieselbe Adresse. Wer sie schon hat, bekommt sie doppelt."
    )

    def outcomes(self, request: HttpRequest, rows: Any) -> list[office.Outcome]:
        return [
            office.Outcome(text=_("wird noch einmal gesendet"), mails=[one.to])
            if outbox.may_send_again(one)
            else office.Outcome(refused=cannot_send_again(one))
            for one in rows
        ]

    def apply(self, request: HttpRequest, row: OutboxMessage, **answers: Any) -> bool:
        return outbox.send_again(row)

    def result(self, number: int) -> str:
        text = ngettext(
            "%(count)d E-Mail wird noch einmal gesendet.",
            "%(count)d E-Mails werden noch einmal gesendet.",
            number,
        )
        return text % {"count": number}


class GiveUp(MailAction):
    name = "give_up"
    label = gettext_lazy("Aufgeben: nicht mehr senden")
    explanation = gettext_lazy("Das Portal sendet diese E-Mails nicht mehr und fragt nicht mehr.")
    danger = True

    def outcomes(self, request: HttpRequest, rows: Any) -> list[office.Outcome]:
        return [
            office.Outcome(text=_("wird aufgegeben"))
            if outbox.may_give_up(one)
            else office.Outcome(refused=_("Da gibt es nichts aufzugeben."))
            for one in rows
        ]

    def apply(self, request: HttpRequest, row: OutboxMessage, **answers: Any) -> bool:
        return outbox.give_up(row)

    def result(self, number: int) -> str:
        text = ngettext(
            "%(count)d E-Mail ist aufgegeben.", "%(count)d E-Mails sind aufgegeben.", number
        )
        return text % {"count": number}


def cannot_send_again(message: OutboxMessage) -> str:
    """Say in words why a mail cannot be sent once more."""
    if message.state in {State.QUEUED, State.SENDING}:
        return _("Sie wartet noch und geht von selbst hinaus.")
    if message.state == State.SENT:
        return _("Sie ist gesendet und nicht zurückgekommen.")
    return _("Ihr Text ist nicht mehr da.")


def what_now(message: OutboxMessage) -> str:
    """Say in words where a mail stands and what to do."""
    at = date_format(timezone.localtime(message.next_try_at), "SHORT_DATETIME_FORMAT")
    words: dict[str, str] = {
        State.QUEUED: _("Diese E-Mail wartet. Das Portal sendet sie in der nächsten Minute."),
        State.SENDING: _("Diese E-Mail wird gerade gesendet."),
        State.SENT: _("Diese E-Mail ist gesendet. Zurückgekommen ist sie nicht."),
        State.FAILED: _(
            "Diese E-Mail ist nicht angekommen. Prüfen Sie die Adresse, am besten am Telefon."
        ),
        State.UNCLEAR: _(
            "Niemand weiß, ob diese E-Mail angekommen ist. Fragen Sie nach, bevor Sie sie noch "
            "einmal senden."
        ),
        State.RETURNED: _(
            "Diese E-Mail ist zurückgekommen. Fragen Sie die Person nach einer neuen Adresse."
        ),
        State.CANCELLED: _("Diese E-Mail wird nicht mehr gesendet."),
    }
    if message.state == State.QUEUED and message.next_try_at > timezone.now():
        text = _("Diese E-Mail wartet. Das Portal versucht es wieder am %(at)s, von selbst.")
        return text % {"at": at}
    if message.state == State.SENT and message.delayed_at:
        return _(
            "Diese E-Mail ist gesendet, aber noch nicht angekommen. Ein Mailserver versucht es "
            "weiter."
        )
    return words[message.state]


@admin.register(OutboxMessage)
class OutboxMessageAdmin(office.OfficeModelAdmin):
    """Every mail with its state; what it says is only shown if it is not confidential."""

    list_display = ("subject", "standing", "to", "written")
    export_columns = (
        "subject",
        "to",
        "state",
        "created_at",
        "sent_at",
        "returned_at",
        "tries",
        "error_in_words",
        "error",
    )
    list_filter = ("state", KindFilter, "language", "created_at")
    search_fields = ("to", "subject")
    bulk_actions = (SendAgain(), GiveUp())
    change_list_template = "admin/core/outboxmessage/change_list.html"
    change_form_template = "admin/core/outboxmessage/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        return super().get_queryset(request).defer("html_body", "text_body")

    # --- Who may ----------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return request.user.has_perm("core.view_outboxmessage")

    # --- What is shown ----------------------------------------------------------------------------
    def get_fieldsets(self, request: HttpRequest, obj: OutboxMessage | None = None) -> Any:
        """Show what there is to say about a mail, and nothing empty."""
        dates = ("created_at", "sent_at", "delayed_at", "returned_at", "expires_at")
        shown = ["subject", "recipient", "text", "server_said", *dates, "tries"]
        filled = [
            name
            for name in shown
            if not hasattr(OutboxMessage, name) or getattr(obj, name, None) is not None
        ]
        if obj is None or not obj.error:
            filled.remove("server_said")
        technical = ("kind", "language", "message_id", "sending_since")
        return [
            (None, {"fields": filled}),
            (_("Für die IT"), {"classes": ("collapse",), "fields": technical}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("recipient", "text", "server_said", "kind")

    @admin.display(description=gettext_lazy("Stand"), ordering="state")
    def standing(self, message: OutboxMessage) -> str:
        """Say where a mail stands, and below why."""
        if not message.error:
            return self.state_in_words(message)
        return format_html(
            '{}<br><span class="muted small">{}</span>',
            self.state_in_words(message),
            message.error_in_words,
        )

    @admin.display(description=gettext_lazy("Geschrieben am"), ordering="created_at")
    def written(self, message: OutboxMessage) -> str:
        return date_format(timezone.localtime(message.created_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("Was der Mailserver sagt"))
    def server_said(self, message: OutboxMessage) -> str:
        return format_html('<code dir="auto">{}</code>', message.error)

    def state_in_words(self, message: OutboxMessage) -> str:
        if message.state == State.QUEUED and message.tries:
            at = date_format(timezone.localtime(message.next_try_at), "SHORT_DATETIME_FORMAT")
            return _("wartet, nächster Versuch %(at)s") % {"at": at}
        if message.state == State.SENT and message.delayed_at:
            return _("gesendet, verspätet")
        return message.get_state_display()

    @admin.display(description=gettext_lazy("Was nicht ging"))
    def error_in_words(self, message: OutboxMessage) -> str:
        return message.error_in_words

    @admin.display(description=gettext_lazy("An"))
    def recipient(self, message: OutboxMessage) -> str:
        return format_html(
            '<bdi>{}</bdi> – <a href="{}">{}</a>',
            message.to,
            mails_to(message.to),
            _("alle E-Mails an diese Adresse"),
        )

    @admin.display(description=gettext_lazy("Anlass"))
    def kind(self, message: OutboxMessage) -> str:
        kind = kinds.get(message.mail)
        return str(kind.title) if kind else message.mail

    @admin.display(description=gettext_lazy("Text"))
    def text(self, message: OutboxMessage) -> str:
        if message.confidential:
            return _("Vertraulich: Diese E-Mail enthält einen Code oder persönlichen Link.")
        if not message.text_body:
            return _("Der Text wird nach 30 Tagen gelöscht.")
        return format_html('<pre class="mail-text" dir="auto">{}</pre>', message.text_body)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        numbers = dict(OutboxMessage.objects.order_by().values_list("state").annotate(Count("pk")))
        chosen = request.GET.get("state__exact")
        context = {
            "states": [
                {
                    "label": label,
                    "number": numbers.get(value, 0),
                    "url": f"?state__exact={value}",
                    "is_current": chosen == value,
                    "is_stuck": value in STUCK,
                }
                for value, label in State.choices
            ],
            "mailbox": return_mailbox.current(),
            "has_mailbox": return_mailbox.is_set_up(),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        message = options.get("obj")
        if message is not None:
            may = request.user.has_perm("core.change_outboxmessage")
            context |= {
                "what_now": what_now(message),
                "tone": "warning" if message.state in STUCK else "info",
                "may_send_again": may and outbox.may_send_again(message),
                "may_give_up": may and outbox.may_give_up(message),
            }
        return super().render_change_form(request, context, *args, **options)

    # --- What can be done -------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<path:object_id>/senden/",
                view(self.send_again_view),
                name="core_outboxmessage_send_again",
            ),
            path(
                "<path:object_id>/aufgeben/",
                view(self.give_up_view),
                name="core_outboxmessage_give_up",
            ),
            *super().get_urls(),
        ]

    def send_again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send one mail again."""
        return self._do(request, object_id, outbox.send_again, SendAgain())

    def give_up_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give one mail up."""
        return self._do(request, object_id, outbox.give_up, GiveUp())

    def _do(
        self,
        request: HttpRequest,
        object_id: str,
        decide: Callable[[OutboxMessage], bool],
        action: MailAction,
    ) -> HttpResponse:
        message = self.get_object(request, unquote(object_id))
        if message is None:
            raise Http404
        if not (self.has_view_permission(request) and action.is_allowed(request)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if decide(message):
            self.log_change(request, message, str(action.label))
            self.message_user(request, action.result(1), messages.SUCCESS)
        else:
            self._tell_unchanged(request, message)
        return redirect("admin:core_outboxmessage_change", message.pk)

    def _tell_unchanged(self, request: HttpRequest, message: OutboxMessage) -> None:
        """Say why nothing was done: mostly the worker or a second click was quicker."""
        state: str | Promise = message.get_state_display()
        text = _("Das geht gerade nicht: Die E-Mail hat inzwischen den Stand „%(state)s“.")
        self.message_user(request, text % {"state": state}, messages.WARNING)
