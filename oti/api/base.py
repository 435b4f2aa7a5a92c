"""The view that every address of the API is made of: JSON only, no session, no cookie.

It counts the request, chooses the language, refuses large bodies unread, and answers problems.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpResponseBase
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_vary_headers, set_response_etag
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from oti.api import problems
from oti.api.fields import OneOf
from oti.api.throttles import ByAddress

LANGUAGES = [code for code, _name in settings.LANGUAGES]
Shape = TypeVar("Shape", bound=Serializer)
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
MOST_NAMED = 20
_shapes: dict[Any, Any] = {}


class JsonParser(BaseParser):
    """Reads a JSON body, never more of it than the site's limit."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the values; raises TooLarge, or Unreadable `json_unreadable`."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise problems.TooLarge
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            text = _("The body isn't JSON that can be read: check its brackets and its quotes.")
            raise problems.Unreadable(text, "json_unreadable") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


class AlwaysJson(BaseContentNegotiation):
    """Answers in JSON whatever is asked for: there is nothing else."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser of JSON for JSON, none for anything else."""
        kind = request.content_type.partition(";")[0].strip().lower()
        return next((one for one in parsers if one.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the only one."""
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """One address; its methods answer `Response` or raise a refusal."""

    http_method_names = ["get", "head", "post", "delete"]
    authentication_classes: Any = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]
    parser_classes = [JsonParser]
    throttle_classes = [ByAddress]
    content_negotiation_class = AlwaysJson
    throttle_scope: str | None = None
    # How the inputs that troubles name are called here.
    fields_renamed: Mapping[str, str] = {}
    # What everybody may read may be kept, and asked about again by its fingerprint.
    is_public = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Count the request, then choose the language and look at the body's length."""
        super().initial(request, *args, **kwargs)
        translation.activate(self._language(request))
        if _length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise problems.TooLarge

    def throttle_scope_of(self, request: Request) -> str:
        """Return which rate counts: the view's own, else reading or writing."""
        if self.throttle_scope:
            return self.throttle_scope
        return "read" if request.method in {"GET", "HEAD"} else "write"

    def get_exception_handler(self) -> Any:
        """Answer problems."""
        return problems.answer

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Any:
        """Say what may be kept: the catalogue if it is asked about again, nothing else."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        is_kept = self.is_public and answer.status_code == 200
        answer["Cache-Control"] = "no-cache" if is_kept else "no-store"
        patch_vary_headers(answer, ["Accept-Language"])
        if is_kept and isinstance(answer, Response):
            answer.add_post_render_callback(lambda rendered: _unless_known(request, rendered))
        return answer

    def _language(self, request: Request) -> str:
        """Return the language of `?language=`, else the first one accepted that we speak."""
        asked = request.query_params.getlist("language")
        if asked:
            field = OneOf(LANGUAGES)
            try:
                return str(field.run_validation(asked[0]))
            except ValidationError as error:
                raise ValidationError({"language": error.detail}) from error
        for code, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
            with suppress(LookupError):
                return translation.get_supported_language_variant(code)
        return settings.LANGUAGE_CODE


def _unless_known(request: Request, response: Any) -> Any:
    """Answer 304 to who has these very bytes already."""
    set_response_etag(response)
    return get_conditional_response(request._request, etag=response.get("ETag"), response=response)


def _length(request: Request) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def body_of(request: Request, shape: type[Shape]) -> dict[str, Any]:
    """Return the body read by its shape; raises ValidationError with every fault at once."""
    given = request.data
    if hasattr(given, "getlist"):
        # Nothing was sent.
        given = {}
    return dict(_made(shape).run_validation(given))


def _made(shape: type[Shape]) -> Shape:
    """Return a shape with its fields, made once: it keeps nothing of what it has read."""
    if shape not in _shapes:
        _shapes[shape] = shape()
    made: Shape = _shapes[shape]
    return made


def query_of(request: Request, shape: type[Shape]) -> dict[str, Any]:
    """Return the parameters of the address read by their shape.

    One given twice is refused, and one that isn't of the shape: `limit=200` changes nothing here.
    A wish that is empty is no wish.
    """
    fields = _made(shape).fields
    names = list(fields)
    query = request.query_params
    strange = unknown_names(query, [*names, "language"])
    if strange:
        raise ValidationError(strange)
    twice = [name for name in names if len(query.getlist(name)) > 1]
    if twice:
        text = _("Give it once only.")
        raise ValidationError({name: [_error(text, "repeated")] for name in twice})
    given = {name: query[name] for name in names if name in query}
    wished = {name: text for name, text in given.items() if text or fields[name].required}
    return dict(_made(shape).run_validation(wished))


def unknown_names(given: Iterable[Any], known: Iterable[str]) -> dict[str, list[Any]]:
    """Return a fault for each name that isn't known here, at most twenty.

    A name that no input of ours could have isn't repeated.
    """
    strange = sorted(str(one) for one in set(given) - set(known))[:MOST_NAMED]
    if not strange:
        return {}
    names = ", ".join(known)
    text = _("There is no such input here. Known ones: %(names)s.") % {"names": names}
    if not names:
        text = _("There is no such input here: nothing is read.")
    return {
        one if PLAIN_NAME.fullmatch(one) else problems.NOTHING_AT: [_error(text, "unknown_field")]
        for one in strange
    }


def _error(text: str, code: str) -> Any:
    return ValidationError(text, code=code).detail[0]


def fault_of(*, field: str, text: str, code: str) -> ValidationError:
    """Return a fault of one input, its field as a path."""
    return ValidationError({field: [_error(text, code)]})
