from .brochures import Brochure
from .campaigns import Campaign
from .contributions import ActionMessage, Contribution, Pledge
from .ideas import Idea, IdeaBoard, IdeaComment, IdeaGroup, IdeaSupport, new_code
from .joint_actions import ActionDate, ActionImage, JointAction, Participation, may_confirm
from .registrations import Registration
from .results import ActionResult

__all__ = [
    "ActionDate",
    "ActionImage",
    "ActionMessage",
    "ActionResult",
    "Brochure",
    "Campaign",
    "Contribution",
    "Idea",
    "IdeaBoard",
    "IdeaComment",
    "IdeaGroup",
    "IdeaSupport",
    "JointAction",
    "Participation",
    "Pledge",
    "Registration",
    "may_confirm",
    "new_code",
]
