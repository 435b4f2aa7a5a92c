"""The project's own application: commands, and what ties the floors together."""

from datetime import UTC, datetime
from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg.abc import Buffer
from psycopg.adapt import PyFormat
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.numeric import Int4, IntDumper

from oti.plain_locals import use_plain_locals
from oti.said_french import speak_french

# An order alone asks a hundred different statements: fewer would push each other out.
PREPARED_OF_A_CONNECTION = 500


class SameInt(IntDumper):
    """Sends every number that fits as `integer`, small ones too.

    By default 7 is a smallint and 70,000 an integer: one statement would be prepared and planned
    for each mixture of the two.
    """

    def get_key(self, obj: int, format: PyFormat) -> type:
        """Return the type that stands for this number."""
        return Int4 if -(2**31) <= obj < 2**31 else super().get_key(obj, format)

    def upgrade(self, obj: int, format: PyFormat) -> Any:
        """Return who writes it."""
        return self._int4_dumper if -(2**31) <= obj < 2**31 else super().upgrade(obj, format)


class UtcLoader(TimestamptzLoader):
    """Reads moments as Django does, in UTC, by Python's own reader of ISO 8601.

    What that can't read (a year before 1, an infinity) is left to psycopg.
    """

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        """Return the moment."""
        try:
            return datetime.fromisoformat(str(data, "ascii")).astimezone(UTC)
        except (ValueError, OverflowError):
            return super().load(data).astimezone(UTC)


class OtiConfig(AppConfig):
    name = "oti"
    verbose_name = "Velay"

    def ready(self) -> None:
        """Set how threads keep what is theirs, how French is said, what connections remember."""
        use_plain_locals()
        speak_french()
        connection_created.connect(_keep_prepared, dispatch_uid="oti.keep_prepared")


def _keep_prepared(connection: BaseDatabaseWrapper, **_: Any) -> None:
    connection.connection.prepared_max = PREPARED_OF_A_CONNECTION
    connection.connection.adapters.register_dumper(int, SameInt)
    connection.connection.adapters.register_loader("timestamptz", UtcLoader)
