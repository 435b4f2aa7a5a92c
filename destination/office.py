"""The office's phone in sentences: « call us » without a number helps nobody.

The number stands once, in `settings.OFFICE`; pages that show all of the office use `{% office %}`.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import get_language

from oti.lib.html import NBSP, format_phone


def phone() -> str:
    """Return the office's number as one dials it from where the active language is spoken.

    It stays on one line of a sentence.
    """
    number = format_phone(settings.OFFICE["phone"], get_language() or settings.LANGUAGE_CODE)
    return number.replace(" ", NBSP)


def with_phone(text: str) -> str:
    """Return a text with the office's number in the place of its `%(phone)s`."""
    return text % {"phone": phone()}


# The same for what is written once, when a module is loaded, and read in many languages.
lazy_with_phone = lazy(with_phone, str)
