"""The gallery of the components: every one in its states, for the staff alone."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from destination.blocks import Body
from destination.gallery_pages import page_gallery_context
from members.models import User
from tests.pages import text_of

pytestmark = pytest.mark.django_db
PAGES = ("components", "components-of-pages")
# What they find is shown by cards of the gallery itself.
LIVE = {"lodgings", "experiences", "agenda", "page_cards", "downloads"}


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chef@example.org", "secret"))
    return client


@pytest.mark.parametrize("name", PAGES)
def test_the_gallery_is_for_the_staff(client: Client, name: str):
    assert client.get(reverse(name)).status_code == 302
    client.force_login(User.objects.create_user("claire@example.org", "secret"))
    assert client.get(reverse(name)).status_code in {302, 403}


@pytest.mark.parametrize("theme", ["", "light", "dark", "<b>"])
def test_every_component_is_shown(office: Client, theme: str):
    response = office.get(reverse("components"), {"theme": theme})

    assert response.status_code == 200
    assert ('data-theme="dark"' in response.content.decode()) == (theme == "dark")
    assert "Le Gîte des Narces" in text_of(response)


def test_every_block_and_opening_of_pages_is_shown(office: Client):
    response = office.get(reverse("components-of-pages"), headers={"Accept-Language": "en"})

    assert response.status_code == 200
    html = response.content.decode()
    shown = {one.block_type for body in page_gallery_context()["bodies"] for one in body}
    assert shown | LIVE == set(Body().child_blocks)
    for look in ("cms--read", "cms--map", "pole--puy", "pole--mezenc", "pole--chaise-dieu"):
        assert look in html
    for live in ("See dates", "No offer matches today", "Its commune left"):
        assert live in html
