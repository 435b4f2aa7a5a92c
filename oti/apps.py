"""The project's own application: commands, and what ties the floors together."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# An order alone asks a hundred different statements: fewer would push each other out.
PREPARED_OF_A_CONNECTION = 500


class OtiConfig(AppConfig):
    name = "oti"
    verbose_name = "Velay"

    def ready(self) -> None:
        """Let each connection keep the statements that it has prepared."""
        connection_created.connect(_keep_prepared, dispatch_uid="oti.keep_prepared")


def _keep_prepared(connection: BaseDatabaseWrapper, **_: Any) -> None:
    connection.connection.prepared_max = PREPARED_OF_A_CONNECTION
