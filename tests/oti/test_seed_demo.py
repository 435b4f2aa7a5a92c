"""The demo destination: complete, sellable, loaded once and only extended afterwards."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override
from pytest_django import DjangoDbBlocker
from wagtail.models import Locale
from wagtail.models import Site as WagtailSite
from wagtail.search.backends import get_search_backend

from booking.availability import StaySearch, search_stays
from booking.features import FEATURE_ICONS, FEATURES
from booking.models import (
    Closure,
    Offer,
    OrderLine,
    PriceRule,
    ReadyStay,
    ReadyStep,
    Slot,
    Stay,
    StayRestriction,
    Unit,
    UnitDay,
)
from booking.offers import check_offer
from booking.planning import Party
from booking.ready_faults import faults_of
from booking.ready_stays import nearest_plans, read_recipes
from booking.rules.kinds import KINDS
from booking.rules.people import Guest, check_ages
from booking.search_table import find_drift
from destination.models import LegalText, Perimeter, PerimeterActivation, Pole
from destination.spoken import untranslated
from destination.templatetags.velay import CARDS
from events.models import Event, Session
from members.models import Entry, Provider, User
from oti.demo.accounts import ANNE, DEMO_ACCOUNTS, OFFICE
from oti.demo.dates import Window, day_in, season_in
from oti.demo.loading import NIGHTS_BEYOND_HORIZON, SLOT_DAYS, load_demo
from oti.demo.shapes import read_catalogue
from oti.lib.dates import paris
from oti.lib.dates import today as day_of
from tests import databases

EVERYTHING = [
    Provider,
    Offer,
    Unit,
    PriceRule,
    StayRestriction,
    Closure,
    Stay,
    Slot,
    Event,
    Session,
    ReadyStay,
    ReadyStep,
    LegalText,
    User,
]


@pytest.fixture(scope="module")
def demo(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Give this module one clone with today's demo; each test undoes what it changes."""
    with django_db_blocker.unblock(), databases.cloned(databases.demo_template()) as name:
        yield name


@pytest.fixture
def now(demo: str) -> Iterator[datetime]:
    """Return this moment; the demo of today is loaded."""
    with transaction.atomic():
        yield timezone.now()
        transaction.set_rollback(True)


@pytest.fixture
def today(now: datetime) -> date:
    """Return the day of the demo."""
    return day_of(now)


# --- What there is ------------------------------------------------------------------------------
def test_the_demo_has_what_a_destination_sells(today: date) -> None:
    assert 60 <= Provider.objects.filter(is_demo=True).count() <= 75
    kinds = Counter(Offer.objects.on_sale(today).values_list("kind", flat=True))
    assert kinds["lodging"] >= 45
    assert kinds["activity"] + kinds["workshop"] >= 35
    assert (kinds["event_ticket"], kinds["produce"]) == (12, 12)
    assert kinds["meal"] >= 16
    assert kinds.keys() == {kind.code for kind in KINDS}
    assert 130 <= sum(kinds.values()) <= 145
    poles = Offer.objects.on_sale(today).with_pole(today).values_list("pole_id", flat=True)
    assert set(poles) == set(Pole.objects.active_on(today).values_list("pk", flat=True))
    assert Slot.objects.count() < 12_000


def test_every_demo_offer_can_be_sold(today: date) -> None:
    lacking = {
        offer.slug: [one.code for one in check_offer(offer, today=today)]
        for offer in Offer.objects.select_related("provider", "commune")
    }
    lacking = {slug: codes for slug, codes in lacking.items() if codes}

    # Two houses stand beside the destination, to be sold once the other proposition is active.
    assert lacking == {
        "la-maison-du-maar": ["outside_perimeter"],
        "l-auberge-de-regordane": ["outside_perimeter"],
    }


def test_the_houses_beside_are_sold_once_the_other_proposition_is_active(today: date) -> None:
    beside = Offer.objects.get(slug="la-maison-du-maar")
    assert not Offer.objects.on_sale(today).filter(pk=beside.pk).exists()
    PerimeterActivation.objects.create(
        perimeter=Perimeter.objects.get(slug="thematique"), active_from=today + timedelta(days=1)
    )

    tomorrow = today + timedelta(days=1)
    assert Offer.objects.on_sale(tomorrow).filter(pk=beside.pk).exists()
    assert check_offer(beside, today=tomorrow) == []


