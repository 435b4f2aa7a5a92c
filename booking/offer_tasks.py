"""What a host is led through to make an offer: its tasks, what each still lacks, how good it is.

What an offer must have to be sold is said by `offers.check_offer`; what its page must have, here.
The score of the page (features.md N25) forbids nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from booking.models import Offer, OfferReview
from booking.offer_content import (
    LANGUAGES,
    SHOWN,
    Photo,
    content_of,
    photos_of,
)
from booking.offers import check_offer
from booking.refusals import Trouble, trouble
from booking.rules.quality import Check, Sheet, checks_of, score_of
from members.models import Paper

DESCRIPTION, PHOTOS, UNITS, PRICES, DATES = "texte", "photos", "couchages", "prix", "dates"
STEPS, ACCESS, RULES, PAPERS, LANGUAGES_TASK = "etapes", "acces", "regles", "papiers", "langues"

DONE, TO_DO, OPTIONAL, TO_FIX = "done", "to_do", "optional", "to_fix"

# On which page a trouble of `check_offer` is mended, by the part of the desk that it names.
TASK_OF_PART = {
    "units": UNITS,
    "prices": PRICES,
    "bands": PRICES,
    "tax_category": PAPERS,
    "duration_minutes": PRICES,
    "min_age": PRICES,
    "slots": DATES,
    "permits": PAPERS,
    "steps": STEPS,
    "deposit_amount": RULES,
}
# What a host can do nothing about, or what doesn't keep it from asking.
NOT_THE_HOSTS = frozenset({"provider_suspended", "outside_perimeter"})
REGISTERED = frozenset({Offer.LodgingType.GITE})


@dataclass(frozen=True)
class Task:
    """One page of the list: where it stands, and what it lacks."""

    code: str
    standing: str
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True)
class Progress:
    """An offer as its host has it: its tasks, what keeps it from being sent, how good it is."""

    content: Mapping[str, Any]
    photos: Sequence[Photo]
    tasks: tuple[Task, ...]
    missing: tuple[Trouble, ...]
    checks: tuple[Check, ...] = field(default=())

    @property
    def score(self) -> int:
        """Return how good the page is, of a hundred."""
        return score_of(self.checks)

    @property
    def is_complete(self) -> bool:
        """Whether it may be sent to the office."""
        return not self.missing

    @property
    def done(self) -> int:
        """Return how many tasks lack nothing."""
        return sum(one.standing in {DONE, OPTIONAL} for one in self.tasks)

    def next_after(self, code: str) -> str:
        """Return the next page that isn't complete, then one before it that must be; "" for none.

        "" leads to the first one.
        """
        codes = [one.code for one in self.tasks]
        place = codes.index(code) + 1 if code in codes else 0
        later = [one.code for one in self.tasks[place:] if one.standing != DONE]
        before = [one.code for one in self.tasks[:place] if one.standing in {TO_DO, TO_FIX}]
        return next((one for one in [*later, *before] if one != code), "")


def tasks_of(offer: Offer) -> tuple[str, ...]:
    """Return the pages that make an offer of this kind, in their order."""
    if offer.is_lodging:
        return (DESCRIPTION, UNITS, PRICES, ACCESS, RULES, PAPERS, PHOTOS, LANGUAGES_TASK)
    rules = offer.kind_rules
    return (
        DESCRIPTION,
        PRICES,
        *((STEPS,) if rules.has_steps else ()),
        ACCESS,
        RULES,
        *((PAPERS,) if rules.needs_permit else ()),
        PHOTOS,
        DATES,
        LANGUAGES_TASK,
    )


def progress_of(offer: Offer, review: OfferReview, *, today: date) -> Progress:
    """Return where an offer stands on its host's list."""
    content, photos = content_of(offer, review), photos_of(offer, review)
    missing = _missing(offer, content, photos, today=today)
    by_task: dict[str, list[Trouble]] = {}
    for one in missing:
        by_task.setdefault(task_of(one), []).append(one)
    asked = {FIELD_TASKS.get(name, name) for name in review.remarks}
    is_begun = _begun(content, photos)
    tasks = []
    for code in tasks_of(offer):
        troubles = tuple(by_task.get(code, ()))
        if code in asked:
            standing = TO_FIX
        elif troubles:
            standing = TO_DO
        else:
            standing = DONE if is_begun.get(code, True) else OPTIONAL
        tasks.append(Task(code, standing, troubles))
    return Progress(content, photos, tuple(tasks), tuple(missing), _checks(offer, content, photos))


