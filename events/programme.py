"""The programme's dates: entered, moved, cancelled; with tickets, sold through a slot."""

from __future__ import annotations

from datetime import date, datetime, time

from django.conf import settings
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from booking import called_off, locks, slots
from booking.models import CalledOff, Offer, OrderLine, Slot
from booking.models.money import EVENT_CANCELLED
from booking.offers import subject_of
from booking.refusals import BadInput, NotAllowed, Trouble, WrongState, trouble
from events.models import Event, Session
from members.journal import SYSTEM, Actor, record
from oti.lib.dates import FIRST_DAY, ONE_DAY, at_paris, is_of_our_time, is_on_the_clock


def schedule_session(
    event: Event,
    *,
    day: date,
    start_time: time,
    end_time: time,
    capacity: int | None,
    actor: Actor,
    now: datetime,
) -> Session:
    """Add a date to an event; with tickets, so many places are on sale.

    Local time; an end before the beginning is on the next day. A slot of the ticket offer at
    that moment is taken as it is, another one is added. The date, its places and the journal are
    written together or not at all. Raises BadInput `slot_past`, `no_such_hour`,
    `capacity_missing`, `sells_no_tickets` (places for an event without them), `session_known`.
    Locks: slot.
    """
    if not is_of_our_time(day):
        raise BadInput(trouble("slot_past" if day < FIRST_DAY else "too_far", field="day"))
    if not is_on_the_clock(day, start_time):
        at = f"{start_time:%H:%M}"
        raise BadInput(trouble("no_such_hour", field="start_time", day=day, time=at))
    starts_at = at_paris(day, start_time)
    ends_at = at_paris(day if end_time > start_time else day + ONE_DAY, end_time)
    _check_session(event, starts_at, capacity, day, start_time, now)
    tickets = event.ticket_offer
    if tickets is not None and capacity:
        slots.check_series(tickets, day, day, {day.weekday()}, {start_time}, capacity, now)
    try:
        with locks.write_transaction():
            if tickets is not None and capacity:
                slots.put_slots(
                    tickets, [(day, start_time)], capacity=capacity, actor=actor, now=now
                )
            slot = _slot_of(event, day, start_time)
            if slot is not None:
                # Removed by a rival before its lock was had: the date has no places to sell.
                slot = next(iter(locks.lock_slots([slot.pk])), None)
            if tickets is not None and slot is None:
                raise BadInput(_capacity_missing())
            session = Session.objects.create(
                event=event, slot=slot, starts_at=starts_at, ends_at=ends_at
            )
            record(
                "session added",
                f"event:{event.pk}",
                actor=actor,
                at=now,
                starts_at=starts_at.isoformat(),
            )
    except IntegrityError as error:
        # A second click: the first one has added the date, and its places.
        raise BadInput(_session_known()) from error
    return session


def _session_known() -> Trouble:
    message = _("This date is in the programme already.")
    return Trouble("session_known", message, field="start_time")


def _capacity_missing() -> Trouble:
    message = _("Say how many tickets are on sale.")
    return Trouble("capacity_missing", message, field="capacity")


def _slot_of(event: Event, day: date, start_time: time) -> Slot | None:
    if event.ticket_offer_id is None:
        return None
    slot: Slot | None = Slot.objects.filter(
        offer_id=event.ticket_offer_id, day=day, start_time=start_time
    ).first()
    return slot


def _check_session(
    event: Event,
    starts_at: datetime,
    capacity: int | None,
    day: date,
    start_time: time,
    now: datetime,
) -> None:
    troubles = []
    if starts_at <= now:
        troubles.append(trouble("slot_past", field="day"))
    elif event.sessions.filter(starts_at=starts_at).exists():
        troubles.append(_session_known())
    has_tickets = event.ticket_offer_id is not None
    if has_tickets and not capacity and _slot_of(event, day, start_time) is None:
        troubles.append(_capacity_missing())
    if capacity and not has_tickets:
        # Kept without a word, whoever typed it would believe that they are on sale.
        message = _(
            "This event sells no tickets: name its ticket offer first, or leave this empty."
        )
        troubles.append(Trouble("sells_no_tickets", message, field="capacity"))
    if troubles:
        raise BadInput(*troubles)


def cancel_session(
    session: Session, *, reason: str, actor: Actor, now: datetime
) -> list[CalledOff]:
    """Cancel a date: it stays in the programme, struck, and whoever has tickets is given all back.

    Returns what is under way (`booking.called_off`), nothing where nobody has booked. The date and
    its places are closed together or not at all; a second time writes nothing. Raises BadInput
    (`call_off_reason_missing`, `call_off_reason_long`), WrongState `date_begun` for one with
    tickets that has begun. Locks: slot.
    """
    called_off.check_reason(reason)
    with locks.write_transaction():
        dates = locks.lock_slots([session.slot_id] if session.slot_id else [])
        sold = sum(slot.sold for slot in dates)
        if sold and session.starts_at <= now:
            raise WrongState(trouble("date_begun"))
        begun = called_off.call_off_locked(
            dates, reason=reason, by=CalledOff.By.OFFICE, actor=actor, now=now
        )
        _strike(session, reason=reason.strip(), actor=actor, now=now, sold=sold)
    return begun


