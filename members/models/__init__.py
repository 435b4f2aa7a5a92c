"""Models of people and organisations."""

from members.models.ambassadors import Ambassador, AmbassadorCharter
from members.models.consent import LetterAddress, LetterChoice
from members.models.conversation import CustomerNote
from members.models.customers import Customer, CustomerAddress, CustomerIdentity, Family
from members.models.doors import HouseExport, HouseKey, KeyReply
from members.models.enrolment import (
    ContractSignature,
    ContractText,
    FormerMember,
    Invitation,
    Paper,
)
from members.models.erasures import AccountWarning, ErasedAddress
from members.models.greeters import CharterSignature, Greeter, GreeterCharter
from members.models.households import (
    Advantage,
    Household,
    HouseholdInvitation,
    HouseholdMember,
    Presence,
)
from members.models.journal import Entry
from members.models.merges import CustomerMerge
from members.models.missions import Mission, MissionTake
from members.models.providers import PayoutAccount, Provider, ProviderRole
from members.models.users import User

__all__ = [
    "AccountWarning",
    "Advantage",
    "Ambassador",
    "AmbassadorCharter",
    "CharterSignature",
    "ContractSignature",
    "ContractText",
    "Customer",
    "CustomerAddress",
    "CustomerIdentity",
    "CustomerMerge",
    "CustomerNote",
    "Entry",
    "ErasedAddress",
    "Family",
    "FormerMember",
    "Greeter",
    "GreeterCharter",
    "HouseExport",
    "HouseKey",
    "Household",
    "HouseholdInvitation",
    "HouseholdMember",
    "Invitation",
    "KeyReply",
    "LetterAddress",
    "LetterChoice",
    "Mission",
    "MissionTake",
    "Paper",
    "PayoutAccount",
    "Presence",
    "Provider",
    "ProviderRole",
    "User",
]
