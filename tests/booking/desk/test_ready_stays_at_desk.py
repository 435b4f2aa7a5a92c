"""The office writes a ready-made stay: what blocks its publication, what it lacks since."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking.models import Offer, ReadyStay, ReadyStep
from tests import factories
from tests.booking.desk.conftest import rows
from tests.booking.desk.test_enter_lodging import errors_of
from tests.pages import address, text_of


def step(day: int, offer: Offer | str, *others: Offer, **fields: Any) -> dict[str, Any]:
    """Return one row of steps."""
    data = {
        "day": day,
        "offer": offer.pk if isinstance(offer, Offer) else offer,
        "others": [one.pk for one in others],
        "choose": 1,
        "who": "everybody",
    }
    return {**data, **fields}


def stay(*steps: dict[str, Any], saved: int = 0, **changes: Any) -> dict[str, Any]:
    """Return what the form sends."""
    data = {
        "state": "published",
        "title_fr": "Retour aux sources",
        "title_en": "Back to the sources",
        "slug": "retour-aux-sources",
        "summary_fr": "Une semaine au pied du Mézenc.",
        "themes": ["family", "wild"],
        "nights": 2,
        "min_party": 1,
        "max_party": 6,
        "season_from_month": 7,
        "season_to_month": 8,
        "position": 1,
        "illustration": "gite",
        **rows("steps", *steps, saved=saved),
    }
    return {**data, **changes}


@pytest.fixture
def gite(db: None) -> Offer:
    return factories.a_lodging(title="Le gîte")


@pytest.fixture
def walk(db: None) -> Offer:
    return factories.an_activity(title="La marche")


ADD = "desk_ready_stays:add"


def test_a_stay_is_written_and_stands_in_the_list_of_visitors(
    desk: Client, gite: Offer, walk: Offer
) -> None:
    other = factories.an_activity(title="La dentelle")
    sent = desk.post(reverse(ADD), stay(step(1, gite), step(2, walk, other)))

    assert sent.status_code == 302
    written = ReadyStay.objects.get()
    assert written.is_published
    assert written.themes == ["family", "wild"]
    assert written.months == frozenset({7, 8})
    second = written.steps.get(day=2)
    assert second.offer == walk
    assert list(second.others.all()) == [other]
    assert "Back to the sources" in text_of(Client().get(address("booking:ready-stays")))
    assert desk.get(reverse("desk_ready_stays:edit", args=[written.pk])).status_code == 200


def test_a_stay_is_changed_and_its_steps_with_it(desk: Client, gite: Offer, walk: Offer) -> None:
    desk.post(reverse(ADD), stay(step(1, gite), step(2, walk)))
    written = ReadyStay.objects.get()
    first, second = written.steps.order_by("day")
    other = factories.an_activity(title="La dentelle")

    sent = desk.post(
        reverse("desk_ready_stays:edit", args=[written.pk]),
        stay(
            step(1, gite, id=first.pk),
            step(3, other, walk, id=second.pk, is_optional="on"),
            saved=2,
            title_fr="Autre titre",
        ),
    )

    assert sent.status_code == 302
    written.refresh_from_db()
    second.refresh_from_db()
    assert written.title_fr == "Autre titre"
    assert (second.day, second.offer, second.is_optional) == (3, other, True)
    assert list(ReadyStep.objects.get(pk=second.pk).others.all()) == [walk]


@pytest.mark.parametrize(
    ("steps", "changes", "words"),
    [
        (lambda gite, walk: [step(2, walk)], {}, "nights 1, 2 have no bed"),
        (lambda gite, walk: [step(1, gite, lasts=1)], {}, "nights 2 have no bed"),
        (lambda gite, walk: [step(1, gite), step(2, gite)], {}, "Night 2 has two lodgings"),
        (lambda gite, walk: [step(1, gite), step(9, walk)], {}, "Day 9 is after the departure"),
        (lambda gite, walk: [step(1, gite, walk)], {}, "only be replaced by a lodging"),
        (lambda gite, walk: [step(1, gite), step(2, walk, choose=2)], {}, "only 1 are given"),
        (
            lambda gite, walk: [
                step(1, gite),
                step(2, walk, starts_from="15:00", starts_until="14:00"),
            ],
            {},
            "is before “at the earliest”",
        ),
        (
            lambda gite, walk: [
                step(1, gite),
                step(2, walk, starts_from="14:00", starts_until="14:30"),
                step(2, walk, starts_from="15:00", starts_until="15:30"),
            ],
            {},
            "are at the same hours",
        ),
    ],
)
def test_what_blocks_its_publication_is_said(
    desk: Client, gite: Offer, walk: Offer, steps: Any, changes: dict[str, Any], words: str
) -> None:
    page = desk.post(reverse(ADD), stay(*steps(gite, walk), **changes))
    assert page.status_code == 200
    assert words in text_of(page)
    assert not ReadyStay.objects.exists()


def test_an_offer_that_is_not_published_blocks_it_and_a_draft_may_wait(
    desk: Client, gite: Offer, walk: Offer
) -> None:
    Offer.objects.filter(pk=walk.pk).update(state="draft")
    data = stay(step(1, gite), step(2, walk))

    refused = desk.post(reverse(ADD), data)
    assert "isn’t published" in text_of(refused)

    told = desk.post(reverse(ADD), {**data, "state": "draft"}, follow=True)
    assert "Before it can be published:" in text_of(told)
    assert ReadyStay.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_fr": ""}, "title_fr"),
        ({"nights": 0}, "nights"),
        ({"nights": 99}, "nights"),
        ({"season_to_month": ""}, "season_to_month"),
        ({"season_from_month": 13}, "season_from_month"),
        ({"min_party": 5, "max_party": 2}, "max_party"),
        ({"themes": ["gold"]}, "themes"),
        ({"slug": ""}, "slug"),
    ],
)
def test_bad_input_is_told_beside_its_field(
    desk: Client, gite: Offer, changes: dict[str, Any], field: str
) -> None:
    page = desk.post(reverse(ADD), stay(step(1, gite), **changes))
    assert page.status_code == 200
    assert field in errors_of(page)
    assert not ReadyStay.objects.exists()


@pytest.mark.parametrize("changes", [{"offer": ""}, {"day": 0}, {"day": 99}, {"who": "x"}])
def test_bad_input_in_a_step_is_told(desk: Client, gite: Offer, changes: dict[str, Any]) -> None:
    page = desk.post(reverse(ADD), stay({**step(1, gite), **changes}))
    assert page.status_code == 200
    assert not ReadyStay.objects.exists()


def test_the_same_address_twice_is_refused_in_words(desk: Client, gite: Offer) -> None:
    desk.post(reverse(ADD), stay(step(1, gite)))
    page = desk.post(reverse(ADD), stay(step(1, gite)))
    assert "Another stay has this address" in text_of(page)


def test_the_list_says_what_a_stay_lacks_since_an_offer_was_paused_or_deleted(
    desk: Client, gite: Offer, walk: Offer
) -> None:
    desk.post(reverse(ADD), stay(step(1, gite), step(2, walk)))
    Offer.objects.filter(pk=walk.pk).update(state="paused")
    assert "isn’t published" in text_of(desk.get(reverse("desk_ready_stays:index")))

    walk.bands.all().delete()
    walk.delete()
    page = desk.get(reverse("desk_ready_stays:index"))
    assert "the offer of a step no longer exists" in text_of(page)
    written = ReadyStay.objects.get()
    assert desk.get(reverse("desk_ready_stays:edit", args=[written.pk])).status_code == 200
    assert Client().get(address("booking:ready-stay", written.slug)).status_code == 200


def test_the_list_and_the_form_ask_a_bounded_number_of_questions(
    desk: Client, gite: Offer, walk: Offer
) -> None:
    desk.post(reverse(ADD), stay(step(1, gite), step(2, walk)))
    index = reverse("desk_ready_stays:index")
    desk.get(index)
    with CaptureQueriesContext(connection) as few:
        desk.get(index)
    for number in range(4):
        desk.post(reverse(ADD), stay(step(1, gite), step(2, walk), slug=f"autre-{number}"))
    with CaptureQueriesContext(connection) as many:
        desk.get(index)
    assert len(many) <= len(few) + 2


def test_a_stay_is_deleted_and_its_page_with_it(desk: Client, gite: Offer) -> None:
    desk.post(reverse(ADD), stay(step(1, gite)))
    written = ReadyStay.objects.get()
    assert desk.post(reverse("desk_ready_stays:delete", args=[written.pk])).status_code == 302
    assert Client().get(address("booking:ready-stay", written.slug)).status_code == 404
    assert Offer.objects.filter(pk=gite.pk).exists()
