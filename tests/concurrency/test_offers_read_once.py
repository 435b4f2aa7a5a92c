"""An offer that two people of the office approve, or that its host changes under the approval.

Each move is decided again under the review's lock; the sentinel takes it away, and the same race
publishes what nobody read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from booking import locks, offer_content, offer_life, offer_opening, offer_photos, offer_reviews
from booking.models import Offer, OfferReview
from booking.offer_content import keep_content, review_of
from booking.refusals import Refusal
from members.models import Entry
from tests import factories
from tests.booking.offers import HOST, OFFICE, photo
from tests.cast import NOW
from tests.concurrency.rivals import Meeting, errors_in, run_together

pytestmark = [pytest.mark.race, pytest.mark.usefixtures("cloned_database")]
READ, UNREAD = "Ce qui a été lu", "Ce que personne n’a lu"


@pytest.fixture
def sent() -> Offer:
    offer = factories.a_lodging(
        now=NOW, registration_number="43091000123AB", description="Un poêle.", spirit=["zen"]
    )
    keep_content(offer, {"title_fr": READ}, actor=HOST, now=NOW)
    offer_reviews.submit_offer(offer, actor=HOST, now=NOW)
    return offer


def approving(offer: Offer) -> Callable[[], Any]:
    seen = review_of(offer).edition
    return lambda: offer_reviews.approve_offer(offer, seen=seen, actor=OFFICE, now=NOW)


def changing(offer: Offer) -> Callable[[], Any]:
    return lambda: keep_content(offer, {"title_fr": UNREAD}, actor=HOST, now=NOW)


def test_it_is_approved_once(sent: Offer):
    approve = approving(sent)
    results = run_together([approve, approve])
    assert len([one for one in errors_in(results) if isinstance(one, Refusal)]) == 1
    assert Entry.objects.filter(verb="offer approved").count() == 1


def test_what_was_not_read_is_never_shown_and_never_lost(sent: Offer):
    results = run_together([approving(sent), changing(sent)])
    assert all(isinstance(one, Refusal) for one in errors_in(results))
    sent.refresh_from_db()
    assert sent.title_fr != UNREAD
    if not errors_in(results):
        assert review_of(sent).state == "in_hand"
    assert review_of(sent).pending["fields"]["title_fr"] == UNREAD


def test_sentinel_without_the_lock_a_change_is_lost_or_shown_unread(
    sent: Offer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "lock_offer_review", lambda pk: OfferReview.objects.get(offer_id=pk))
    meeting = Meeting(2)
    begin = offer_content.begin_edit

    def begin_together(offer: Offer) -> Any:
        edit = begin(offer)
        meeting.wait()
        return edit

    monkeypatch.setattr(offer_content, "begin_edit", begin_together)
    monkeypatch.setattr(offer_reviews, "begin_edit", begin_together)
    results = run_together([approving(sent), changing(sent)])
    assert errors_in(results) == []
    review = review_of(sent)
    waiting = review.pending.get("fields", {}).get("title_fr")
    # The host's words are gone, or what was approved is to be read once more.
    assert (waiting, review.state) != (UNREAD, "in_hand")


def test_two_tabs_that_add_photographs_keep_both(sent: Offer, settings: Any, tmp_path: Any):
    settings.MEDIA_ROOT = tmp_path
    user = factories.a_host(sent.provider)
    rights = offer_photos.Rights("Luc", "lent")

    def add(name: str) -> Callable[[], Any]:
        return lambda: offer_photos.add_photos(
            sent, [photo(name)], rights, user=user, actor=HOST, now=NOW
        )

    results = run_together([add("a.jpg"), add("b.jpg")])
    assert errors_in(results) == []
    assert len(review_of(sent).pending["photos"]) == 2


def test_two_presses_begin_one_draft():
    house = factories.a_provider()
    factories.a_policy()
    asked = offer_opening.NewOffer("lodging", "gite", "Le gîte", house.commune_id)

    def begin() -> Any:
        return offer_opening.open_offer(house, asked, actor=HOST, now=NOW)

    results = run_together([begin, begin])
    assert errors_in(results) == []
    assert Offer.objects.count() == 1


def test_paused_and_approved_at_once_both_hold(sent: Offer):
    def pause() -> None:
        offer_life.pause_by_host(sent, actor=HOST, now=NOW)

    assert errors_in(run_together([approving(sent), pause])) == []
    sent.refresh_from_db()
    assert (sent.state, sent.title_fr) == ("paused", READ)
