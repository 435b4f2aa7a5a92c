"""A house's widget: its own offers chosen on its own site, carried to ours to be paid (H10).

A page inside somebody else's gets no cookie: the basket is known by a signed token in the address,
which counts for one house and for a basket begun in its widget, no other. Nothing of a signed-in
person is read there. When the visitor goes on to the site, the basket gets another key: whoever
saw the old one, or planted it, finds nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from django.core import signing
from django.db.models import Max

from booking import locks
from booking.basket import MAX_LINES, add_to_basket, basket_of, remove_line
from booking.holds import keep, new_deadline
from booking.models import Basket, BasketLine, Channel, Offer
from booking.people import Person, match_people, people_from
from booking.refusals import BadInput, NotAllowed, Refusal, WrongState, trouble
from booking.wishes import LineRequest
from members.models import Provider
from oti.lib.codes import secret_token
from oti.lib.dates import today as day_of

SALT = "booking.widget"
TOKEN_LIFE = timedelta(days=2)


def token_of(house: Provider, basket: Basket) -> str:
    """Return the signed key of a basket in the widget of a house."""
    return signing.dumps([house.pk, basket.token], salt=SALT)


def basket_of_token(house: Provider, token: str) -> Basket | None:
    """Return the basket behind a key of this house's widget, None for any other or too old one.

    Not for one that was carried to the site or ordered, nor for one that wasn't begun in a widget.
    """
    try:
        told = signing.loads(token, salt=SALT, max_age=TOKEN_LIFE)
    except signing.BadSignature:
        return None
    if not (isinstance(told, list) and len(told) == 2 and told[0] == house.pk):
        return None
    basket = basket_of(str(told[1]))
    return basket if basket is not None and basket.channel == Channel.WIDGET else None


def begin_basket(*, language: str) -> Basket:
    """Create an empty basket of a widget."""
    return Basket.objects.create(language=language, channel=Channel.WIDGET)


def add_in_widget(
    house: Provider, basket: Basket | None, request: LineRequest, *, language: str, now: datetime
) -> Basket:
    """Add something of this house to a basket of its widget, marked so; returns the basket.

    The first thing begins one, and what is refused leaves none behind. Raises BadInput
    `offer_unknown` for an offer of another house, WrongState `widget_carried` where the basket
    joined a stay of the site meanwhile, and as `add_to_basket`.
    """
    if not Offer.objects.filter(pk=request.offer_id, provider=house).exists():
        raise BadInput(trouble("offer_unknown"))
    wish = replace(request, channel=Channel.WIDGET.value)
    if basket is not None:
        with _still_there():
            add_to_basket(basket, wish, now=now)
        return basket
    begun = begin_basket(language=language)
    try:
        add_to_basket(begun, wish, now=now)
    except Refusal:
        # Its key was given to nobody yet.
        begun.delete()
        raise
    return begun


def remove_in_widget(basket: Basket | None, line_id: int, *, now: datetime) -> Basket:
    """Take a line out and free what it held; returns the basket.

    Raises WrongState `frozen`, `widget_carried`, the latter also without a basket.
    """
    if basket is None:
        raise WrongState(trouble("widget_carried"))
    with _still_there():
        remove_line(basket, line_id, now=now)
    return basket


@contextmanager
def _still_there() -> Iterator[None]:
    """Say so where another tab let the basket join a stay of the site: it is no more."""
    try:
        yield
    except Basket.DoesNotExist as error:
        raise WrongState(trouble("widget_carried")) from error


def carry_over(basket: Basket, own: Basket | None, *, now: datetime) -> Basket:
    """Give a widget's basket to whoever goes on to the site; returns the one that they carry.

    Without a stay of their own the basket itself becomes it, under a new key. Otherwise its lines
    join that stay, with what they hold, and its persons are found again there. Raises WrongState
    `widget_carried` the second time, `frozen` while the stay is being paid, NotAllowed
    `bad_quantity` where there would be too many lines. Locks both baskets, by their keys.
    """
    with locks.write_transaction():
        pair = {basket.pk, own.pk} if own is not None else {basket.pk}
        with _still_there():
            locked = {pk: locks.lock_basket(pk) for pk in sorted(pair)}
        mine = locked[basket.pk]
        if mine.state != Basket.State.OPEN or mine.channel != Channel.WIDGET:
            raise WrongState(trouble("widget_carried"))
        theirs = locked[own.pk] if own is not None else None
        if theirs is None or theirs.pk == mine.pk or not theirs.lines.exists():
            return _handed_over(mine)
        if theirs.state != Basket.State.OPEN:
            raise WrongState(trouble("frozen"))
        _join(mine, theirs, now=now)
    return theirs


def _handed_over(basket: Basket) -> Basket:
    basket.token = secret_token()
    basket.channel = ""
    basket.save(update_fields=["token", "channel", "updated_at"])
    return basket


def _join(mine: Basket, theirs: Basket, *, now: datetime) -> None:
    """Move the lines of a locked basket to another locked one, holds and all."""
    lines = list(mine.lines.all())
    if theirs.lines.count() + len(lines) > MAX_LINES:
        raise NotAllowed(trouble("bad_quantity", max=MAX_LINES))
    place = theirs.lines.aggregate(last=Max("position"))["last"] or 0
    people, keys = _people_together(people_from(mine.people), people_from(theirs.people))
    for number, line in enumerate(lines, start=1):
        line.basket = theirs
        line.position = place + number
        line.people = [keys[key] for key in line.people]
    BasketLine.objects.bulk_update(lines, ["basket", "position", "people"])
    theirs.people = [person.to_json() for person in people]
    keep(theirs, until=new_deadline(theirs, now=now), now=now)
    mine.delete()


def _people_together(
    mine: Sequence[Person], theirs: Sequence[Person]
) -> tuple[list[Person], dict[str, str]]:
    """Return everybody once, and by which key the persons of the widget are known among them."""
    people, found = match_people(theirs, [one.age for one in mine])
    return people, {one.key: key for one, key in zip(mine, found, strict=True)}


def offers_in_widget(house: Provider, *, now: datetime) -> list[int]:
    """Return the keys of what a house sells, lodgings first."""
    rows = Offer.objects.on_sale(day_of(now)).filter(provider=house)
    found = rows.values_list("pk", "kind").order_by("title", "pk")
    return [pk for pk, _kind in sorted(found, key=lambda one: one[1] != Offer.Kind.LODGING)]
