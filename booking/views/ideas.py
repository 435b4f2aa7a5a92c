"""What is free during my stay: a page of ideas, day by day, for those who come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking import cards, pictures
from booking.access import basket_for
from booking.experience_search import ExperienceResult
from booking.forms.asking import asked
from booking.forms.search import SearchForm, read_day
from booking.ideas import PER_DAY, DayIdeas, Idea, days_planned, find_ideas
from booking.models import Basket, Offer
from booking.people import Person, people_from
from booking.pictures import Picture
from booking.rules.kinds import DATED
from booking.showing import party_words
from destination.templatetags.velay import euros, jour
from oti.lib.dates import ONE_DAY
from oti.lib.dates import today as day_of
from oti.lib.htmx import render_part, replaces

# On one day alone: so many, and as many more at each press (features.md N35).
ON_ONE_DAY = 12
LONGEST_STAY_DAYS = 91
# On a free day of my stay, where doing nothing is fine too.
ON_FREE_DAY = 3


@never_cache
@require_safe
def ideas(request: HttpRequest) -> HttpResponse:
    """Show what this party can do on the days of its stay; `day` and `kind` narrow it.

    A free day of my stay asks for the first of its own (components/free_day.html).
    """
    now = timezone.now()
    context = ideas_page(request, asked(request, now=now), now=now)
    if replaces(request, f"free-{request.GET.get('day', '')}"):
        context["free_ideas"] = [_chip(card) for card in _first_cards(context)]
        return render(request, "booking/ideas.html#free", context)
    return render_part(request, "booking/ideas.html", "results", context)


def ideas_page(request: HttpRequest, form: SearchForm, *, now: datetime) -> dict[str, Any]:
    """Return what `booking/ideas.html` shows; without dates, the form that asks for them."""
    basket = basket_for(request)
    people = _people(basket, form)
    dates = _dates(basket, form, today=day_of(now))
    context: dict[str, Any] = {
        "search": form.for_component(request.path),
        "page_errors": form.page_errors,
        "is_open": bool(form.page_errors) or form.is_updating or dates is None,
        "party": party_words([one.guest for one in people]),
        "dates": dates,
        "is_frozen": basket is not None and basket.state == Basket.State.FROZEN,
    }
    if dates is None or form.page_errors:
        return context
    first, last = dates
    day = read_day(request.GET.get("day", ""))
    day = day if day and first <= day <= last else None
    kind = form.wish("kind") if form.wish("kind") != Offer.Kind.LODGING else ""
    found, kinds = find_ideas(
        basket,
        people,
        first=day or first,
        last=day or last,
        kind=kind,
        now=now,
        per_day=ON_ONE_DAY * form.page if day else PER_DAY,
    )
    photos = pictures.covers(one.offer for shown in found for one in shown.ideas)
    return context | {
        "day_chips": _day_chips(request, form, first, last, chosen=day, kind=kind),
        "kind_chips": _kind_chips(request, form, kinds, chosen=kind, day=day),
        "days": [
            _day(request, form, shown, kind=kind, photos=photos, page=form.page + 1 if day else 1)
            for shown in found
        ],
        "later_url": _later_url(request, form, found, last) if not day else "",
    }


def _people(basket: Basket | None, form: SearchForm) -> list[Person]:
    """Return the persons of the stay; without a stay those of the address, who have no key yet."""
    people = people_from(basket.people) if basket else []
    if people:
        return people
    return [Person(key="", age=guest.age) for guest in form.guests]


def _dates(basket: Basket | None, form: SearchForm, *, today: date) -> tuple[date, date] | None:
    """Return the days of the address or of the stay, from today on; None without any."""
    first, last = form.arrival_day, form.departure_day
    if not (first and last) and basket is not None:
        first, last = days_planned(basket) or (None, None)
    if first is None or last is None or last < today:
        return None
    first = max(first, today)
    return first, min(last, first + timedelta(days=LONGEST_STAY_DAYS))


def _address(
    request: HttpRequest,
    form: SearchForm,
    *,
    day: date | None = None,
    kind: str = "",
    page: int = 1,
) -> str:
    query = form.query(
        kind=kind,
        sort="",
        page=page if page > 1 else "",
        day=day.isoformat() if day else "",
    )
    return f"{request.path}?{query}" if query else request.path


def _later_url(
    request: HttpRequest, form: SearchForm, found: Sequence[DayIdeas], last: date
) -> str:
    """Return the address of the days of a long stay that aren't shown yet, "" without any."""
    if not found or found[-1].day >= last:
        return ""
    data = request.GET.copy()
    for name, value in form.dates_and_party():
        data.setdefault(name, value)
    data["arrival"] = (found[-1].day + ONE_DAY).isoformat()
    data["departure"] = last.isoformat()
    return f"{request.path}?{data.urlencode()}"


