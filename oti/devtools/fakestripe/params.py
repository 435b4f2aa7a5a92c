"""Form bodies with nested keys, `a[b][0][c]=x`, or JSON, read with Stripe's checks."""

# Messages are Stripe's own and stand where they are refused.
# ruff: noqa: EM101, EM102

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from oti.devtools.fakestripe.errors import malformed

MAX_DEPTH = 6
MAX_METADATA = 50
MAX_METADATA_KEY = 40
MAX_METADATA_VALUE = 500
URL = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)


def parse_form(text: str) -> dict[str, Any]:
    """Return the nested values of a query or a body; digits and `[]` as keys make lists."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=5000):
        head, *rest = name.replace("]", "").split("[")
        if not head or len(rest) > MAX_DEPTH:
            raise malformed(f"Invalid parameter name: {name}", name)
        node: Any = tree
        path = [head, *rest]
        for key in path[:-1]:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                raise malformed(f"Invalid parameter: {name}", name)
        node[path[-1] or str(len(node))] = value
    return {name: _listed(value) for name, value in tree.items()}


def parse_json(text: str) -> dict[str, Any]:
    """Return the values of a JSON body, written as the form would have them: all texts."""
    try:
        tree = json.loads(text or "{}")
    except ValueError as error:
        raise malformed("The body is not valid JSON.") from error
    if not isinstance(tree, dict):
        raise malformed("The body must be a JSON object.")
    return {name: _as_text(value) for name, value in tree.items()}


def _as_text(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(name): _as_text(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_as_text(value) for value in node]
    if isinstance(node, bool):
        return "true" if node else "false"
    return "" if node is None else str(node)


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_listed(node[key]) for key in sorted(node, key=int)]
    return {key: _listed(value) for key, value in node.items()}


class Params:
    """Typed reading of one level of a form; `at` is its place, for the messages."""

    def __init__(self, values: Any, at: str = "") -> None:
        if not isinstance(values, dict):
            raise malformed(f"Invalid object: {at}", at)
        self.values = values
        self.at = at

    def named(self, name: str) -> str:
        """Return the full name of a parameter: `line_items[0][quantity]`."""
        return f"{self.at}[{name}]" if self.at else name

    def only(self, *known: str) -> "Params":
        """Refuse parameters that the API doesn't know, as Stripe does."""
        for name in self.values:
            if name not in known:
                full = self.named(name)
                raise malformed(f"Received unknown parameter: {full}", full, "parameter_unknown")
        return self

    def has(self, name: str) -> bool:
        """Tell whether the parameter was sent with a value."""
        return bool(self.values.get(name, "") != "")

    def need(self, *names: str) -> "Params":
        """Refuse a request that lacks one of these parameters."""
        for name in names:
            if not self.has(name):
                full = self.named(name)
                raise malformed(f"Missing required param: {full}.", full, "parameter_missing")
        return self

    def text(self, name: str, *, of: tuple[str, ...] = (), longest: int = 5000) -> str | None:
        """Return a text, one of `of` where given; None if absent."""
        if not self.has(name):
            return None
        value, full = self.values[name], self.named(name)
        if not isinstance(value, str):
            raise malformed(f"Invalid string: {full}", full)
        if len(value) > longest:
            raise malformed(f"Invalid string: {full} is over {longest} characters", full)
        if of and value not in of:
            raise malformed(f"Invalid {full}: must be one of {', '.join(of)}", full)
        return value

    def url(self, name: str) -> str | None:
        """Return an absolute http(s) address."""
        value = self.text(name)
        if value is not None and not URL.match(value):
            raise malformed("Not a valid URL", self.named(name), "url_invalid")
        return value

    def whole(self, name: str, *, least: int = 0, most: int = 99_999_999_999) -> int | None:
        """Return a whole number within bounds; None if absent."""
        if not self.has(name):
            return None
        value, full = self.values[name], self.named(name)
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,15}", value):
            raise malformed(f"Invalid integer: {value}", full, "parameter_invalid_integer")
        number = int(value)
        if not least <= number <= most:
            message = f"This value must be between {least} and {most}."
            raise malformed(message, full, "parameter_invalid_integer")
        return number

    def flag(self, name: str) -> bool:
        """Return a yes/no, no if absent."""
        return self.text(name, of=("true", "false")) == "true"

    def inside(self, name: str) -> "Params":
        """Return the next level, empty if absent."""
        return Params(self.values.get(name) or {}, self.named(name))

    def each(self, name: str) -> list["Params"]:
        """Return the levels of a list."""
        items = self.values.get(name) or []
        if not isinstance(items, list):
            raise malformed(f"Invalid array: {self.named(name)}", self.named(name))
        return [Params(item, f"{self.named(name)}[{index}]") for index, item in enumerate(items)]

    def metadata(self, before: dict[str, str] | None = None) -> dict[str, str]:
        """Return the metadata after this request; an empty value removes its key."""
        if self.values.get("metadata") == "":
            return {}
        merged = dict(before or {})
        level = self.inside("metadata")
        for key in level.values:
            if len(key) > MAX_METADATA_KEY:
                message = f"Metadata keys hold {MAX_METADATA_KEY} characters: {key}"
                raise malformed(message, self.named("metadata"))
            value = level.text(key, longest=MAX_METADATA_VALUE)
            merged.pop(key, None)
            if value is not None:
                merged[key] = value
        if len(merged) > MAX_METADATA:
            raise malformed(f"Metadata holds {MAX_METADATA} keys.", self.named("metadata"))
        return merged
