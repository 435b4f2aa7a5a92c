"""Which provider a host's button speaks of."""

from __future__ import annotations

from django import forms


class WhichProviderForm(forms.Form):
    """The short name of a provider; whether it is one's own is decided elsewhere."""

    provider = forms.SlugField(max_length=50)
