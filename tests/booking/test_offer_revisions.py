"""What a host changes of an offer that visitors know waits; what is sold never changes."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from booking import offer_opening, offer_prices, offer_reviews, offer_terms, offers
from booking.models import Offer, OfferPhoto, Order, OutboxMessage, Unit
from booking.offer_content import keep_content, review_of
from booking.refusals import BadInput, NotAllowed, Refusal, Unavailable, WrongState
from destination.models import Picture
from members.models import Entry
from tests import factories
from tests.booking.offers import (
    ACCESS,
    DESCRIPTION,
    HOST,
    OFFICE,
    browser_of,
    move,
    page,
    photo,
    type_in,
)
from tests.booking.pages import body, paid_stay
from tests.cast import NOW, SATURDAY, FakeBank

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def house():
    return factories.a_provider()


@pytest.fixture
def host(house):
    return browser_of(factories.a_host(house))


@pytest.fixture
def gite(house) -> Offer:
    return factories.a_lodging(
        provider=house,
        now=NOW,
        registration_number="43091000123AB",
        description="Un poêle, un jardin.",
        spirit=["zen"],
        place="Route du Lac",
        access_info="La clé est chez nous.",
        check_in_from=time(16),
    )


def approve(offer: Offer, **given) -> Offer:
    seen = review_of(offer).edition
    return offer_reviews.approve_offer(
        offer, **{"seen": seen, "actor": OFFICE, "now": NOW, **given}
    )


def send_back(offer: Offer, **given) -> None:
    seen = review_of(offer).edition
    told = {"remarks": {"title_fr": "Trop long"}, "note": "", "seen": seen}
    offer_reviews.send_back(offer, **{**told, "actor": OFFICE, "now": NOW, **given})


def public(offer: Offer, client) -> str:
    return body(client.get(reverse("booking:stay-offer", args=[offer.slug])))


def test_texts_wait_while_prices_and_how_to_get_in_count_at_once(host, gite):
    old = gite.title_fr
    type_in(host, gite, "texte", DESCRIPTION)
    type_in(host, gite, "acces", ACCESS)
    type_in(host, gite, "prix", {"base_amount": "95"})

    gite.refresh_from_db()
    assert (gite.title_fr, gite.without_car_fr, gite.spirit) == (old, None, ["zen"])
    assert gite.access_info_fr == ACCESS["access_info_fr"]
    assert gite.tariffs.get().base_amount == Decimal(95)
    shown = body(host.get(page(gite, "texte")))
    assert DESCRIPTION["title_fr"] in shown
    assert "they see the present page until the office" in shown
    assert "changes not sent yet" in body(host.get(reverse("extranet-offers")))

    move(host, gite, "submit")
    approve(gite)

    gite.refresh_from_db()
    assert gite.title_fr == DESCRIPTION["title_fr"]
    assert gite.without_car_fr == ACCESS["without_car_fr"]
    assert review_of(gite).pending == {}
    assert OutboxMessage.objects.get(kind="offer_reviewed").data["outcome"] == "changed"


def test_the_address_of_what_nobody_has_seen_follows_its_title(house):
    factories.a_policy()
    asked = offer_opening.NewOffer(
        kind="activity", title="Essai", commune_id=house.commune_id, lodging_type=""
    )
    offer = offer_opening.open_offer(house, asked, actor=HOST, now=NOW)
    assert offer.slug == "essai"

    named = keep_content(offer, {"title_fr": "La balade des narces"}, actor=HOST, now=NOW)
    assert Offer.objects.get(pk=offer.pk).slug == "la-balade-des-narces"
    keep_content(named, {"summary_fr": "À pied."}, actor=HOST, now=NOW)
    assert Offer.objects.get(pk=offer.pk).slug == "la-balade-des-narces"

    # What the office chose stays, and so does what was shown once.
    Offer.objects.filter(pk=offer.pk).update(slug="narces")
    keep_content(named, {"title_fr": "Les narces"}, actor=HOST, now=NOW)
    assert Offer.objects.get(pk=offer.pk).slug == "narces"
    Offer.objects.filter(pk=offer.pk).update(slug="les-narces", first_published_at=NOW)
    keep_content(named, {"title_fr": "Autre chose"}, actor=HOST, now=NOW)
    assert Offer.objects.get(pk=offer.pk).slug == "les-narces"


def test_what_is_put_back_waits_no_longer(host, gite):
    same = {
        name: getattr(gite, name) or "" for name in ("title_fr", "summary_fr", "description_fr")
    }
    type_in(host, gite, "texte", DESCRIPTION)
    move(host, gite, "submit")
    type_in(host, gite, "texte", {**same, "spirit": ["zen"]})
    review = review_of(gite)
    assert (review.pending, review.state) == ({}, "in_hand")


def test_changes_are_forgotten_on_demand(host, gite):
    type_in(host, gite, "texte", DESCRIPTION)
    move(host, gite, "drop")
    move(host, gite, "drop")
    assert review_of(gite).pending == {}
    with pytest.raises(NotAllowed, match="nothing_to_send"):
        offer_reviews.submit_offer(gite, actor=HOST, now=NOW)


def test_what_is_sold_keeps_its_words_and_its_price(bank: FakeBank):
    order: Order = paid_stay(bank)
    line = order.lines.get(kind="lodging")
    Offer.objects.filter(pk=line.offer_id).update(
        spirit=["zen"], description_fr="Un poêle.", registration_number="43091000123AB"
    )
    before = (line.titles, line.gross_amount)
    offer = line.offer
    keep_content(offer, {"title_fr": "Tout autre chose"}, actor=HOST, now=NOW)
    prices = offer_prices.PricesInput(Decimal(500), 6, Decimal(0), 1, {})
    offer_prices.keep_prices(offer, prices, actor=HOST, now=NOW)
    offer_reviews.submit_offer(offer, actor=HOST, now=NOW)
    approve(offer)

    line.refresh_from_db()
    assert (line.titles, line.gross_amount) == before
    assert Offer.objects.get(pk=offer.pk).title_fr == "Tout autre chose"


def test_remarks_stand_beside_their_fields_and_go_when_it_is_sent_again(host, gite):
    type_in(host, gite, "texte", DESCRIPTION)
    move(host, gite, "submit")
    send_back(gite, remarks={"title_fr": "Plus court", "prix": "Deux nuits ?", "nothing": "x"})

    assert "Plus court" in body(host.get(page(gite, "texte")))
    assert "Deux nuits ?" in body(host.get(page(gite, "prix")))
    assert "2 remarks of the office to answer" in body(host.get(reverse("extranet-offers")))
    mail = OutboxMessage.objects.get(kind="offer_reviewed")
    assert mail.data["remarks"] == {"title_fr": "Plus court", "prix": "Deux nuits ?"}
    assert Entry.objects.get(verb="offer sent back").data["remarks"]["title_fr"] == "Plus court"

    type_in(host, gite, "texte", {**DESCRIPTION, "title_fr": "Le gîte"})
    move(host, gite, "submit")
    assert review_of(gite).remarks == {}
    gite.refresh_from_db()
    assert gite.title_fr != "Le gîte"


def test_what_changed_since_it_was_read_is_not_approved(host, gite):
    type_in(host, gite, "texte", DESCRIPTION)
    move(host, gite, "submit")
    seen = review_of(gite).edition
    type_in(host, gite, "texte", {**DESCRIPTION, "title_fr": "Autre"})
    for decide in (approve, send_back):
        with pytest.raises(WrongState, match="offer_reread"):
            decide(gite, seen=seen)
    approve(gite)
    for decide in (approve, send_back):
        with pytest.raises(WrongState, match="offer_moved"):
            decide(gite)


def test_sending_back_says_why(gite):
    with pytest.raises(BadInput, match="remark_missing"):
        send_back(gite, remarks={"title_fr": " "}, note=" ")


def test_an_emptied_text_is_not_approved(host, gite):
    type_in(host, gite, "texte", DESCRIPTION)
    move(host, gite, "submit")
    keep_content(gite, {"description_fr": " "}, actor=HOST, now=NOW)
    with pytest.raises(NotAllowed, match="description_missing"):
        approve(gite)
    assert review_of(gite).state == "submitted"


def test_a_house_that_is_not_approved_publishes_nothing(host, house, gite):
    Offer.objects.update(state="draft")
    house.state, house.enrolment = "suspended", "submitted"
    house.save()
    offer_reviews.submit_offer(gite, actor=HOST, now=NOW)
    with pytest.raises(NotAllowed, match="provider_suspended"):
        approve(gite)
    gite.refresh_from_db()
    assert gite.state == "draft"


def test_the_tax_of_a_known_offer_is_the_offices(host, gite):
    with pytest.raises(NotAllowed, match="settled_by_office"):
        offer_terms.keep_terms(gite, {"tax_category": "2_star"}, actor=HOST, now=NOW)
    shown = host.post(page(gite, "papiers"), {"tax_category": "unclassified"})
    assert "changed by the office" in body(shown)
    gite.refresh_from_db()
    assert gite.tax_category == "3_star"


# --- Pause, copy, put away ---------------------------------------------------------------------
def test_paused_and_taken_up_again(host, gite):
    move(host, gite, "pause")
    gite.refresh_from_db()
    assert gite.state == "paused"
    assert host.get(reverse("booking:stay-offer", args=[gite.slug])).status_code == 410
    move(host, gite, "resume")
    gite.refresh_from_db()
    assert gite.state == "published"


def test_what_the_office_paused_stays_paused(host, gite):
    move(host, gite, "pause")
    move(host, gite, "resume")
    offers.pause_offer(gite, actor=OFFICE, now=NOW)
    move(host, gite, "resume")
    shown = body(host.get(reverse("extranet-offer", args=[gite.pk])))
    assert "The office paused this offer" in shown
    assert 'value="resume"' not in shown
    gite.refresh_from_db()
    assert gite.state == "paused"


def test_a_draft_is_neither_paused_nor_taken_up(host, gite):
    Offer.objects.update(state="draft")
    move(host, gite, "pause")
    move(host, gite, "resume")
    gite.refresh_from_db()
    assert gite.state == "draft"


def test_a_booked_offer_is_not_put_away_before_its_last_day(bank: FakeBank, at):
    order = paid_stay(bank)
    offer = order.lines.get(kind="lodging").offer
    person = factories.a_host(offer.provider)
    host = browser_of(person)
    move(host, offer, "archive")
    assert "It is booked until" in body(host.get(reverse("extranet-offer", args=[offer.pk])))
    at("2027-07-18 10:00")
    host = browser_of(person)
    move(host, offer, "archive")
    move(host, offer, "archive")
    offer.refresh_from_db()
    assert offer.state == "archived"
    assert Entry.objects.filter(verb="offer archived").count() == 1
    assert type_in_archived(host, offer) == reverse("extranet-offer", args=[offer.pk])


def type_in_archived(host, offer) -> str:
    return str(host.post(page(offer, "texte"), DESCRIPTION).url)


def test_an_archived_offer_changes_no_more(gite):
    Offer.objects.update(state="archived")
    with pytest.raises(WrongState, match="offer_archived"):
        keep_content(gite, {"title_fr": "x"}, actor=HOST, now=NOW)
    with pytest.raises(WrongState, match="offer_archived"):
        offer_reviews.submit_offer(gite, actor=HOST, now=NOW)


def test_a_copy_has_everything_but_what_is_the_first_ones_own(host, house):
    gite = factories.a_lodging(
        provider=house, units=2, cleaning="60", registration_number="43091000123AB", now=NOW
    )
    factories.a_season(gite, SATURDAY, SATURDAY.replace(day=20), "120")
    factories.a_feed(gite.units.first())

    move(host, gite, "copy", title="Le second gîte")
    made = Offer.objects.latest("pk")

    assert (made.title_fr, made.state, made.registration_number) == ("Le second gîte", "draft", "")
    assert made.slug == "le-second-gite"
    assert [one.tariff.offer_id for one in made.units.all()] == [made.pk, made.pk]
    assert made.tariffs.get().price_rules.get().amount == Decimal(120)
    assert made.supplements.get().amount == Decimal(60)
    assert not any(unit.feeds.exists() for unit in made.units.all())
    gite.refresh_from_db()
    assert (gite.units.count(), gite.tariffs.get().price_rules.count()) == (2, 1)


def test_a_copy_of_an_activity_takes_prices_and_steps_and_no_date(host, house):
    lace = factories.an_activity(provider=house)
    factories.a_slot(lace, SATURDAY, time(14))
    made = offer_opening.copy_offer(lace, title="Copie", actor=HOST, now=NOW)
    assert made.bands.count() == 2
    assert not made.slots.exists()
    assert lace.bands.count() == 2


def test_photographs_are_shared_with_the_copy(host, gite, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    given = {"do": "add", "author": "Luc", "rights": "lent", "files": [photo()]}
    photos = reverse("extranet-offer-photos", args=[gite.pk])
    host.post(photos, given)
    image = Picture.objects.get().pk
    host.post(photos, {"do": "keep", f"alt_{image}_fr": "La cour"})
    move(host, gite, "submit")
    approve(gite)
    made = offer_opening.copy_offer(gite, title="Copie", actor=HOST, now=NOW)
    rows = OfferPhoto.objects.filter(image=image, alt_fr="La cour")
    assert {row.offer_id for row in rows} == {made.pk, gite.pk}


# --- Units -------------------------------------------------------------------------------------
def test_a_unit_with_bookings_to_come_is_not_taken_away(bank: FakeBank, at):
    order = paid_stay(bank)
    line = order.lines.get(kind="lodging")
    another = Unit.objects.create(offer=line.offer, name_fr="Autre", tariff=line.unit.tariff)
    with pytest.raises(Unavailable, match="unit_booked"):
        offer_terms.remove_unit(line.offer, line.unit_id, actor=HOST, now=NOW)
    assert offer_terms.remove_unit(line.offer, another.pk, actor=HOST, now=NOW)

    Unit.objects.create(offer=line.offer, name_fr="Troisième", tariff=line.unit.tariff)
    at("2027-07-18 10:00")
    assert not offer_terms.remove_unit(line.offer, line.unit_id, actor=HOST, now=timezone.now())
    line.unit.refresh_from_db()
    assert not line.unit.is_active


def test_the_only_unit_of_an_online_offer_stays(gite):
    with pytest.raises(NotAllowed, match="unit_missing"):
        offer_terms.remove_unit(gite, gite.units.get().pk, actor=HOST, now=NOW)
    assert gite.units.filter(is_active=True).exists()


def test_a_unit_of_another_offer_is_not_taken_away(gite):
    other = factories.a_lodging()
    with pytest.raises(WrongState, match="unit_gone"):
        offer_terms.remove_unit(gite, other.units.get().pk, actor=HOST, now=NOW)


def test_equal_rooms_are_added_at_once_up_to_sixty(host, gite):
    unit = {"lieu": "autre", "name": "Chambre", "max_guests": "2", "bedrooms": "1"}
    type_in(host, gite, "couchages", {**unit, "count": "3"})
    assert list(gite.units.order_by("pk").values_list("name_fr", flat=True))[1:] == [
        "Chambre 2",
        "Chambre 3",
        "Chambre 4",
    ]
    answer = host.post(page(gite, "couchages"), {**unit, "count": "60"})
    assert answer.status_code == 422
    assert gite.units.count() == 4


def test_a_price_of_nothing_is_refused_by_the_use_case_too(gite):
    for amount in ("0", "-1", "10000"):
        prices = offer_prices.PricesInput(Decimal(amount), 6, Decimal(0), 1, {})
        with pytest.raises(Refusal, match="bad_price"):
            offer_prices.keep_prices(gite, prices, actor=HOST, now=NOW)


def test_a_column_that_is_no_content_is_never_written(gite):
    with pytest.raises(KeyError):
        keep_content(gite, {"provider_id": 1}, actor=HOST, now=NOW)
    with pytest.raises(KeyError):
        offer_terms.keep_terms(gite, {"is_essential": True}, actor=HOST, now=NOW)


def test_what_the_office_published_by_itself_is_not_read_before_it_is_sent(host, gite):
    Offer.objects.update(state="draft")
    offer_reviews.submit_offer(gite, actor=HOST, now=NOW)
    offers.publish_offer(gite, actor=OFFICE, now=NOW)
    type_in(host, gite, "texte", DESCRIPTION)
    review = review_of(gite)
    assert (review.state, bool(review.pending)) == ("in_hand", True)
