"""One page as a PDF: words in Helvetica, filled rectangles; nothing else (ISO 32000-1).

Enough for a voucher with its code. The fourteen standard fonts need no file; letters beyond
Windows-1252 become a question mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# A5 across, in points.
WIDTH, HEIGHT = 595, 420


@dataclass(frozen=True)
class Words:
    """A line of text; `x`, `y` from the lower left corner, in points."""

    x: float
    y: float
    text: str
    size: float = 11
    is_bold: bool = False


@dataclass(frozen=True)
class Box:
    """A filled rectangle; `shade` from 0 (black) to 1."""

    x: float
    y: float
    width: float
    height: float
    shade: float = 0


def one_page(parts: Sequence[Words | Box], *, title: str, language: str) -> bytes:
    """Return a document of one page, with a title and its language for who reads it aloud."""
    drawn = b"\n".join(_drawn(one) for one in parts)
    told = f"/Title {_hex(title)} /Producer {_hex('velay')}"
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) "
        "/ViewerPreferences << /DisplayDocTitle true >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        f"<< {told} >>",
    ]
    bodies = [one.encode("ascii") for one in objects]
    bodies[3] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn)
    return _file(bodies)


def _file(bodies: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (len(bodies) + 1, len(bodies))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _drawn(part: Words | Box) -> bytes:
    if isinstance(part, Box):
        sides = f"{part.x:.2f} {part.y:.2f} {part.width:.2f} {part.height:.2f}"
        return f"{part.shade:.2f} g {sides} re f 0 g".encode("ascii")
    # No-break spaces, which French writes before its signs, are in Windows-1252; thin ones aren't.
    plain = part.text.replace("\u202f", "\u00a0").encode("cp1252", "replace")
    font = "F2" if part.is_bold else "F1"
    place = f"BT /{font} {part.size:.1f} Tf {part.x:.2f} {part.y:.2f} Td <"
    return place.encode("ascii") + plain.hex().encode("ascii") + b"> Tj ET"


def _hex(text: str) -> str:
    # UTF-16 with its mark, as the format asks of text that isn't Latin.
    return f"<feff{text.encode('utf-16-be').hex()}>"
