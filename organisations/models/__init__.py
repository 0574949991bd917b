from .contacts import Consent, ContactPerson
from .images import OrganisationImage
from .organisation import FormerSlug, Organisation, ProblemReport
from .people import AccessRequest, Representative, RepresentativeInvitation
from .taxonomy import Language, Municipality, PostalCode, TargetGroup, Topic

__all__ = [
    "AccessRequest",
    "Consent",
    "ContactPerson",
    "FormerSlug",
    "Language",
    "Municipality",
    "Organisation",
    "OrganisationImage",
    "PostalCode",
    "ProblemReport",
    "Representative",
    "RepresentativeInvitation",
    "TargetGroup",
    "Topic",
]
