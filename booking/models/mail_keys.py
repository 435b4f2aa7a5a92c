"""`members.rules.ambassadors.mail_key` as SQL: an index finds who came by another spelling."""

from typing import Any

from django.db.models import Func, TextField


class MailKey(Func):
    """The spelling of an address by which two are compared."""

    template = (
        "(lower(replace(split_part(split_part(%(expressions)s, '@', 1), '+', 1), '.', ''))"
        " || '@' || lower(split_part(%(expressions)s, '@', 2)))"
    )
    arity = 1
    output_field = TextField()

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, Any]:
        """Name the values as often as the address stands there."""
        sql, params = super().as_sql(*args, **kwargs)
        return sql, [*params, *params]
