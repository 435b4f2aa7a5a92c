"""What the page of a legal text shows: the version in force, or an older one by its name."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse

from destination.legal_body import clean_body
from destination.models import LegalText


def legal_context(
    kind: str, language: str, today: date, version: str = ""
) -> dict[str, Any] | None:
    """Return the context of a text in force on `today`, or of its version of that name.

    None where the kind has no text yet, or no such version.
    """
    current = LegalText.objects.in_force(kind, language, today)
    if current is None:
        return None
    versions = list(
        LegalText.objects.filter(
            kind=kind, language=current.language, valid_from__lte=today
        ).order_by("-valid_from", "-pk")
    )
    text = next((one for one in versions if one.version == version), None) if version else current
    if text is None:
        return None
    url = reverse("destination:legal", args=[kind])
    return {
        "text": text,
        "is_old": text.pk != current.pk,
        "current_url": url,
        "body_html": clean_body(text.body),
        "versions": [
            {
                "version": one.version,
                "valid_from": one.valid_from,
                "url": f"{url}?version={one.version}",
            }
            for one in versions
            if one.pk not in {text.pk, current.pk}
        ],
    }
