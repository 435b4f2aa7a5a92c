"""What an address has said of our letters: asking, confirming, choosing, stopping, forgetting.

Words are kept with their proof (domain.md §8.1: the text, the hour, from where), one purpose by
itself, and never widened by silence: `members.rules.consent` decides. Mails of a booking (its
confirmation, its changes) are no letters and are always sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.db.models.functions import Upper
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from booking import locks
from booking.messages import write_message
from booking.models import GuestImport, Order, PastStay
from booking.refusals import BadInput, trouble
from members.journal import VISITOR, Actor, record
from members.models import ErasedAddress, LetterAddress, LetterChoice
from members.rules import consent as rules
from oti.lib.dates import at_paris

SALT = "letter"
# How long the link of the mail that confirms is good.
CONFIRM_WITHIN = timedelta(days=7)
# One mail to an address in this time, however often it is asked for.
SECONDS_BETWEEN = 600
# Rows that one round forgets.
FORGET_AT_ONCE = 500
Source = LetterChoice.Source


@dataclass(frozen=True)
class Proof:
    """Where a word came from: by which way, after reading what, from which network."""

    source: str
    words: str
    network: str = ""


def ask_for_letter(email: str, *, rhythm: str, language: str, now: datetime) -> None:
    """Send a mail whose link confirms that this address wants the letter; nothing is kept yet.

    The answer is the same for every address: nobody learns from it who reads the letter.
    """
    address = _bare(email)
    told = {"email": address, "rhythm": rhythm, "language": language, "at": now.timestamp()}
    with locks.write_transaction():
        write_message(
            "letter_confirm",
            # The key outlives the message: it is short, and tells no address.
            key=f"letter:{_mark(address)}:{int(now.timestamp()) // SECONDS_BETWEEN}",
            recipient=address,
            language=language,
            data={"key": signing.dumps(told, salt=SALT)},
            now=now,
        )


def read_key(key: str) -> dict[str, Any]:
    """Return what the link of a mail confirms.

    Raises BadInput `letter_link_old` for none, `letter_no_since` where its reader said no since.
    """
    try:
        told: dict[str, Any] = signing.loads(key, salt=SALT, max_age=CONFIRM_WITHIN)
    except signing.BadSignature as error:
        raise BadInput(trouble("letter_link_old")) from error
    # Without its moment a link is older than every no.
    made = datetime.fromtimestamp(told.get("at", 0), UTC)
    later = LetterChoice.objects.filter(address__email=told["email"], purpose=rules.NEWS)
    if later.filter(is_yes=False, at__gt=made).exists():
        raise BadInput(trouble("letter_no_since"))
    return told


def confirm_letter(key: str, *, network: str, now: datetime) -> LetterAddress:
    """Keep the yes of who reads that mail; twice is the same as once, and a later no stands.

    Raises BadInput `letter_link_old` for a link that is a week old, or none, `letter_no_since`.
    """
    told = read_key(key)
    proof = Proof(Source.FORM, _("I want to receive the letter of the Velay."), network)
    with locks.write_transaction():
        address = locks.lock_letter_address(told["email"], language=told["language"], now=now)
        # Under the lock: a no may have come meanwhile.
        read_key(key)
        address.rhythm = told["rhythm"]
        # Who answers a mail reads it, whatever its carrier said before.
        address.bounced_at, address.bounced_why = None, ""
        address.save(update_fields=["bounced_at", "bounced_why"])
        _say(address, {rules.NEWS: True}, proof, actor=VISITOR, now=now)
    return address


def address_of(email: str, *, language: str, now: datetime) -> LetterAddress:
    """Return the page of choices of an address that somebody has proved to read; made if needed."""
    known = LetterAddress.objects.filter(email=_bare(email)).first()
    if known is not None:
        return known
    with locks.write_transaction():
        return locks.lock_letter_address(_bare(email), language=language, now=now)


def choose(
    address: LetterAddress,
    answers: Mapping[str, bool],
    *,
    rhythm: str = "",
    proof: Proof,
    actor: Actor = VISITOR,
    now: datetime,
) -> None:
    """Keep yes or no for some purposes, those that differ from what stands; and the rhythm."""
    with locks.write_transaction():
        mine = locks.lock_letter_address(address.email, language=address.language, now=now)
        standing = standings(mine, now=now)
        changed = {
            purpose: is_yes
            for purpose, is_yes in answers.items()
            if is_yes != standing[purpose].is_allowed or _is_unsaid(standing[purpose], is_yes)
        }
        mine.rhythm = rhythm or mine.rhythm
        _say(mine, changed, proof, actor=actor, now=now)


def stop(address: LetterAddress, purpose: str, *, proof: Proof, now: datetime) -> None:
    """Say no to one purpose; again, or from an old mail, is the same (RFC 8058)."""
    choose(address, {purpose: False}, proof=proof, now=now)


def say_no(
    address: LetterAddress, purposes: Sequence[str], proof: Proof, *, actor: Actor, now: datetime
) -> None:
    """Write a no to some purposes in the present transaction, under the lock of the address.

    One that said no already has nothing to add.
    """
    standing = standings(address, now=now)
    refused = {one: False for one in purposes if standing[one].reason is not rules.Reason.SAID_NO}
    if refused:
        _write_words(address, refused, proof, actor=actor, now=now)


def standings(address: LetterAddress, *, now: datetime) -> dict[str, rules.Standing]:
    """Return for each purpose whether a letter may be written to an address, and why (4 SQL).

    Who was erased has said no to each of them then: a stay that is bought later widens nothing.
    """
    words = LetterChoice.objects.filter(address__email=address.email).order_by("at", "pk")
    rows = words.values_list("purpose", "is_yes", "at")
    said = [rules.Said(purpose, is_yes, at) for purpose, is_yes, at in rows]
    erased = ErasedAddress.objects.filter(mark=mark_of(address.email)).first()
    if erased is not None:
        said += [rules.Said(one, is_yes=False, at=erased.at) for one in rules.PURPOSES]
    bought = _bought(address.email)
    return {one: rules.standing(one, said, bought, now=now) for one in rules.PURPOSES}


def may_write(email: str, purpose: str, *, now: datetime) -> bool:
    """Tell whether a letter of this purpose may be written to an address, known or not."""
    known = LetterAddress.objects.filter(email=_bare(email)).first()
    if known is not None:
        return standings(known, now=now)[purpose].is_allowed
    if is_erased(email):
        return False
    return rules.standing(purpose, [], _bought(_bare(email)), now=now).is_allowed


def said_no(email: str, purpose: str, *, now: datetime) -> bool:
    """Tell whether the last word of an address about a purpose is no."""
    known = LetterAddress.objects.filter(email=_bare(email)).first()
    if known is None:
        return is_erased(email)
    return standings(known, now=now)[purpose].reason is rules.Reason.SAID_NO


def who_said_no(emails: Collection[str], purpose: str, *, now: datetime) -> set[str]:
    """Return those of some addresses, in lower case, whose last word is no, or who were erased."""
    marks = {mark_of(one): one for one in emails}
    erased = ErasedAddress.objects.filter(mark__in=marks).values_list("mark", flat=True)
    silenced = {marks[one] for one in erased}
    said: dict[str, list[rules.Said]] = {one: [] for one in emails}
    words = LetterChoice.objects.filter(address__email__in=emails, purpose=purpose)
    for email, is_yes, at in words.values_list("address__email", "is_yes", "at"):
        said[email].append(rules.Said(purpose, is_yes, at))
    # By the index of orders (`orders_of_email_any_case`): a file asks for thousands of addresses.
    refused = Order.objects.annotate(address=Upper("email")).filter(
        address__in=[one.upper() for one in emails],
        confirmed_at__isnull=False,
        letters=Order.Letters.REFUSED,
    )
    bought: dict[str, list[rules.Bought]] = {one: [] for one in emails}
    for email, at in refused.values_list("email", "placed_at"):
        bought.get(_bare(email), []).append(rules.Bought(at, is_told=True, said_no=True))
    for email in emails:
        standing = rules.standing(purpose, said[email], bought[email], now=now)
        if standing.reason is rules.Reason.SAID_NO:
            silenced.add(email)
    return silenced


def is_erased(email: str) -> bool:
    """Tell whether an address' data were erased on request: it said no to whatever isn't asked."""
    return ErasedAddress.objects.filter(mark=mark_of(email)).exists()


def mark_of(email: str) -> str:
    """Return the keyed fingerprint of an address: what is left of one that was erased."""
    return _mark(_bare(email))


def forget_silent(*, now: datetime) -> int:
    """Forget some of the addresses that gave no sign of life for three years; returns how many.

    Neither a yes nor a no is needed then: nothing may be written without either (domain.md §8.1).
    """
    before = now - timedelta(days=365 * rules.YEARS)
    with locks.write_transaction():
        rows = LetterAddress.objects.filter(active_at__lte=before).order_by("pk")
        silent = [
            one
            for one in locks.lock_free_rows(rows[:FORGET_AT_ONCE])
            if rules.silent_since(one.active_at, now=now)
        ]
        buyers = _bought_since([one.email for one in silent], before)
        gone = [one.pk for one in silent if one.email not in buyers]
        LetterAddress.objects.filter(pk__in=gone).delete()
        # Who bought since is alive: looked at again in three years.
        for one in silent:
            if one.email in buyers:
                one.active_at = buyers[one.email]
                one.save(update_fields=["active_at"])
        if gone:
            record("letters forgotten", "letters:silent", actor=_CLOCK, at=now, count=len(gone))
    return len(gone)


_CLOCK = Actor("system")


def _say(
    address: LetterAddress,
    answers: Mapping[str, bool],
    proof: Proof,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Write words about a locked address; its owner is alive."""
    address.active_at = now
    address.save(update_fields=["rhythm", "active_at"])
    _write_words(address, answers, proof, actor=actor, now=now)


