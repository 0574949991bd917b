"""The officer's desk for organisations; one module per noun, each registers its own pages."""

from organisations.admin import (
    confirmation,
    duplicates,
    imports,
    mails,
    organisation,
    proposals,
    reports,
    taxonomy,
    waiting,
)

__all__ = [
    "confirmation",
    "duplicates",
    "imports",
    "mails",
    "organisation",
    "proposals",
    "reports",
    "taxonomy",
    "waiting",
]
