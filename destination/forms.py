"""What is asked of a photograph before it enters the library."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from wagtail.images.forms import BaseImageForm

from destination.models.pictures import Picture


class PictureForm(BaseImageForm):  # type: ignore[misc]
    """A photograph says what is seen on it, and whose it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "description" in self.fields:
            self.fields["description"].required = True
            self.fields["description"].help_text = _(
                "What is seen, in one sentence: it is read aloud to who can’t see it."
            )

    def clean(self) -> dict[str, Any]:
        """Ask for the author of what isn't the office's own."""
        cleaned: dict[str, Any] = super().clean()
        rights = cleaned.get("rights")
        if rights and rights != Picture.Rights.OURS and not cleaned.get("credit"):
            self.add_error("credit", _("Say whose photograph it is."))
        return cleaned
