"""Reading a file of guests of years before: separator, encoding, columns in French or English.

Nothing here knows a row of ours. A cell that can't be understood is said by its row, never guessed.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

from booking.rules.people import Problem

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 50_000
LONGEST_CELL = 2_000
# So few lines and bytes are read while somebody waits: well under a second.
FEW_LINES = 2_000
FEW_BYTES = 1024 * 1024
# Whoever is younger gives no consent of their own (loi 78-17 art. 45).
OF_AGE = 15
BYTES_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")
DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M")
# Headers, as `_plain` writes them.
COLUMNS: Mapping[str, str] = {
    header: column
    for column, headers in {
        "email": "email|e mail|mail|courriel|adresse mail|adresse e mail|adresse email|"
        "email address|e mail address",
        "first_name": "prenom|first name|firstname|given name|vorname",
        "last_name": "nom|nom de famille|last name|lastname|surname|name|nachname",
        "phone": "telephone|tel|mobile|portable|phone|phone number|telefon",
        "postal_code": "code postal|cp|postcode|postal code|zip|zip code|plz",
        "country": "pays|code pays|country|country code|land",
        "language": "langue|language|sprache",
        "consented_on": "consentement|date du consentement|date de consentement|consent|"
        "consent date|date of consent|opt in|optin|opt in date|date d inscription",
        "first_day": "arrivee|date d arrivee|arrival|arrival date|check in|premier jour|first day",
        "last_day": "depart|date de depart|departure|departure date|check out|dernier jour|"
        "last day|dernier sejour|date du dernier sejour|last stay",
        "adults": "adultes|nombre d adultes|adults",
        "children": "enfants|nombre d enfants|children",
        "birth": "date de naissance|naissance|date of birth|birth date|birthday",
        "age": "age",
    }.items()
    for header in headers.split("|")
}


class Fault(StrEnum):
    """Why a row is not taken."""

    NO_MAIL = "no_mail"
    BAD_MAIL = "bad_mail"
    NO_NAME = "no_name"
    BAD_DAY = "bad_day"
    DAY_TO_COME = "day_to_come"
    DAYS_REVERSED = "days_reversed"
    NO_BASIS = "no_basis"
    TOO_OLD = "too_old"
    UNDER_AGE = "under_age"
    SAID_NO = "said_no"
    TOO_LONG = "too_long"


@dataclass
class GuestRow:
    """One row as it was understood; `fault` says why it can't be taken."""

    number: int
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    postal_code: str = ""
    country: str = ""
    language: str = ""
    consented_on: date | None = None
    first_day: date | None = None
    last_day: date | None = None
    adults: int = 0
    children: int = 0
    fault: Fault | None = None


@dataclass(frozen=True)
class GuestFile:
    """The columns that a file has, and its rows; `problems` where it can't be read at all."""

    columns: frozenset[str] = frozenset()
    rows: Sequence[GuestRow] = ()
    problems: Sequence[Problem] = field(default_factory=tuple)


LONGEST = {
    "email": 254,
    "first_name": 80,
    "last_name": 80,
    "phone": 40,
    "postal_code": 12,
}
LANGUAGES = ("fr", "en", "de")
COUNTRIES = {"france": "FR", "belgique": "BE", "suisse": "CH", "allemagne": "DE", "germany": "DE"}


def read_guests(content: bytes, *, today: date) -> GuestFile:
    """Return the rows of a file, each with its fault if it has one, or why it can't be read.

    Problems: `import_empty`, `import_too_big`, `import_unreadable`, `import_no_mail_column`,
    `import_too_many`.
    """
    opened = _opened(content)
    if isinstance(opened, GuestFile):
        return opened
    headers, reader = opened
    rows: list[GuestRow] = []
    try:
        for number, cells in _filled(reader):
            if len(rows) == MOST_ROWS:
                return _no("import_too_many", most=MOST_ROWS)
            rows.append(_row(number, _cells(headers, cells), today))
    except csv.Error:
        return _no("import_unreadable")
    if not rows:
        return _no("import_empty")
    return GuestFile(_named(headers), rows)


def read_columns(content: bytes) -> GuestFile:
    """Return which columns a file has, without its rows, or why it can't be read.

    Problems as of `read_guests`, as far as the first line tells.
    """
    opened = _opened(content)
    return opened if isinstance(opened, GuestFile) else GuestFile(_named(opened[0]))


def is_short(content: bytes) -> bool:
    """Tell whether a file is read at once: no row is without a line of its own."""
    lines = max(content.count(b"\n"), content.count(b"\r"))
    return lines <= FEW_LINES and len(content) <= FEW_BYTES


