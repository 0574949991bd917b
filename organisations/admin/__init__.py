"""The officer's desk for organisations; one module per noun, each registers its own pages."""

from organisations.admin import organisation, reports, taxonomy, waiting

__all__ = ["organisation", "reports", "taxonomy", "waiting"]
