"""Whether a friend's stay counts for who invited them: decided once, after the sale.

The first paid stay of a new household counts (features.md M05). What is refused says why to the
office; the friend's booking stays as it is. The keys that a household is known by
(`booking.referral_keys`) stand in `ReferralMark`, unique: it brings one thanks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Lower

from booking import locks
from booking.messages import write_message
from booking.models import Order, PastStay, Payment, Referral, ReferralGift, ReferralMark
from booking.models.mail_keys import MailKey
from booking.referral_keys import key_of, mail_mark
from booking.relations.customers import identity_of
from booking.rules import referrals as rules
from booking.rules import states
from booking.rules.referrals import Claim, Party
from destination.models.territory import pole_by_commune
from members.addresses import verified_addresses
from members.journal import SYSTEM, record
from members.models import Ambassador, CustomerAddress, CustomerIdentity, HouseholdMember, User
from members.rules.ambassadors import mail_key
from members.rules.customers import address_key
from oti.lib.dates import today as day_of
from oti.lib.money import ZERO

LANGUAGES = ("fr", "en", "de")


@dataclass
class Known:
    """What is known of somebody and of those at home: rows, before they become opaque keys."""

    users: set[int] = field(default_factory=set)
    mails: set[str] = field(default_factory=set)
    home_users: set[int] = field(default_factory=set)
    home_mails: set[str] = field(default_factory=set)
    homes: set[int] = field(default_factory=set)
    families: set[int] = field(default_factory=set)
    customers: set[int] = field(default_factory=set)
    cards: set[str] = field(default_factory=set)

    @property
    def party(self) -> Party:
        """Return them as the rule knows them."""
        return Party(
            people=frozenset(
                {
                    *(key_of("user", one) for one in self.users),
                    *map(mail_mark, self.mails),
                    *(key_of("customer", one) for one in self.customers),
                }
            ),
            household=frozenset(
                {
                    *(key_of("user", one) for one in self.home_users),
                    *map(mail_mark, self.home_mails),
                    *(key_of("home", one) for one in self.homes),
                    *(key_of("family", one) for one in self.families),
                }
            ),
            cards=frozenset(self.cards),
        )


# --- Deciding -----------------------------------------------------------------------------------
def decide_referral(order_id: int, *, now: datetime) -> str:
    """Decide whether the stay of a paid order counts for who invited; returns its state, or "".

    What is decided stays decided. Friend and ambassador are told where it counts. Locks: order,
    then all referrals: of two orders of one household one counts, and nobody is brought in a ring.
    """
    with locks.write_transaction():
        order = locks.lock_order(order_id)
        locks.lock_referrals()
        rows = Referral.objects.select_related("ambassador__user")
        referral = rows.filter(order=order).first()
        if referral is None or referral.state != rules.CLAIMED:
            return referral.state if referral else ""
        if order.state in {states.AWAITING_PAYMENT, states.EXPIRED}:
            return referral.state
        claim = _claim(referral, order, now=now)
        reason = rules.refusal_of(claim, window=window())
        if reason is None and not _mark(referral, claim.friend.keys):
            reason = rules.COUNTED
        if reason is None:
            _count(referral, order, now=now)
        else:
            _refuse(referral, order, reason, now=now)
    return referral.state


def window() -> timedelta:
    """Return how long after the invitation a stay may be booked."""
    return timedelta(days=settings.REFERRAL_WINDOW_DAYS)


def kept_amount(order: Order) -> bool:
    """Tell whether something was paid for an order, here or on site, that wasn't given back."""
    if order.is_counter:
        return order.total_amount > ZERO
    paid = order.payments.filter(state=states.PAID)
    sums = paid.aggregate(kept=Sum(F("captured_amount") - F("refunded_amount")))
    return (sums["kept"] or ZERO) > ZERO


