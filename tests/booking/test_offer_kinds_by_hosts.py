"""Each kind of offer is typed by its host, asked what its kind asks, and previewed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from booking import slots
from booking.forms.communes import CommuneField
from booking.models import CancellationPolicy, Offer, OfferPermit, Supplement, Tariff
from booking.offer_content import keep_content, review_of
from booking.offer_tasks import missing_of, progress_of, tasks_of
from booking.offer_terms import PermitInput, keep_permit
from booking.refusals import NotAllowed
from destination.models import Commune
from tests import factories
from tests.booking.offers import (
    ACCESS,
    DESCRIPTION,
    HOST,
    a_typed_gite,
    begin,
    browser_of,
    move,
    page,
    photo,
    type_in,
)
from tests.booking.pages import body
from tests.cast import NOW, SATURDAY, TODAY

pytestmark = pytest.mark.django_db
ADULT = {"prix-0-name": "Adulte", "prix-0-min_age": "12", "prix-0-amount": "25"}
CHILD = {
    "prix-1-name": "Enfant",
    "prix-1-min_age": "0",
    "prix-1-max_age": "11",
    "prix-1-amount": "0",
}
ONE_PRICE = {"prix-0-name": "Prix", "prix-0-amount": "25"}


def lines(prefix: str, count: int, **given: str) -> dict[str, str]:
    """Return the rows of a form of several lines."""
    return {f"{prefix}-TOTAL_FORMS": str(count), f"{prefix}-INITIAL_FORMS": "0", **given}


STEPS = lines(
    "form",
    4,
    **{
        "form-0-title": "Cueillir",
        "form-0-minutes": "90",
        "form-0-plan_b": "Visite du séchoir",
        "form-1-title": "Cuisiner",
        "form-1-minutes": "60",
    },
)
BY_AGE = lines("prix", 4, **ADULT, **CHILD)
BY_ITEM = lines("prix", 4, **ONE_PRICE)
PERMIT = {
    "regime": "acm",
    "number": "A 1",
    "authority": "Préfecture",
    "valid_until": "2028-01-31",
}
# What each kind is asked for beside its texts: its prices, its rules, its papers.
KINDS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "activity": (BY_AGE, {}),
    "workshop": (BY_AGE, {}),
    "visit": (BY_AGE, {}),
    "meal": (BY_AGE, {}),
    "shuttle": (BY_AGE, {}),
    "composite": (BY_AGE, {"season_from_month": "6", "season_to_month": "10"}),
    "produce": (BY_ITEM, {}),
    "rental": (BY_ITEM, {"deposit_amount": "0"}),
    "registration": (lines("prix", 4, **{**CHILD, "prix-1-max_age": ""}), {}),
    "childcare": (
        lines(
            "prix",
            4,
            **{**CHILD, "prix-1-min_age": "3", "prix-1-max_age": "10", "prix-1-amount": "12"},
        ),
        {},
    ),
}


@pytest.fixture(autouse=True)
def _in_spring(at, settings, tmp_path):
    at(NOW)
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def house():
    return factories.a_provider()


@pytest.fixture
def host(house):
    return browser_of(factories.a_host(house))


def typed(host: Any, house: Any, kind: str) -> Offer:
    """Type everything that an offer of a kind needs, its dates included."""
    policy = factories.a_policy()
    offer = begin(host, house, kind=kind)
    prices, rules = KINDS[kind]
    ages = {"min_age": "3", "max_age": "10"} if kind == "childcare" else {}
    type_in(host, offer, "texte", DESCRIPTION)
    type_in(host, offer, "prix", {**prices, **ages, "duration_minutes": "120"})
    if kind == "composite":
        type_in(host, offer, "etapes", STEPS)
    type_in(host, offer, "acces", ACCESS)
    type_in(host, offer, "regles", {"cancellation_policy": policy.pk, **rules})
    if kind == "childcare":
        type_in(host, offer, "papiers", PERMIT)
    offer.refresh_from_db()
    slots.add_slots(
        offer,
        first_day=SATURDAY,
        last_day=SATURDAY,
        weekdays={SATURDAY.weekday()},
        start_times={NOW.time()},
        capacity=4,
        actor=HOST,
        now=NOW,
    )
    return offer


def test_a_shuttle_is_the_way_without_a_car_and_is_not_asked_for_one(host, house):
    def asked(offer: Offer) -> tuple[bool, bool, bool]:
        return (
            'name="without_car_fr"' in body(host.get(page(offer, "acces"))),
            'name="without_car_de"' in body(host.get(page(offer, "langues"))),
            any(
                one.code == "without_car"
                for one in progress_of(offer, review_of(offer), today=TODAY).checks
            ),
        )

    factories.a_policy()
    shuttle = begin(host, house, kind="shuttle")
    assert asked(shuttle) == (False, False, False)
    assert asked(begin(host, house, kind="activity")) == (True, True, True)
    # What was said of it earlier stands on its page: it can still be changed.
    keep_content(shuttle, {"without_car_fr": "À la gare."}, actor=HOST, now=NOW)
    shuttle.refresh_from_db()
    assert asked(shuttle) == (True, True, False)


def test_only_rules_that_suit_the_kind_are_proposed_to_hosts(host, house):
    tickets = factories.a_policy()
    CancellationPolicy.objects.filter(pk=tickets.pk).update(
        kinds=["event_ticket"], name="Billets", name_fr="Billets"
    )
    usual = factories.a_policy()
    offer = begin(host, house, kind="workshop")
    assert offer.cancellation_policy == usual

    assert "Billets" not in body(host.get(page(offer, "regles")))
    refused = host.post(page(offer, "regles"), {"cancellation_policy": tickets.pk})
    assert refused.status_code == 422

    # What the office has given to it stays, and can be kept.
    Offer.objects.filter(pk=offer.pk).update(cancellation_policy=tickets)
    assert "Billets" in body(host.get(page(offer, "regles")))
    assert host.post(page(offer, "regles"), {"cancellation_policy": tickets.pk}).status_code == 303
    offer.refresh_from_db()
    assert offer.cancellation_policy == tickets


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_complete_once_its_pages_are_typed(host, house, kind):
    offer = typed(host, house, kind)
    assert missing_of(offer, review_of(offer), today=TODAY) == []
    for code in tasks_of(offer):
        answer = host.get(page(offer, code))
        assert answer.status_code in {200, 303}, code
    shown = host.get(reverse("extranet-offer-preview", args=[offer.pk]))
    assert shown.status_code == 200
    assert DESCRIPTION["title_fr"] in body(shown)
    move(host, offer, "submit")
    assert review_of(offer).state == "submitted"


def test_dates_are_added_on_their_own_page(host, house):
    factories.a_policy()
    offer = begin(host, house, kind="workshop")
    first = host.get(page(offer, "dates"))
    assert first.url.startswith(f"{reverse('extranet-slots-add')}?")
    assert host.get(first.url).status_code == 200


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        (lines("prix", 4, **{**ADULT, **CHILD, "prix-1-max_age": "9"}), "No price for the age"),
        (lines("prix", 4, **{**ADULT, **CHILD, "prix-1-max_age": "12"}), "Two prices hold"),
        (lines("prix", 4, **{**ADULT, "prix-0-min_age": ""}), "Give the ages"),
        (lines("prix", 4), "Give the prices by age"),
        (lines("prix", 4, **{**CHILD, "prix-1-max_age": ""}), "A price above 0"),
        (lines("prix", 4, **{**ADULT, "prix-0-amount": "-3"}), "A sum is 0 or more."),
        (lines("prix", 4, **{"prix-0-name": "Adulte"}), "Write a sum in figures"),
        ({"prix-TOTAL_FORMS": "9" * 20}, ""),
        ({}, ""),
    ],
)
def test_prices_that_leave_an_age_out_are_refused(host, house, prices, words):
    factories.a_policy()
    offer = begin(host, house, kind="workshop")
    answer = host.post(page(offer, "prix"), {**prices, "duration_minutes": "60"})
    assert answer.status_code == 422
    assert words in body(answer)
    assert not offer.bands.exists()


def test_prices_of_the_same_name_keep_what_they_are_called_in_sales(host, house):
    offer = factories.an_activity(provider=house)
    adult = offer.bands.get(code="adulte")
    new = {**ADULT, "prix-0-amount": "40"}
    type_in(host, offer, "prix", {**lines("prix", 4, **new, **CHILD), "duration_minutes": "90"})
    adult.refresh_from_db()
    assert (adult.code, adult.amount) == ("adulte", Decimal(40))


def test_an_authorisation_has_its_own_ratio_or_that_of_everywhere(host, house):
    offer = typed(host, house, "childcare")
    assert (offer.permits.get().children_below_six, offer.permits.get().children_from_six) == (
        None,
        None,
    )
    assert "5, as everywhere" in body(host.get(page(offer, "papiers")))
    type_in(host, offer, "papiers", {**PERMIT, "children_from_six": "12"})
    assert offer.permits.get().children_from_six == 12
    assert offer.permits.get().children_below_six is None
    for bad in ("9", "-1", "x"):
        host.post(page(offer, "papiers"), {**PERMIT, "children_from_six": bad})
        assert offer.permits.get().children_from_six == 12


def test_another_authorisation_is_to_be_seen_again_by_the_office(host, house):
    offer = typed(host, house, "childcare")
    offer.permits.update(checked_on=TODAY)
    type_in(host, offer, "papiers", PERMIT)
    assert offer.permits.get().checked_on == TODAY
    type_in(host, offer, "papiers", {**PERMIT, "number": "B 2"})
    assert offer.permits.get().checked_on is None


@pytest.mark.parametrize("state", ["published", "paused"])
def test_the_authorisation_of_a_known_offer_is_the_offices(host, house, state):
    offer = typed(host, house, "childcare")
    Offer.objects.filter(pk=offer.pk).update(state=state)
    kept = OfferPermit.objects.get(offer=offer)
    later = {**PERMIT, "valid_until": "2031-12-31"}
    shown = body(host.post(page(offer, "papiers"), later))
    assert "changed by the office" in shown
    assert PERMIT["number"] in shown
    assert "<form" not in shown.partition("<main")[2].partition("</main")[0]
    asked = PermitInput(kept.regime, kept.number, kept.authority, date(2031, 12, 31))
    with pytest.raises(NotAllowed, match="settled_by_office"):
        keep_permit(offer, asked, actor=HOST, now=NOW)
    kept.refresh_from_db()
    assert kept.valid_until == date(2028, 1, 31)


def test_texts_stand_side_by_side_and_what_is_empty_falls_back(host, house):
    offer = a_typed_gite(host, house)
    type_in(host, offer, "langues", {"title_en": "The Blue Lake cottage", "summary_de": "Haus"})
    shown = body(host.get(page(offer, "langues")))
    assert DESCRIPTION["title_fr"] in shown
    assert "The Blue Lake cottage" in shown
    offer.refresh_from_db()
    assert (offer.title_fr, offer.title_en, offer.summary_de) == (
        DESCRIPTION["title_fr"],
        "The Blue Lake cottage",
        "Haus",
    )


def test_labels_of_other_languages_are_written_in_that_of_the_page(host, house):
    offer = a_typed_gite(host, house)
    shown = body(host.get(page(offer, "langues")))
    assert "Title (English)" in shown
    assert "Title (German)" in shown
    assert "(Deutsch)" not in shown


def test_a_new_offer_is_told_each_thing_that_lacks_once(host, house):
    factories.a_policy()
    for kind in ("childcare", "rental", "lodging:gite"):
        offer = begin(host, house, kind=kind, title=f"Vide {kind}")
        rows = host.get(reverse("extranet-offer", args=[offer.pk])).context["tasks"]
        for row in rows:
            told = [one.message for one in row["troubles"]]
            assert len(told) == len(set(told)), (kind, row["title"], told)
        assert len(rows[0]["troubles"]) == 3


def test_prices_by_date_say_nothing_of_the_tourist_tax(host, house):
    factories.a_policy()
    meal, gite = begin(host, house, kind="meal"), begin(host, house, kind="lodging:gite")
    assert "tourist tax" not in body(host.get(page(meal, "prix")))
    assert "tourist tax apart" in body(host.get(page(gite, "prix")))


def test_a_thing_is_named_and_has_no_ages(host, house):
    factories.a_policy()
    offer = begin(host, house, kind="rental", title="Un vélo électrique")
    answer = host.get(page(offer, "prix"))
    (first, *_rest) = answer.context["lines"]
    assert set(first.fields) == {"name", "amount"}
    assert first["name"].value() == "Un vélo électrique"
    assert first["name"].label == "What it is"


def test_a_fee_that_the_office_counts_by_the_night_is_called_so(host, house):
    offer = factories.a_lodging(provider=house, now=NOW)
    assert "A pet, once a stay, in euros" in body(host.get(page(offer, "prix")))
    Supplement.objects.create(
        offer=offer,
        code="pet",
        kind="pet",
        basis="night",
        name_fr="Animal",
        name_en="Pet",
        amount=5,
    )
    shown = body(host.get(page(offer, "prix")))
    assert "Pet, per night, in euros" in shown
    assert "A pet, once a stay" not in shown
    # A house that says it in the name already isn't told it twice.
    Supplement.objects.filter(offer=offer, code="pet").update(name_en="Pet, per night")
    assert "Pet, per night, in euros" in body(host.get(page(offer, "prix")))


@pytest.mark.parametrize(("kind", "lists"), [("lodging:gite", 2), ("meal", 1), ("rental", 1)])
def test_reasons_of_prices_stand_together_below_their_questions(host, house, kind, lists):
    factories.a_policy()
    offer = begin(host, house, kind=kind)
    if lists == 2:
        Tariff.objects.create(offer=offer, name_fr="Prix", base_amount=90, base_occupancy=2)
    shown = body(host.get(page(offer, "prix")))
    assert shown.count("Why these questions") == lists
    assert "Why this question" not in shown
    # Other pages keep each reason beside its question.
    assert "Why this question" in body(host.get(page(offer, "texte")))


# --- Preview -----------------------------------------------------------------------------------
def test_preview_shows_each_edit_at_once_and_to_no_stranger(host, house, client):
    offer = a_typed_gite(host, house)
    address = reverse("extranet-offer-preview", args=[offer.pk])
    answer = host.get(address)
    assert 'content="noindex"' in body(answer)
    assert "Preview: only you and the office" in body(answer)
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "no-store" in answer["Cache-Control"]

    keep_content(offer, {"title_en": "Seen at once"}, actor=HOST, now=NOW)
    assert "Seen at once" in body(host.get(address))
    assert DESCRIPTION["title_fr"] in body(host.get(address, {"langue": "fr"}))
    assert 'lang="de"' in body(host.get(address, {"langue": "de"}))
    assert host.get(address, {"langue": "xx"}).status_code == 200
    assert client.get(address).status_code == 302


def test_preview_of_an_online_offer_shows_what_waits_and_its_page_does_not(host, house):
    offer = factories.a_lodging(provider=house, now=NOW)
    keep_content(offer, {"title_en": "What waits"}, actor=HOST, now=NOW)
    photos = reverse("extranet-offer-photos", args=[offer.pk])
    host.post(photos, {"do": "add", "author": "L", "rights": "lent", "files": [photo()]})
    shown = body(host.get(reverse("extranet-offer-preview", args=[offer.pk])))
    public = body(host.get(reverse("booking:stay-offer", args=[offer.slug])))
    assert ("What waits" in shown, "What waits" in public) == (True, False)
    assert ('class="gal"' in shown, 'class="gal"' in public) == (True, False)


def test_preview_of_an_empty_draft_is_a_page_too(host, house):
    factories.a_policy()
    for kind in ("lodging:gite", "workshop", "rental"):
        offer = begin(host, house, kind=kind, title=f"Vide {kind}")
        answer = host.get(reverse("extranet-offer-preview", args=[offer.pk]))
        assert answer.status_code == 200, kind


def test_preview_without_a_price_says_so_and_asks_nothing_else(host, house):
    factories.a_policy()
    for kind in ("childcare", "workshop", "rental", "produce"):
        offer = begin(host, house, kind=kind, title=f"Vide {kind}")
        shown = body(host.get(reverse("extranet-offer-preview", args=[offer.pk])))
        assert shown.count("No price yet") == 1, kind
        for words in ("Choose at least one person", ": without 2 adults", "Free", "a day"):
            assert words not in shown.partition('id="places"')[2].partition("</aside>")[0], kind


def test_communes_stand_in_the_order_of_a_dictionary():
    for insee, name, slug in (
        ("43039", "Chadrac", "chadrac"),
        ("43059", "Céaux-d’Allègre", "ceaux-d-allegre"),
        ("43234", "Saint-Vidal", "saint-vidal"),
        ("43185", "Saint-Étienne-Lardeyrol", "saint-etienne-lardeyrol"),
    ):
        Commune.objects.filter(pk=factories.a_commune(name, insee=insee).pk).update(slug=slug)
    field = CommuneField(required_words="")
    field.propose(NOW.date())
    assert [one.name for one in field.queryset] == [
        *("Céaux-d’Allègre", "Chadrac", "Saint-Étienne-Lardeyrol", "Saint-Vidal"),
    ]
