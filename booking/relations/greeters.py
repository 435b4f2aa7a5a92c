"""An inhabitant becomes a greeter: writes a profile, signs the charter, sends it to the office.

What visitors read of somebody who is shown already waits in `Greeter.pending` until the office has
read it; days, languages, pauses count at once (features.md N-01).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.utils.text import slugify
from wagtail.models import ReferenceIndex

from booking import locks
from booking.messages import write_message
from booking.refusals import BadInput, NotAllowed, Refusal, WrongState, trouble
from destination.models import Picture
from members.journal import Actor, record
from members.models import CharterSignature, Greeter, GreeterCharter, User
from members.rules import enrolment
from members.rules.greeters import OF_AGE, age_on
from members.rules.households import can_be_a_birthday
from oti.lib.codes import reference_code
from oti.lib.dates import today as day_of

# What visitors read and the office has read before.
READ_FIRST = (
    "first_name",
    *(f"{name}_{code}" for name in ("about", "places") for code in ("fr", "en", "de")),
)
PHOTO = "photo"
TOLD_ONCE_IN = timedelta(hours=4)
# Addresses below the public list that belong to the machine.
TAKEN_SLUGS = frozenset({"demander", "ask", "anfragen"})


@dataclass(frozen=True)
class ProfileInput:
    """What an inhabitant writes of themselves; `born_on` is looked at and never kept."""

    first_name: str
    commune_id: int
    phone: str
    languages: tuple[str, ...]
    interests: tuple[str, ...]
    weekdays: tuple[int, ...]
    most_people: int
    monthly_most: int
    is_step_free: bool
    language: str
    texts: Mapping[str, str] = field(default_factory=dict)
    born_on: date | None = None

    @property
    def read_first(self) -> dict[str, str]:
        """Return what visitors read, by column."""
        return {
            "first_name": self.first_name,
            **{name: self.texts.get(name, "") for name in READ_FIRST[1:]},
        }


# --- The profile --------------------------------------------------------------------------------
def open_profile(user: User, given: ProfileInput, *, now: datetime) -> Greeter:
    """Begin the profile of an inhabitant; the same person twice has one.

    Nothing of it is shown. Raises BadInput `greeter_too_young` (under 18: the charter is signed by
    adults), `birthday_odd` or `born_missing`.
    """
    if given.born_on is None:
        raise BadInput(trouble("born_missing", field="born_on"))
    if not can_be_a_birthday(given.born_on, day_of(now)):
        raise BadInput(trouble("birthday_odd", field="born_on"))
    if age_on(given.born_on, day_of(now)) < OF_AGE:
        raise BadInput(trouble("greeter_too_young", field="born_on"))
    try:
        return _open(user, given, now=now)
    except IntegrityError:
        # Two presses at once, or two of one name: the second finds what the first made.
        return _open(user, given, now=now)


def _open(user: User, given: ProfileInput, *, now: datetime) -> Greeter:
    with locks.write_transaction():
        known = Greeter.objects.filter(user=user).first()
        if known is not None:
            return known
        made = Greeter.objects.create(
            user=user,
            slug=_free_slug(given.first_name),
            **_live(given),
            **given.read_first,
            of_age_at=now,
            created_at=now,
        )
        record("greeter begun", f"greeter:{made.pk}", actor=Actor.person(user), at=now)
    return made


def write_profile(greeter: Greeter, given: ProfileInput, *, actor: Actor, now: datetime) -> None:
    """Keep what a greeter changed; words that visitors read wait where there are visitors.

    The commune of somebody who is shown stays: the office moves it. Locks: greeter. Raises
    WrongState `greeter_suspended`.
    """
    with _editing(greeter, "greeter written", actor=actor, now=now) as row:
        live = _live(given)
        if row.state == enrolment.APPROVED:
            del live["commune_id"]
        for name, value in live.items():
            setattr(row, name, value)
        _write(row, given.read_first)


def keep_photo(
    greeter: Greeter, file: UploadedFile[bytes], *, user: User, actor: Actor, now: datetime
) -> None:
    """Put a portrait that was looked at into the library and onto a profile. Raises WrongState."""
    picture = Picture(
        title=f"Greeter · {greeter.first_name}"[:255],
        file=file,
        credit=greeter.first_name,
        rights=Picture.Rights.LENT,
        uploaded_by_user=user,
    )
    picture.file_size = file.size
    picture.save()
    before = [greeter.photo_id, greeter.pending.get(PHOTO)]
    try:
        with _editing(greeter, "greeter's portrait sent", actor=actor, now=now) as row:
            _write(row, {PHOTO: picture.pk})
    except Refusal:
        picture.delete()
        raise
    forget_portraits(greeter, before)


def drop_photo(greeter: Greeter, *, actor: Actor, now: datetime) -> None:
    """Take the portrait off at once, also the one that waits. Raises WrongState."""
    before = [greeter.photo_id, greeter.pending.get(PHOTO)]
    with _editing(greeter, "greeter's portrait removed", actor=actor, now=now) as row:
        row.photo_id = None
        row.pending.pop(PHOTO, None)
    forget_portraits(greeter, before)


def keep_absence(
    greeter: Greeter,
    *,
    is_paused: bool,
    away_from: date | None,
    away_until: date | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Pause, or say from when until when one is away; counts at once.

    What was agreed stays agreed. Raises BadInput `away_reversed`, `away_open` (away from a day on
    and for how long isn't said), WrongState.
    """
    if away_from and not away_until:
        raise BadInput(trouble("away_open", field="away_until"))
    if away_from and away_until and away_until < away_from:
        raise BadInput(trouble("away_reversed", field="away_until"))
    with _editing(greeter, "greeter's absence", actor=actor, now=now) as row:
        row.is_paused = is_paused
        row.away_from, row.away_until = away_from, away_until


