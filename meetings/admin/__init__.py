"""The officer's desk for meetings; one module per noun, each registers its own pages."""

from meetings.admin import meeting

__all__ = ["meeting"]
