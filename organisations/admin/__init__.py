"""The officer's desk for organisations; one module per noun, each registers its own pages."""

from organisations.admin import duplicates, organisation, reports, taxonomy, waiting

__all__ = ["duplicates", "organisation", "reports", "taxonomy", "waiting"]
