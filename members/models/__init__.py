"""Models of people and organisations."""

from members.models.journal import Entry
from members.models.providers import Provider, ProviderRole
from members.models.users import User

__all__ = ["Entry", "Provider", "ProviderRole", "User"]
