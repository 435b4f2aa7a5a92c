"""What tests of hosts' offers share: a gîte typed through its pages, photographs, who acts."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image as Pillow

from booking.models import Offer
from members.journal import Actor
from members.models import Provider, User
from tests import factories

OFFICE = Actor("office@example.org")
HOST = Actor("host@example.org")
DESCRIPTION = {
    "title_fr": "Le gîte du Lac bleu",
    "summary_fr": "Une longère de lave pour six, au bord du lac, à dix minutes des pistes.",
    "description_fr": "Trois chambres, un poêle, un jardin clos.",
    "spirit": ["zen", "slow"],
}
UNIT = {"name": "Le gîte", "max_guests": "6", "bedrooms": "3", "max_infants": "1"}
PRICES = {"base_amount": "90", "cleaning": "60"}
ACCESS = {
    "place_fr": "Route du Lac",
    "access_info_fr": "La clé est chez nous.",
    "without_car_fr": "Bus jusqu’aux Estables, nous venons vous chercher.",
    "features": ["garden"],
    "position": "44.9, 4,15",
}
NUMBER = "43091000123AB"


def photo(name: str = "lac.jpg", *, kind: str = "JPEG", size: tuple[int, int] = (1200, 900)) -> Any:
    """Return a photograph that can be sent."""
    data = BytesIO()
    Pillow.new("RGB", size, "#2c6b5b").save(data, kind)
    return SimpleUploadedFile(name, data.getvalue(), f"image/{kind.lower()}")


def browser_of(user: User, language: str = "en") -> Client:
    """Return the browser of a person."""
    client = Client(headers={"Accept-Language": language})
    client.force_login(user)
    return client


def begin(client: Client, house: Provider, **given: str) -> Offer:
    """Begin an offer through its page."""
    data = {"kind": "lodging:gite", "title": "Le gîte du Lac", "commune": house.commune_id}
    answer = client.post(reverse("extranet-offer-new"), {"provider": house.slug, **data, **given})
    assert answer.status_code == 303, answer.content.decode()
    return Offer.objects.latest("pk")


def page(offer: Offer, code: str) -> str:
    """Return the address of a page of an offer."""
    return reverse("extranet-offer-task", args=[offer.pk, code])


def type_in(client: Client, offer: Offer, code: str, data: dict[str, Any]) -> str:
    """Type a page of an offer; returns where that leads."""
    answer = client.post(page(offer, code), data)
    assert answer.status_code == 303, (code, answer.content.decode())
    return str(answer.url)


def a_typed_gite(client: Client, house: Provider) -> Offer:
    """Type everything that a gîte needs, but for its photographs."""
    policy = factories.a_policy()
    offer = begin(client, house)
    rules = {
        "cancellation_policy": policy.pk,
        "check_in_from": "16:00",
        "check_out_until": "10:00",
    }
    papers = {"tax_category": "unclassified", "registration_number": NUMBER}
    for code, data in (
        ("texte", DESCRIPTION),
        ("couchages", UNIT),
        ("prix", PRICES),
        ("acces", ACCESS),
        ("regles", rules),
        ("papiers", papers),
    ):
        type_in(client, offer, code, data)
    return offer


def move(client: Client, offer: Offer, do: str, **more: str) -> Any:
    """Press a button of the offer as a whole."""
    return client.post(reverse("extranet-offer-move", args=[offer.pk]), {"do": do, **more})