def missing_of(offer: Offer, review: OfferReview, *, today: date) -> list[Trouble]:
    """Return what keeps an offer from being sent to the office and from being approved."""
    return _missing(offer, content_of(offer, review), photos_of(offer, review), today=today)


def task_of(one: Trouble) -> str:
    """Return the page on which a trouble is mended."""
    part = one.field or ""
    return TASK_OF_PART.get(part) or FIELD_TASKS.get(part, part)


# Which page has which field, for the remarks of the office and the faults of texts.
FIELD_TASKS = {
    **{f"{name}_fr": DESCRIPTION for name in ("title", "summary", "description")},
    **{f"{name}_fr": ACCESS for name in ("place", "without_car", "access_info")},
    "spirit": DESCRIPTION,
    "features": ACCESS,
    "position": ACCESS,
    "registration_number": PAPERS,
    "tax_category": PAPERS,
    "cancellation_policy": RULES,
    "check_in_from": RULES,
}


# --- What is missing ---------------------------------------------------------------------------
def _missing(
    offer: Offer, content: Mapping[str, Any], photos: Sequence[Photo], *, today: date
) -> list[Trouble]:
    found = [
        trouble(f"{name}_missing", field=f"{name}_fr")
        for name in ("title", "summary", "description")
        if not str(content[f"{name}_fr"]).strip()
    ]
    if not content["spirit"]:
        found.append(trouble("words_missing", field="spirit"))
    if any(not one.alts.get("fr", "").strip() for one in photos):
        found.append(trouble("alts_missing", field=PHOTOS))
    if offer.lodging_type in REGISTERED and not _is_registered(offer):
        found.append(trouble("registration_missing", field="registration_number"))
    found += [one for one in check_offer(offer, today=today) if one.code not in NOT_THE_HOSTS]
    if offer.state == Offer.State.DRAFT:
        found += _missing_at_first(offer, content)
    if offer.is_lodging and not offer.tariffs.exists():
        # Without a unit nobody misses its price yet.
        found = [one for one in found if one.code != "price_missing"]
        found.append(trouble("price_missing", field="prices"))
    return found


def _missing_at_first(offer: Offer, content: Mapping[str, Any]) -> list[Trouble]:
    """Return what a new offer must say; those that the office entered earlier needn't."""
    found = []
    if not (content["place_fr"].strip() and content["access_info_fr"].strip()):
        found.append(trouble("access_missing", field="access_info_fr"))
    if offer.is_lodging and offer.check_in_from is None:
        found.append(trouble("hours_missing", field="check_in_from"))
    return found


def _is_registered(offer: Offer) -> bool:
    """Tell whether a furnished lodging has its number, or its house gave the receipt (§3.1)."""
    if offer.registration_number:
        return True
    papers = Paper.objects.filter(provider_id=offer.provider_id, code="registration")
    return papers.exclude(file_key="").exists()


def _begun(content: Mapping[str, Any], photos: Sequence[Photo]) -> dict[str, bool]:
    """Tell of the pages without anything that must be there whether something is."""
    others = [f"{name}_{code}" for name in ("title", "summary") for code in LANGUAGES[1:]]
    return {
        PHOTOS: bool(photos),
        LANGUAGES_TASK: any(content[one] for one in others),
    }


# --- How good it is ----------------------------------------------------------------------------
def _checks(offer: Offer, content: Mapping[str, Any], photos: Sequence[Photo]) -> tuple[Check, ...]:
    house = offer.provider
    written = [
        code
        for code in LANGUAGES[1:]
        if all(content[f"{name}_{code}"] for name in ("title", "summary", "description"))
    ]
    sheet = Sheet(
        title=content["title_fr"],
        summary=content["summary_fr"],
        description=content["description_fr"],
        words=len(content["spirit"]),
        photos=len(photos),
        described_photos=sum(bool(one.alts.get("fr", "").strip()) for one in photos),
        says_how_to_get_in=bool(content["access_info_fr"].strip()),
        says_hours=offer.check_in_from is not None or not offer.is_lodging,
        says_way_without_car=bool(content["without_car_fr"].strip()),
        is_transport=offer.kind_rules.is_transport,
        features=len(content["features"]),
        languages=len(written),
        is_answered=bool(house.phone and house.email and house.host_names),
    )
    return checks_of(sheet)


def is_settled(offer: Offer) -> bool:
    """Tell whether visitors know it, so that what the tax hangs on is the office's to change."""
    return offer.state in SHOWN