def _write_words(
    address: LetterAddress,
    answers: Mapping[str, bool],
    proof: Proof,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Write words about a locked address, with their proof."""
    LetterChoice.objects.bulk_create(
        LetterChoice(
            address=address,
            purpose=purpose,
            is_yes=is_yes,
            source=proof.source,
            words=proof.words,
            network=proof.network[:45],
            at=now,
        )
        for purpose, is_yes in sorted(answers.items())
    )
    if answers:
        # By its key: the journal outlives the address.
        said = {purpose: "yes" if is_yes else "no" for purpose, is_yes in answers.items()}
        record("letters chosen", f"letters:{address.pk}", actor=actor, at=now, **said)


def _is_unsaid(standing: rules.Standing, is_yes: bool) -> bool:
    """Tell whether a no makes explicit what silence says, so that nothing widens it later."""
    return not is_yes and standing.reason is not rules.Reason.SAID_NO


def _bought(email: str) -> list[rules.Bought]:
    """Return the stays that an address paid, and what it was told then.

    Those of a host's file too, whose guests were told (`guest_imports`).
    """
    paid = Order.objects.filter(email__iexact=email, confirmed_at__isnull=False)
    rows = paid.values_list("placed_at", "letters")
    letters = Order.Letters
    return [
        rules.Bought(at, is_told=said != letters.UNTOLD, said_no=said == letters.REFUSED)
        for at, said in rows
    ] + [rules.Bought(at_paris(day, time(12)), is_told=True) for day in _told_by_hosts(email)]


def _told_by_hosts(email: str) -> QuerySet[PastStay, date]:
    return PastStay.objects.filter(
        identity__address__email=email, guest_import__basis=GuestImport.Basis.OWN_GUEST
    ).values_list("last_day", flat=True)


def _bought_since(emails: list[str], before: datetime) -> dict[str, datetime]:
    rows = (
        Order.objects.annotate(address=Upper("email"))
        .filter(
            address__in=[one.upper() for one in emails],
            confirmed_at__isnull=False,
            placed_at__gt=before,
        )
        .order_by("placed_at")
        .values_list("email", "placed_at")
    )
    return {_bare(email): at for email, at in rows}


def _mark(address: str) -> str:
    return salted_hmac(SALT, address, algorithm="sha256").hexdigest()


def _bare(email: str) -> str:
    return email.strip().lower()
