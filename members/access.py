"""The only way to somebody's object among members: it is given, or it isn't known to exist."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404

from members.models import Provider, User


def providers_of(user: User | AnonymousUser) -> QuerySet[Provider]:
    """Return the providers for whom a signed-in person works; nobody else's."""
    if not user.is_authenticated:
        return Provider.objects.none()
    return Provider.objects.filter(roles__user_id=user.pk).distinct()


def provider_for(user: User | AnonymousUser, slug: str) -> Provider:
    """Return one provider of this person; raises Http404 for one that isn't theirs."""
    provider = providers_of(user).filter(slug=slug).first()
    if provider is None:
        raise Http404
    return provider
