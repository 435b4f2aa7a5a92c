"""A visitor without a browser: pages, cookies and forms over one connection."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from oti.measuring import HEADER

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Form:
    """A form of a page as a visitor would send it untouched."""

    action: str
    fields: tuple[tuple[str, str], ...]

    def value(self, name: str) -> str:
        """Return a field's value, "" for none."""
        return dict(self.fields).get(name, "")


@dataclass(frozen=True)
class Answer:
    """What came back, and what it cost: seconds for the visitor, statements and their time."""

    status: int
    body: str
    location: str
    seconds: float
    sql: int
    sql_ms: float

    def forms(self, action: str) -> list[Form]:
        """Return the forms of the page that go to an address ending so."""
        reader = _Forms()
        reader.feed(self.body)
        return [form for form in reader.found if urlsplit(form.action).path.endswith(action)]


@dataclass
class Visitor:
    """One visitor of a site on this machine."""

    host: str
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    _line: http.client.HTTPConnection | None = None

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page."""
        return self._ask("GET", address, None, headers)

    def send_json(self, method: str, address: str, body: object) -> Answer:
        """Send JSON to an address of the API."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return self._ask(method, address, json.dumps(body).encode(), headers)

    def post(self, form: Form, changes: Mapping[str, str] | None = None) -> Answer:
        """Send a form, some fields filled in."""
        filled = dict(changes or {})
        # A name may come several times, as a list of persons does.
        fields = [one for one in form.fields if one[0] not in filled] + list(filled.items())
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", form.action, urlencode(fields).encode(), headers)

    def follow(self, answer: Answer) -> Answer:
        """Go where an answer leads, on this site only."""
        parts = urlsplit(answer.location)
        return self.get(parts.path + (f"?{parts.query}" if parts.query else ""))

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _ask(
        self, method: str, address: str, body: bytes | None, more: Mapping[str, str] | None
    ) -> Answer:
        headers = {
            "Accept": "text/html, application/json",
            "Accept-Encoding": "identity",
            "Accept-Language": "fr",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        } | dict(more or {})
        begun = time.perf_counter()
        response, text = self._exchange(method, address.partition("#")[0], body, headers)
        seconds = time.perf_counter() - begun
        for line in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        statements, _, milliseconds = response.headers.get(HEADER, "0 0").partition(" ")
        answer = Answer(
            status=response.status,
            body=text.decode(errors="replace"),
            location=response.headers.get("Location", ""),
            seconds=seconds,
            sql=int(statements),
            sql_ms=float(milliseconds),
        )
        self.answers.append(answer)
        return answer

    def _exchange(
        self, method: str, address: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask over the open line; one that the server closed meanwhile is opened again."""
        is_reused = self._line is not None
        if self._line is None:
            self._line = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            self._line.request(method, address, body=body, headers=headers)
            response = self._line.getresponse()
            return response, response.read()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            if not is_reused:
                raise
            return self._exchange(method, address, body, headers)


class _Forms(HTMLParser):
    """Reads the forms of a page: inputs, chosen options and areas, in their order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Form] = []
        self._action: str | None = None
        self._fields: list[tuple[str, str]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action, self._fields = given.get("action", ""), []
        elif self._action is None:
            return
        elif tag == "input":
            kind = given.get("type", "text")
            is_sent = kind not in {"checkbox", "radio", "submit"} or "checked" in given
            if given.get("name") and is_sent:
                usual = "on" if kind in {"checkbox", "radio"} else ""
                self._fields.append((given["name"], given.get("value", usual)))
        elif tag == "textarea":
            self._fields.append((given.get("name", ""), ""))
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select and "selected" in given:
            self._fields.append((self._select, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._action is not None:
            self.found.append(Form(self._action, tuple(self._fields)))
            self._action = None
        elif tag == "select":
            self._select = ""
