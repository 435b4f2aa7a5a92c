"""What a message between a guest and a host may hold: plain text of a bearable length."""

import re
import unicodedata

LONGEST = 2000
MANY_EMPTY_LINES = re.compile(r"\n{3,}")


def plain_text(text: str) -> str:
    """Return a text without signs that steer a screen or turn the reading direction.

    Line ends are one sign each, no more than one empty line stands between two paragraphs.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    # Cc: control, Cf: format (bidirectional marks among them), Cs: halves of a sign. A joiner that
    # holds an emoji together goes too: what is left of it still reads.
    kept = "".join(
        sign for sign in lines if sign == "\n" or unicodedata.category(sign) not in _STEERING
    )
    return MANY_EMPTY_LINES.sub("\n\n", kept).strip()


_STEERING = {"Cc", "Cf", "Cs"}
