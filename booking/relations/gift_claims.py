"""A household's gift: told by the clock, its address asked for, sent, redeemed, forgotten (N07).

The mail that tells it is part of the relation: it sells nothing, and goes whatever was said of our
letters. What is given for the parcel serves it alone.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from booking import locks
from booking.messages import write_message
from booking.models import Gift, GiftCampaign
from booking.refusals import BadInput, NotAllowed, Refusal, WrongState, trouble
from booking.relations.consent import is_erased
from booking.relations.gifts import has_another, others_of_household, promote_waiting
from booking.reminders import GUESTS_FROM, GUESTS_UNTIL
from booking.rules import gifts as rules
from members.journal import SYSTEM, VISITOR, Actor, record
from members.models import Entry
from oti.lib.dates import paris
from oti.lib.dates import today as day_of

logger = logging.getLogger(__name__)
TELL = "gift"
FORGET_AT_ONCE = 500
# What was given so lately may not be written yet: it waits for the next file.
SETTLES = timedelta(minutes=1)
TAKEN = "gift addresses taken"
PERSONAL = ("email", "first_name", "recipient", "street", "extra", "postal_code", "city", "country")


@dataclass(frozen=True)
class Address:
    """Where a parcel goes; the country in two letters (ISO 3166-1)."""

    recipient: str
    street: str
    postal_code: str
    city: str
    country: str = "FR"
    extra: str = ""

    @property
    def mark(self) -> str:
        """Return what is kept of it to see two gifts to one address: it can't be read back."""
        key = rules.postal_key(self.street, self.extra, self.postal_code, self.city, self.country)
        return salted_hmac("gift-address", key, algorithm="sha256").hexdigest()


# --- Telling ------------------------------------------------------------------------------------
def tell_households(*, now: datetime, limit: int = 200) -> int:
    """Tell the households of campaigns under way of their gift; returns how many were told.

    By rank, between 9 and 20 o'clock; run again it tells nobody twice. Locks campaign and gift.
    """
    if not GUESTS_FROM <= paris(now).time() < GUESTS_UNTIL:
        return 0
    told = 0
    due = Gift.objects.filter(campaign__state=rules.SENDING, state=rules.ELIGIBLE)
    due = due.filter(campaign__valid_until__gte=day_of(now))
    for pk, campaign in list(due.order_by("rank").values_list("pk", "campaign_id")[:limit]):
        try:
            told += _tell(pk, campaign, now=now)
        except (Refusal, DatabaseError) as error:
            # One household must not hide the others.
            logger.warning("gift %s not told: %s", pk, error)
    return told


def _tell(pk: int, campaign_id: int, *, now: datetime) -> bool:
    with locks.write_transaction():
        campaign = locks.lock_gift_campaign(campaign_id)
        gift = locks.lock_gift(pk)
        if not campaign.is_good(day_of(now)) or gift.state != rules.ELIGIBLE:
            return False
        is_gone = _is_gone(gift)
        if is_gone or has_another(gift):
            gift.state = rules.LAPSED if is_gone else rules.JOINED
            gift.save(update_fields=["state"])
            promote_waiting(campaign)
            return False
        gift.state, gift.told_at = rules.TOLD, now
        gift.save(update_fields=["state", "told_at"])
        record("gift told", _subject(gift), actor=SYSTEM, at=now)
        return write_message(
            TELL,
            key=f"gift:{campaign.year}:{gift.pk}",
            recipient=gift.email,
            language=gift.language,
            data={"gift": gift.pk},
            now=now,
        )


def _is_gone(gift: Gift) -> bool:
    """Tell whether nobody can be told: who was to have it asked us to forget everything."""
    person = gift.identity.customer if gift.identity else None
    if person is None or person.erased_at is not None or not gift.email:
        return True
    return is_erased(gift.email)


# --- Its address --------------------------------------------------------------------------------
def check_open(gift: Gift, *, now: datetime) -> None:
    """Raise WrongState where no address is taken: `gift_sent`, `gift_not_posted`, `gift_closed`."""
    if not gift.campaign.is_posted:
        raise WrongState(trouble("gift_not_posted"))
    if gift.state in {rules.SENT, rules.REDEEMED}:
        raise WrongState(trouble("gift_sent"))
    is_open = gift.state in {rules.TOLD, rules.ADDRESSED}
    if not is_open or not gift.campaign.is_good(day_of(now)):
        raise WrongState(trouble("gift_closed"))


