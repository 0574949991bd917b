"""Ideas and campaigns in the back office."""

from actions.admin import all_ideas, campaigns, ideas

__all__ = ["all_ideas", "campaigns", "ideas"]
