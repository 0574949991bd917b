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
# What WeasyPrint and some hundred pages need; a document that needs more ends here.
MOST_MEMORY = 300 * 1024 * 1024
MOST_SECONDS = 60


def main() -> int:
    # The process ends before there is much to collect; looking for it took a seventh of the time.
    gc.disable()
    for limit, most in (
        (resource.RLIMIT_DATA, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except OSError:  # a library of pango is not there
        return NO_PANGO
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    # No file, no network, whatever the document asks for: only what it carries itself.
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    looks = CSS(string=Path(__file__).with_name("pdf.css").read_text("utf-8"), url_fetcher=fetcher)
    html = sys.stdin.buffer.read().decode()
    document = HTML(string=html, url_fetcher=fetcher)
    set_directions(document.etree_element)
    sys.stdout.buffer.write(document.write_pdf(stylesheets=[looks], pdf_variant="pdf/ua-1"))
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
    sys.exit(main())
