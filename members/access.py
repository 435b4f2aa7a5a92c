"""The only way to somebody's object among members: it is given, or it isn't known to exist."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404

from members.models import (
    Ambassador,
    FormerMember,
    Household,
    HouseholdMember,
    Provider,
    ProviderRole,
    User,
)


def former_houses(user: User | AnonymousUser) -> QuerySet[FormerMember]:
    """Return the houses whose access this person had and lost, the last one first."""
    if not user.is_authenticated:
        return FormerMember.objects.none()
    rows = FormerMember.objects.filter(user_id=user.pk).select_related("provider")
    # The office may have given it again.
    rows = rows.exclude(provider__in=providers_of(user))
    return rows.order_by("-ended_at", "-pk")


def providers_of(user: User | AnonymousUser) -> QuerySet[Provider]:
    """Return the providers for whom a signed-in person works; nobody else's.

    None to whoever has given one proof where two are asked (`members.second_factor`).
    """
    if not user.is_authenticated or user.is_held_back:
        return Provider.objects.none()
    return Provider.objects.filter(roles__user_id=user.pk).distinct()


def provider_for(user: User | AnonymousUser, slug: str) -> Provider:
    """Return one provider of this person; raises Http404 for one that isn't theirs."""
    provider = providers_of(user).filter(slug=slug).first()
    if provider is None:
        raise Http404
    return provider


def owned_provider_for(user: User | AnonymousUser, slug: str) -> Provider:
    """Return one provider that this person owns; raises Http404 for any other.

    Who works for a provider without owning it gives no papers in its name.
    """
    provider = provider_for(user, slug)
    if provider.pk not in owned_by(user):
        raise Http404
    return provider


def owned_by(user: User | AnonymousUser) -> set[int]:
    """Return the keys of the providers that this person owns."""
    if not user.is_authenticated or user.is_held_back:
        return set()
    roles = ProviderRole.objects.filter(user_id=user.pk, role=ProviderRole.Role.OWNER)
    return set(roles.values_list("provider_id", flat=True))


def ambassador_of(user: User | AnonymousUser) -> Ambassador | None:
    """Return the role of ambassador of a signed-in person, an ended one too; None without any."""
    if not user.is_authenticated:
        return None
    return Ambassador.objects.select_related("user").filter(user_id=user.pk).first()


def ambassador_for(user: User | AnonymousUser) -> Ambassador:
    """Return the role of ambassador that this person has now; raises Http404 without any."""
    ambassador = ambassador_of(user)
    if ambassador is None or not ambassador.is_active:
        raise Http404
    return ambassador


def household_member(user: User | AnonymousUser) -> HouseholdMember | None:
    """Return what a signed-in person is in its household, an ended one too; None without any."""
    if not user.is_authenticated:
        return None
    rows = HouseholdMember.objects.filter(user_id=user.pk)
    return rows.select_related("household__commune").first()


def household_member_for(user: User | AnonymousUser) -> HouseholdMember:
    """Return what this person is in its household; raises Http404 without one, or once it ended.

    Whoever asks for a household gets its own: no address names one.
    """
    member = household_member(user)
    if member is None or member.household.state == Household.State.ENDED:
        raise Http404
    return member
