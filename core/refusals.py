"""What a mail server said, in words for somebody who knows nothing of mail servers.

Servers answer with a code (RFC 5321), most with a finer one beside it (RFC 3463, "5.1.1"), and a
line of English; our own side fails with an exception, whose name `core.outbox` writes before it.
"""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FINE_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]\d)")
CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")

NO_SUCH_ADDRESS = _("Diese Adresse gibt es nicht.")
NO_SUCH_DOMAIN = _("Unter dem Teil nach dem @ nimmt niemand E-Mails an. Vielleicht ein Tippfehler.")
UNREACHABLE_THERE = _("Der Mailserver der Adresse war nicht zu erreichen.")
UNREACHABLE_HERE = _("Unser Mailserver war nicht zu erreichen.")

# The longest beginning of a fine code that stands here counts.
WORDS: dict[str, str | Promise] = {
    "1": NO_SUCH_ADDRESS,
    "1.2": NO_SUCH_DOMAIN,
    "1.7": _("Der andere Mailserver nimmt unseren Absender nicht an."),
    "1.8": _("Der andere Mailserver nimmt unseren Absender nicht an."),
    "1.10": NO_SUCH_DOMAIN,
    "2": _("Das Postfach nimmt im Moment keine E-Mails an."),
    "2.1": _("Das Postfach ist abgeschaltet."),
    "2.2": _("Das Postfach ist voll."),
    "2.3": _("Die E-Mail ist für dieses Postfach zu groß."),
    "3": _("Der Mailserver der Adresse hat eine Störung."),
    "3.1": _("Der Mailserver der Adresse hat keinen Platz mehr."),
    "3.4": _("Die E-Mail ist für dieses Postfach zu groß."),
    "4": UNREACHABLE_THERE,
    "4.4": NO_SUCH_DOMAIN,
    "4.6": _("Die E-Mail wurde im Kreis weitergeleitet."),
    "7": _("Der andere Mailserver hat die E-Mail abgewiesen. Vielleicht hält er sie für Werbung."),
    "7.8": _("Unser Mailserver lässt das Portal nicht hinein. Bitte fragen Sie die IT."),
    "7.9": _("Unser Mailserver lässt das Portal nicht hinein. Bitte fragen Sie die IT."),
}
OF_CODES: dict[str, str | Promise] = {
    "421": UNREACHABLE_THERE,
    "450": _("Der andere Mailserver bittet, es später noch einmal zu versuchen."),
    "451": _("Der andere Mailserver bittet, es später noch einmal zu versuchen."),
    "452": _("Das Postfach ist voll."),
    "535": _("Unser Mailserver lässt das Portal nicht hinein. Bitte fragen Sie die IT."),
    "550": NO_SUCH_ADDRESS,
    "551": NO_SUCH_ADDRESS,
    "552": _("Das Postfach ist voll."),
    "553": NO_SUCH_ADDRESS,
}
OF_EXCEPTIONS: dict[str, str | Promise] = {
    "ConnectionRefusedError": UNREACHABLE_HERE,
    "ConnectionResetError": UNREACHABLE_HERE,
    "TimeoutError": UNREACHABLE_HERE,
    "gaierror": UNREACHABLE_HERE,
    "OSError": UNREACHABLE_HERE,
    "SMTPConnectError": UNREACHABLE_HERE,
    "SMTPNotSupportedError": _(
        "Unser Mailserver ist anders eingerichtet. Bitte fragen Sie die IT."
    ),
    "SMTPServerDisconnected": _("Die Verbindung zu unserem Mailserver ist abgebrochen."),
    "SSLCertVerificationError": _(
        "Der Ausweis (Zertifikat) unseres Mailservers ist nicht gültig. Bitte fragen Sie die IT."
    ),
}
EXCEPTION = re.compile(r"([A-Za-z]+(?:Error|Disconnected|Header|Exception|error))(?=:|$)")


def code(line: str) -> str:
    """Return the finest code in what a mail server said, or "".

    >>> code("550 5.1.1 No such mailbox")
    '5.1.1'
    """
    found = FINE_CODE.search(line) or CODE.search(line)
    return found[0] if found else ""


def is_about_the_address(line: str) -> bool:
    """Whether a final refusal says that the address is wrong, not the mail or the sender.

    Without a fine code 550 may mean anything ("relaying denied"): then the mail has failed, and
    nothing is known about the address.
    """
    found = FINE_CODE.search(line)
    if found is None or found[1] != "5":
        return False
    return (found[2] == "1" and found[3] not in {"7", "8"}) or (found[2], found[3]) == ("2", "1")


def in_words(line: str) -> str:
    """Return in the active language what a mail server or our own side said.

    A line without a code, such as a sentence of the portal itself, is returned as it is.
    """
    if found := FINE_CODE.search(line):
        subject, detail = found[2], found[3]
        words = WORDS.get(f"{subject}.{detail}") or WORDS.get(subject)
        return str(words or _("Der andere Mailserver hat die E-Mail nicht angenommen."))
    if found := CODE.search(line):
        words = OF_CODES.get(found[0])
        return str(words or _("Der andere Mailserver hat die E-Mail nicht angenommen."))
    if found := EXCEPTION.match(line):
        return str(
            OF_EXCEPTIONS.get(found[1]) or _("Ein Fehler im Portal. Bitte fragen Sie die IT.")
        )
    return line