def tell_ambassador(referral: Referral, move: str, *, now: datetime) -> None:
    """Write to who invited what came of it, in the present transaction."""
    ambassador = referral.ambassador
    if not ambassador.is_active:
        return
    write_message(
        "ambassador_news",
        key=f"referral:{referral.pk}:{move}",
        recipient=ambassador.user.email,
        language=ambassador.language,
        data={"referral": referral.pk, "move": move},
        now=now,
    )


def _count(referral: Referral, order: Order, *, now: datetime) -> None:
    referral.state, referral.decided_at = rules.PENDING, now
    referral.welcome = _gift(ReferralGift.Whom.FRIEND, order, now=now)
    referral.thanks = _gift(ReferralGift.Whom.AMBASSADOR, order, now=now)
    referral.save()
    _note("referral counted", referral, order, now=now)
    write_message(
        "friend_welcome",
        key=f"order:{order.reference}:welcome",
        recipient=order.email,
        language=order.language,
        order=order,
        now=now,
    )
    tell_ambassador(referral, rules.PENDING, now=now)


def _refuse(referral: Referral, order: Order, reason: str, *, now: datetime) -> None:
    referral.state, referral.reason = rules.REFUSED, reason
    referral.decided_at = referral.ended_at = now
    referral.save()
    _note("referral refused", referral, order, now=now)


def _note(verb: str, referral: Referral, order: Order, *, now: datetime) -> None:
    record(
        verb,
        f"order:{order.reference}",
        actor=SYSTEM,
        at=now,
        ambassador=referral.ambassador_id,
        reason=referral.reason,
    )


def _mark(referral: Referral, keys: Iterable[str]) -> bool:
    """Write what a household is known by; False, and nothing, where some of it counts already."""
    wanted = sorted(keys)
    if ReferralMark.objects.filter(key__in=wanted).exists():
        return False
    ReferralMark.objects.bulk_create([ReferralMark(referral=referral, key=key) for key in wanted])
    return True


def _gift(whom: str, order: Order, *, now: datetime) -> dict[str, str]:
    """Return what the office gives on the first day of a stay, by language; of its pole first."""
    first = order.lines.select_related("offer").order_by("starts_at", "pk").first()
    day = day_of(first.starts_at) if first and whom == ReferralGift.Whom.FRIEND else day_of(now)
    pole = pole_by_commune(day).get(first.offer.commune_id) if first else None
    held = ReferralGift.objects.filter(whom=whom, first_day__lte=day, last_day__gte=day)
    found = held.filter(pole__in=["", pole.slug if pole else ""]).order_by("-pole", "-first_day")
    gift = found.first()
    if gift is None:
        return {}
    texts = {code: getattr(gift, f"text_{code}") or "" for code in LANGUAGES}
    return {code: text for code, text in texts.items() if text}


# --- Who is who ---------------------------------------------------------------------------------
def _claim(referral: Referral, order: Order, *, now: datetime) -> Claim:
    friend, host = known_of_order(order, now=now), known_of_user(referral.ambassador.user)
    return Claim(
        friend=friend.party,
        ambassador=host.party,
        asked_at=referral.asked_at,
        placed_at=order.placed_at,
        is_paid=order.state == states.CONFIRMED and kept_amount(order),
        is_active=referral.ambassador.is_active,
        has_stayed=_has_stayed(order, friend),
        brought_the_ambassador=_brought(referral.ambassador, friend.party),
    )


def known_of_order(order: Order, *, now: datetime) -> Known:
    """Return what is known of who bought, in the present transaction; says whose the order is."""
    if order.identity_id is None and order.email:
        order.identity = identity_of(
            order.email,
            first_name=order.first_name,
            last_name=order.last_name,
            phone=order.phone,
            language=order.language,
            is_demo=order.is_demo,
            now=now,
        )
        order.save(update_fields=["identity"])
    known = Known(mails={address_key(order.email)} if order.email else set())
    if order.user_id:
        known.users.add(order.user_id)
    if order.identity_id:
        known.customers.add(CustomerIdentity.objects.get(pk=order.identity_id).customer_id)
    paid = order.payments.exclude(card_key="")
    known.cards.update(paid.values_list("card_key", flat=True))
    return _completed(known)