def _day_chips(
    request: HttpRequest,
    form: SearchForm,
    first: date,
    last: date,
    *,
    chosen: date | None,
    kind: str,
) -> list[dict[str, Any]]:
    days = [first + n * ONE_DAY for n in range((last - first).days + 1)]
    return [
        {
            "id": f"chip-day-{day.isoformat()}",
            "label": jour(day),
            "url": _address(request, form, day=None if day == chosen else day, kind=kind),
            "is_active": day == chosen,
            "icon": "calendar-days",
        }
        for day in days
    ]


def _kind_chips(
    request: HttpRequest,
    form: SearchForm,
    kinds: Mapping[str, int],
    *,
    chosen: str,
    day: date | None,
) -> list[dict[str, Any]]:
    return [
        {
            "id": f"chip-kind-{kind.code}",
            "label": _(kind.plural),
            "url": _address(request, form, day=day, kind="" if kind.code == chosen else kind.code),
            "is_active": kind.code == chosen,
            "icon": kind.icon,
            "count": kinds.get(kind.code, 0),
        }
        for kind in DATED
        if kinds.get(kind.code) or kind.code == chosen
    ]


def _day(
    request: HttpRequest,
    form: SearchForm,
    shown: DayIdeas,
    *,
    kind: str,
    photos: Mapping[int, Picture],
    page: int,
) -> dict[str, Any]:
    more = ngettext("%(count)s more on that day", "%(count)s more on that day", shown.more)
    return {
        "date": shown.day,
        "cards": [
            _card(one, form, back=request.get_full_path(), picture=photos.get(one.offer.pk))
            for one in shown.ideas
        ],
        "more_label": more % {"count": shown.more} if shown.more else "",
        "more_url": _address(request, form, day=shown.day, kind=kind, page=page),
        "why": "" if shown.ideas else _why(shown.left_out),
    }


def _card(idea: Idea, form: SearchForm, *, back: str, picture: Picture | None) -> dict[str, Any]:
    guests = [one.guest for one in idea.joining]
    offer, slot, total = idea.offer, idea.slot, idea.quote.total
    result = ExperienceResult(
        offer=offer,
        slot=slot,
        free=slot.free,
        from_amount=None,
        quote=None if offer.is_sold_by_item else idea.quote,
        pole=idea.pole,
    )
    card = cards.experience_card(
        result, guests=guests, query=form.party_query, back=back, picture=picture
    )
    return {
        **card,
        "id": f"idea-{slot.pk}",
        "add": cards.add_places(offer, slot.pk, _who(idea), shown=total, back=back),
    }


def _first_cards(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    cards_of_days = [card for day in context.get("days", ()) for card in day["cards"]]
    return cards_of_days[:ON_FREE_DAY]


def _chip(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card as one press on a free day of my stay: its name and its price."""
    amount = (card["price"] or {}).get("amount")
    price = _("free of charge") if not amount else euros(amount)
    add = card["add"]
    return {"label": f"{card['title']}, {price}", "url": add["url"], "fields": add["fields"]}


def _who(idea: Idea) -> cards.Fields:
    if idea.offer.is_sold_by_item:
        return [("quantity", "1")]
    if all(one.key for one in idea.joining):
        return [("people", one.key) for one in idea.joining]
    return cards.party_fields([one.guest for one in idea.joining])


def _why(left_out: Mapping[str, int]) -> str:
    """Say why a day has nothing to propose; the commonest reason first."""
    words = {
        "full": _("everything is taken"),
        "ages": _("it isn’t for these ages"),
        "planned": _("you already have something at that time"),
        "notice": _("it had to be booked earlier"),
    }
    if not left_out:
        return _("Nothing takes place on that day. Time for yourselves.")
    reasons: Sequence[str] = sorted(left_out, key=lambda one: (-left_out[one], one))
    either = _("or")
    text = f" {either} ".join(words[one] for one in reasons)
    return _("Nothing left for you on that day: %(reasons)s.") % {"reasons": text}