def give_address(head: Gift, address: Address, *, now: datetime) -> Gift:
    """Keep where a gift goes; until it is sent another address takes its place.

    Raises as `check_open`; NotAllowed `gift_same_address` where another gift of the year goes
    there, `gift_household` where the household has had one. Locks campaign and gift.
    """
    with locks.write_transaction():
        locks.lock_gift_campaign(head.campaign_id)
        gift = locks.lock_gift(head.pk)
        check_open(gift, now=now)
        _check_household(gift)
        gift.recipient, gift.street, gift.extra = address.recipient, address.street, address.extra
        gift.postal_code, gift.city = address.postal_code, address.city
        gift.country, gift.postal_mark = address.country, address.mark
        gift.state, gift.addressed_at = rules.ADDRESSED, now
        try:
            # The database says it: two households may give it at the same moment.
            with transaction.atomic():
                gift.save()
        except IntegrityError as error:
            raise NotAllowed(trouble("gift_same_address", field="street")) from error
        record("gift address given", _subject(gift), actor=VISITOR, at=now)
        return gift


def _check_household(gift: Gift) -> None:
    """Raise NotAllowed `gift_household` where two households became one and had theirs."""
    had = (rules.ADDRESSED, rules.SENT, rules.REDEEMED)
    if others_of_household(gift).filter(state__in=had).exists():
        raise NotAllowed(trouble("gift_household"))


def to_post(campaign: GiftCampaign, until: datetime) -> QuerySet[Gift]:
    """Return the gifts whose parcel is still to leave, to an address known at a moment."""
    rows = campaign.gifts.filter(state=rules.ADDRESSED, addressed_at__lte=until)
    return rows.order_by("rank")


def take_addresses(campaign: GiftCampaign, *, actor: Actor, now: datetime) -> list[Gift]:
    """Return what goes on the parcels, by rank; the journal keeps until when addresses are in it.

    `last_taken` finds that moment again: only what was in a file may be said to be sent.
    """
    until = now - SETTLES
    with locks.write_transaction():
        found = list(to_post(campaign, until))
        record(
            TAKEN,
            f"gift:{campaign.year}",
            actor=actor,
            at=now,
            until=until.isoformat(),
            count=len(found),
        )
    return found


def last_taken(campaign: GiftCampaign) -> tuple[datetime, datetime] | None:
    """Return when the last file of addresses was taken, and until when addresses are in it."""
    rows = Entry.objects.filter(subject=f"gift:{campaign.year}", verb=TAKEN)
    last = rows.order_by("-at", "-pk").first()
    return (last.at, datetime.fromisoformat(last.data["until"])) if last else None


def mark_sent(campaign: GiftCampaign, *, until: datetime, actor: Actor, now: datetime) -> int:
    """Note that the parcels left whose addresses were known at a moment; returns how many.

    What was given or changed since waits for the next list. Locks the campaign, then the gifts.
    """
    with locks.write_transaction():
        mine = locks.lock_gift_campaign(campaign.pk)
        rows = to_post(mine, min(until, now)).order_by("pk")
        ids = [one.pk for one in locks.lock_free_rows(rows)]
        count = Gift.objects.filter(pk__in=ids).update(state=rules.SENT, sent_at=now)
        if count:
            record("gifts sent", f"gift:{mine.year}", actor=actor, at=now, count=count)
        return count


# --- Redeeming ----------------------------------------------------------------------------------
def gift_of_code(code: str, *, is_host: bool, now: datetime) -> Gift:
    """Return the gift of a code that may be redeemed now.

    Raises BadInput `gift_unknown_code`; NotAllowed `gift_not_here` for a host where the office
    alone redeems; WrongState `gift_redeemed`, `gift_over`.
    """
    bare = "".join(code.split()).upper().replace("-", "")
    gift = Gift.objects.select_related("campaign").filter(code=bare).first()
    if gift is None:
        raise BadInput(trouble("gift_unknown_code", field="code"))
    check_redeemable(gift, is_host=is_host, now=now)
    return gift