def test_every_text_is_there_in_french_and_english(today: date) -> None:
    for model, fields in (
        (Offer, ("title", "summary", "description")),
        (Event, ("title", "summary", "description", "place")),
        (Provider, ("story",)),
        (Pole, ("name", "tagline")),
    ):
        for field in fields:
            for language in ("fr", "en"):
                column = f"{field}_{language}"
                lacking = model._default_manager.filter(
                    Q(**{column: ""}) | Q(**{f"{column}__isnull": True})
                )
                assert not lacking.exists(), f"{model.__name__}.{column}"
    for model in (Offer, Event, ReadyStay):
        for column in ("title_de", "summary_de"):
            lacking = model._default_manager.filter(
                Q(**{column: ""}) | Q(**{f"{column}__isnull": True})
            )
            assert not lacking.exists(), f"{model.__name__}.{column}"
    assert not ReadyStay.objects.filter(
        Q(description_de="") | Q(description_de__isnull=True)
    ).exists()
    for offer in Offer.objects.all():
        assert "incontournable" not in f"{offer.summary_fr} {offer.description_fr}".lower()
        assert "démonstration" in offer.description_fr


def test_what_home_poles_and_locomotives_show_is_told_in_german_to_its_last_word(
    today: date,
) -> None:
    parts = ("title", "summary", "description", "access_info")
    with override("de"):
        offers = [one for one in Offer.objects.all() if not untranslated(one, parts)]
        told = [one for one in offers if not untranslated(one, ("place",))]
        stories = [one for one in Provider.objects.all() if not untranslated(one, ("story",))]

    assert len(told) >= 25
    assert len(stories) >= 20
    assert {"le-gite-des-narces", "la-table-de-solange", "choeur-et-grand-orgue"} <= {
        one.slug for one in told
    }
    # Its note says the same as in the other languages.
    assert all("Demonstrationsangebot" in one.description_de for one in offers)


def test_pictures_and_features_are_known_ones(today: date) -> None:
    drawn = set(Offer.objects.values_list("illustration", flat=True))
    drawn |= set(Event.objects.values_list("illustration", flat=True))
    assert drawn <= CARDS
    used = {code for codes in Offer.objects.values_list("features", flat=True) for code in codes}
    assert used <= set(FEATURES)
    assert set(FEATURE_ICONS) == set(FEATURES)


def test_guest_rooms_keep_within_the_law(today: date) -> None:
    """Five rooms and fifteen persons at most (domain.md §3.1)."""
    for offer in Offer.objects.filter(lodging_type="chambre_hotes").prefetch_related("units"):
        units = offer.units.all()
        assert len(units) <= 5
        assert sum(unit.max_guests for unit in units) <= 15


def test_the_platform_collects_the_tax_of_some_hosts_and_not_of_others(today: date) -> None:
    hosts = Provider.objects.filter(offers__kind="lodging").distinct()
    private = hosts.filter(is_professional=False)
    assert private.count() >= 10
    assert hosts.filter(is_professional=True, tax_mandate_signed_on=None).count() >= 5
    assert hosts.filter(is_professional=True, tax_mandate_signed_on__isnull=False).count() >= 5


def test_calendars_look_alive_and_are_never_oversold(today: date) -> None:
    assert not Slot.objects.filter(sold__gt=F("capacity")).exists()
    soon = Slot.objects.filter(day__lte=today + timedelta(days=75))
    assert 3 <= soon.filter(sold=F("capacity")).count() <= 6
    assert soon.filter(sold__gte=F("capacity") - 2, sold__lt=F("capacity")).exists()
    assert Stay.objects.filter(state="blocked").count() > 500


def test_an_order_stands_behind_every_place_that_is_sold(today: date) -> None:
    """Whoever opens a date at the desk finds who comes; nothing is told of guests who aren't."""
    lines = OrderLine.objects.filter(slot=OuterRef("pk"), state="sold", order__is_demo=True)
    sold = Slot.objects.filter(sold__gt=0, resource="")
    assert sold.exists()
    assert not sold.exclude(Exists(lines)).exists()
    behind = OrderLine.objects.filter(slot__in=sold, state="sold")
    people = behind.aggregate(total=Count("participants"))["total"]
    assert people == sold.aggregate(total=Sum("sold"))["total"]


def test_the_search_table_says_what_the_calendars_say(today: date) -> None:
    assert UnitDay.objects.filter(free_run__gt=0).exists()
    assert find_drift(today=today) == []


