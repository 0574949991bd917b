from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core import office, outbox
from core.models import OutboxMessage


@office.waits(60)
def waiting_mails(request: HttpRequest) -> office.Waiting | None:
    """Mails somebody has to look at; a code that is of no more use needs nobody."""
    if not request.user.has_perm("core.change_outboxmessage"):
        return None
    states = [OutboxMessage.State.FAILED, OutboxMessage.State.UNCLEAR]
    stuck = OutboxMessage.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()), state__in=states
    )
    return office.Waiting(
        title=str(_("E-Mails, die nicht sicher angekommen sind")),
        total=stuck.count(),
        items=[
            office.Item(
                f"{one.subject} → {one.to}",
                reverse("admin:core_outboxmessage_change", args=[one.pk]),
                one.created_at,
                one.error,
            )
            for one in stuck.order_by("created_at").defer("text_body", "html_body")[: office.SHOWN]
        ],
        url=f"{reverse('admin:core_outboxmessage_changelist')}?state__in={','.join(states)}",
    )


@admin.register(OutboxMessage)
class OutboxMessageAdmin(office.OfficeModelAdmin):
    """Every mail with its state; what it says is only shown if it is not confidential."""

    list_display = ("subject", "to", "state", "created_at", "sent_at", "tries", "error")
    list_filter = ("state", "created_at", "language", "mail")
    search_fields = ("to", "subject")
    actions = ("send_again", "give_up")
    fields = (
        ("subject", "to"),
        ("state", "error"),
        ("tries", "next_try_at", "expires_at"),
        ("created_at", "sending_since", "sent_at"),
        ("mail", "language", "message_id"),
        "text",
    )
    readonly_fields = ("text",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        return super().get_queryset(request).defer("html_body")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return request.user.has_perm("core.view_outboxmessage")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_outboxmessage")

    @admin.display(description=_("Text"))
    def text(self, message: OutboxMessage) -> str:
        if message.confidential:
            return str(_("Vertraulich: Diese E-Mail enthält einen Code oder persönlichen Link."))
        if not message.text_body:
            return str(_("Der Text wird nach 30 Tagen gelöscht."))
        return format_html('<pre class="mail-text" dir="auto">{}</pre>', message.text_body)

    @admin.action(description=_("Noch einmal senden"), permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        chosen = list(queryset)
        done = [message for message in chosen if outbox.send_again(message)]
        self._report(
            request,
            done,
            _("Noch einmal senden"),
            ngettext(
                "%(count)d E-Mail wird noch einmal gesendet.",
                "%(count)d E-Mails werden noch einmal gesendet.",
                len(done),
            ),
        )
        left = len(chosen) - len(done)
        if left:
            text = ngettext(
                "%(count)d E-Mail kann nicht noch einmal gesendet werden: Sie wartet noch, ist "
                "schon gesendet, oder ihr Text ist nicht mehr da.",
                "%(count)d E-Mails können nicht noch einmal gesendet werden: Sie warten noch, sind "
                "schon gesendet, oder ihr Text ist nicht mehr da.",
                left,
            )
            self.message_user(request, text % {"count": left}, messages.WARNING)

    @admin.action(description=_("Aufgeben: nicht mehr senden"), permissions=["decide"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        done = [message for message in queryset if outbox.give_up(message)]
        self._report(
            request,
            done,
            _("Aufgeben"),
            ngettext(
                "%(count)d E-Mail ist aufgegeben.", "%(count)d E-Mails sind aufgegeben.", len(done)
            ),
        )

    def _report(
        self, request: HttpRequest, done: list[OutboxMessage], what: Promise, text: str
    ) -> None:
        for message in done:
            self.log_change(request, message, str(what))
        self.message_user(request, text % {"count": len(done)}, messages.SUCCESS)
