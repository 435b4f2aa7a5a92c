"""Mails as they go over the line: the same as Django's, their plain headers written at once.

Python's library looks for a place to fold in each header of each part, counts a subject letter
by letter to choose between two ways of writing it, and searches all parts for the line that is to
stand between them: half of what sending a mail costs.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from email.message import Message
from email.policy import Compat32
from typing import Any

from django.core.mail import EmailMultiAlternatives

# With its frame an encoded word has at most 75 characters (RFC 2047 §2), a line with its name 78.
BYTES_OF_A_WORD = 39


class PlainAtOnce(Compat32):
    """Folds as Python always did, and doesn't look for a fold in a header of one short line."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header as it is sent."""
        if isinstance(value, str) and value.isascii() and "\n" not in value and "\r" not in value:
            line = f"{name}: {value}"
            if len(line) <= (self.max_line_length or 78):
                return (line + self.linesep).encode("ascii")
        return super().fold_binary(name, value)


PLAIN_AT_ONCE = PlainAtOnce()


class Mail(EmailMultiAlternatives):
    """A mail of the outbox."""

    def message(self) -> Message:  # type: ignore[override]
        """Return it as it is sent."""
        subject, self.subject = self.subject, encoded(str(self.subject))
        try:
            written: Message = super().message()
        finally:
            self.subject = subject
        for part in written.walk():
            part.policy = PLAIN_AT_ONCE  # type: ignore[assignment]
            if part.get_content_maintype() == "multipart":
                # Nobody can guess it, so that no part holds it (RFC 2046 §5.1.1).
                part.set_boundary(f"=={secrets.token_hex(16)}==")
        return written


def encoded(text: str) -> str:
    """Return a header's text in letters that every server carries (RFC 2047), as it is if plain.

    One with a line break is left to Django, which refuses it.
    """
    if text.isascii() or "\n" in text or "\r" in text:
        return text
    words, word = [], b""
    for letter in text:
        more = letter.encode()
        if len(word) + len(more) > BYTES_OF_A_WORD:
            words.append(word)
            word = b""
        word += more
    return " ".join(f"=?utf-8?b?{b64encode(one).decode()}?=" for one in [*words, word])
