"""Models of people and organisations."""

from members.models.doors import HouseExport, HouseKey, KeyReply
from members.models.enrolment import (
    ContractSignature,
    ContractText,
    FormerMember,
    Invitation,
    Paper,
)
from members.models.greeters import CharterSignature, Greeter, GreeterCharter
from members.models.journal import Entry
from members.models.providers import PayoutAccount, Provider, ProviderRole
from members.models.users import User

__all__ = [
    "CharterSignature",
    "ContractSignature",
    "ContractText",
    "Entry",
    "FormerMember",
    "Greeter",
    "GreeterCharter",
    "HouseExport",
    "HouseKey",
    "Invitation",
    "KeyReply",
    "Paper",
    "PayoutAccount",
    "Provider",
    "ProviderRole",
    "User",
]
