"""What is asked of a photograph before it enters the library."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image as Pillow
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from destination.models.pictures import Picture

A_MILLION = 1_000_000


class PhotographField(WagtailImageField):  # type: ignore[misc]
    """A photograph that can be read to its end; each refusal says what to do."""

    said: ClassVar[dict[str, Promise]] = {
        "invalid_image": gettext_lazy(
            "This file isn't a photograph that can be read: open it on your computer and export "
            "it again as JPEG."
        ),
        "invalid_extension": gettext_lazy(
            "Only photographs are taken (%(allowed_extensions)s): export it as JPEG. A drawing "
            "or an SVG file belongs to the brand, not to the library."
        ),
        "damaged": gettext_lazy(
            "This photograph is damaged or was not received whole: take the original and send it "
            "again."
        ),
        "invalid_image_known_format": gettext_lazy(
            "The name ends in .%(extension)s but the file is of another kind (%(image_format)s): "
            "export it as JPEG."
        ),
        "too_many_pixels": gettext_lazy(
            "This photograph has too many pixels: reduce it to %(most)s megapixels at most (6000 "
            "pixels wide are plenty), then send it again."
        ),
        "file_too_large": gettext_lazy(
            "This file is too heavy (%(file_size)s): export it as JPEG of %(max_filesize)s at most."
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.error_messages.update(self.said)

    def check_image_pixel_size(self, f: Any) -> None:
        """Count the pixels that its first bytes promise; read it to its end if they are bearable.

        Wagtail reads first and counts then, and lets the readers' own errors through.
        """
        f.seek(0)
        try:
            with warnings.catch_warnings(), Pillow.open(f) as read:
                warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
                frames = getattr(read, "n_frames", 1)
                if read.width * read.height * frames > self.max_image_pixels:
                    raise Pillow.DecompressionBombError
                _read_to_its_end(read)
        except Pillow.DecompressionBombError:
            words = self.error_messages["too_many_pixels"]
            most = self.max_image_pixels // A_MILLION
            raise ValidationError(words % {"most": most}, code="too_many_pixels") from None
        except Exception as error:
            # Whatever a reader of pictures raises on bytes that somebody made up.
            raise ValidationError(self.error_messages["damaged"], code="damaged") from error
        finally:
            f.seek(0)


def _read_to_its_end(opened: Pillow.Image) -> None:
    """Read every pixel; of a JPEG at an eighth of its size, which takes a tenth of the time."""
    opened.draft("RGB", (opened.width // 8, opened.height // 8))
    opened.load()


class PictureForm(BaseImageForm):  # type: ignore[misc]
    """A photograph says what is seen on it, and whose it is.

    A new one is taken in without: a file that had to be sent again would be lost for a missing
    word. What it lacks is asked for when it is changed, holds back the pages that show it
    (destination/publication.py), and stands in the report of the photographs.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, language in settings.LANGUAGES:
            field = self.fields.get(f"description_{code}")
            if field is None:
                continue
            field.label = _("What is seen (%(language)s)") % {"language": str(language)}
            field.help_text = _("Before it is shown on a page in this language.")
            if code == settings.LANGUAGE_CODE:
                field.required = not self.is_new
                field.help_text = _(
                    "In one sentence: it is read aloud to who can’t see it. Without it no page "
                    "that shows the photograph is published."
                )
        if self.is_new and "rights" in self.fields:
            # Several sent at once come without: the form that follows asks.
            self.fields["rights"].required = False
        if "file" in self.fields:
            plain = self.fields["file"]
            self.fields["file"] = PhotographField(
                label=plain.label, required=plain.required, widget=plain.widget
            )

    @property
    def is_new(self) -> bool:
        """Tell whether the photograph isn't in the library yet."""
        return self.instance.pk is None

    def clean_rights(self) -> str:
        """Take what nobody said of a new one for the office's own, until the form that follows."""
        return self.cleaned_data["rights"] or Picture.Rights.OURS

    def clean(self) -> dict[str, Any]:
        """Ask for the author of what isn't the office's own."""
        cleaned: dict[str, Any] = super().clean()
        rights = cleaned.get("rights")
        if (
            not self.is_new
            and rights
            and rights != Picture.Rights.OURS
            and not cleaned.get("credit")
        ):
            self.add_error("credit", _("Say whose photograph it is."))
        return cleaned