def test_what_was_written_in_bulk_can_be_found_by_its_name(today: date) -> None:
    backend = get_search_backend()

    assert "premiers-points-de-dentelle" in {
        offer.slug for offer in backend.search("dentelle", Offer.objects.all())
    }
    assert [one.slug for one in backend.autocomplete("Solan", Provider.objects.all())] == [
        "la-table-de-solange"
    ]


# --- The Dupont family --------------------------------------------------------------------------
def test_the_dupont_find_the_gite_des_narces_for_a_week_in_july(now: datetime, today: date) -> None:
    for arrival in _free_saturdays(today):
        results = search_stays(
            StaySearch(
                arrival=arrival,
                departure=arrival + timedelta(days=7),
                adults=2,
                child_ages=(5, 10),
                pole="massif-du-mezenc",
                lodging_type="gite",
                features=("animals_to_see", "fireplace", "accessible"),
            ),
            now=now,
        ).results
        found = {result.offer.slug: result for result in results}
        quote = found["le-gite-des-narces"].quote
        # 7 nights at 140, cleaning at 60, and the first vector of domain.md §1.5.
        assert (quote.tourist_tax, quote.total) == (Decimal("15.40"), Decimal("1055.40"))


def test_romain_and_his_parents_may_learn_lace_and_elodie_is_too_young(today: date) -> None:
    offer = Offer.objects.get(slug="premiers-points-de-dentelle")

    assert check_ages(offer.min_age, offer.max_age, [Guest(), Guest(), Guest(10)]) == []
    assert check_ages(offer.min_age, offer.max_age, [Guest(5)])


@pytest.mark.parametrize(
    "slug", ["choeur-et-grand-orgue", "la-table-de-solange", "premiers-points-de-dentelle"]
)
def test_what_the_dupont_want_has_room_in_the_next_weeks_and_in_their_week(
    today: date, slug: str
) -> None:
    arrival = _free_saturdays(today)[0]
    for first, last in (
        (today, today + timedelta(days=28)),
        (arrival, arrival + timedelta(days=7)),
    ):
        slots = Slot.objects.filter(offer__slug=slug, day__range=(first, last))
        assert slots.count() >= 3
        assert not slots.filter(capacity__lt=F("sold") + 4).exists()


def test_every_ready_made_stay_can_be_adopted_in_its_season(now: datetime, today: date) -> None:
    stays = list(ReadyStay.objects.published())
    assert len(stays) == 6
    assert {slug: found for slug, found in faults_of(stays, now=now).items() if found} == {}
    for stay in stays:
        recipes = read_recipes(stay, today=today)
        couple = Party.of((None, None), None)
        plans = nearest_plans(stay, recipes, couple, None, now=now)
        assert plans, stay.slug
        assert all(plan.arrival.month in stay.months for plan in plans)
        assert stay.title_en
        assert stay.description_en
        assert stay.illustration in CARDS


def test_the_dupont_adopt_back_to_the_sources_with_a_child_of_five(
    now: datetime, today: date
) -> None:
    stay = ReadyStay.objects.get(slug="retour-aux-sources")
    recipes = read_recipes(stay, today=today)
    dupont = Party.of((None, None, 5, 10), None)
    [plan, *_more] = nearest_plans(stay, recipes, dupont, None, now=now)
    ages = {
        part.offer.slug: sorted(one.age or 40 for one in dupont.guests(part.keys))
        for part in plan.parts
    }
    assert ages["la-veillee-des-petits-aux-estables"] == [5, 10]
    assert "nager-dans-la-loire-sauvage" not in ages


def test_solange_lays_her_table_every_evening(today: date) -> None:
    days = set(Slot.objects.filter(offer__slug="la-table-de-solange").values_list("day", flat=True))

    assert days == {today + timedelta(days=number) for number in range(SLOT_DAYS + 1)}


# --- Events -------------------------------------------------------------------------------------
def test_ticketed_events_sell_slots_and_free_ones_do_not(today: date) -> None:
    ticketed = Event.objects.exclude(ticket_offer=None)
    assert ticketed.count() == 12
    assert not Session.objects.filter(event__in=ticketed, slot=None).exists()
    assert not Session.objects.exclude(slot=None).exclude(starts_at=F("slot__starts_at")).exists()
    assert (
        not Session.objects.exclude(slot__offer=F("event__ticket_offer"))
        .filter(slot__isnull=False)
        .exists()
    )
    free = Event.objects.filter(is_free=True)
    assert free.count() >= 10
    assert not Session.objects.filter(event__in=free, slot__isnull=False).exists()
    assert not Event.objects.filter(sessions=None).exists()


