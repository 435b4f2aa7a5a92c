"""What is looked for, as it stands in the address: dates, who comes, wishes.

It reads what people type and what links carry, says what can't be read in the words of
`booking.refusals`, loses nothing and searches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import cached_property

from booking.availability import StaySearch, check_dates, check_party
from booking.features import FEATURES
from booking.filters import MONTHS, STARS, Filters
from booking.fitting import SORTS
from booking.models import Offer, OfferLabel
from booking.refusals import Trouble, trouble
from booking.rules.kinds import BY_CODE
from booking.rules.people import ADULT_AGE, Guest
from booking.rules.pricing import OptionChoice, SupplementTerms
from booking.rules.soon import SPANS
from destination.zones import Zone, read_zone
from oti.lib.dates import FIRST_DAY, is_of_our_time

# A browser's field sends the first; people write the others.
DATE_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y"]
USUAL_ADULTS = 2
# Fields of the party and of the dates, by the place where the page says what is wrong.
PLACES = {
    "dates": ("arrival", "departure"),
    "party": ("adults", "children"),
    "ages": ("ages",),
}


class SpokenDateField(forms.DateField):
    """A day typed by hand or chosen in the browser; an impossible one says so."""

    def __init__(self) -> None:
        super().__init__(required=False, input_formats=DATE_FORMATS)

    def to_python(self, value: Any) -> date | None:
        """Return the day; one that doesn't exist is refused with `date_unreadable`.

        Another age is `in_the_past` or `too_far`.
        """
        try:
            day = super().to_python(" ".join(str(value or "").split()))
        except ValidationError:
            raise ValidationError(trouble("date_unreadable").message) from None
        if day is not None and not is_of_our_time(day):
            code = "in_the_past" if day < FIRST_DAY else "too_far"
            raise ValidationError(trouble(code).message)
        return day


class WishField(forms.CharField):
    """A value that links carry: one that nobody knows is left out, never an error."""

    def __init__(self, known: Iterable[str] | None = None, fallback: str = "") -> None:
        super().__init__(required=False, max_length=60)
        self.known = None if known is None else set(known)
        self.fallback = fallback

    def clean(self, value: Any) -> str:
        """Return a known value, or the fallback."""
        text = str(value or "").strip()[:60]
        return text if text and (self.known is None or text in self.known) else self.fallback


class SearchForm(forms.Form):
    """Dates, party and wishes.

    `needs_both_dates`: one date alone is an error (a list of prices); without it an arrival may
    stand alone (a calendar where the departure is chosen next). Parameters: arrival, departure,
    adults, children, ages (one for each child, or "5,10"), pole, commune and near (slugs), type,
    kind, season, days (to come) and age (of a child) for things to do, q (words), stars, labels
    and features (several), zone (a part of the map), sort, page, view (`map`); `update` asks only
    for the fields of the ages.
    """

    arrival = SpokenDateField()
    departure = SpokenDateField()
    pole = WishField()
    type = WishField(known=Offer.LodgingType.values)
    kind = WishField(known=tuple(BY_CODE))
    commune = WishField()
    near = WishField()
    days = WishField(known=map(str, SPANS))
    age = WishField(known=map(str, range(ADULT_AGE)))
    season = WishField(known=MONTHS)
    q = WishField()
    sort = WishField(known=SORTS, fallback="relevance")
    view = WishField(known=("map",))

    def __init__(self, data: QueryDict, *, today: date, needs_both_dates: bool = False) -> None:
        super().__init__(data)
        self.today = today
        self.needs_both_dates = needs_both_dates

    # --- Reading --------------------------------------------------------------------------------
    @property
    def is_updating(self) -> bool:
        """Whether only the fields of the ages are asked for."""
        return "update" in self.data

    @property
    def has_dates(self) -> bool:
        """Whether some date was typed."""
        return bool(self.data.get("arrival") or self.data.get("departure"))

    @cached_property
    def adults(self) -> int:
        """Return the number of adults as typed, at most one more than a party may be."""
        return _whole(self.data.get("adults"), USUAL_ADULTS)

    @cached_property
    def raw_ages(self) -> list[str]:
        """Return one text for each child, "" where no age was given."""
        given = [part.strip() for text in self.data.getlist("ages") for part in text.split(",")]
        if "children" not in self.data:
            return [part for part in given if part][: settings.MAX_PARTY + 1]
        children = _whole(self.data.get("children"), 0)
        return (given + [""] * children)[:children]

    @cached_property
    def ages(self) -> list[int | None]:
        """Return the age of each child, None where it isn't known."""
        return [_age(text) for text in self.raw_ages]

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Return the wished features that exist."""
        return tuple(dict.fromkeys(one for one in self.data.getlist("features") if one in FEATURES))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Return the wished labels that exist."""
        known = OfferLabel.Code.values
        return tuple(dict.fromkeys(one for one in self.data.getlist("labels") if one in known))

    @cached_property
    def stars(self) -> tuple[int, ...]:
        """Return the wished numbers of stars, 1 to 5."""
        known = {str(number): number for number in STARS.values()}
        wished = (known[one] for one in self.data.getlist("stars") if one in known)
        return tuple(sorted(set(wished)))

    @cached_property
    def zone(self) -> Zone | None:
        """Return the part of the map that is asked for, None where it says nothing."""
        return read_zone(self.data.get("zone", ""))

    @property
    def is_zone_lost(self) -> bool:
        """Whether a part of the map was asked for that can't be read: it is left out, and said."""
        return bool(self.data.get("zone")) and self.zone is None

    @property
    def filters(self) -> Filters:
        """Return what is wished beside dates and party."""
        return Filters(
            pole=self.wish("pole"),
            commune=self.wish("commune"),
            lodging_type=self.wish("type"),
            stars=self.stars,
            features=self.features,
            labels=self.labels,
            text=self.wish("q"),
            near=self.wish("near"),
            zone=self.zone,
        )

    @property
    def child_age(self) -> int | None:
        """Return the age that somebody must be able to come at, None where none is asked."""
        age = self.wish("age")
        return int(age) if age else None

    @property
    def last_day(self) -> date | None:
        """Return the last of the coming days that are asked for, None with dates or without."""
        days = self.wish("days")
        return self.today + timedelta(days=int(days)) if days and not self.has_dates else None

    @cached_property
    def page(self) -> int:
        """Return the page asked for, the first one if it can't be read."""
        text = self.data.get("page", "")
        return max(1, int(text)) if text.isdecimal() and len(text) < 5 else 1

    # --- Checking -------------------------------------------------------------------------------
    def clean(self) -> dict[str, Any]:
        """Check dates and party whatever the offer; every trouble lands on its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        arrival, departure = cleaned.get("arrival"), cleaned.get("departure")
        unreadable = "arrival" in self.errors or "departure" in self.errors
        troubles: list[Trouble] = []
        if arrival and departure:
            troubles += check_dates(arrival, departure, today=self.today)
        elif arrival and not unreadable:
            if self.needs_both_dates:
                troubles.append(trouble("dates_missing", field="departure"))
            if arrival < self.today:
                troubles.append(trouble("in_the_past", field="arrival"))
            elif arrival > self.today + timedelta(days=settings.SEARCH_HORIZON_DAYS):
                troubles.append(trouble("too_far", field="arrival"))
        elif departure and not unreadable:
            troubles.append(trouble("dates_missing", field="arrival"))
        self._check_party(troubles)
        for one in troubles:
            name = one.field if one.field in self.fields else None
            if name:
                self.add_error(name, one.message)
        return cleaned

    def _check_party(self, troubles: list[Trouble]) -> None:
        known = [age for age in self.ages if age is not None]
        found = check_party(self.adults, known + [0] * (len(self.ages) - len(known)))
        for text, age in zip(self.raw_ages, self.ages, strict=True):
            if age is None and len(self.ages) <= settings.MAX_PARTY:
                found.append(trouble("age_unreadable" if text else "ages_missing", field="ages"))
        self._is_party_right = not found
        # Who only asks for the fields of the ages isn't told that they are missing.
        self.party_troubles = [] if self.is_updating else found

    @cached_property
    def party_errors(self) -> dict[str, str]:
        """Return what is wrong with the party, by place: `party` and `ages`."""
        self.is_valid()
        errors: dict[str, str] = {}
        for place in ("party", "ages"):
            texts = dict.fromkeys(
                one.message for one in self.party_troubles if one.field in PLACES[place]
            )
            if texts:
                errors[place] = " ".join(texts)
        return errors

    @cached_property
    def page_errors(self) -> dict[str, str]:
        """Return what the page says beside the fields: `dates`, `party`, `ages`."""
        if self.is_updating:
            return {}
        errors = self.errors
        texts = dict.fromkeys(text for name in PLACES["dates"] for text in errors.get(name, []))
        return ({"dates": " ".join(texts)} if texts else {}) | self.party_errors

    @cached_property
    def is_ready(self) -> bool:
        """Whether full prices can be asked for: both dates and the whole party are right."""
        return (
            not self.is_updating
            and self.is_valid()
            and not self.party_errors
            and bool(self.cleaned_data["arrival"] and self.cleaned_data["departure"])
        )

    @property
    def is_party_right(self) -> bool:
        """Whether the party, told or usual, can be priced: no mistake, no age missing."""
        self.is_valid()
        return self._is_party_right

    @property
    def has_party(self) -> bool:
        """Whether the address says who comes, without a mistake."""
        is_told = any(name in self.data for name in ("adults", "children", "ages"))
        return is_told and self.is_party_right

    # --- What was understood --------------------------------------------------------------------
    @property
    def arrival_day(self) -> date | None:
        """Return the arrival, None without one that can be read."""
        self.is_valid()
        return self.cleaned_data.get("arrival")

    @property
    def departure_day(self) -> date | None:
        """Return the departure, None without one that can be read."""
        self.is_valid()
        return self.cleaned_data.get("departure")

    def wish(self, name: str) -> str:
        """Return pole, type, kind or sort."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def guests(self) -> tuple[Guest, ...]:
        """Return the party, two adults where it has a mistake."""
        if self.party_errors:
            return (Guest(),) * USUAL_ADULTS
        return (Guest(),) * self.adults + tuple(Guest(age) for age in self.ages)

    @property
    def criteria(self) -> StaySearch:
        """Return the search; only when `is_ready`."""
        return StaySearch(
            arrival=self.cleaned_data["arrival"],
            departure=self.cleaned_data["departure"],
            adults=self.adults,
            child_ages=tuple(age for age in self.ages if age is not None),
            pole=self.wish("pole"),
            lodging_type=self.wish("type"),
            features=self.features,
            sort=self.wish("sort"),
            page=self.page,
            commune=self.wish("commune"),
            stars=self.stars,
            labels=self.labels,
            text=self.wish("q"),
            near=self.wish("near"),
            zone=self.zone,
        )

    # --- Addresses ------------------------------------------------------------------------------
    def dates_and_party(self) -> list[tuple[str, str]]:
        """Return the parameters that pages hand on to each other."""
        return list(self._dates_and_party)

    @cached_property
    def _dates_and_party(self) -> list[tuple[str, str]]:
        rows: list[tuple[str, str]] = []
        for name in PLACES["dates"]:
            day = self.arrival_day if name == "arrival" else self.departure_day
            typed = str(self.data.get(name, "")).strip()[:30]
            if day or typed:
                rows.append((name, day.isoformat() if day else typed))
        if "adults" in self.data or "children" in self.data or self.raw_ages:
            rows.append(("adults", str(_typed(self.data.get("adults"), self.adults))))
            if self.raw_ages:
                children = _typed(self.data.get("children"), len(self.raw_ages))
                rows.append(("children", str(children)))
                rows += [("ages", "" if age is None else str(age)) for age in self.ages]
        return rows

    def wishes(self, changes: Mapping[str, Any] | None = None) -> list[tuple[str, str]]:
        """Return the parameters of the filters, some of them changed; "" leaves one out."""
        rows = []
        for name, value in (self._wished | dict(changes or {})).items():
            is_several = isinstance(value, tuple | list) and not isinstance(value, Zone)
            several = value if is_several else (value,)
            rows += [(name, str(one)) for one in several if one not in {"", None}]
        return rows

    @cached_property
    def _wished(self) -> dict[str, Any]:
        """Return the filters as they are, a list of links changes one of them each time."""
        return {
            "q": self.wish("q"),
            "pole": self.wish("pole"),
            "commune": self.wish("commune"),
            "near": self.wish("near"),
            "zone": self.zone,
            "days": self.wish("days"),
            "age": self.wish("age"),
            "type": self.wish("type"),
            "kind": self.wish("kind"),
            "season": self.wish("season"),
            "stars": self.stars,
            "labels": self.labels,
            "features": self.features,
            "sort": "" if self.wish("sort") == "relevance" else self.wish("sort"),
            "view": self.wish("view"),
            "page": "",
        }

    def query(self, **changes: Any) -> str:
        """Return the whole address after "?", filters changed; dates and party stay."""
        wishes = urlencode(self.wishes(changes))
        return "&".join(part for part in (self.party_query, wishes) if part)

    @cached_property
    def party_query(self) -> str:
        """Return dates and party alone, for the address of an offer."""
        return urlencode(self.dates_and_party())

    def for_component(self, action: str, hidden: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
        """Return what `components/search_form.html` shows."""
        return {
            "action": action,
            "hidden": list(hidden),
            "arrival": self._shown_day("arrival"),
            "departure": self._shown_day("departure"),
            "adults": _typed(self.data.get("adults"), self.adults),
            "children": _typed(self.data.get("children"), len(self.ages)),
            "ages": self.ages[: settings.MAX_PARTY],
            "errors": self.page_errors,
            "first_day": self.today,
        }

    def _shown_day(self, name: str) -> date | str:
        """Return a day that was typed although it is refused, else the text as it was typed.

        A day goes back into a field of days, whatever is wrong with it.
        """
        typed = str(self.data.get(name, ""))
        try:
            day = forms.DateField(input_formats=DATE_FORMATS).to_python(" ".join(typed.split()))
        except ValidationError:
            return typed
        return day or ""


def options_asked(
    data: QueryDict, supplements: Iterable[SupplementTerms]
) -> tuple[OptionChoice, ...]:
    """Return the options taken in an address: `option_<code>`, within what the offer gives."""
    taken = []
    for one in supplements:
        quantity = min(_whole(data.get(f"option_{one.code}"), 0), one.max_quantity)
        if quantity > 0 and not one.is_mandatory:
            taken.append(OptionChoice(code=one.code, quantity=quantity))
    return tuple(taken)


def read_day(text: str) -> date | None:
    """Return a day typed by hand or carried by a link, None for anything else."""
    try:
        return SpokenDateField().clean(text)
    except ValidationError:
        return None


def quantity_asked(data: QueryDict) -> int:
    """Return how many pieces are asked for, 1 to the largest party."""
    return min(max(_whole(data.get("quantity"), 1), 1), settings.MAX_PARTY)


def _whole(text: str | None, usual: int) -> int:
    """Return a whole number from 0 to one more than the largest party; `usual` if not given."""
    if text is None or not text.strip():
        return usual
    text = text.strip()
    if not text.isdecimal():
        return 0
    return min(int(text[:4]), settings.MAX_PARTY + 1)


def _typed(text: str | None, read: int) -> int:
    """Return a number over the limit as it was typed, where `read` stops at the limit."""
    text = (text or "").strip()
    is_over = read > settings.MAX_PARTY and text.isdecimal() and len(text) <= 4
    return int(text) if is_over else read


def _age(text: str) -> int | None:
    """Return an age from 0 to 17, None otherwise."""
    if not text.isdecimal() or len(text) > 3:
        return None
    age = int(text)
    return age if age < 18 else None
