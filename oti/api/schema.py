"""The description of the API, as OpenAPI: written from the same shapes that read and answer."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.urls import URLPattern, include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from oti.api.answers import Problems
from oti.api.base import LANGUAGES, ApiView

WORDS = {
    401: "No key, or one that opens nothing any more.",
    403: "The key is good, but not for that.",
    404: "Nothing at this address, or the key isn't the right one.",
    409: "Refused: every reason, with what to do.",
    413: "The body is too large.",
    415: "The body isn't announced as JSON.",
    422: "It can't be read or can't be: every fault, with its field.",
    429: "Too many requests: see Retry-After.",
    503: "Too many people want the same thing this second: see Retry-After.",
}
LANGUAGE = OpenApiParameter(
    "language",
    {"type": "string", "enum": LANGUAGES},
    description="The language of texts; else the header Accept-Language decides.",
)


def described(
    name: str,
    right: dict[int, Any],
    *,
    refusals: tuple[int, ...] = (),
    query: Any = (),
    keys: tuple[str, ...] = (),
    **more: Any,
) -> Any:
    """Describe one method by its name: its right answers, and every way in which it refuses.

    An address counts requests, reads `?language=` and looks at the body's length: 413, 422 and
    429 are everywhere.
    """
    security: list[Any] = [{key: []} for key in keys]
    statuses = sorted({413, 422, 429, *refusals})
    responses = {
        **right,
        **{status: OpenApiResponse(Problems, WORDS[status]) for status in statuses},
    }
    return extend_schema(
        operation_id=name,
        responses=responses,
        parameters=[*query, LANGUAGE],
        auth=security,
        **more,
    )


class SchemaView(ApiView):
    """The description itself, of the `endpoints` given."""

    is_public = True
    endpoints: tuple[URLPattern, ...] = ()

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Answer OpenAPI as JSON."""
        return Response(_description(self.endpoints))


@cache
def _description(endpoints: tuple[URLPattern, ...]) -> dict[str, Any]:
    """Return the description, made once in each process: it depends on nothing else."""
    generator: Any = SchemaGenerator(patterns=[path("api/v1/", include(list(endpoints)))])  # type: ignore[no-untyped-call]
    found: dict[str, Any] = generator.get_schema(request=None, public=True)
    return found
