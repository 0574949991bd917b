"""Makes one PDF: HTML comes in, the file goes out. `core.pdf` starts it; see there.

Alone in its process: no Django, no settings, and limits it cannot pass.
"""

import logging
import resource
import sys
from pathlib import Path

NO_PANGO = 3
# What WeasyPrint and some hundred pages need; a document that needs more ends here.
MOST_MEMORY = 300 * 1024 * 1024
MOST_SECONDS = 60


def main() -> int:
    for limit, most in (
        (resource.RLIMIT_DATA, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    html = sys.stdin.buffer.read().decode()
    try:
        from weasyprint import CSS, HTML
        from weasyprint.urls import URLFetcher
    except OSError:  # a library of pango is not there
        return NO_PANGO
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    # No file, no network, whatever the document asks for: only what it carries itself.
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    looks = CSS(string=Path(__file__).with_name("pdf.css").read_text("utf-8"), url_fetcher=fetcher)
    document = HTML(string=html, url_fetcher=fetcher)
    sys.stdout.buffer.write(document.write_pdf(stylesheets=[looks], pdf_variant="pdf/ua-1"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
