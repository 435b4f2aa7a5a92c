"""Keys with which a host's own programs act for its house: made, shown once, revoked at once.

A key is 192 bits of chance; only its SHA-256 is kept. It does what its scopes say, for one house,
as long as that house sells and whoever made it still owns it (features.md T05).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import date, datetime, timedelta

from booking import locks
from booking.refusals import BadInput, NotAllowed, trouble
from members.access import owned_by
from members.journal import Actor, record
from members.models import HouseKey, KeyReply, Provider, User
from oti.lib.codes import secret_token
from oti.lib.dates import today as day_of

MARK = "velay_"
MOST_KEYS = 20
LONGEST_DAYS = 731
SHOWN = len(MARK) + 6
REPLIES_KEPT = timedelta(hours=24)
# Why a key opens nothing any more, or "" for one that does.
REVOKED, EXPIRED, ORPHAN, ASLEEP = "revoked", "expired", "orphan", "asleep"


def make_key(
    provider: Provider,
    *,
    name: str,
    scopes: Collection[str],
    last_day: date,
    maker: User,
    now: datetime,
) -> tuple[HouseKey, str]:
    """Make a key of a house; returns its row and the key itself, which nobody can show again.

    It counts until `last_day` is over. Raises BadInput `name_missing`, `scopes_missing`,
    `key_days` (past, or further than two years), NotAllowed `house_not_selling`, `too_many_keys`.
    Locks the provider.
    """
    chosen = [one for one in HouseKey.Scope.values if one in set(scopes)]
    today = day_of(now)
    troubles = []
    if not name.strip():
        troubles.append(trouble("name_missing", field="name"))
    if not chosen:
        troubles.append(trouble("scopes_missing", field="scopes"))
    if not today <= last_day <= today + timedelta(days=LONGEST_DAYS):
        troubles.append(trouble("key_days", field="days"))
    if troubles:
        raise BadInput(*troubles)
    secret = MARK + secret_token()
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        if house.state != Provider.State.ACTIVE:
            raise NotAllowed(trouble("house_not_selling"))
        live = HouseKey.objects.filter(provider=house, revoked_at=None, expires_on__gte=today)
        if live.count() >= MOST_KEYS:
            raise NotAllowed(trouble("too_many_keys", max=MOST_KEYS))
        key = HouseKey.objects.create(
            provider=house,
            name=name.strip(),
            scopes=chosen,
            prefix=secret[:SHOWN],
            digest=_digest(secret),
            made_by=maker,
            created_at=now,
            expires_on=last_day,
        )
        _note("key made", key, actor=Actor.person(maker), now=now, scopes=chosen)
    return key, secret


def revoke_key(key: HouseKey, *, actor: Actor, now: datetime) -> None:
    """End a key at once. Twice is the same as once. Locks the provider."""
    with locks.write_transaction():
        locks.lock_provider(key.provider_id)
        if HouseKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            _note("key revoked", key, actor=actor, now=now)


def key_of(given: str, *, now: datetime) -> HouseKey | None:
    """Return the key that a program gives, None for one that is unknown or opens nothing.

    Asked at every request, so that what ends a key ends it at once. The day of its last use is
    written once a day.
    """
    if not given.startswith(MARK):
        return None
    rows = HouseKey.objects.select_related("provider", "made_by")
    key = rows.filter(digest=_digest(given)).first()
    if key is None or why_dead(key, now=now):
        return None
    today = day_of(now)
    if key.last_used_on != today:
        HouseKey.objects.filter(pk=key.pk).update(last_used_on=today)
    return key


def why_dead(key: HouseKey, *, now: datetime) -> str:
    """Return why a key opens nothing at a moment, "" for one that does."""
    if key.revoked_at is not None:
        return REVOKED
    if key.expires_on < day_of(now):
        return EXPIRED
    maker = key.made_by
    if maker is None or not maker.is_active or key.provider_id not in owned_by(maker):
        return ORPHAN
    if key.provider.state != Provider.State.ACTIVE:
        return ASLEEP
    return ""


def actor_of(key: HouseKey) -> Actor:
    """Return who acts through a key, as the journal names it: its maker, by this key."""
    return Actor(label=f"key {key.prefix}", user_id=key.made_by_id)


def known_reply(key: HouseKey, idempotency_key: str, fingerprint: str) -> KeyReply | None:
    """Return what the same change was answered already, None for a new one.

    Raises NotAllowed `idempotency_reused` where another change was asked under this name.
    """
    reply = KeyReply.objects.filter(key=key, idempotency_key=idempotency_key).first()
    if reply is not None and reply.fingerprint != fingerprint:
        raise NotAllowed(trouble("idempotency_reused"))
    return reply


def keep_reply(
    key: HouseKey, idempotency_key: str, fingerprint: str, body: object, *, now: datetime
) -> None:
    """Keep what a change was answered, for a day; the first answer stays."""
    KeyReply.objects.get_or_create(
        key=key,
        idempotency_key=idempotency_key,
        defaults={"fingerprint": fingerprint, "body": body, "at": now},
    )


def forget_replies(*, now: datetime) -> int:
    """Delete the answers of more than a day ago; returns how many."""
    return KeyReply.objects.filter(at__lt=now - REPLIES_KEPT).delete()[0]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _note(verb: str, key: HouseKey, *, actor: Actor, now: datetime, **data: object) -> None:
    record(
        verb,
        f"provider:{key.provider_id}",
        actor=actor,
        at=now,
        key=key.prefix,
        name=key.name,
        **data,
    )
