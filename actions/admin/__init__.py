"""Ideas, joint actions and campaigns in the back office."""

from actions.admin import all_ideas, campaigns, ideas, joint_actions, waiting

__all__ = ["all_ideas", "campaigns", "ideas", "joint_actions", "waiting"]