# --- The charter --------------------------------------------------------------------------------
def charter_of(day: date) -> GreeterCharter | None:
    """Return the charter that is signed on a day; production knows no demonstration's."""
    return GreeterCharter.objects.in_force(day, has_demo=settings.IS_DEV)


def signature_of(greeter: Greeter, *, today: date) -> CharterSignature | None:
    """Return the signature under the charter in force, None if there is none."""
    text = charter_of(today)
    return greeter.signatures.filter(sha256=text.sha256).first() if text else None


def sign_charter(
    greeter: Greeter,
    *,
    text: GreeterCharter | None,
    shown_sha256: str,
    signed_name: str,
    actor: Actor,
    now: datetime,
) -> CharterSignature:
    """Keep a typed signature under the charter that was shown, word for word; twice is once.

    Locks: greeter. Raises NotAllowed `charter_missing`, WrongState `charter_changed`.
    """
    if text is None:
        raise NotAllowed(trouble("charter_missing"))
    if text.sha256 != shown_sha256:
        raise WrongState(trouble("charter_changed"))
    with locks.write_transaction():
        row = locks.lock_greeter(greeter.pk)
        signed, is_new = CharterSignature.objects.get_or_create(
            greeter=row,
            sha256=text.sha256,
            defaults={
                "text": text,
                "version": text.version,
                "signed_name": signed_name.strip(),
                "signed_at": now,
            },
        )
        if is_new:
            record(
                "charter signed",
                f"greeter:{row.pk}",
                actor=actor,
                at=now,
                version=text.version,
                sha256=text.sha256,
                name=signed.signed_name,
            )
    return signed


# --- To the office --------------------------------------------------------------------------------
def lacks(greeter: Greeter, *, today: date) -> list[str]:
    """Return what a profile needs before it is sent: `about`, `languages`, `charter`…"""
    shown = content_of(greeter)
    needed = {
        "about": shown["about_fr"],
        "places": shown["places_fr"],
        "languages": greeter.languages,
        "weekdays": greeter.weekdays,
        "phone": greeter.phone,
        "charter": signature_of(greeter, today=today),
    }
    return [name for name, value in needed.items() if not value]


