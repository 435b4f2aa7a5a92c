"""A host's offers: typed page by page, sent to the office, approved, and nobody else's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from booking import offer_reviews
from booking.models import CancellationPolicy, Offer, OutboxMessage, PriceRule, Supplement, UnitDay
from booking.offer_content import review_of
from booking.offer_opening import NewOffer, open_offer
from booking.refusals import NotAllowed
from members.journal import SYSTEM
from members.models import Entry, Provider, ProviderRole
from tests import factories
from tests.booking.offers import (
    DESCRIPTION,
    OFFICE,
    PRICES,
    UNIT,
    a_typed_gite,
    begin,
    browser_of,
    move,
    page,
    type_in,
)
from tests.booking.pages import body
from tests.cast import NOW, SATURDAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def house():
    factories.a_policy()
    return factories.a_provider()


@pytest.fixture
def host(house):
    return browser_of(factories.a_host(house))


def test_a_house_without_offer_is_invited_to_begin(host, house):
    shown = body(host.get(reverse("extranet-offers")))
    assert "No offer yet" in shown
    assert f"{reverse('extranet-offer-new')}?provider={house.slug}" in shown


def test_a_gite_is_typed_sent_read_and_booked(host, house):
    offer = a_typed_gite(host, house)

    offer.refresh_from_db()
    unit = offer.units.get()
    assert (offer.title_fr, offer.spirit) == (DESCRIPTION["title_fr"], ["zen", "slow"])
    assert (offer.latitude, offer.longitude, offer.bedrooms) == (44.9, 4.15, 3)
    assert (unit.max_guests, unit.max_adults, unit.max_children) == (6, 6, 5)
    assert (unit.tariff.base_amount, unit.tariff.base_occupancy) == (Decimal(90), 6)
    assert Supplement.objects.get(offer=offer).is_mandatory
    assert offer.vat_scheme == "exempt"
    shown = body(host.get(reverse("extranet-offer", args=[offer.pk])))
    assert "8 of 8 parts are complete." in shown

    assert move(host, offer, "submit").status_code == 303

    review = review_of(offer)
    assert review.state == "submitted"
    assert OutboxMessage.objects.get().kind == "offer_submitted"
    assert host.get(reverse("booking:stay-offer", args=[offer.slug])).status_code == 404

    offer_reviews.approve_offer(offer, seen=review.edition, actor=OFFICE, now=NOW)

    offer.refresh_from_db()
    assert offer.state == Offer.State.PUBLISHED
    assert UnitDay.objects.get(unit=unit, day=SATURDAY).price_cents == 9000
    assert body(host.get(reverse("booking:stay-offer", args=[offer.slug]))).count("Zen") == 1
    told = OutboxMessage.objects.get(kind="offer_reviewed")
    assert (told.recipient, told.data["outcome"]) == (house.email, "published")
    verbs = set(Entry.objects.filter(subject=f"offer:{offer.pk}").values_list("verb", flat=True))
    assert {"offer created", "offer submitted", "offer approved", "offer published"} <= verbs


def test_each_page_leads_to_the_next_one_that_lacks_something(host, house):
    offer = begin(host, house)
    assert type_in(host, offer, "texte", DESCRIPTION) == page(offer, "couchages")
    assert type_in(host, offer, "couchages", UNIT) == page(offer, "prix")
    later = type_in(host, offer, "prix", {**PRICES, "back": "1"})
    assert later == reverse("extranet-offer", args=[offer.pk])


def test_what_is_missing_is_said_and_nothing_is_sent(host, house):
    offer = begin(host, house)

    move(host, offer, "submit")
    shown = body(host.get(reverse("extranet-offer", args=[offer.pk])))

    assert "Add at least one unit, with its prices." in shown
    assert "Tick at least one of the four words." in shown
    assert "Give the registration number" in shown
    assert review_of(offer).state == "in_hand"
    assert not OutboxMessage.objects.exists()


def test_two_presses_make_one_draft(host, house):
    first = begin(host, house)
    assert begin(host, house) == first
    assert Offer.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "data", "field"),
    [
        ("prix", {"base_amount": "0"}, "base_amount"),
        ("prix", {"base_amount": "-5"}, "base_amount"),
        ("prix", {"base_amount": "1e400"}, "base_amount"),
        ("prix", {"base_amount": "NaN"}, "base_amount"),
        ("texte", {**DESCRIPTION, "title_fr": "a\x00b"}, "title_fr"),
        ("texte", {**DESCRIPTION, "description_fr": "x" * 1_000_000}, "description_fr"),
        ("texte", {**DESCRIPTION, "spirit": ["fast"]}, "spirit"),
        ("couchages", {**UNIT, "max_guests": "0"}, "max_guests"),
        ("couchages", {**UNIT, "max_guests": "2", "max_adults": "3"}, "max_adults"),
        ("acces", {"place_fr": "x", "access_info_fr": "y", "position": "north"}, "position"),
        ("acces", {"place_fr": "x", "access_info_fr": "y", "position": "0, 0"}, "position"),
        ("regles", {"cancellation_policy": "999999", "check_in_from": "25:00"}, "check_in_from"),
        ("papiers", {"tax_category": "palace", "registration_number": "1"}, "tax_category"),
    ],
)
def test_what_cant_be_is_refused_beside_its_field_and_kept_on_the_page(
    host, house, code, data, field
):
    offer = begin(host, house)
    answer = host.post(page(offer, code), data)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in body(answer)
    offer.refresh_from_db()
    assert (offer.summary_fr, offer.units.count(), offer.tariffs.count()) == ("", 0, 0)


def test_a_season_is_added_refused_where_it_overlaps_and_deleted(host, house):
    offer = a_typed_gite(host, house)
    season = {"do": "season", "first_night": "2027-07-03", "departure": "2027-08-28"}
    type_in(host, offer, "prix", {**season, "amount": "120"})

    again = host.post(
        page(offer, "prix"),
        {**season, "first_night": "2027-08-20", "departure": "2027-09-01", "amount": "100"},
    )
    reversed_ = host.post(page(offer, "prix"), {**season, "departure": "2027-07-01", "amount": "1"})
    free = host.post(page(offer, "prix"), {**season, "amount": "0"})

    assert again.status_code == reversed_.status_code == free.status_code == 422
    assert "Another season has nights of these dates" in body(again)
    rule = PriceRule.objects.get()
    assert rule.amount == Decimal(120)
    assert UnitDay.objects.get(unit=offer.units.get(), day=SATURDAY).price_cents == 12_000
    type_in(host, offer, "prix", {"do": f"remove:{rule.pk}"})
    assert not PriceRule.objects.exists()
    assert UnitDay.objects.get(unit=offer.units.get(), day=SATURDAY).price_cents == 9000


def test_staff_sees_and_changes_nothing(house):
    owner = browser_of(factories.a_host(house))
    offer = begin(owner, house)
    colleague = factories.a_user()
    house.roles.create(user=colleague, role=ProviderRole.Role.STAFF)
    staff = browser_of(colleague)

    assert "its owner changes them" in body(staff.get(reverse("extranet-offers")))
    assert staff.get(reverse("extranet-offer", args=[offer.pk])).status_code == 200
    assert staff.get(reverse("extranet-offer-preview", args=[offer.pk])).status_code == 200
    assert staff.get(page(offer, "texte")).status_code == 404
    assert staff.post(page(offer, "texte"), DESCRIPTION).status_code == 404
    assert move(staff, offer, "archive").status_code == 404
    new = reverse("extranet-offer-new")
    assert staff.get(f"{new}?provider={house.slug}").status_code == 404


def test_another_host_finds_nothing(host, house):
    offer = begin(host, house)
    other = browser_of(factories.a_host(factories.a_provider()))
    for name in ("extranet-offer", "extranet-offer-preview", "extranet-offer-photos"):
        assert other.get(reverse(name, args=[offer.pk])).status_code == 404
    for code in ("texte", "couchages", "prix", "acces", "regles", "papiers", "langues"):
        assert other.get(page(offer, code)).status_code == 404
        assert other.post(page(offer, code), DESCRIPTION).status_code == 404
    for do in ("submit", "pause", "resume", "archive", "copy", "drop"):
        assert move(other, offer, do).status_code == 404
    stolen = {"provider": house.slug, "kind": "lodging:gite", "title": "x"}
    assert other.post(reverse("extranet-offer-new"), stolen).status_code == 404
    offer.refresh_from_db()
    assert (offer.summary_fr, offer.state, Offer.objects.count()) == ("", "draft", 1)


def test_a_kind_that_the_house_did_not_declare_is_refused(host, house):
    house.activities = ["meal"]
    house.save()
    shown = body(host.get(f"{reverse('extranet-offer-new')}?provider={house.slug}"))
    assert 'value="meal"' in shown
    assert 'value="childcare"' not in shown
    data = {"provider": house.slug, "kind": "childcare", "title": "Garde"}
    assert host.post(reverse("extranet-offer-new"), data).status_code == 422


def test_nonsense_addresses_are_not_found(host, house):
    offer = begin(host, house)
    assert host.get(page(offer, "nothing")).status_code == 404
    assert move(host, offer, "explode").status_code == 404
    assert host.get(f"{page(offer, 'couchages')}?lieu=99").status_code == 404
    assert host.get(f"{page(offer, 'prix')}?tarif=99").status_code == 404
    assert host.post(page(offer, "prix"), {"do": "remove:x"}).status_code == 404


def test_without_cancellation_policy_the_office_is_named(host, house):
    CancellationPolicy.objects.all().delete()
    data = {
        "provider": house.slug,
        "kind": "lodging:gite",
        "title": "x",
        "commune": house.commune_id,
    }
    answer = host.post(reverse("extranet-offer-new"), data)
    assert answer.status_code == 409
    assert "The office has entered no cancellation policy yet" in body(answer)


def test_the_list_says_what_is_missing_and_pauses_at_a_press(host, house):
    offer = begin(host, house)
    online = factories.a_lodging(provider=house, now=NOW)
    shown = body(host.get(reverse("extranet-offers")))
    assert "6 parts still to be done" in shown
    assert shown.index(offer.title) < shown.index("Offer ")
    assert 'value="pause"' in shown
    move(host, online, "pause")
    shown = body(host.get(reverse("extranet-offers")))
    assert "paused" in shown
    assert 'value="resume"' in shown


def test_a_list_of_many_asks_few_questions(host, house, django_assert_max_num_queries):
    for _number in range(12):
        factories.a_lodging(provider=house)
    with django_assert_max_num_queries(20):
        assert host.get(reverse("extranet-offers")).status_code == 200


def test_units_are_changed_added_and_taken_away_on_their_page(host, house):
    offer = a_typed_gite(host, house)
    unit = offer.units.get()
    type_in(host, offer, "couchages", {**UNIT, "name": "La longère"})
    unit.refresh_from_db()
    assert unit.name_fr == "La longère"
    type_in(host, offer, "couchages", {**UNIT, "lieu": "autre", "name": "L’étable"})
    assert offer.units.count() == 2
    shown = body(host.get(page(offer, "couchages")))
    assert "La longère" in shown
    assert "L’étable" in shown
    type_in(host, offer, "couchages", {"lieu": str(unit.pk), "do": "remove"})
    assert [one.name_fr for one in offer.units.all()] == ["L’étable"]


def test_photographs_first_of_all_count_in_what_is_advised(host, house):
    offer = begin(host, house)
    shown = body(host.get(reverse("extranet-offer", args=[offer.pk])))
    assert "A page that makes people come" in shown
    assert "Five photographs" in shown


def test_a_house_that_nobody_has_read_prepares_few_offers(house):
    Provider.objects.filter(pk=house.pk).update(enrolment="draft", state="suspended")
    house.refresh_from_db()
    for number in range(6):
        made = open_offer(house, an_offer_of(house, f"Gîte {number}"), actor=SYSTEM, now=NOW)
        # Put away, it keeps its photographs and counts.
        Offer.objects.filter(pk=made.pk).update(state="archived")
    with pytest.raises(NotAllowed, match="too_many_drafts"):
        open_offer(house, an_offer_of(house, "Gîte de trop"), actor=SYSTEM, now=NOW)


def an_offer_of(house: Provider, title: str) -> NewOffer:
    return NewOffer(kind="lodging", lodging_type="gite", title=title, commune_id=house.commune_id)
