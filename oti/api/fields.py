"""Inputs of the API, strict: a number is a number, a day is `2027-07-11`, a text is a text.

Nothing that was sent is repeated in a message.
"""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MAX_ID = 2**63 - 1
OLDEST = 120
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
HOUR = re.compile(r"[0-9]{2}:[0-9]{2}")
NUMBER = re.compile(r"-?[0-9]{1,9}")
# What a decoder writes in the place of bytes that are no text.
NOT_TEXT = "\ufffd"


class WholeNumber(serializers.IntegerField):
    """A JSON number without decimals."""

    def to_internal_value(self, data: Any) -> int:
        """Refuse texts, booleans and decimals."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(data)


class AskedNumber(serializers.IntegerField):
    """A whole number of the address."""

    def to_internal_value(self, data: Any) -> int:
        """Read plain figures only."""
        if not NUMBER.fullmatch(str(data)):
            self.fail("invalid")
        return int(data)


class Text(serializers.CharField):
    """A JSON text."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse what isn't a text, and what could not be read as one."""
        if not isinstance(data, str) or NOT_TEXT in data:
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Slug(Text):
    """The address of an offer, of a pole, of an option."""

    default_error_messages = {"invalid": _("Write it in small letters, figures and hyphens.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 90, **options})
        shape = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": self.max_length}
        extend_schema_field(shape)(self)

    def to_internal_value(self, data: Any) -> str:
        """Refuse what no address of ours looks like."""
        text = super().to_internal_value(data)
        if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
            self.fail("invalid")
        return text


class OneOf(Slug):
    """One word of a list."""

    default_error_messages = {"unknown": _("Choose one of: {known}.")}

    def __init__(self, known: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.known = known
        extend_schema_field({"type": "string", "enum": known})(self)

    def to_internal_value(self, data: Any) -> str:
        """Refuse a word that isn't of the list."""
        text = super().to_internal_value(data)
        if text not in self.known:
            self.fail("unknown", known=", ".join(self.known))
        return text


@extend_schema_field(OpenApiTypes.DATE)
class Day(serializers.Field):
    """A day written 2027-07-11."""

    default_error_messages = {
        "date_unreadable": _("This day doesn't exist or can't be read. Write it as 2027-07-11.")
    }

    def to_internal_value(self, data: Any) -> date:
        """Refuse the 31st of February and every other writing."""
        if isinstance(data, str) and DAY.fullmatch(data):
            try:
                return date.fromisoformat(data)
            except ValueError:
                pass
        self.fail("date_unreadable")
        raise AssertionError

    def to_representation(self, value: date) -> str:
        """Write the day in ISO form."""
        return value.isoformat()


@extend_schema_field({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$", "example": "17:30"})
class Hour(serializers.Field):
    """An hour of the day written 17:30."""

    default_error_messages = {"hour_unreadable": _("Write an hour such as 17:30.")}

    def to_internal_value(self, data: Any) -> time:
        """Refuse hours that no clock shows."""
        if isinstance(data, str) and HOUR.fullmatch(data):
            try:
                return time.fromisoformat(data)
            except ValueError:
                pass
        self.fail("hour_unreadable")
        raise AssertionError

    def to_representation(self, value: time) -> str:
        """Write hours and minutes."""
        return value.strftime("%H:%M")


@extend_schema_field(OpenApiTypes.BOOL)
class YesNo(serializers.Field):
    """A JSON true or false."""

    default_error_messages = {"invalid": _("Write true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """Refuse everything that only looks like one."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return bool(data)

    def to_representation(self, value: bool) -> bool:
        """Write it as it is."""
        return value


@extend_schema_field(
    {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 17}, "maxItems": 99}
)
class Ages(serializers.Field):
    """The ages of children in an address, "5,10"."""

    default_error_messages = {
        "age_unreadable": _("An age is a whole number from 0 to 17: write ages=5,10."),
    }

    def to_internal_value(self, data: Any) -> tuple[int, ...]:
        """Read figures between commas; nothing means no child."""
        parts = str(data).split(",") if data else []
        if len(parts) > 99 or not all(re.fullmatch(r"[0-9]{1,2}", part) for part in parts):
            self.fail("age_unreadable")
        ages = tuple(int(part) for part in parts)
        if any(age > 17 for age in ages):
            self.fail("age_unreadable")
        return ages

    def to_representation(self, value: tuple[int, ...]) -> list[int]:
        """Write a list."""
        return list(value)