def submit_profile(greeter: Greeter, *, actor: Actor, now: datetime) -> None:
    """Send a profile to the office, which is told by mail. Locks: greeter.

    Raises BadInput `greeter_incomplete`, WrongState `greeter_moved`.
    """
    with locks.write_transaction():
        row = locks.lock_greeter(greeter.pk)
        if not enrolment.can_move(row.state, enrolment.SUBMITTED):
            raise WrongState(trouble("greeter_moved"))
        if lacks(row, today=day_of(now)):
            raise BadInput(trouble("greeter_incomplete"))
        row.state, row.submitted_at = enrolment.SUBMITTED, now
        row.remarks, row.office_note = {}, ""
        row.save(update_fields=["state", "submitted_at", "remarks", "office_note"])
        record("greeter submitted", f"greeter:{row.pk}", actor=actor, at=now)
        tell_office(row, now=now)
    greeter.refresh_from_db()


def tell_office(greeter: Greeter, *, now: datetime) -> None:
    """Write to the office that somebody is to be read, in the present transaction.

    Once in four hours, however often somebody changes something: the page that it leads to shows
    the newest words.
    """
    hours = int(now.timestamp()) // int(TOLD_ONCE_IN.total_seconds())
    write_message(
        "greeter_submitted",
        key=f"greeter:{greeter.pk}:submitted:{hours}",
        recipient=settings.OFFICE["email"],
        language="fr",
        data={"greeter": greeter.pk},
        now=now,
    )


def content_of(greeter: Greeter) -> dict[str, Any]:
    """Return what visitors will read once the office has: what is shown, with what waits on it."""
    live = {name: getattr(greeter, name) or "" for name in READ_FIRST}
    return {**live, PHOTO: greeter.photo_id, **greeter.pending}


# --- Inside ---------------------------------------------------------------------------------------
def _live(given: ProfileInput) -> dict[str, Any]:
    return {
        "commune_id": given.commune_id,
        "phone": given.phone,
        "languages": list(given.languages),
        "interests": list(given.interests),
        "weekdays": sorted(given.weekdays),
        "most_people": given.most_people,
        "monthly_most": given.monthly_most,
        "is_step_free": given.is_step_free,
        "language": given.language,
    }


def _write(row: Greeter, words: Mapping[str, Any]) -> None:
    """Write what visitors read: at once, or beside what they see until the office has read it."""
    if row.state != enrolment.APPROVED:
        for name, value in words.items():
            setattr(row, f"{name}_id" if name == PHOTO else name, value)
        return
    waiting = {**row.pending, **words}
    live = {**{name: getattr(row, name) or "" for name in READ_FIRST}, PHOTO: row.photo_id}
    row.pending = {name: value for name, value in waiting.items() if value != live[name]}


@contextmanager
def _editing(greeter: Greeter, verb: str, *, actor: Actor, now: datetime) -> Iterator[Greeter]:
    """Lock, let the caller change the row, save and journal; what waits anew is told to the office.

    Raises WrongState `greeter_suspended` for a profile that the office has closed.
    """
    with locks.write_transaction():
        row = locks.lock_greeter(greeter.pk)
        if row.state == enrolment.SUSPENDED:
            raise WrongState(trouble("greeter_suspended"))
        before = dict(row.pending)
        yield row
        row.edition += 1
        if row.pending != before and row.state == enrolment.APPROVED:
            # Changed again: what the office had asked for is answered.
            row.remarks, row.office_note = {}, ""
            row.submitted_at = now
            if row.pending:
                tell_office(row, now=now)
        row.save()
        record(verb, f"greeter:{row.pk}", actor=actor, at=now)
    greeter.refresh_from_db()


def forget_portraits(greeter: Greeter, images: Sequence[int | None]) -> None:
    """Delete portraits that this person sent and that nothing shows or awaits any more."""
    kept = {greeter.photo_id, greeter.pending.get(PHOTO)}
    gone = [pk for pk in images if pk and pk not in kept]
    sent = Picture.objects.filter(pk__in=gone, uploaded_by_user=greeter.user_id)
    for picture in sent.exclude(rights=Picture.Rights.OURS):
        if not ReferenceIndex.get_references_to(picture).exists():
            picture.delete()


def _free_slug(name: str) -> str:
    base = slugify(name)[:40].strip("-") or "greeter"
    if base not in TAKEN_SLUGS and not Greeter.objects.filter(slug=base).exists():
        return base
    return f"{base}-{reference_code(5).lower()}"