def _opened(content: bytes) -> tuple[Sequence[str], Iterator[list[str]]] | GuestFile:
    """Return the columns, as they are known here, and what reads the rows; or what is wrong."""
    if len(content) > MOST_BYTES:
        return _no("import_too_big", most=MOST_BYTES // (1024 * 1024))
    text = _decoded(content)
    if text is None:
        return _no("import_unreadable")
    if not text.strip():
        return _no("import_empty")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    try:
        headers = [COLUMNS.get(_plain(cell), "") for cell in next(reader)]
    except csv.Error:
        return _no("import_unreadable")
    if "email" not in headers:
        return _no("import_no_mail_column")
    return headers, reader


def _named(headers: Sequence[str]) -> frozenset[str]:
    return frozenset(headers) - {""}


def _no(code: str, **params: int) -> GuestFile:
    return GuestFile(problems=(Problem(code, params=params),))


def _decoded(content: bytes) -> str | None:
    """Return the text: UTF-8, UTF-16 with its mark, else as Windows writes French."""
    if content.startswith(BYTES_OF_UTF16):
        encodings = ["utf-16"]
    elif b"\x00" in content:
        return None
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text else text
    return None


def _separator(text: str) -> str:
    """Return what stands most often between the headers."""
    first = text.lstrip().splitlines()[0]
    return max(";,\t|", key=first.count)


def _filled(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Return rows that hold something, numbered as a table program shows them."""
    for number, cells in enumerate(reader, start=2):
        if any(cell.strip() for cell in cells):
            yield number, cells


def _cells(headers: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return the cells by their column; the first of two columns of one name."""
    found: dict[str, str] = {}
    for column, cell in zip(headers, cells, strict=False):
        if column and not found.get(column):
            found[column] = _clean(cell)
    return found


def _clean(cell: str) -> str:
    """Return what is written in a cell: one line, without the mark against formulas."""
    kept = "".join(sign if sign.isprintable() else " " for sign in cell[: LONGEST_CELL + 1])
    return " ".join(kept.split()).removeprefix("'")


def _row(number: int, cells: Mapping[str, str], today: date) -> GuestRow:
    row = GuestRow(number)
    for name, most in LONGEST.items():
        written = cells.get(name, "")
        if len(written) > most:
            row.fault = Fault.TOO_LONG
        setattr(row, name, written[:most])
    row.email = row.email.lower()
    row.country = _country(cells.get("country", ""))
    row.language = _language(cells.get("language", ""))
    row.adults, row.children = (_count(cells.get(name, "")) for name in ("adults", "children"))
    for name in ("consented_on", "first_day", "last_day"):
        _take_day(row, name, cells.get(name, ""), today)
    row.fault = row.fault or _fault(row, cells, today)
    return row


def _take_day(row: GuestRow, name: str, written: str, today: date) -> None:
    if not written:
        return
    day = _day(written)
    if day is None:
        row.fault = row.fault or Fault.BAD_DAY
    elif day > today:
        row.fault = row.fault or Fault.DAY_TO_COME
    else:
        setattr(row, name, day)


def _fault(row: GuestRow, cells: Mapping[str, str], today: date) -> Fault | None:
    if not row.email:
        return Fault.NO_MAIL
    if not row.last_name and not row.first_name:
        return Fault.NO_NAME
    if row.first_day and row.last_day and row.last_day < row.first_day:
        return Fault.DAYS_REVERSED
    birth = cells.get("birth", "")
    born = _day(birth)
    if birth and born is None:
        return Fault.BAD_DAY
    if born and _age(born, today) < OF_AGE:
        return Fault.UNDER_AGE
    age = cells.get("age", "")
    if age.isdecimal() and int(age[:4]) < OF_AGE:
        return Fault.UNDER_AGE
    return None


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@lru_cache(maxsize=4_096)
def _day(written: str) -> date | None:
    """Return a day as somebody writes one, None where it can't be read; a file has few of them."""
    if not written:
        return None
    for shape in DAYS:
        try:
            found = datetime.strptime(written[:19], shape).date()  # noqa: DTZ007 - a day alone
        except ValueError:
            continue
        # A year of two figures is read as one of the first century.
        return found if found.year >= 1900 else None
    return None


def _count(written: str) -> int:
    return int(written) if written.isdecimal() and len(written) <= 2 else 0


def _country(written: str) -> str:
    if len(written) == 2 and written.isascii() and written.isalpha():
        return written.upper()
    return COUNTRIES.get(_plain(written), "")


def _language(written: str) -> str:
    code = _plain(written)[:2]
    return code if code in LANGUAGES else ""


def _plain(text: str) -> str:
    """Return a header as it is compared: small letters without accents, words one space apart."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(one for one in apart if not unicodedata.combining(one))
    return " ".join("".join(one if one.isalnum() else " " for one in kept).split())
