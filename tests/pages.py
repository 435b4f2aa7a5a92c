"""Asking for pages as a visitor does."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from booking.access import BASKET_COOKIE
from booking.models import Basket


def address(name: str, *args: object, language: str = "en", **query: Any) -> str:
    """Return a page's address in a language; a list in `query` is repeated."""
    with override(language):
        path = reverse(name, args=args)
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def text_of(response: HttpResponse) -> str:
    """Return what can be read on a page: without tags, one space between words."""
    body = re.sub(r"<(script|style|template)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def fields_of(response: HttpResponse, button: str = "/my-stay/add/") -> list[dict[str, list[str]]]:
    """Return the hidden fields of each form that posts to `button`, without its CSRF token."""
    forms = re.findall(
        rf'<form method="post" action="[^"]*{re.escape(button)}".*?</form>',
        response.content.decode(),
        flags=re.S,
    )
    found = []
    for form in forms:
        values: dict[str, list[str]] = {}
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form):
            if name != "csrfmiddlewaretoken":
                values.setdefault(name, []).append(html.unescape(value))
        found.append(values)
    return found


def with_basket(client: Client, basket: Basket) -> Client:
    """Give a visitor the key of a basket."""
    client.cookies[BASKET_COOKIE] = signing.get_cookie_signer(salt=BASKET_COOKIE).sign(basket.token)
    return client