def dates_of(event: Event, *, now: datetime) -> list[Slot]:
    """Return the dates to come of an event's tickets, also those that are out of the programme."""
    tickets = event.ticket_offer
    if tickets is None:
        return []
    return list(Slot.objects.filter(offer=tickets, starts_at__gt=now).select_related("offer"))


def cancel_event(event: Event, *, reason: str = "", actor: Actor, now: datetime) -> list[CalledOff]:
    """Cancel every date to come of an event that doesn't take place: all tickets are given back.

    Without a `reason` whoever booked reads that the event is cancelled, in their own language.
    Returns what is under way (`booking.called_off`). All of it or nothing; a second time writes
    nothing. Raises BadInput `call_off_reason_long`. Locks: slots.
    """
    why = reason.strip() or EVENT_CANCELLED
    called_off.check_reason(why)
    with locks.write_transaction():
        dates = locks.lock_slots(slot.pk for slot in dates_of(event, now=now))
        for slot in dates:
            if event.ticket_offer is not None:
                slot.offer = event.ticket_offer
        begun = called_off.call_off_locked(
            dates, reason=why, by=CalledOff.By.OFFICE, actor=actor, now=now
        )
        sold_at = {slot.pk: slot.sold for slot in dates}
        for session in event.sessions.filter(starts_at__gt=now, is_cancelled=False):
            sold = sold_at.get(session.slot_id or 0, 0)
            _strike(session, reason=why, actor=actor, now=now, sold=sold)
        # Nothing else of what a form has changed on it meanwhile.
        event.state = Event.State.CANCELLED
        event.save(update_fields=["state"])
    return begun


def lend_place(event: Event, *, actor: Actor, now: datetime) -> bool:
    """Give the offer of an event's tickets the place of the event, where it names none itself.

    Whoever bought them reads there where to go. In the caller's transaction; tells whether it did.
    """
    names = [f"place_{code}" for code, _label in settings.LANGUAGES]
    places = {name: getattr(event, name) or "" for name in names}
    tickets = event.ticket_offer
    if tickets is None or not places["place_fr"]:
        return False
    if not Offer.objects.filter(pk=tickets.pk, place_fr="").update(**places):
        return False
    record("offer changed", subject_of(tickets), actor=actor, at=now, place=places["place_fr"])
    return True


def strike_if_called_off(line: OrderLine) -> None:
    """Mark the date of a cancelled ticket as cancelled where it was called off, by whomever.

    In the transaction that cancels the line: the first of its orders strikes it.
    """
    session = Session.objects.filter(slot=line.slot_id, is_cancelled=False).first()
    row = CalledOff.objects.filter(slot=line.slot_id, slot__is_closed=True).order_by("pk").last()
    if session is None or row is None:
        return
    actor = SYSTEM if row.actor is None else Actor.person(row.actor)
    _strike(session, reason=row.reason, actor=actor, now=row.at)


def _strike(session: Session, *, reason: str, actor: Actor, now: datetime, **told: int) -> None:
    """Mark a date as cancelled, and say so in the journal the first time, with what is `told`."""
    if Session.objects.filter(pk=session.pk, is_cancelled=False).update(is_cancelled=True):
        record(
            "session cancelled",
            f"event:{session.event_id}",
            actor=actor,
            at=now,
            starts_at=session.starts_at.isoformat(),
            reason=reason,
            **told,
        )


def remove_session(session: Session, *, actor: Actor, now: datetime) -> None:
    """Take a date out of the programme, with its slot; NotAllowed once a ticket was booked.

    Both go together or not at all. Locks: slot.
    """
    message = _("Tickets are booked for this date: cancel it instead.")
    try:
        with locks.write_transaction():
            slots = locks.lock_slots([session.slot_id]) if session.slot_id else []
            for slot in slots:
                if slot.sold or slot.order_lines.exists() or slot.holds.exists():
                    raise NotAllowed(Trouble("slot_used", message))
            Session.objects.filter(pk=session.pk).delete()
            for slot in slots:
                slot.delete()
            record(
                "session removed",
                f"event:{session.event_id}",
                actor=actor,
                at=now,
                starts_at=session.starts_at.isoformat(),
            )
    except ProtectedError as error:
        # A stay that was planned, held or not, still names these places.
        raise NotAllowed(Trouble("slot_used", message)) from error
