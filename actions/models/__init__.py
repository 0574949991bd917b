from .campaigns import Campaign
from .ideas import Idea, IdeaBoard, IdeaGroup, IdeaSupport, new_code

__all__ = ["Campaign", "Idea", "IdeaBoard", "IdeaGroup", "IdeaSupport", "new_code"]