def test_puy_de_lumieres_begins_earlier_as_summer_goes_by(today: date) -> None:
    """From 22:40 on 5 July to 21:00 on 15 September (domain.md §10.3)."""
    sessions = Session.objects.filter(event__slug="puy-de-lumieres")
    hours = {
        (moment.month, moment.day): f"{moment:%H:%M}"
        for moment in (paris(session.starts_at) for session in sessions)
    }

    assert (hours[7, 5], hours[9, 15]) == ("22:40", "21:00")
    assert hours[7, 5] > hours[7, 31] > hours[8, 31] > hours[9, 15]
    assert (7, 4) not in hours
    assert (9, 16) not in hours


# --- Again, and later ---------------------------------------------------------------------------
def test_loading_again_on_the_same_day_changes_nothing(now: datetime) -> None:
    before = _snapshot()
    said = io.StringIO()
    with CaptureQueriesContext(connection) as queries:
        call_command("seed_demo", stdout=said)

    assert "up to date" in said.getvalue()
    assert len(queries) <= 2
    assert _snapshot() == before


def test_a_later_day_only_extends_and_touches_nothing_sold_edited_or_removed(
    now: datetime, today: date
) -> None:
    later = now + timedelta(days=45)
    reach = today + timedelta(days=SLOT_DAYS)
    edited = Offer.objects.get(slug="la-table-de-solange")
    edited.title_fr = "Chez Solange"
    edited.save()
    removed = Slot.objects.filter(offer=edited).order_by("day")[20]
    removed_day = removed.day
    removed.delete()
    Slot.objects.filter(pk=Slot.objects.filter(offer=edited).order_by("day")[30].pk).update(
        capacity=60, sold=41
    )
    PriceRule.objects.filter(tariff__offer__slug="le-gite-des-narces").update(amount=Decimal(999))
    Closure.objects.filter(unit__offer__slug="hotel-du-signon").delete()
    before = {model: _rows_of(model) for model in EVERYTHING}
    nights_reach = today + timedelta(days=settings.SEARCH_HORIZON_DAYS + NIGHTS_BEYOND_HORIZON)

    report = load_demo(now=later)

    for model, rows in before.items():
        after = _rows_of(model)
        assert {pk: after.get(pk) for pk in rows} == rows, model.__name__
    added = Slot.objects.exclude(pk__in=before[Slot])
    assert added.count() == report.slots > 0
    assert not added.filter(day__lte=reach).exists()
    assert not Slot.objects.filter(offer=edited, day=removed_day).exists()
    assert added.filter(offer=edited, day=reach + timedelta(days=45)).exists()
    for model in (Closure, PriceRule, StayRestriction):
        further = model.objects.exclude(pk__in=before[model])
        assert not further.filter(dates__startswith__lte=nights_reach).exists()
    assert (report.offers, report.providers, report.accounts, report.pages) == (0, 0, 0, 0)
    assert find_drift(today=day_of(later)) == []


def test_day_by_day_or_at_once_the_demo_extends_to_the_same_dates(now: datetime) -> None:
    """A machine left off for a month catches up with one that ran every week."""

    def extended(*days: int) -> list[set[tuple[object, ...]]]:
        with transaction.atomic():
            for number in days:
                load_demo(now=now + timedelta(days=number))
            found: list[set[tuple[object, ...]]] = [
                set(PriceRule.objects.values_list("tariff", "level", "dates", "weekday")),
                set(StayRestriction.objects.values_list("tariff", "kind", "dates", "weekday")),
                set(Closure.objects.values_list("unit", "dates")),
                set(Stay.objects.values_list("unit", "dates")),
                set(Slot.objects.values_list("offer", "day", "start_time")),
                set(Session.objects.values_list("event", "starts_at")),
            ]
            transaction.set_rollback(True)
        return found

    assert extended(30) == extended(9, 30)


