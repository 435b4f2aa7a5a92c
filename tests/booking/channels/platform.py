"""A platform that stands for all of them: what it says is what an address answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from oti.lib.http import Fetched, FetchFailed
from oti.lib.public_hosts import Reason


def calendar(*events: str) -> bytes:
    """Return a calendar of these events, each a block of lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"]
    for one in events:
        lines += ["BEGIN:VEVENT", *one.strip().splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def whole(start: str, end: str = "", more: str = "UID:a@test") -> str:
    """Return an event of whole days, its end the day of departure."""
    lines = [f"DTSTART;VALUE=DATE:{start}", *([f"DTEND;VALUE=DATE:{end}"] if end else []), more]
    return "\n".join(lines)


@dataclass
class Platform:
    """Answers what it was told to, by a word of the address; remembers what it was asked."""

    answers: dict[str, Fetched | Exception] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def says(
        self,
        body: bytes = b"",
        *,
        status: int = 200,
        at: str = "",
        error: Exception | None = None,
        **headers: str,
    ) -> None:
        """Answer this from now on, to addresses that contain `at`."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[at] = error or Fetched(status, told, body, "")

    def fetch(self, url: str, **asked: Any) -> Fetched:
        """Stand in for `oti.lib.http.fetch`."""
        self.asked.append({"url": url, **asked})
        found = next((one for at, one in self.answers.items() if at and at in url), None)
        answer = found or self.answers.get("", FetchFailed(Reason.UNREACHABLE))
        if isinstance(answer, Exception):
            raise answer
        return answer
