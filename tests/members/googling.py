"""Google for tests: what it answers, without a network."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import requests  # noqa: TID251 - stands in for what allauth asks with
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

ENGLISH = {"accept-language": "en"}
APP = {"client_id": "velay.apps.example", "secret": "hush"}
# As the site configures it, with an application of ours.
WITH_GOOGLE = {"google": {**settings.SOCIALACCOUNT_PROVIDERS["google"], "APPS": [APP]}}
# How it fails to answer.
AWAY = (requests.Timeout(), requests.ConnectionError())
EMAIL = "claire.dupont@example.org"


@dataclass
class Google:
    """What Google knows of a person, and what it was asked for."""

    person: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    failure: Exception | None = None

    def request(self, _method: str, _url: str, **sent: Any) -> requests.Response:
        """Answer the exchange of a code for who somebody is."""
        self.asked.append(sent["data"])
        if self.failure is not None:
            raise self.failure
        now = int(time.time())
        told = {
            "iss": "https://accounts.google.com",
            "aud": APP["client_id"],
            "iat": now,
            "exp": now + 3600,
            "sub": "1084",
            "email": EMAIL,
            "email_verified": True,
            "given_name": "Claire",
            "family_name": "Dupont",
            "picture": "https://pictures.example/claire",
            **self.person,
        }
        token = jwt.encode(told, "any key of thirty-two bytes or more", algorithm="HS256")
        answer = requests.Response()
        answer.status_code = 200
        answer.headers["content-type"] = "application/json"
        answer.json = lambda **_options: {  # type: ignore[method-assign]
            "access_token": "s3cr3t",
            "id_token": token,
        }
        return answer

    def __enter__(self) -> Google:
        """Stand for a session of requests."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing to close."""


def leave(client: Client, **fields: str) -> dict[str, str]:
    """Press the button; returns what the browser takes along to Google."""
    answer = client.post(reverse("google_login"), fields, headers=ENGLISH)
    assert answer.status_code == 302, answer.content.decode()
    found = urlsplit(answer["Location"])
    assert found.netloc == "accounts.google.com"
    return {name: values[0] for name, values in parse_qs(found.query).items()}


def come_back(client: Client, taken: dict[str, str], **more: str) -> HttpResponse:
    """Come back from Google with a code."""
    query = {"state": taken["state"], "code": "4/abc", **more}
    return client.get(reverse("google_callback"), query, headers=ENGLISH)


def through(client: Client, **fields: str) -> HttpResponse:
    """Go to Google and come back."""
    return come_back(client, leave(client, **fields))
