"""The portal's mails on the officer's desk."""

from core.admin import mail_texts, outbox

__all__ = ["mail_texts", "outbox"]
