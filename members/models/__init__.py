"""Models of people and organisations."""

from members.models.journal import Entry
from members.models.providers import PayoutAccount, Provider, ProviderRole
from members.models.users import User

__all__ = ["Entry", "PayoutAccount", "Provider", "ProviderRole", "User"]
