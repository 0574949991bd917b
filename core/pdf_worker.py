"""Makes one PDF: HTML comes in, the file goes out. `core.pdf` starts it; see there.

Alone in its process: no Django, no settings, and limits it cannot pass.
"""

import gc
import logging
import resource
import sys
import unicodedata
from pathlib import Path
from xml.etree.ElementTree import Element

NO_PANGO = 3


class Pages(logging.Handler):
    """Says on which page the layout is, a line for each, for whoever waits."""

    def emit(self, record: logging.LogRecord) -> None:
        if "Creating layout - Page" in record.msg and isinstance(record.args, tuple):
            tell(record.args[0])


def tell(page: object) -> None:
    sys.stderr.write(f"page {page}\n")
    sys.stderr.flush()


def main(seconds: int, megabytes: int) -> int:
    """Make the file.

    :param seconds: of the processor, and `megabytes` of memory: a document that needs more ends
        here.
    """
    # The process ends before there is much to collect; looking for it took a seventh of the time.
    gc.disable()
    for limit, most in (
        (resource.RLIMIT_DATA, megabytes * 1024 * 1024),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except OSError:  # a library of pango is not there
        return NO_PANGO
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    progress = logging.getLogger("weasyprint.progress")
    progress.setLevel(logging.INFO)
    progress.propagate = False
    progress.addHandler(Pages())
    # No file, no network, whatever the document asks for: only what it carries itself.
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    looks = CSS(string=Path(__file__).with_name("pdf.css").read_text("utf-8"), url_fetcher=fetcher)
    html = sys.stdin.buffer.read().decode()
    source = HTML(string=html, url_fetcher=fetcher)
    set_directions(source.etree_element)
    options = {"stylesheets": [looks], "pdf_variant": "pdf/ua-1"}
    document = source.render(**options)
    tell(len(document.pages))
    sys.stdout.buffer.write(document.write_pdf(**options))
    return 0


def set_directions(root: Element) -> None:
    """Say of every name which way it runs; WeasyPrint does not know `dir="auto"` and `<bdi>`.

    As HTML has it, the first letter decides; a text without any runs as what is around it.
    """
    for element in root.iter():
        if element.get("dir") == "auto" or (element.tag == "bdi" and not element.get("dir")):
            element.attrib.pop("dir", None)
            kinds = map(unicodedata.bidirectional, "".join(element.itertext()))
            first = next((kind for kind in kinds if kind in {"L", "R", "AL"}), "")
            if first:
                element.set("dir", "ltr" if first == "L" else "rtl")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