def check_redeemable(gift: Gift, *, is_host: bool, now: datetime) -> None:
    """Raise as `gift_of_code` where a gift isn't redeemed now."""
    if is_host and not gift.campaign.is_for_hosts:
        raise NotAllowed(trouble("gift_not_here", field="code"))
    if gift.state == rules.REDEEMED and gift.redeemed_at:
        day = paris(gift.redeemed_at).date()
        raise WrongState(trouble("gift_redeemed", field="code", day=day))
    if rules.REDEEMED not in rules.GIFT[gift.state] or not gift.campaign.is_good(day_of(now)):
        day = gift.campaign.valid_until
        raise WrongState(trouble("gift_over", field="code", day=day))


def redeem(code: str, *, where: str, is_host: bool, actor: Actor, now: datetime) -> Gift:
    """Redeem a code, once; returns its gift. Locks campaign and gift.

    Raises as `gift_of_code`, and NotAllowed `gift_household` where the household has had another.
    """
    head = gift_of_code(code, is_host=is_host, now=now)
    with locks.write_transaction():
        locks.lock_gift_campaign(head.campaign_id)
        gift = locks.lock_gift(head.pk)
        check_redeemable(gift, is_host=is_host, now=now)
        _check_household(gift)
        gift.state, gift.redeemed_at, gift.redeemed_where = rules.REDEEMED, now, where[:160]
        gift.save(update_fields=["state", "redeemed_at", "redeemed_where"])
        record("gift redeemed", _subject(gift), actor=actor, at=now, where=where[:160])
        return gift


# --- Forgetting ---------------------------------------------------------------------------------
def forget_addresses(*, now: datetime) -> int:
    """Delete names and addresses GIFT_ADDRESS_DAYS after a gift left, or its time was over.

    Returns how many. What shows that one address has one gift goes with the campaign's end.
    """
    before = now - timedelta(days=settings.GIFT_ADDRESS_DAYS)
    ended = Q(campaign__closed_at__lt=before) | Q(campaign__valid_until__lt=day_of(before))
    with locks.write_transaction():
        due = Gift.objects.filter(ended | Q(sent_at__lt=before), purged_at__isnull=True)
        ids = [one.pk for one in locks.lock_free_rows(due.order_by("pk")[:FORGET_AT_ONCE])]
        count = _empty(Gift.objects.filter(pk__in=ids), now=now)
        # Of parcels that left long before the end, too.
        marked = Gift.objects.filter(ended).exclude(postal_mark="").order_by("pk")
        ids = [one.pk for one in locks.lock_free_rows(marked[:FORGET_AT_ONCE])]
        Gift.objects.filter(pk__in=ids).update(postal_mark="")
        if count:
            record("gift addresses deleted", "gift:old", actor=SYSTEM, at=now, count=count)
        return count


def forget_gifts(customer_ids: Collection[int], emails: Collection[str], *, now: datetime) -> int:
    """Empty the gifts of people who ask to be forgotten, or told to their addresses; how many.

    What hasn't reached them yet never will: nobody is told, no parcel leaves, and the next in the
    line has it. In the present transaction: it is part of a greater use case. Gifts keep their
    count and code. Locks the campaigns, then the gifts.
    """
    theirs = Q(identity__customer__in=customer_ids) | Q(email__in=emails)
    found = dict(Gift.objects.filter(theirs).order_by("pk").values_list("pk", "campaign"))
    campaigns = {pk: locks.lock_gift_campaign(pk) for pk in sorted(set(found.values()))}
    for pk, campaign_id in found.items():
        gift = locks.lock_gift(pk)
        if gift.state in _unreached(campaigns[campaign_id]):
            # Whoever else lives there may have one.
            gift.state, gift.postal_mark = rules.LAPSED, ""
            gift.save(update_fields=["state", "postal_mark"])
    for campaign in campaigns.values():
        if campaign.state in {rules.LOCKED, rules.SENDING}:
            promote_waiting(campaign)
    return _empty(Gift.objects.filter(pk__in=found), now=now)


def _unreached(campaign: GiftCampaign) -> set[str]:
    """Return the states of gifts that their households don't hold yet: a voucher came by mail."""
    posted = {rules.TOLD, rules.ADDRESSED} if campaign.is_posted else set()
    return {rules.WAITING, rules.ELIGIBLE} | posted


def _empty(gifts: QuerySet[Gift], *, now: datetime) -> int:
    return gifts.update(purged_at=now, **dict.fromkeys(PERSONAL, ""))


def _subject(gift: Gift) -> str:
    return f"gift:{gift.campaign.year}:{gift.pk}"
