"""What is new to a household: since it last came, never because a text was edited (N13)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import override
from wagtail.images.tests.utils import get_test_image_file

from booking import offers, presences, renewing
from booking.basket import add_to_basket
from booking.models import Offer, OfferPhoto
from booking.offer_opening import copy_offer
from booking.refusals import BadInput, WrongState
from booking.wishes import LineRequest
from destination.models import ItineraryPage, ItineraryRenewal, Picture
from events import renewing as event_renewing
from events.models import Event, Session
from events.newness import News, news_of, residents_programme
from members.journal import SYSTEM
from members.models import Entry, HouseholdMember, Presence, User
from oti.lib.dates import at_paris
from tests import factories
from tests.booking.pages import body
from tests.cast import NOW, TODAY, FakeBank, paid_order
from tests.destination import cms

pytestmark = pytest.mark.django_db
LEFT = TODAY - timedelta(days=60)
BEFORE, AFTER = LEFT - timedelta(days=5), LEFT + timedelta(days=5)
SOON = TODAY + timedelta(days=10)


@pytest.fixture(autouse=True)
def _in_spring(at):
    at(NOW)


@pytest.fixture
def martin() -> HouseholdMember:
    """Give a household that left sixty days ago."""
    member = factories.a_household()
    Presence.objects.create(
        household=member.household, arrival=LEFT - timedelta(days=4), departure=LEFT, said_at=NOW
    )
    return member


def a_photograph() -> Picture:
    return Picture.objects.create(title="Le four", file=get_test_image_file(size=(900, 600)))


def moment(day: date) -> datetime:
    return at_paris(day, time(12))


def an_offer(title: str, first: date | None, *, day: date = SOON, **fields: Any) -> Offer:
    with override("fr"):
        offer = factories.an_activity(title=title, title_en=title, **fields)
    factories.a_slot(offer, day)
    Offer.objects.filter(pk=offer.pk).update(first_published_at=first and moment(first))
    offer.refresh_from_db()
    return offer


def an_event(title: str, first: date | None, *, day: date = SOON, **fields: Any) -> Event:
    event = Event.objects.create(
        slug=slugify(title),
        state="published",
        title=title,
        summary="Une soirée.",
        organiser=factories.a_provider(),
        commune=factories.a_commune(),
        first_published_at=first and moment(first),
        **fields,
    )
    starts_at = moment(day)
    Session.objects.create(event=event, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    return event


def titles(news: News) -> list[str]:
    return [one.title for one in news.items]


def news(member: HouseholdMember, **wishes: Any) -> News:
    return news_of(member.household, now=NOW, **wishes)


def office() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(User.objects.create_superuser("bureau@example.org", "secret"))
    return client


# --- What is new --------------------------------------------------------------------------------
def test_new_is_what_came_after_they_left(martin: HouseholdMember):
    an_offer("Ancienne", BEFORE)
    an_offer("Chargée", None)
    an_offer("Nouvelle", AFTER)
    an_event("Vieux bal", BEFORE)
    an_event("Nouveau bal", AFTER + timedelta(days=1))
    found = news(martin)
    assert titles(found) == ["Nouveau bal", "Nouvelle"]
    assert (found.since.at, found.since.is_guess) == (at_paris(LEFT, time.min), False)
    assert [one.next_at.date() for one in found.items if one.next_at] == [SOON, SOON]


def test_what_they_cannot_have_is_not_shown(martin: HouseholdMember):
    Offer.objects.filter(pk=an_offer("Brouillon", AFTER).pk).update(state="draft")
    closed = an_offer("Fermée", AFTER)
    closed.slots.update(is_closed=True)
    an_offer("Passée", AFTER, day=TODAY - timedelta(days=1))
    lodging = factories.a_lodging(now=NOW)
    Offer.objects.filter(pk=lodging.pk).update(first_published_at=NOW)
    hidden = an_event("Caché", AFTER)
    Event.objects.filter(pk=hidden.pk).update(state="draft")
    off = an_event("Annulé", AFTER)
    off.sessions.update(is_cancelled=True)
    assert titles(news(martin)) == []


def test_next_stay_narrows_it_and_everything_is_one_step_away(martin: HouseholdMember):
    an_offer("Pendant", AFTER, day=date(2027, 5, 8))
    an_offer("Après", AFTER, day=date(2027, 5, 20))
    presences.say_presence(martin, arrival=date(2027, 5, 7), departure=date(2027, 5, 10), now=NOW)
    found = news(martin)
    assert titles(found) == ["Pendant"]
    assert found.window.is_stay
    assert sorted(titles(news(martin, everything=True))) == ["Après", "Pendant"]


def test_last_day_of_the_stay_counts(martin: HouseholdMember):
    an_offer("Dernier jour", AFTER, day=date(2027, 5, 10))
    presences.say_presence(martin, arrival=date(2027, 5, 7), departure=date(2027, 5, 10), now=NOW)
    assert titles(news(martin)) == ["Dernier jour"]


def test_stay_under_way_hides_nothing(martin: HouseholdMember):
    an_offer("Nouvelle", AFTER)
    presences.say_here(martin, now=NOW)
    found = news(martin)
    assert titles(found) == ["Nouvelle"]
    assert found.standing.here is not None


def test_household_that_never_said_reads_of_twelve_months_and_is_told():
    member = factories.a_household()
    an_offer("De l’an passé", TODAY - timedelta(days=300))
    an_offer("D’avant", TODAY - timedelta(days=400))
    found = news(member)
    assert (titles(found), found.since.is_guess) == (["De l’an passé"], True)


def test_what_they_did_here_is_a_presence_too(bank: FakeBank, at):
    member = factories.a_household()
    done = an_offer("Dentelle", None, day=TODAY + timedelta(days=1))
    buy(done, member, bank)
    at(NOW + timedelta(days=30))
    seen = Offer.objects.filter(pk=an_offer("Nouvelle", None, day=SOON + timedelta(days=40)).pk)
    later = NOW + timedelta(days=30)
    seen.update(first_published_at=NOW)
    assert titles(news_of(member.household, now=later)) == []
    seen.update(first_published_at=NOW + timedelta(days=3))
    assert titles(news_of(member.household, now=later)) == ["Nouvelle"]


def buy(offer: Offer, member: HouseholdMember, bank: FakeBank) -> None:
    basket = factories.a_basket(None)
    slot = offer.slots.earliest("pk")
    factories.terms()
    add_to_basket(basket, LineRequest(offer_id=offer.pk, slot_id=slot.pk, ages=(None,)), now=NOW)
    order = paid_order(basket, bank)
    order.user = member.user
    order.save(update_fields=["user"])


def test_what_anybody_of_the_household_has_had_is_marked_and_comes_last(
    martin: HouseholdMember, bank: FakeBank
):
    had = an_offer("Déjà faite", AFTER + timedelta(days=3))
    an_offer("Jamais faite", AFTER)
    wife = HouseholdMember.objects.create(
        household=martin.household, user=factories.a_user(), first_name="Béa", joined_at=NOW
    )
    buy(had, wife, bank)
    renewing.renew_offer(had, reason="Un autre point", actor=SYSTEM, now=NOW)
    assert [(one.title, one.is_had) for one in news(martin).items] == [
        ("Jamais faite", False),
        ("Déjà faite", True),
    ]
    # Another household has had nothing.
    assert not any(one.is_had for one in news(factories.a_household(name="Les Durand")).items)


# --- Renewals ----------------------------------------------------------------------------------
def test_edited_text_is_nothing_new(martin: HouseholdMember):
    event = an_event("Fête du Fin Gras", BEFORE)
    offer = an_offer("Cueillette", BEFORE)
    desk = office()
    page = reverse("desk_events:edit", args=[event.pk])
    form = desk.get(page).context["form"]
    sent = {
        name: "" if value is None else value
        for name, value in ((one.name, one.value()) for one in form)
        if value is not False
    }
    answer = desk.post(page, {**sent, "summary_fr": "Une soirée, sans coquille."})
    assert answer.status_code == 302
    event.refresh_from_db()
    assert event.summary_fr == "Une soirée, sans coquille."
    with offers.changing_offer(offer, actor=SYSTEM, now=NOW):
        offer.summary_fr = "Sans coquille."
        offer.save()
    offers.pause_offer(offer, actor=SYSTEM, now=NOW)
    offers.publish_offer(offer, actor=SYSTEM, now=NOW)
    assert titles(news(martin)) == []
    offer.refresh_from_db()
    assert (offer.first_published_at, offer.renewed_at) == (moment(BEFORE), None)


def test_first_publication_is_kept_once(martin: HouseholdMember, at):
    desk = office()
    event = an_event("Veillée", None)
    Event.objects.update(state="draft")
    page = reverse("desk_events:edit", args=[event.pk])
    form = desk.get(page).context["form"]
    sent = {
        name: "" if value is None else value
        for name, value in ((one.name, one.value()) for one in form)
        if value is not False
    }
    desk.post(page, sent)
    event.refresh_from_db()
    assert event.first_published_at is None
    desk.post(page, {**sent, "state": "published"})
    event.refresh_from_db()
    assert event.first_published_at == NOW
    at(NOW + timedelta(days=3))
    desk.post(page, {**sent, "state": "published"})
    event.refresh_from_db()
    assert event.first_published_at == NOW


def test_office_renews_an_offer_with_a_reason_and_takes_it_back(martin: HouseholdMember):
    offer = an_offer("Cuisine", BEFORE)
    desk = office()
    page = reverse("desk_experiences:renew", args=[offer.pk])
    assert "Say what is new about it" in body(desk.post(page, {"reason": " "}))
    assert titles(news(martin)) == []
    desk.post(page, {"reason": "Un menu de printemps"})
    [one] = news(martin).items
    assert (one.title, one.is_renewed, one.reason) == ("Cuisine", True, "Un menu de printemps")
    entry = Entry.objects.get(verb="offer renewed")
    assert entry.data == {"reason": "Un menu de printemps"}
    assert entry.actor_label == "bureau@example.org"
    assert "Un menu de printemps" in body(desk.get(page))
    desk.post(page, {"back": "on"})
    assert titles(news(martin)) == []


def test_office_renews_an_event(martin: HouseholdMember):
    event = an_event("Carnaval", BEFORE)
    desk = office()
    assert "New again" in body(desk.get(reverse("desk_events:inspect", args=[event.pk])))
    desk.post(reverse("desk_events:renew", args=[event.pk]), {"reason": "Autre thème"})
    assert titles(news(martin)) == ["Carnaval"]
    assert Entry.objects.filter(verb="event renewed").exists()
    desk.post(reverse("desk_events:renew", args=[event.pk]), {"back": "on"})
    assert titles(news(martin)) == []


def test_itinerary_is_new_once_in_every_language(martin: HouseholdMember):
    page = cms.a_page(
        ItineraryPage, title="Tour du Mézenc", slug="tour", first_published_at=moment(BEFORE)
    )
    english = cms.translated(
        page, cms.a_home("en"), title="Around Mézenc", slug="tour-en", first_published_at=NOW
    )
    assert titles(news(martin)) == []
    desk = office()
    renew = reverse("desk_itinerary_renew", args=[english.pk])
    assert "New again" in body(desk.get(reverse("wagtailadmin_pages:edit", args=[page.pk])))
    assert desk.post(renew, {"reason": "Par le Gerbier"}).status_code == 302
    with override("en"):
        [one] = news(martin).items
    assert (one.title, one.url, one.lang) == ("Around Mézenc", "/en/tour-en/", "")
    with override("fr"):
        [one] = news(martin).items
    assert (one.title, one.url) == ("Tour du Mézenc", "/fr/tour/")
    # What an editor publishes of the page changes nothing of it.
    page.save_revision().publish()
    assert ItineraryRenewal.objects.get().renewed_at == NOW
    desk.post(renew, {"back": "on"})
    assert titles(news(martin)) == []


def test_new_itinerary_is_news(martin: HouseholdMember):
    cms.a_page(ItineraryPage, title="Neuve", slug="neuve", first_published_at=moment(AFTER))
    cms.a_page(ItineraryPage, title="Hors ligne", live=False, first_published_at=moment(AFTER))
    assert titles(news(martin)) == ["Neuve"]


def test_editor_of_a_pole_renews_nothing():
    page = cms.a_page(ItineraryPage, title="Tour", slug="tour")
    client = Client()
    client.force_login(factories.a_user())
    answer = client.post(reverse("desk_itinerary_renew", args=[page.pk]), {"reason": "x"})
    assert answer.status_code in {302, 403}
    assert not ItineraryRenewal.objects.exists()


def test_only_what_is_shown_is_renewed_and_a_copy_is_no_renewal():
    offer = an_offer("Cuisine", AFTER)
    renewing.renew_offer(offer, reason="x", actor=SYSTEM, now=NOW)
    made = copy_offer(offer, title="Cuisine bis", actor=SYSTEM, now=NOW)
    assert (made.first_published_at, made.renewed_at, made.renewal_reason) == (None, None, "")
    with pytest.raises(WrongState, match="not_shown_yet"):
        renewing.renew_offer(made, reason="x", actor=SYSTEM, now=NOW)
    event = an_event("Bal", AFTER)
    Event.objects.update(state="cancelled")
    with pytest.raises(WrongState, match="not_shown_yet"):
        event_renewing.renew_event(event, reason="x", actor=SYSTEM, now=NOW)
    with pytest.raises(BadInput, match="renewal_reason_missing"):
        event_renewing.renew_event(event, reason=" ", actor=SYSTEM, now=NOW)


# --- The page -----------------------------------------------------------------------------------
def page_of(member: HouseholdMember, query: str = "") -> Any:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(member.user)
    return client.get(f"/espace/{query}")


def test_page_says_what_is_new_why_and_when(martin: HouseholdMember):
    offer = an_offer("Cuisine", BEFORE)
    renewing.renew_offer(offer, reason="Un menu de printemps", actor=SYSTEM, now=NOW)
    shown = body(page_of(martin))
    for words in ("New since you last came", "Cuisine", "Renewed", "Un menu de printemps"):
        assert words in shown
    assert martin.household.commune.name not in shown.replace("Les Estables", "", 1)


def test_page_without_anything_new_says_so_honestly(martin: HouseholdMember):
    assert "Honestly: nothing new" in body(page_of(martin))
    presences.say_presence(martin, arrival=SOON, departure=SOON + timedelta(days=2), now=NOW)
    assert "nothing new that falls on your days" in body(page_of(martin))
    assert "nothing new since then" in body(page_of(martin, "?tout=1"))


def test_each_new_thing_has_its_photograph_or_its_drawing(
    martin: HouseholdMember, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    with_photo = an_offer("Fournée", AFTER)
    OfferPhoto.objects.create(offer=with_photo, image=a_photograph(), position=0)
    an_offer("Balade", AFTER, illustration="rando")
    an_event("Veillée", AFTER, illustration="concert")
    cms.a_page(ItineraryPage, first_published_at=moment(AFTER), image=a_photograph())
    cms.a_page(ItineraryPage, first_published_at=moment(AFTER), drawing="raquettes")
    news = news_of(martin.household, now=NOW)
    shown = {(one.kind, one.drawing if one.image is None else "photo") for one in news.items}
    assert shown == {
        *(("offer", "photo"), ("offer", "rando"), ("event", "concert")),
        *(("walk", "photo"), ("walk", "raquettes")),
    }
    html = body(page_of(martin))
    assert html.count('class="pic"') == 5
    assert "img/cards/rando" in html


def test_programme_of_residents_is_what_the_office_marked(martin: HouseholdMember):
    an_event("Pour tous", BEFORE)
    an_event("Corvée du four", BEFORE, is_for_residents=True)
    assert [one.session.event.title for one in residents_programme(now=NOW)] == ["Corvée du four"]
    shown = body(page_of(martin))
    assert "Corvée du four" in shown
    assert "Pour tous" not in shown


def test_page_asks_fifteen_statements_at_most(
    martin: HouseholdMember, django_assert_max_num_queries
):
    for number in range(5):
        an_offer(f"Offre {number}", AFTER)
        an_event(f"Fête {number}", AFTER, is_for_residents=True)
        cms.a_page(ItineraryPage, first_published_at=moment(AFTER))
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(martin.user)
    client.get("/espace/")
    with django_assert_max_num_queries(15) as asked:
        assert len(client.get("/espace/").context["news"].items) == 15
    assert len(asked) > 3
