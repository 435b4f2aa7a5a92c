"""What makes the page of an offer a good one (features.md N25, N26, H12): a list, and a score.

It counts what is there and judges no taste. Nothing of it forbids to sell: what the law or a sale
asks is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TITLE_SIGNS = range(8, 61)
SUMMARY_SIGNS = range(60, 281)
DESCRIPTION_SIGNS = 300
PHOTOS = 5


@dataclass(frozen=True)
class Sheet:
    """What a page says, in the language of its host; lengths are counted without outer spaces."""

    title: str = ""
    summary: str = ""
    description: str = ""
    words: int = 0
    photos: int = 0
    # Photographs that say what they show.
    described_photos: int = 0
    says_how_to_get_in: bool = False
    says_hours: bool = False
    says_way_without_car: bool = False
    # A shuttle is that way: nothing is asked of how to come without a car.
    is_transport: bool = False
    features: int = 0
    # Other languages in which title, summary and description are written.
    languages: int = 0
    # Somebody can be called and written to, and says who.
    is_answered: bool = False


@dataclass(frozen=True)
class Check:
    """One line of the list: its code, and whether the page has it."""

    code: str
    is_met: bool


def checks_of(sheet: Sheet) -> tuple[Check, ...]:
    """Return every check that is made of such an offer, in the order in which it is read."""
    checks = (
        Check("words", sheet.words > 0),
        Check("title", len(sheet.title.strip()) in TITLE_SIGNS),
        Check("summary", len(sheet.summary.strip()) in SUMMARY_SIGNS),
        Check("description", len(sheet.description.strip()) >= DESCRIPTION_SIGNS),
        Check("photos", sheet.photos >= PHOTOS),
        Check("alts", sheet.photos > 0 and sheet.described_photos == sheet.photos),
        Check("practical", sheet.says_how_to_get_in and sheet.says_hours and sheet.features > 0),
        Check("without_car", sheet.says_way_without_car),
        Check("languages", sheet.languages > 0),
        Check("response", sheet.is_answered),
    )
    return tuple(one for one in checks if not (sheet.is_transport and one.code == "without_car"))


def score_of(checks: Sequence[Check]) -> int:
    """Return how many of a hundred are met, a whole number; 100 only when all are."""
    met = sum(one.is_met for one in checks)
    return 100 * met // len(checks) if checks else 100
