"""Which of a host's providers a page of its space speaks of: one's own, or none is known."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.forms import Form
from django.http import Http404, HttpRequest
from django.urls import reverse

from booking.forms.payouts import WhichProviderForm
from booking.refusals import Refusal
from members.access import provider_for, providers_of
from members.models import Provider


def houses_of(request: HttpRequest) -> list[Provider]:
    """Return every provider of the person who asks, by name."""
    return list(providers_of(request.user).order_by("name", "pk"))


def shown_house(providers: Sequence[Provider], slug: str) -> Provider:
    """Return the one that the address names, else the first; raises Http404 for somebody else's."""
    found = next((one for one in providers if one.slug == slug or not slug), None)
    if found is None:
        raise Http404
    return found


def named_house(request: HttpRequest) -> Provider:
    """Return the one that a form or an address names; raises Http404 for any but one's own.

    An address that names none, as after a form was sent back, speaks of the first.
    """
    if request.method != "POST" and "provider" not in request.GET:
        own = houses_of(request)
        if own:
            return own[0]
    form = WhichProviderForm(request.POST or request.GET)
    if not form.is_valid():
        raise Http404
    return provider_for(request.user, form.cleaned_data["provider"])


def house_address(page: str, provider: Provider) -> str:
    """Return the address of a page of a host's space that speaks of one house."""
    return f"{reverse(page)}?{urlencode({'maison': provider.slug})}"


def put_into(form: Form, refusal: Refusal) -> None:
    """Say the reasons of a refusal beside the fields that they concern."""
    for one in refusal.troubles:
        form.add_error(one.field if one.field in form.fields else None, one.message)
