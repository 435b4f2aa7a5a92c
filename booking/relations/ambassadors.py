"""Somebody becomes an ambassador, stops, and writes the page that their friends read.

A code counts from the signature on; words and places are shown once the office has read them
(features.md M04, M06). Any account may: residents, guests, hosts, inhabitants.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError

from booking import locks
from booking.messages import write_message
from booking.refusals import BadInput, NotAllowed, WrongState, trouble
from booking.relations.missions import give_back_all
from members.journal import Actor, record
from members.models import Ambassador, AmbassadorCharter, User
from members.rules import enrolment
from members.rules.ambassadors import MOST_PLACES
from members.rules.households import can_be_a_birthday, is_old_enough
from oti.lib.dates import today as day_of


@dataclass(frozen=True)
class Joining:
    """What somebody gives to become an ambassador; the day of birth is looked at and not kept."""

    first_name: str
    born_on: date
    signed_name: str
    shown_sha256: str
    language: str = "fr"


@dataclass(frozen=True)
class Place:
    """A page of this site that somebody recommends, with their own words."""

    url_name: str
    slug: str
    title: str
    words: str

    @property
    def row(self) -> dict[str, str]:
        """Return it as a page keeps it."""
        return {
            "url_name": self.url_name,
            "slug": self.slug,
            "title": self.title,
            "words": self.words,
        }


def charter_of(today: date) -> AmbassadorCharter | None:
    """Return the charter in force, None as long as the office has entered none."""
    held: AmbassadorCharter | None = AmbassadorCharter.objects.in_force(
        today, has_demo=settings.SELLS_ON_DEMO_TEXTS
    )
    return held


# --- Being one ----------------------------------------------------------------------------------
def join(
    user: User, given: Joining, *, text: AmbassadorCharter | None, now: datetime
) -> Ambassador:
    """Make an ambassador of somebody who signs the charter that was shown; twice is once.

    Who had stopped takes up the same code again. Raises NotAllowed `too_young` (under 15),
    `birthday_odd`, `charter_missing`, `ambassador_put_aside`; WrongState `charter_changed`.
    """
    if not can_be_a_birthday(given.born_on, day_of(now)):
        raise NotAllowed(trouble("birthday_odd", field="born_on"))
    if not is_old_enough(given.born_on, day_of(now)):
        raise NotAllowed(trouble("too_young", field="born_on"))
    if text is None:
        raise NotAllowed(trouble("charter_missing"))
    if text.sha256 != given.shown_sha256:
        raise WrongState(trouble("charter_changed"))
    try:
        return _join(user, given, text, now=now)
    except IntegrityError:
        # Two presses at once: the second finds what the first made.
        return _join(user, given, text, now=now)


def _join(user: User, given: Joining, text: AmbassadorCharter, *, now: datetime) -> Ambassador:
    signed = {
        "first_name": given.first_name,
        "language": given.language,
        "charter": text,
        "charter_sha256": text.sha256,
        "signed_name": given.signed_name.strip(),
        "signed_at": now,
    }
    with locks.write_transaction():
        known = Ambassador.objects.filter(user=user).first()
        row = locks.lock_ambassador(known.pk) if known else Ambassador(user=user, joined_at=now)
        if row.is_put_aside:
            raise NotAllowed(trouble("ambassador_put_aside"))
        if known and row.is_active:
            return row
        for name, value in signed.items():
            setattr(row, name, value)
        row.ended_at, row.ended_reason = None, ""
        row.save()
        record(
            "ambassador joined",
            f"ambassador:{row.pk}",
            actor=Actor.person(user),
            at=now,
            version=text.version,
            sha256=text.sha256,
        )
    return row


def leave(ambassador: Ambassador, *, now: datetime) -> None:
    """Stop being an ambassador: the code counts no more, the page is gone; twice is once.

    Thanks that were earned stay to be handed over; missions not yet done are others' to take.
    Locks: ambassador, then these missions.
    """
    with locks.write_transaction():
        row = locks.lock_ambassador(ambassador.pk)
        if row.is_active:
            row.ended_at = now
            row.save(update_fields=["ended_at"])
            give_back_all(row, now=now)
            record(
                "ambassador left",
                f"ambassador:{row.pk}",
                actor=Actor.person(ambassador.user),
                at=now,
            )
    ambassador.refresh_from_db()


# --- The page -----------------------------------------------------------------------------------
def content_of(ambassador: Ambassador) -> dict[str, Any]:
    """Return the page as its author sees it: what waits, else what is shown, else an empty one."""
    empty = {"name": "", "words": "", "language": ambassador.language, "places": []}
    return {**empty, **(ambassador.draft or ambassador.page)}


def write_page(ambassador: Ambassador, *, name: str, words: str, now: datetime) -> None:
    """Keep the name and the words of a page; what friends read stays until the office has read.

    Locks: ambassador. Raises WrongState `ambassador_ended`.
    """
    with _editing(ambassador, now=now) as page:
        page["name"], page["words"], page["language"] = name, words, ambassador.language


def add_place(ambassador: Ambassador, place: Place, *, now: datetime) -> None:
    """Recommend one more place, or write the words of one that is there anew. Locks: ambassador.

    Raises BadInput `too_many_places` past twelve, WrongState `ambassador_ended`.
    """
    with _editing(ambassador, now=now) as page:
        found = next((one for one in page["places"] if _is(one, place)), None)
        if found is not None:
            found["words"] = place.words
        elif len(page["places"]) >= MOST_PLACES:
            raise BadInput(trouble("too_many_places", field="address", most=MOST_PLACES))
        else:
            page["places"].append(place.row)


def drop_place(ambassador: Ambassador, url_name: str, slug: str, *, now: datetime) -> None:
    """Recommend a place no longer; it leaves the shown page at once. Locks: ambassador."""
    with _editing(ambassador, now=now) as page:
        gone = Place(url_name, slug, "", "")
        page["places"] = [one for one in page["places"] if not _is(one, gone)]


def move_place(
    ambassador: Ambassador, url_name: str, slug: str, *, by: int, now: datetime
) -> int | None:
    """Put a place so many steps down (`by` 1) or up (-1); returns its number, from 1.

    None where it is no longer there, taken off in another window; at either end it stays. Friends
    see the new order at once, a page that the office is reading stays sent: there is nothing new
    to read. Locks: ambassador. Raises WrongState `ambassador_ended`.
    """
    with locks.write_transaction():
        row = _open(ambassador)
        places = list(content_of(row)["places"])
        wanted = Place(url_name, slug, "", "")
        was = next((at for at, one in enumerate(places) if _is(one, wanted)), None)
        if was is None:
            return None
        at = min(max(was + by, 0), len(places) - 1)
        if at != was:
            places.insert(at, places.pop(was))
            _put_in_order(row, [(one["url_name"], one["slug"]) for one in places])
            record(
                "ambassador's places put in order",
                f"ambassador:{row.pk}",
                actor=Actor.person(ambassador.user),
                at=now,
            )
    ambassador.refresh_from_db()
    return at + 1


def _put_in_order(row: Ambassador, order: list[tuple[str, str]]) -> None:
    """Write what waits and what is shown in one order: all that is shown stands in it."""
    for name in ("draft", "page"):
        page = getattr(row, name)
        if page:
            places = sorted(
                page["places"], key=lambda one: order.index((one["url_name"], one["slug"]))
            )
            setattr(row, name, {**page, "places": places})
    row.save(update_fields=["draft", "page"])


def submit_page(ambassador: Ambassador, *, now: datetime) -> None:
    """Send the page to the office, which is told by mail. Locks: ambassador.

    Raises BadInput `page_incomplete`, WrongState `page_moved`, `ambassador_ended`.
    """
    with locks.write_transaction():
        row = _open(ambassador)
        if row.page_state == enrolment.SUBMITTED or not row.draft:
            raise WrongState(trouble("page_moved"))
        if not row.draft.get("name") or not row.draft.get("places"):
            raise BadInput(trouble("page_incomplete"))
        row.page_state, row.submitted_at, row.office_note = enrolment.SUBMITTED, now, ""
        row.save(update_fields=["page_state", "submitted_at", "office_note"])
        record(
            "ambassador's page sent",
            f"ambassador:{row.pk}",
            actor=Actor.person(ambassador.user),
            at=now,
        )
        write_message(
            "ambassador_submitted",
            key=f"ambassador:{row.pk}:submitted:{row.edition}",
            recipient=settings.OFFICE["email"],
            language="fr",
            data={"ambassador": row.pk},
            now=now,
        )
    ambassador.refresh_from_db()


@contextmanager
def _editing(ambassador: Ambassador, *, now: datetime) -> Iterator[dict[str, Any]]:
    """Lock, let the caller change the page, keep it as a draft; what waited waits no more."""
    with locks.write_transaction():
        row = _open(ambassador)
        page = content_of(row)
        page["places"] = [dict(one) for one in page["places"]]
        yield page
        row.draft = page
        # What friends see no longer is taken off at once: only what is new waits.
        kept = {(one["url_name"], one["slug"]) for one in page["places"]}
        if row.page:
            shown = [one for one in row.page["places"] if (one["url_name"], one["slug"]) in kept]
            row.page = {**row.page, "places": shown}
        if row.draft == row.page:
            row.draft = {}
        row.page_state = _state_after(row)
        row.edition += 1
        row.save()
        record(
            "ambassador's page written",
            f"ambassador:{row.pk}",
            actor=Actor.person(ambassador.user),
            at=now,
        )
    ambassador.refresh_from_db()


def _state_after(row: Ambassador) -> str:
    if not row.draft:
        return enrolment.APPROVED if row.page else enrolment.DRAFT
    return enrolment.TO_FIX if row.page_state == enrolment.TO_FIX else enrolment.DRAFT


def _open(ambassador: Ambassador) -> Ambassador:
    row = locks.lock_ambassador(ambassador.pk)
    if not row.is_active:
        raise WrongState(trouble("ambassador_ended"))
    return row


def _is(row: dict[str, str], place: Place) -> bool:
    return (row["url_name"], row["slug"]) == (place.url_name, place.slug)
