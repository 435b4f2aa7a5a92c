"""The words of a host's offers: its pages, where it stands, what makes a good page and why."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from booking.models import Offer, OfferReview


@dataclass(frozen=True)
class TaskWords:
    """A page's name, and what it is for."""

    title: Promise
    why: Promise


TASK_WORDS: dict[str, TaskWords] = {
    "texte": TaskWords(
        _("What you offer, in words"), _("What visitors read first, and what makes them come.")
    ),
    "photos": TaskWords(
        _("Photographs"), _("Five good ones show the place better than a page of text.")
    ),
    "couchages": TaskWords(
        _("Beds and rooms"), _("How many people sleep here: nobody books too small a place.")
    ),
    "prix": TaskWords(_("Prices"), _("What visitors pay, tourist tax apart.")),
    "dates": TaskWords(
        _("Dates and places"), _("When it takes place, and how many people you take.")
    ),
    "etapes": TaskWords(
        pgettext_lazy("workshop", "Steps"),
        _("What is done one after the other, and what replaces it if it rains."),
    ),
    "acces": TaskWords(
        _("Getting there, and what you have"),
        _("How people find you, with or without a car, and what awaits them."),
    ),
    "regles": TaskWords(
        _("Hours and cancelling"), _("What visitors accept when they book; nothing is hidden.")
    ),
    "papiers": TaskWords(_("Papers of this offer"), _("What the law asks of this kind of offer.")),
    "langues": TaskWords(_("English and German"), _("Visitors who read no French find you too.")),
}

# No tourist tax comes beside what isn't slept in.
PRICES_BY_DATE = TaskWords(TASK_WORDS["prix"].title, _("What visitors pay."))

STANDING_WORDS = {
    "done": (pgettext_lazy("task", "done"), "ok"),
    "to_do": (pgettext_lazy("task", "to do"), "warn"),
    "to_fix": (pgettext_lazy("task", "to put right"), "danger"),
    "optional": (pgettext_lazy("task", "if you wish"), "plain"),
}

CHECK_WORDS: dict[str, Promise] = {
    "words": _("One of the four words at least"),
    "title": _("A title of 8 to 60 signs"),
    "summary": _("A summary of 60 to 280 signs"),
    "description": _("A description of 300 signs at least"),
    "photos": _("Five photographs"),
    "alts": _("Each photograph says what it shows"),
    "practical": _("How to get in, hours and what is there"),
    "without_car": _("How to come without a car"),
    "languages": _("Written in English or German too"),
    "response": _("First names, a phone and an address at which somebody answers"),
}
CHECK_TASKS = {
    "words": "texte",
    "title": "texte",
    "summary": "texte",
    "description": "texte",
    "photos": "photos",
    "alts": "photos",
    "practical": "acces",
    "without_car": "acces",
    "languages": "langues",
    "response": "",
}

# What the office may remark on, by the name that the field has in the host's pages.
REMARK_WORDS: dict[str, Promise] = {
    "title_fr": _("Title"),
    "summary_fr": _("In one or two sentences"),
    "description_fr": _("Description"),
    "spirit": _("Words of the destination"),
    "photos": _("Photographs"),
    "couchages": _("Beds and rooms"),
    "prix": _("Prices"),
    "dates": _("Dates and places"),
    "etapes": pgettext_lazy("workshop", "Steps"),
    "place_fr": _("Place"),
    "without_car_fr": _("Without a car"),
    "access_info_fr": _("How to get there and in"),
    "features": _("What it offers"),
    "regles": _("Hours and cancelling"),
    "papiers": _("Papers of this offer"),
    "langues": _("English and German"),
}


def task_words(offer: Offer, code: str) -> TaskWords:
    """Return the words of a page of an offer."""
    if code == "prix" and not offer.is_lodging:
        return PRICES_BY_DATE
    return TASK_WORDS[code]


def standing_words(offer: Offer, review: OfferReview) -> tuple[Promise | str, str]:
    """Return where an offer stands in its host's words, and the colour of that."""
    if offer.state == Offer.State.ARCHIVED:
        return _("archived"), "plain"
    if offer.state == Offer.State.DRAFT:
        return {
            OfferReview.State.IN_HAND: (_("draft"), "plain"),
            OfferReview.State.SUBMITTED: (_("with the office, which reads it"), "info"),
            OfferReview.State.TO_FIX: (_("to put right"), "danger"),
        }[OfferReview.State(review.state)]
    if offer.state == Offer.State.PAUSED:
        return _("paused"), "warn"
    return _("online"), "ok"


def waiting_words(review: OfferReview) -> tuple[Promise | str, str]:
    """Return where the changes of an offer that visitors know stand, and the colour of that."""
    return {
        OfferReview.State.IN_HAND: (_("changes not sent yet"), "warn"),
        OfferReview.State.SUBMITTED: (_("changes with the office"), "info"),
        OfferReview.State.TO_FIX: (_("changes to put right"), "danger"),
    }[OfferReview.State(review.state)]
