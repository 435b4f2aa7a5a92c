"""Sixty invented families of the demo over six years, as an import of hosts' lists brings them.

The rate of return has something to say from the first day on. The same families each time: chance
is drawn from a fixed seed; every row is marked as demonstration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from booking.models import PastStay
from booking.relations.customers import identity_of
from destination.models import Pole
from members.models import CustomerIdentity, HouseholdMember

SEED = 305
FAMILIES, GROUPS, UNKNOWN = 60, 12, 36
YEARS_BACK = 5
FIRST_NAMES = (
    "Aline",
    "Bruno",
    "Chloé",
    "Denis",
    "Elsa",
    "Farid",
    "Gaëlle",
    "Hugo",
    "Inès",
    "Jean",
)
LAST_NAMES = ("Aubrac", "Bellecombe", "Chastel", "Dunières", "Estrade", "Fontbonne")
CLUBS = ("Randonneurs", "Chorale", "Aînés", "Cyclistes", "Botanistes", "Photographes")
PRICE_OF_A_NIGHT = 78


@dataclass(frozen=True)
class Habit:
    """What a family is like: where and since when it comes, how many, how faithful (0 to 1)."""

    who: CustomerIdentity
    pole: str
    language: str
    adults: int
    children: int
    first_year: int
    faith: float
    is_group: bool = False


def add_returns(*, day: date, now: datetime) -> int:
    """Add the families and their stays up to a day, in the present transaction; returns how many.

    Nothing where the destination has no poles.
    """
    poles = [one.slug for one in Pole.objects.active_on(day)]
    if not poles:
        return 0
    chance = Random(SEED)  # noqa: S311
    habits = [_family(number, poles, chance, day, now) for number in range(FAMILIES)]
    habits += [_group(number, poles, chance, day, now) for number in range(GROUPS)]
    habits += _second_homes(poles, day, now)
    rows = [stay for habit in habits for stay in _stays(habit, poles, chance, day, now)]
    rows += _unknown(poles, chance, day, now)
    PastStay.objects.bulk_create(rows)
    return len(rows)


def _family(number: int, poles: list[str], chance: Random, day: date, now: datetime) -> Habit:
    language = chance.choices(("fr", "en", "de"), (70, 15, 15))[0]
    place = number % len(poles)
    who = identity_of(
        f"famille-{number + 1:02d}@example.org",
        first_name=FIRST_NAMES[number % len(FIRST_NAMES)],
        last_name=LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)],
        language=language,
        is_demo=True,
        now=now,
    )
    has_children = chance.random() < 0.55
    return Habit(
        who=who,
        pole=poles[place],
        language=language,
        adults=2 if has_children or chance.random() < 0.7 else chance.choice((1, 4)),
        children=chance.randint(1, 3) if has_children else 0,
        first_year=day.year - YEARS_BACK + max(0, number - 36) // 8,
        faith=0.58 - 0.08 * place + (0.08 if has_children else 0.0),
    )


def _group(number: int, poles: list[str], chance: Random, day: date, now: datetime) -> Habit:
    club = CLUBS[number % len(CLUBS)]
    who = identity_of(
        f"groupe-{number + 1:02d}@example.org",
        first_name=club,
        last_name=LAST_NAMES[number % len(LAST_NAMES)],
        is_demo=True,
        now=now,
    )
    return Habit(
        who=who,
        pole=poles[number % len(poles)],
        language="fr",
        adults=chance.randint(12, 40),
        children=0,
        first_year=day.year - YEARS_BACK,
        faith=0.6,
        is_group=True,
    )


def _second_homes(poles: list[str], day: date, now: datetime) -> list[Habit]:
    """Return the demo's own families with a house here: they are few, and said as such."""
    members = HouseholdMember.objects.filter(household__is_demo=True, household__state="verified")
    return [
        Habit(
            who=identity_of(
                one.user.email,
                first_name=one.first_name,
                last_name=one.household.name.removeprefix("Les "),
                is_demo=True,
                now=now,
            ),
            pole=poles[0],
            language="fr",
            adults=2,
            children=1,
            first_year=day.year - YEARS_BACK,
            faith=0.9,
        )
        for one in members.select_related("user", "household").order_by("household", "pk")
    ]


def _stays(
    habit: Habit, poles: list[str], chance: Random, day: date, now: datetime
) -> list[PastStay]:
    found = []
    came = True
    for year in range(habit.first_year, day.year + 1):
        # They come more gladly each year; who stayed away comes again less often.
        faith = habit.faith + 0.03 * (year - day.year + YEARS_BACK)
        came = year == habit.first_year or chance.random() < (faith if came else 0.45)
        if not came:
            continue
        last = date(year, 1, 1) + timedelta(days=chance.randint(40, 350))
        where = {habit.pole} | ({chance.choice(poles)} if chance.random() < 0.2 else set())
        stay = _row(last, sorted(where), nights=chance.choice((2, 3, 4, 7, 7)), now=now)
        stay.identity = habit.who
        stay.language = habit.language
        stay.adults, stay.children = habit.adults, habit.children
        stay.is_group = habit.is_group
        # Who comes later this year isn't here yet.
        if last < day:
            found.append(stay)
    return found


def _unknown(poles: list[str], chance: Random, day: date, now: datetime) -> list[PastStay]:
    """Return stays of the hosts' lists that name nobody."""
    found = []
    for number in range(UNKNOWN):
        last = day - timedelta(days=1 + number * (YEARS_BACK * 365 // UNKNOWN))
        stay = _row(last, [chance.choice(poles)], nights=chance.choice((1, 2, 3)), now=now)
        stay.adults = 2
        found.append(stay)
    return found


def _row(last: date, where: list[str], *, nights: int, now: datetime) -> PastStay:
    return PastStay(
        source=PastStay.Source.IMPORTED,
        first_day=last - timedelta(days=nights),
        last_day=last,
        nights=nights,
        poles=where,
        kinds=["lodging"],
        amount=nights * PRICE_OF_A_NIGHT,
        kept_at=now,
        is_demo=True,
    )