def known_of_user(user: User) -> Known:
    """Return what is known of an account, with the cards that it paid stays with."""
    known = _completed(Known(users={user.pk}))
    paid = Payment.objects.filter(state=states.PAID).exclude(card_key="")
    known.cards.update(paid.filter(order__in=_orders_of(known)).values_list("card_key", flat=True))
    return known


def _completed(known: Known) -> Known:
    """Add accounts and addresses that are the same person's, then those at home."""
    of_mails = User.objects.alias(mail=Lower("emailaddress__email"))
    proved = of_mails.filter(emailaddress__verified=True, mail__in=known.mails)
    known.users.update(proved.values_list("pk", flat=True))
    people = list(User.objects.filter(pk__in=known.users))
    known.mails.update(one for user in people for one in _mails(user))
    members = HouseholdMember.objects.filter(household__ended_at=None)
    known.homes.update(
        members.filter(user_id__in=known.users).values_list("household_id", flat=True)
    )
    for member in members.filter(household_id__in=known.homes).select_related("user"):
        known.home_users.add(member.user_id)
        known.home_mails.update(_mails(member.user))
    addresses = CustomerAddress.objects.filter(email__in=known.mails | known.home_mails)
    known.families.update(
        addresses.exclude(family=None).values_list("family_id", flat=True)  # type: ignore[arg-type]
    )
    meant = CustomerIdentity.objects.filter(
        Q(address__email__in=known.mails) | Q(customer_id__in=known.customers)
    )
    known.families.update(meant.values_list("customer__family_id", flat=True))
    return known


def _mails(user: User) -> set[str]:
    return {address_key(one) for one in (user.email, *verified_addresses(user)) if one}


def _orders_of(known: Known) -> QuerySet[Order]:
    """Return the orders of somebody and of those at home."""
    mails = {mail_key(one) for one in known.mails | known.home_mails}
    return Order.objects.alias(mail_key=MailKey("email")).filter(
        Q(user_id__in=known.users | known.home_users)
        | Q(mail_key__in=mails)
        | Q(identity__customer__family_id__in=known.families)
    )


def _has_stayed(order: Order, known: Known) -> bool:
    """Tell whether this household, or this card, had an earlier stay that wasn't given back."""
    of_card = Payment.objects.filter(card_key__in=known.cards, state=states.PAID)
    earlier = Q(confirmed_at__lt=order.confirmed_at) | Q(
        confirmed_at=order.confirmed_at, pk__lt=order.pk
    )
    rows = Order.objects.filter(
        Q(pk__in=_orders_of(known).values("pk")) | Q(pk__in=of_card.values("order"))
    )
    stayed = rows.filter(
        earlier,
        state=states.CONFIRMED,
        total_amount__gt=0,
        lines__state__in=(states.SOLD, states.HONOURED),
    ).exclude(pk=order.pk)
    given_back = Payment.objects.filter(
        captured_amount__gt=0, captured_amount=F("refunded_amount")
    ).values("order")
    if stayed.exclude(pk__in=given_back).exists():
        return True
    counted = Q(identity__customer__family_id__in=known.families) | Q(household_id__in=known.homes)
    return PastStay.objects.filter(counted, order=None).exists()


def _brought(ambassador: Ambassador, friend: Party) -> bool:
    """Tell whether the friend is among those who brought an ambassador, however far up."""
    parties: dict[int, Party] = {ambassador.pk: known_of_user(ambassador.user).party}

    def brought(pk: int) -> list[int]:
        rows = Referral.objects.filter(state__in=rules.COUNTS, marks__key__in=parties[pk].keys)
        found = {
            one.ambassador_id: one.ambassador for one in rows.select_related("ambassador__user")
        }
        for key, one in found.items():
            if key not in parties:
                parties[key] = known_of_user(one.user).party
        return list(found)

    above = rules.upstream(ambassador.pk, brought)
    people = friend.people | friend.household
    return any(people & (parties[pk].people | parties[pk].household) for pk in above)
