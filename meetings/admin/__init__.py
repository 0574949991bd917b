"""The officer's desk for meetings; one module per noun, each registers its own pages."""

from meetings.admin import agenda, door, meeting, minutes, tasks

__all__ = ["agenda", "door", "meeting", "minutes", "tasks"]
