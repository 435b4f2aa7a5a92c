"""The picture that stands where a page of ours is shared: a drawing of the brand with its name."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from destination.templatetags.velay import CARDS, HEROES

SIZE = (1200, 630)
BAND = 150
GROUND = (13, 24, 26)
INK = (251, 249, 244)
NAME = "Velay, terre de liens"
NAMES = HEROES | CARDS


@lru_cache(maxsize=len(NAMES))
def share_picture(name: str) -> bytes:
    """Return the JPEG of a drawing, 1200 × 630; raises KeyError for a name that has none."""
    if name not in NAMES:
        raise KeyError(name)
    folder = Path(settings.BASE_DIR) / "static"
    file = f"heroes/hero-{name}-1600.webp" if name in HEROES else f"cards/{name}.webp"
    with Image.open(folder / "img" / file) as drawing:
        picture = _filled(drawing.convert("RGB"))
    shade = Image.new("L", (1, BAND))
    shade.putdata([round(235 * row / BAND) for row in range(BAND)])
    picture.paste(GROUND, (0, SIZE[1] - BAND), shade.resize((SIZE[0], BAND)))
    font = ImageFont.truetype(folder / "fonts" / "young-serif-velay.woff2", 54)
    ImageDraw.Draw(picture).text((60, SIZE[1] - 50), NAME, font=font, fill=INK, anchor="ls")
    written = BytesIO()
    picture.save(written, "JPEG", quality=82, optimize=True, progressive=True)
    return written.getvalue()


def _filled(drawing: Image.Image) -> Image.Image:
    """Return the drawing cut to the shape of the card, its lower part kept."""
    scale = max(SIZE[0] / drawing.width, SIZE[1] / drawing.height)
    grown = drawing.resize(
        (round(drawing.width * scale), round(drawing.height * scale)), Image.Resampling.LANCZOS
    )
    left, top = (grown.width - SIZE[0]) // 2, round((grown.height - SIZE[1]) * 0.6)
    return grown.crop((left, top, left + SIZE[0], top + SIZE[1]))
