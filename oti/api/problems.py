"""What the API answers when it says no: `{"problems": [{code, line?, field?, message, fix?}]}`.

One form for everything: refusals of the use cases, shapes that can't be read, unknown addresses,
too many requests. `fix` holds the figures that would mend it, sums in cents.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, JsonResponse
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from booking.refusals import Refusal, Trouble
from oti.lib.money import quantize, to_cents

UNREADABLE = 422
NOTHING_AT = "non_field_errors"


class Unreadable(exceptions.APIException):
    """The request can't be understood as a whole; `code` says why."""

    status_code = UNREADABLE


class ScopeMissing(exceptions.APIException):
    """The key is good, but not for that; `scopes` are those of which one is needed."""

    status_code = 403
    default_code = "scope_missing"

    def __init__(self, scopes: Iterable[str]) -> None:
        super().__init__()
        self.scopes = sorted(scopes)


class TooLarge(exceptions.APIException):
    """The body is larger than the site reads."""

    status_code = 413
    default_code = "too_large"


def problem(
    code: str,
    message: str,
    *,
    field: str | None = None,
    line: int | None = None,
    fix: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return one problem; what doesn't concern it is left out."""
    # A message that can't be written would hide the refusal behind a failure.
    found: dict[str, Any] = {"code": code, "message": message.encode("utf-8", "replace").decode()}
    if line is not None:
        found["line"] = line
    if field:
        found["field"] = field
    if fix:
        found["fix"] = dict(fix)
    return found


def problem_of(one: Trouble, *, fields: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a trouble of the use cases; `fields` names inputs as this address calls them."""
    field = (fields or {}).get(one.field or "", one.field)
    return problem(one.code, one.message, field=field, line=one.line, fix=_figures(one.params))


def problems_of(
    troubles: Iterable[Trouble], *, fields: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the troubles of a line or of a refusal, each once."""
    found: list[dict[str, Any]] = []
    for one in troubles:
        told = problem_of(one, fields=fields)
        if told not in found:
            found.append(told)
    return found


def refuse(status: int, problems: list[dict[str, Any]], **headers: str) -> Response:
    """Answer problems with a status."""
    return Response({"problems": problems}, status=status, headers=headers)


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn an exception into problems; None for what nobody foresaw."""
    if isinstance(error, Refusal):
        view = context.get("view")
        told = problems_of(error.troubles, fields=getattr(view, "fields_renamed", None))
        if error.status == 503:
            return refuse(error.status, told, **{"Retry-After": "1"})
        return refuse(error.status, told)
    if isinstance(error, exceptions.ValidationError):
        return refuse(UNREADABLE, list(_flatten(error.detail)))
    if isinstance(error, exceptions.Throttled):
        wait = max(1, math.ceil(error.wait or 1))
        text = _("Too many requests. Try again in %(seconds)s seconds.") % {"seconds": wait}
        return refuse(429, [problem("too_many_requests", text)], **{"Retry-After": str(wait)})
    return _plain(error)


def _plain(error: Exception) -> Response | None:
    """Answer what a status says already."""
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        text = _("No key, or one that opens nothing any more: send Authorization: Bearer <key>.")
        return refuse(401, [problem("key_refused", text)], **{"WWW-Authenticate": "Bearer"})
    if isinstance(error, ScopeMissing):
        text = _("This key may not do that: its owner can make one that may.")
        return refuse(403, [problem("scope_missing", text, fix={"scopes": error.scopes})])
    if isinstance(error, Http404 | PermissionDenied | exceptions.NotFound):
        return refuse(404, [not_found()])
    if isinstance(error, exceptions.MethodNotAllowed):
        text = _("This can't be asked here: the header Allow says what can.")
        return refuse(405, [problem("method_not_allowed", text)])
    if isinstance(error, RequestDataTooBig | TooLarge):
        return refuse(413, [problem("too_large", _("The body is too large. Send less at once."))])
    if isinstance(error, exceptions.UnsupportedMediaType):
        text = _("Send JSON, with the header Content-Type: application/json.")
        return refuse(415, [problem("not_json", text)])
    if isinstance(error, Unreadable):
        return refuse(UNREADABLE, [problem(str(error.detail.code), str(error.detail))])
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        text = _("This request can't be read. Check it against the description of the API.")
        return refuse(UNREADABLE, [problem("unreadable", text)])
    return None


def not_found() -> dict[str, Any]:
    """Return the one answer for what doesn't exist and for what belongs to somebody else."""
    return problem(
        "not_found", _("There is nothing at this address, or its key isn't the right one.")
    )


def null_character(*, is_in_path: bool) -> JsonResponse:
    """Answer a null character before any view: PostgreSQL can't store one."""
    if is_in_path:
        told, status = not_found(), 404
    else:
        text = _("Null characters can't be read: leave them out.")
        told, status = problem("null_character", text), UNREADABLE
    response = JsonResponse({"problems": [told]}, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _flatten(detail: Any, path: str = "") -> Iterable[dict[str, Any]]:
    """Give one problem for each error of a shape, its field as a path: `participants.0.age`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            below = path if name == NOTHING_AT else f"{path}.{name}" if path else str(name)
            yield from _flatten(inner, below)
        return
    if not isinstance(detail, list | tuple):
        yield problem(str(getattr(detail, "code", "invalid")), str(detail), field=path)
        return
    for number, inner in enumerate(detail):
        is_item = isinstance(inner, Mapping | list)
        yield from _flatten(inner, f"{path}.{number}" if is_item and path else path)


def _figures(params: Mapping[str, Any]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, Decimal):
            figures[f"{name}_cents"] = to_cents(quantize(value))
        elif isinstance(value, date | datetime):
            figures[name] = value.isoformat()
        elif isinstance(value, list | tuple):
            figures[name] = [one if isinstance(one, int | None) else str(one) for one in value]
        else:
            figures[name] = value if isinstance(value, int | None) else str(value)
    return figures