# --- Accounts, legal texts, production ----------------------------------------------------------
@pytest.mark.parametrize(("role", "email", "password"), DEMO_ACCOUNTS)
def test_each_demo_account_signs_in(now: datetime, role: str, email: str, password: str) -> None:
    user = authenticate(email=email, username=email, password=password)

    assert isinstance(user, User)
    assert user.is_superuser == (role == "admin")
    assert user.groups.exists() == (role in {"office", "editor"})
    assert (role == "office") == (email == OFFICE)
    assert user.roles.exists() == (role == "host")


def test_anne_is_the_host_of_the_gite_des_narces(today: date) -> None:
    offer = Offer.objects.get(slug="le-gite-des-narces")

    assert offer.provider.roles.get().user.email == ANNE
    assert not offer.provider.is_professional


def test_legal_texts_are_there_in_each_language_marked_as_demonstration(today: date) -> None:
    for kind in LegalText.Kind.values:
        for language in ("fr", "en", "de"):
            text = LegalText.objects.in_force(kind, language, today)
            assert text is not None
            assert (text.language, text.is_demo) == (language, True)
            assert text.version == ("demo-2" if kind == LegalText.Kind.NOTICE else "demo-1")
            assert len(text.sha256) == 64
    terms = LegalText.objects.in_force(LegalText.Kind.TERMS, "fr", today)
    assert terms is not None
    assert "L221-28, 12°" in terms.body


def test_each_language_and_a_default_site_exist(today: date) -> None:
    assert set(Locale.objects.values_list("language_code", flat=True)) >= {"fr", "en", "de"}
    assert WagtailSite.objects.filter(is_default_site=True).count() == 1


def test_production_refuses_the_demo_and_its_accounts(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(email=OFFICE).delete()
    Entry.objects.all().delete()
    monkeypatch.setattr(settings, "IS_PRODUCTION", True)
    with pytest.raises(CommandError):
        call_command("seed_demo")

    assert not User.objects.filter(email=OFFICE).exists()
    assert not Entry.objects.exists()


# --- How dates are written ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "year", "expected"),
    [
        ("07-14", 2027, date(2027, 7, 14)),
        ("sat 07-01", 2027, date(2027, 7, 3)),
        ("sat 07-01", 2028, date(2028, 7, 1)),
        # The Roi de l'Oiseau: from Wednesday before the third Saturday of September.
        ("sat 09-15 -3", 2027, date(2027, 9, 15)),
        ("12-31 +1", 2027, date(2028, 1, 1)),
    ],
)
def test_a_day_is_found_in_any_year(text: str, year: int, expected: date) -> None:
    assert day_in(text, year) == expected


@pytest.mark.parametrize("text", ["7-14", "sat", "someday 07-01", "", "02-30"])
def test_a_day_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        day_in(text, 2027)


def test_a_season_may_pass_over_new_year_and_is_written_once() -> None:
    christmas = (date(2027, 12, 19), date(2028, 1, 4))
    assert season_in("12-19..01-04", 2027) == christmas
    first = Window(date(2027, 12, 25), date(2028, 7, 1), is_first=True)
    assert list(first.seasons("12-19..01-04")) == [christmas]
    following = Window(date(2027, 12, 25), date(2028, 7, 1), is_first=False)
    assert list(following.seasons("12-19..01-04")) == []


def test_titles_and_summaries_fit_their_columns_in_each_language() -> None:
    catalogue = read_catalogue()
    for data in [*catalogue.lodgings, *catalogue.slot_offers, *catalogue.events]:
        for language in ("fr", "en", "de"):
            assert 20 <= len(data.summary[language]) <= 280, data.slug
            assert len(data.title[language]) <= 120


# --- Helpers ------------------------------------------------------------------------------------
def _free_saturdays(today: date) -> list[date]:
    """Return the second and third Saturdays of the next whole July."""
    year = today.year if today < date(today.year, 7, 8) else today.year + 1
    first = day_in("sat 07-08", year)
    return [first, first + timedelta(days=7)]


def _rows_of(model: type) -> dict[object, tuple[object, ...]]:
    return {row[0]: row for row in model.objects.values_list()}  # type: ignore[attr-defined]


def _snapshot() -> list[object]:
    counts: list[Callable[[], object]] = [
        *(model._default_manager.count for model in EVERYTHING),
        lambda: Slot.objects.aggregate(Sum("sold")),
        lambda: Offer.objects.order_by("-updated_at").values_list("updated_at").first(),
        lambda: UnitDay.objects.aggregate(Sum("free_run"), Sum("cum_cents")),
    ]
    return [count() for count in counts]
