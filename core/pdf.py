"""PDF files from HTML, each made in a process of its own.

WeasyPrint takes a second and some 70 MB, which a process does not give back: web workers never load
it. What is made elsewhere can also be stopped: when it takes too long, and when it needs too much
memory. The process gets the HTML and nothing else: no settings, no database, no network.
"""

import logging
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core.errors import Refused
from core.spreadsheets import UMLAUTS

logger = logging.getLogger(__name__)

WORKER = Path(__file__).with_name("pdf_worker.py")
# Exit codes of the worker.
NO_PANGO = 3
# What it needs to find its libraries and fonts; not what the portal keeps secret.
ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE")
SECONDS = 30
# What some hundred pages need; a document that needs more is a mistake.
MEGABYTES = 300
# How often somebody is told how far it is.
TELL_EVERY = 0.5
# How the worker says on which page it is; see there.
PAGE = b"page "
# A file of hundreds of pages is a mistake, and would fill the memory of a small server.
MOST_BYTES = 10 * 1024 * 1024

# Several at once would take the memory of several.
_one_at_a_time = threading.Lock()


def render(
    html: str | Callable[[], str],
    *,
    timeout: float = SECONDS,
    megabytes: int = MEGABYTES,
    progress: Callable[[int], None] | None = None,
) -> bytes:
    """Make an accessible PDF (PDF/UA-1: tags, title, language) of a page.

    Nothing is loaded but `data:` addresses; the looks come from `pdf.css` beside this file.

    :param html: a whole document, or what gives it: that is asked while WeasyPrint is being loaded.
        Its `<title>` and `lang` become the file's.
    :param timeout: seconds it may take, waiting for another file included.
    :param megabytes: memory it may take.
    :param progress: told how many pages there are so far, now and then and at the end; what it
        raises stops the work.
    :raises Refused: when it cannot be made, in words for the person who wanted it.
    """
    until = time.monotonic() + timeout
    if not _one_at_a_time.acquire(timeout=timeout):
        raise Refused(_too_much())
    try:
        with _worker(timeout, megabytes) as worker:
            try:
                content = (html if isinstance(html, str) else html()).encode()
                if len(content) > MOST_BYTES:
                    raise Refused(_too_much())
                made, said = _answer(worker, content, until, progress)
            except subprocess.TimeoutExpired as error:
                logger.warning("A PDF took longer than %s seconds.", timeout)
                raise Refused(_too_much()) from error
            finally:
                worker.kill()  # does nothing to one that has ended
    finally:
        _one_at_a_time.release()
    if worker.returncode == NO_PANGO:
        logger.error("No PDF: pango is missing, see docs/operations.md.")
        raise Refused(
            _(
                "Auf dem Server fehlt ein Programm, mit dem das Portal PDF-Dateien macht (pango). "
                "Bitte sagen Sie es der Technik. Sie können die Seite so lange mit Ihrem Browser "
                "drucken."
            )
        )
    if worker.returncode:
        lines = [line for line in said.splitlines() if not line.startswith(PAGE)]
        reason = [line.decode(errors="replace").strip() for line in lines[-1:]]
        logger.error("No PDF: the worker ended with %s: %s", worker.returncode, *(reason or [""]))
        raise Refused(_too_much())
    return made


def _answer(
    worker: subprocess.Popen[bytes],
    content: bytes,
    until: float,
    progress: Callable[[int], None] | None,
) -> tuple[bytes, bytes]:
    """Give the worker a document and wait for what it makes and says.

    :raises subprocess.TimeoutExpired: when it takes too long.
    """
    # By a thread: `communicate`, called again after a timeout, would not go on giving.
    giving = threading.Thread(target=_give, args=(worker.stdin, content), daemon=True)
    worker.stdin = None
    giving.start()
    while True:
        left = max(0.0, until - time.monotonic())
        try:
            made, said = worker.communicate(timeout=min(left, TELL_EVERY))
        except subprocess.TimeoutExpired as error:
            if left <= TELL_EVERY:
                raise
            if progress:
                progress(_pages(error.stderr or b""))
        else:
            if progress:
                progress(_pages(said))
            return made, said


def _give(pipe: IO[bytes], content: bytes) -> None:
    # A worker that has ended takes no more; why it has, is told elsewhere.
    with suppress(BrokenPipeError), pipe:
        pipe.write(content)


def _pages(said: bytes) -> int:
    """Return on which page the worker has said it is."""
    numbers = [line.removeprefix(PAGE) for line in said.splitlines() if line.startswith(PAGE)]
    return int(numbers[-1]) if numbers and numbers[-1].isdigit() else 0


def _worker(seconds: float, megabytes: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own file
        # -I: nothing but the environment's packages, wherever the portal was started.
        [sys.executable, "-I", str(WORKER), str(math.ceil(seconds) + 30), str(megabytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        | {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"},
    )


def response(
    request: HttpRequest, template: str, context: Mapping[str, Any], filename: str
) -> HttpResponse:
    """Answer with a PDF to save, which no cache keeps.

    To save, and not to look at in the browser: its viewer is an embedded object, which our Content
    Security Policy forbids.

    :param template: extends `pdf/base.html`.
    :param filename: in words, without ending.
    :return: the file; or, when it cannot be made, a page that says why.
    """
    try:
        content = render(lambda: render_to_string(template, dict(context), request))
    except Refused as refused:
        page = render_to_string("core/no_pdf.html", {"reason": refused}, request)
        return HttpResponse(page, status=503, headers={"Cache-Control": "no-store"})
    name = slugify(filename.lower().translate(UMLAUTS)) or "datei"
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.pdf"',
            "Cache-Control": "no-store",
        },
    )


def _too_much() -> str:
    return _(
        "Die PDF-Datei ist nicht fertig geworden. Bitte versuchen Sie es in einer Minute noch "
        "einmal. Hilft das nicht, ist der Text vielleicht zu lang."
    )
