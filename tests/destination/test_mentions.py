"""Before a thing is deleted or taken down, the desk names what refers to it (a page, an offer)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from wagtail.models import Collection, ReferenceIndex

from booking.models import Offer, OfferPhoto, OfferReview
from destination.models import PlacePage, ThemePage
from destination.models.places import Site
from events.models import Event
from members.groups import ensure_pole_editors
from tests import factories
from tests.cast import NOW
from tests.destination.cms import a_home, a_page, a_pole_page
from tests.destination.test_publication import a_picture, a_ready_page
from tests.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spring(at: Any, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    at(NOW)
    factories.a_perimeter()


@pytest.fixture
def desk() -> Client:
    user = factories.a_user("office@example.org")
    user.groups.add(factories.the_office())
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client


def address_of(offer: Offer, code: str = "fr") -> str:
    with override(code):
        return reverse("booking:stay-offer", args=[offer.slug])


def a_page_with_a_link(address: str, **fields: Any) -> Any:
    text = f'<p>Dormez <a href="{address}">là</a>.</p>'
    return a_ready_page(body=[("passage", {"heading": "H", "text": text})], **fields)


def a_page_with_a_button(address: str, **fields: Any) -> Any:
    button = {"text": "Et la nuit ?", "button": "Voir", "page": None, "address": address}
    return a_ready_page(body=[("call_to_action", button)], **fields)


def indexed(*things: Any) -> None:
    """Write down what they refer to, as the commit of their form does."""
    for one in things:
        ReferenceIndex.create_or_update_for_object(one)


def ensure_pole_editors_of(slug: str) -> list[Any]:
    a_pole_page(slug)
    return list(ensure_pole_editors())


def edit_url(page: Any) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


# --- Offers and events ----------------------------------------------------------------------------
def test_an_offer_names_the_pages_whose_texts_and_buttons_lead_to_it(desk: Client):
    offer = factories.a_lodging(now=NOW)
    text = a_page_with_a_link(address_of(offer) + "?adults=2", title="Une nuit là-haut")
    button = a_page_with_a_button(
        address_of(offer, "en").rstrip("/"), parent=a_home("en"), title="Sleep up there"
    )
    longer = a_page_with_a_link(address_of(offer).rstrip("/") + "-bis/", title="Une autre")

    answer = desk.get(reverse("desk_lodgings:delete", args=[offer.pk]))

    assert answer.status_code == 200
    assert "2 things refer to it" in text_of(answer)
    for page in (text, button):
        assert f'<a href="{edit_url(page)}">{page.title}</a>' in answer.content.decode()
    assert longer.title not in text_of(answer)


def test_a_draft_of_a_published_page_counts(desk: Client):
    offer = factories.a_lodging(now=NOW)
    page = a_ready_page(title="Une nuit là-haut")
    text = f'<p><a href="{address_of(offer)}">là</a></p>'
    page.body = [("passage", {"heading": "H", "text": text})]
    page.save_revision()

    answer = desk.get(reverse("desk_lodgings:delete", args=[offer.pk]))

    assert "Une nuit là-haut" in text_of(answer)


def test_the_page_of_an_offer_says_where_it_would_be_missed(desk: Client):
    offer = factories.a_lodging(now=NOW)
    page = a_page_with_a_link(address_of(offer), title="Une nuit là-haut")

    answer = desk.get(reverse("desk_lodgings:inspect", args=[offer.pk]))

    assert edit_url(page) in answer.content.decode()


def test_a_thing_that_nothing_refers_to_says_so(desk: Client):
    offer = factories.a_lodging(now=NOW)
    text = text_of(desk.get(reverse("desk_lodgings:delete", args=[offer.pk])))
    assert "Nothing refers to it" in text


def test_an_event_names_its_pages_and_tickets_name_their_event(desk: Client):
    tickets = factories.an_offer("event_ticket")
    event = Event.objects.create(
        slug="trois-soirs",
        title_fr="Trois soirs",
        ticket_offer=tickets,
        organiser=tickets.provider,
        commune=tickets.commune,
    )
    with override("de"):
        address = reverse("events:event", args=[event.slug])
    page = a_page_with_a_link(address, title="Trois soirs de musique")

    about_event = desk.get(reverse("desk_events:delete", args=[event.pk]))
    about_tickets = desk.get(reverse("desk_experiences:delete", args=[tickets.pk]))

    assert edit_url(page) in about_event.content.decode()
    assert event.title in text_of(about_tickets)


# --- Photographs, places, pages -------------------------------------------------------------------
def test_a_photograph_names_pages_offers_and_what_waits_to_be_read(desk: Client):
    image = a_picture()
    page = a_ready_page(title="Par les crêtes", image=image)
    indexed(page)
    shown = factories.a_lodging(now=NOW)
    OfferPhoto.objects.create(offer=shown, image=image, alt="La ferme")
    waiting = factories.a_lodging(now=NOW)
    OfferReview.objects.create(offer=waiting, pending={"photos": [{"image": image.pk}]})

    answer = desk.get(reverse("wagtailimages:delete", args=[image.pk]))

    text = text_of(answer)
    assert "3 things refer to it" in text
    assert edit_url(page) in answer.content.decode()
    assert text.count(shown.title) + text.count(waiting.title) >= 2


def test_several_photographs_at_once_name_theirs(desk: Client):
    used, free = a_picture(title="Prise"), a_picture(title="Libre")
    page = a_ready_page(title="Par les crêtes", image=used)
    indexed(page)
    address = reverse("wagtail_bulk_action", args=["destination", "picture", "delete"])

    answer = desk.get(f"{address}?id={used.pk}&id={free.pk}")

    assert edit_url(page) in answer.content.decode()
    assert "Nothing refers to it" in text_of(answer)


def test_a_place_names_its_page(desk: Client):
    commune = factories.a_commune()
    site = Site.objects.create(
        slug="suc", name_fr="Le suc", kind="nature", commune=commune, latitude=45, longitude=4
    )
    page = a_ready_page(PlacePage, a_pole_page(), title="Le suc de près", site=site)
    indexed(page)

    answer = desk.get(reverse("desk_sites:delete", args=[site.pk]))

    assert edit_url(page) in answer.content.decode()


def test_a_page_names_the_pages_that_lead_to_it(desk: Client):
    aimed = a_ready_page(title="Le but")
    chosen = a_ready_page(
        title="Par choix", body=[("page_cards", {"heading": "H", "pages": [aimed]})]
    )
    indexed(chosen)
    written = a_page_with_a_button(aimed.url, title="Par adresse")

    answer = desk.get(reverse("wagtailadmin_pages:delete", args=[aimed.pk]))

    for page in (chosen, written):
        assert edit_url(page) in answer.content.decode()


def test_a_page_deleted_meanwhile_is_left_out(desk: Client):
    image = a_picture()
    page = a_ready_page(title="Par les crêtes", image=image)
    indexed(page)
    ThemePage.objects.filter(pk=page.pk)._raw_delete("default")

    answer = desk.get(reverse("wagtailimages:delete", args=[image.pk]))

    assert answer.status_code == 200


# --- Hosts ----------------------------------------------------------------------------------------
def test_a_host_reads_which_published_pages_lead_to_its_offer(client: Client):
    offer = factories.a_lodging(now=NOW)
    page = a_page_with_a_link(address_of(offer), title="Une nuit là-haut")
    draft = a_page(
        ThemePage,
        title="Pas encore",
        live=False,
        body=[("passage", {"heading": "", "text": f'<a href="{address_of(offer)}">x</a>'})],
    )
    client.force_login(factories.a_host(offer.provider))

    answer = client.get(reverse("extranet-offer", args=[offer.pk]))

    assert f'href="{page.url}"' in answer.content.decode()
    assert draft.title not in text_of(answer)


def test_an_editor_of_another_pole_reads_the_name_and_opens_the_page_as_a_visitor(client: Client):
    (group,) = ensure_pole_editors_of("massif-du-mezenc")
    editor = factories.a_user("mezenc@example.org")
    editor.groups.add(group)
    image = a_picture(collection=Collection.objects.get(name="massif-du-mezenc"))
    elsewhere = a_ready_page(title="Par les crêtes", image=image)
    indexed(elsewhere)
    client.force_login(editor)

    answer = client.get(reverse("wagtailimages:delete", args=[image.pk]))

    assert answer.status_code == 200
    shown = answer.content.decode()
    assert f'<a href="{elsewhere.url}">Par les crêtes</a>' in shown
    assert edit_url(elsewhere) not in shown
