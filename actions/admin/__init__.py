"""Ideas and campaigns in the back office."""

from actions.admin import campaigns, ideas

__all__ = ["campaigns", "ideas"]
