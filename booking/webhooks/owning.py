"""What a host does with addresses that are told: give one, choose, pause, another secret, replay.

An address may hold a password: it is sealed at once and shown masked. Who owns a house decides.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.utils.crypto import salted_hmac

from booking import locks
from booking.channels.feeds import masked
from booking.models import HookDelivery, Webhook
from booking.refusals import BadInput, NotAllowed, Trouble, WrongState, trouble
from booking.rules import webhooks
from booking.task_queue import ask_for_task
from booking.webhooks.sending import send_hooks
from booking.webhooks.words import problem_words
from members.journal import Actor, record
from members.models import Entry, Provider
from oti.lib.codes import secret_token
from oti.lib.http import FetchRefused
from oti.lib.public_hosts import check_url
from oti.lib.sealing import seal

MARK = "velay_wh_"
MOST_WEBHOOKS = 5
OLD_SECRET_KEPT = timedelta(hours=24)
BETWEEN_TESTS = timedelta(minutes=1)
TEST_SECONDS = 3.0
TESTED = "webhook tested"


def add_webhook(
    provider: Provider, address: str, *, topics: Collection[str], actor: Actor, now: datetime
) -> tuple[Webhook, str]:
    """Take an address that is told from now on; returns it with the secret that signs, shown once.

    Raises BadInput `webhook_address` with why, `topics_missing`; NotAllowed `house_not_selling`
    before the house is approved or while it is suspended, `webhook_twice`, `too_many_webhooks`.
    Whether the address is public is known when it is asked. Locks the provider.
    """
    chosen = webhooks.known_topics(topics)
    if not chosen:
        raise BadInput(trouble("topics_missing", field="topics"))
    wanted = _checked(address)
    secret = MARK + secret_token()
    digest = salted_hmac("booking.webhook", wanted, algorithm="sha256").hexdigest()
    with locks.write_transaction():
        house = locks.lock_provider(provider.pk)
        _refuse_unapproved(house)
        own = Webhook.objects.filter(provider=house)
        if own.filter(digest=digest).exists():
            raise NotAllowed(trouble("webhook_twice", field="address"))
        if own.count() >= MOST_WEBHOOKS:
            raise NotAllowed(trouble("too_many_webhooks", field="address", max=MOST_WEBHOOKS))
        hook = Webhook.objects.create(
            provider=house,
            sealed=seal(wanted),
            masked=masked(wanted),
            digest=digest,
            topics=chosen,
            secret=seal(secret),
            created_at=now,
        )
        _note("webhook added", hook, actor=actor, now=now, topics=chosen)
    return hook, secret


def change_topics(hook: Webhook, topics: Collection[str], *, actor: Actor, now: datetime) -> None:
    """Choose again what an address is told of. Raises BadInput `topics_missing`."""
    chosen = webhooks.known_topics(topics)
    if not chosen:
        raise BadInput(trouble("topics_missing", field="topics"))
    with locks.write_transaction():
        locks.lock_provider(hook.provider_id)
        if Webhook.objects.filter(pk=hook.pk).exclude(topics=chosen).update(topics=chosen):
            _note("webhook changed", hook, actor=actor, now=now, topics=chosen)


def pause_webhook(hook: Webhook, *, is_paused: bool, actor: Actor, now: datetime) -> None:
    """Tell an address nothing for a while, or begin again with what still waits. Twice is once.

    What happens meanwhile isn't written down for it: its program asks the API for what it missed.
    """
    with locks.write_transaction():
        locks.lock_provider(hook.provider_id)
        rows = Webhook.objects.filter(pk=hook.pk)
        if is_paused:
            is_new = rows.filter(pause="").update(pause=Webhook.Pause.HOST)
        else:
            is_new = rows.exclude(pause="").update(pause="", failures=0, failing_since=None)
        if is_new:
            verb = "webhook paused" if is_paused else "webhook resumed"
            _note(verb, hook, actor=actor, now=now)


def renew_secret(hook: Webhook, *, actor: Actor, now: datetime) -> str:
    """Return another secret for an address; the one before signs too for a day."""
    secret = MARK + secret_token()
    with locks.write_transaction():
        locks.lock_provider(hook.provider_id)
        fresh = Webhook.objects.get(pk=hook.pk)
        fresh.old_secret, fresh.old_secret_until = fresh.secret, now + OLD_SECRET_KEPT
        fresh.secret = seal(secret)
        fresh.save(update_fields=["secret", "old_secret", "old_secret_until"])
        _note("webhook secret renewed", hook, actor=actor, now=now)
    return secret


def remove_webhook(hook: Webhook, *, actor: Actor, now: datetime) -> None:
    """Forget an address and what it was told. Twice is the same as once."""
    with locks.write_transaction():
        locks.lock_provider(hook.provider_id)
        if Webhook.objects.filter(pk=hook.pk).exists():
            _note("webhook removed", hook, actor=actor, now=now)
            Webhook.objects.filter(pk=hook.pk).delete()


def replay(delivery: HookDelivery, *, actor: Actor, now: datetime) -> HookDelivery:
    """Tell the same thing again, under the same `id`; one that still waits is sent at once."""
    with locks.write_transaction():
        locks.lock_provider(delivery.webhook.provider_id)
        fresh = HookDelivery.objects.get(pk=delivery.pk)
        if fresh.state in {HookDelivery.State.WAITING, HookDelivery.State.SENDING}:
            HookDelivery.objects.filter(pk=fresh.pk, state=HookDelivery.State.WAITING).update(
                next_attempt_at=now
            )
            again = fresh
        else:
            again = HookDelivery.objects.create(
                webhook_id=fresh.webhook_id,
                event=fresh.event,
                topic=fresh.topic,
                data=fresh.data,
                next_attempt_at=now,
                happened_at=fresh.happened_at,
            )
        _note("webhook replayed", delivery.webhook, actor=actor, now=now, event=str(fresh.event))
        pk = again.pk
        transaction.on_commit(lambda: ask_for_task("booking.tasks.send_hooks", [pk]))
    return again


def send_test(hook: Webhook, *, actor: Actor, now: datetime) -> HookDelivery:
    """Ask an address now, paused or not, and return what came of it.

    Whoever asked waits for the answer, three seconds at most. Raises NotAllowed
    `house_not_selling`, WrongState `webhook_busy` within a minute of the last test of the house,
    whichever its address, and whether that is still there: the journal remembers what goes with
    an address. Locks the provider.
    """
    with locks.write_transaction():
        _refuse_unapproved(locks.lock_provider(hook.provider_id))
        lately = Entry.objects.filter(
            subject=f"provider:{hook.provider_id}", verb=TESTED, at__gt=now - BETWEEN_TESTS
        )
        if lately.exists():
            raise WrongState(trouble("webhook_busy"))
        _note(TESTED, hook, actor=actor, now=now)
        delivery = HookDelivery.objects.create(
            webhook=hook, event=uuid4(), topic=webhooks.TEST, next_attempt_at=now, happened_at=now
        )
    send_hooks([delivery.pk], even_paused=True, total_seconds=TEST_SECONDS, now=now)
    delivery.refresh_from_db()
    return delivery


def _refuse_unapproved(house: Provider) -> None:
    """Raise NotAllowed `house_not_selling`: anybody may open a house, not ask addresses from us."""
    if house.state != Provider.State.ACTIVE:
        raise NotAllowed(trouble("house_not_selling"))


def _checked(address: str) -> str:
    """Return an address as it will be asked; raises BadInput `webhook_address`."""
    try:
        return check_url(address.strip()).geturl()
    except FetchRefused as refused:
        reason = str(refused.reason)
        told = Trouble(
            "webhook_address", problem_words(reason), field="address", params={"why": reason}
        )
        raise BadInput(told) from refused


def _note(verb: str, hook: Webhook, *, actor: Actor, now: datetime, **more: object) -> None:
    record(
        verb,
        f"provider:{hook.provider_id}",
        actor=actor,
        at=now,
        webhook=hook.pk,
        address=hook.masked,
        **more,
    )
