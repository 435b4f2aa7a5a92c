"""Refusals in the shape of Stripe's API: HTTP status, type, code, parameter."""

from typing import Any


class ApiError(Exception):
    """An answer that is not 2xx.

    `keep` means that the request was executed before it was refused: what it wrote stays and
    its Idempotency-Key replays this answer. Malformed requests are not kept, as at Stripe.
    """

    def __init__(
        self, status: int, kind: str, message: str, *, keep: bool = False, **fields: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keep = keep
        self.body = {
            "error": {"type": kind, "message": message}
            | {name: value for name, value in fields.items() if value is not None}
        }


def malformed(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """The request itself is wrong: nothing was tried."""
    return ApiError(400, "invalid_request_error", message, param=param, code=code)


def refused(message: str, code: str | None = None, **fields: Any) -> ApiError:
    """The request is well-formed, but the object's state forbids it."""
    return ApiError(400, "invalid_request_error", message, keep=True, code=code, **fields)


def missing(kind: str, object_id: str, param: str) -> ApiError:
    """No object of that kind has this id."""
    return ApiError(
        404,
        "invalid_request_error",
        f"No such {kind}: '{object_id}'",
        code="resource_missing",
        param=param,
    )


def declined(failure: dict[str, Any], intent: dict[str, Any]) -> ApiError:
    """The bank of the card said no; the failed payment goes with the error."""
    fields = {name: failure.get(name) for name in ("code", "decline_code", "charge")}
    return ApiError(
        402, "card_error", failure["message"], keep=True, payment_intent=intent, **fields
    )
