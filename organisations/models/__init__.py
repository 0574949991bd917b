from .confirmation import Confirmation, ConfirmationAsk, Succession, SuccessionAsk
from .contacts import Consent, ContactPerson
from .duplicates import DuplicatePair, Merge
from .images import OrganisationImage
from .imports import ImportKey, ImportMapping, ImportResult, ImportRow, ImportRun
from .notes import EditsSeen, OrganisationNote
from .organisation import FormerSlug, Organisation, ProblemReport
from .people import AccessRequest, Representative, RepresentativeInvitation
from .proposals import ProposedEdit, ProposedImage
from .search_text import SearchText
from .taxonomy import Language, Municipality, PlacesFile, PostalCode, TargetGroup, Topic

__all__ = [
    "AccessRequest",
    "Confirmation",
    "ConfirmationAsk",
    "Consent",
    "ContactPerson",
    "DuplicatePair",
    "EditsSeen",
    "FormerSlug",
    "ImportKey",
    "ImportMapping",
    "ImportResult",
    "ImportRow",
    "ImportRun",
    "Language",
    "Merge",
    "Municipality",
    "Organisation",
    "OrganisationImage",
    "OrganisationNote",
    "PlacesFile",
    "PostalCode",
    "ProblemReport",
    "ProposedEdit",
    "ProposedImage",
    "Representative",
    "RepresentativeInvitation",
    "SearchText",
    "Succession",
    "SuccessionAsk",
    "TargetGroup",
    "Topic",
]
