"""Typography: how sums, days, hours and French spacing are written in each language.

Pure: no Django, no request, no translation catalogue. Pages and mails reach it through the
template library of `destination`; documents and calendars may call it directly.
Languages other than French and German are written as in English. Days, hours and sums are written
once, for a page of dates says the same ones dozens of times: a day is a date and an hour has no
zone, since moments that are equal may be written differently.
"""

import re
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

NBSP = "\u00a0"
NNBSP = "\u202f"
MINUS = "\u2212"
_CENT = Decimal("0.01")

_MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
_MONTHS_SHORT = {
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "de": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
}
_WEEKDAYS = {
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
}
_WEEKDAYS_SHORT = {
    "fr": "lun. mar. mer. jeu. ven. sam. dim.",
    "en": "Mon Tue Wed Thu Fri Sat Sun",
    "de": "Mo. Di. Mi. Do. Fr. Sa. So.",
}


def _known(language: str) -> str:
    """Return the language whose habits apply: fr, en or de."""
    short = language[:2].lower()
    return short if short in {"fr", "de"} else "en"


def month_name(number: int, language: str, *, is_short: bool = False) -> str:
    """Return the name of a month (1 to 12), in lower case where the language wants it."""
    table = _MONTHS_SHORT if is_short else _MONTHS
    return table[_known(language)].split()[number - 1]


def weekday_name(number: int, language: str, *, is_short: bool = False) -> str:
    """Return the name of a weekday, Monday being 0."""
    table = _WEEKDAYS_SHORT if is_short else _WEEKDAYS
    return table[_known(language)].split()[number]


def format_number(amount: Decimal, language: str, *, decimals: int) -> str:
    """Return a number with the separators of the language; the half goes up.

    French groups thousands with a narrow no-break space (U+202F), German with a full stop.
    """
    quantum = Decimal(1).scaleb(-decimals)
    text = f"{amount.quantize(quantum, rounding=ROUND_HALF_UP):,f}"
    if _known(language) == "en":
        return text
    group, point = (NNBSP, ",") if _known(language) == "fr" else (".", ",")
    return text.replace(",", "\0").replace(".", point).replace("\0", group)


@lru_cache(maxsize=1024)
def format_euros(amount: Decimal, language: str, *, is_exact: bool = False) -> str:
    """Return a sum in euros: "1 074 €", "€1,074" or "1.074 €".

    Cents are left out of a whole sum unless `is_exact`. A negative sum takes a real minus.
    """
    cents = amount.quantize(_CENT, rounding=ROUND_HALF_UP)
    is_whole = cents == cents.to_integral_value()
    number = format_number(abs(cents), language, decimals=0 if is_whole and not is_exact else 2)
    sign = MINUS if cents < 0 else ""
    if _known(language) == "en":
        return f"{sign}€{number}"
    return f"{sign}{number}{NBSP}€"


def format_phone(phone: str, language: str) -> str:
    """Return a French number as one dials it from where the language is spoken.

    "04 71 00 00 00" in French, "+33 4 71 00 00 00" elsewhere; any other number as it is.
    """
    if _known(language) == "fr" or not re.fullmatch(r"0[1-9](?:[\s.]?\d\d){4}", phone.strip()):
        return phone
    return f"+33{NBSP}{phone.strip()[1:]}"


def _day_of_month(day: date, language: str) -> str:
    """Return the number of the day: the first of a month is "1er" in French, "1." in German."""
    if _known(language) == "fr":
        return "1er" if day.day == 1 else str(day.day)
    return f"{day.day}." if _known(language) == "de" else str(day.day)


@lru_cache(maxsize=1024)
def format_day(day: date, language: str) -> str:
    """Return a short day without its year: "sam. 11 juil.", "Sat 11 Jul", "Sa. 11. Juli"."""
    weekday = weekday_name(day.weekday(), language, is_short=True)
    month = month_name(day.month, language, is_short=True)
    return f"{weekday}{NBSP}{_day_of_month(day, language)}{NBSP}{month}"


@lru_cache(maxsize=1024)
def format_day_long(day: date, language: str, *, has_year: bool = True) -> str:
    """Return a full day: "samedi 11 juillet 2026", "Saturday 11 July 2026"."""
    weekday = weekday_name(day.weekday(), language)
    comma = "," if _known(language) == "de" else ""
    month = month_name(day.month, language)
    text = f"{weekday}{comma} {_day_of_month(day, language)}{NBSP}{month}"
    return f"{text} {day.year}" if has_year else text


@lru_cache(maxsize=1024)
def format_hour(moment: time, language: str) -> str:
    """Return an hour of the day: "14 h 32" and "9 h", "2:32 pm" and "9 am", "14:32 Uhr"."""
    if _known(language) == "fr":
        minutes = f"{NBSP}{moment.minute:02d}" if moment.minute else ""
        return f"{moment.hour}{NBSP}h{minutes}"
    if _known(language) == "de":
        return f"{moment.hour}:{moment.minute:02d}{NBSP}Uhr"
    half = "am" if moment.hour < 12 else "pm"
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes}{NBSP}{half}"


def format_duration(minutes: int, language: str) -> str:
    """Return a length of time given in minutes: "2 h 30", "45 min", "2 h 30 min" in English."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NBSP}min"
    if not rest:
        return f"{hours}{NBSP}h"
    unit = "" if _known(language) == "fr" else f"{NBSP}min"
    return f"{hours}{NBSP}h{NBSP}{rest:02d}{unit}"


def range_ends(
    first: date, last: date, language: str, *, is_short: bool = False
) -> tuple[str, str]:
    """Return both ends of a range of days; what they share is written once, at the end.

    ("11", "18 juillet 2026"), ("29 juin", "5 juillet 2026"), ("29 décembre 2026",
    "2 janvier 2027"). The short form abridges the months and leaves the year out where both
    days fall in the same one.
    """

    def written(day: date, *, month: bool, year: bool) -> str:
        parts = [_day_of_month(day, language)]
        if month:
            parts.append(month_name(day.month, language, is_short=is_short))
        if year:
            parts.append(str(day.year))
        return NBSP.join(parts)

    same_year = first.year == last.year
    same_month = same_year and first.month == last.month
    start = written(first, month=not same_month, year=not same_year)
    return start, written(last, month=True, year=not (is_short and same_year))


def format_range(first: date, last: date, language: str, *, is_short: bool = False) -> str:
    """Return a range of days as plain text: "11 au 18 juillet 2026", "11 to 18 July 2026"."""
    start, end = range_ends(first, last, language, is_short=is_short)
    word = {"fr": "au", "en": "to", "de": "bis"}[_known(language)]
    return f"{start} {word} {end}"


# --- Numbers and their words -----------------------------------------------------------------
_COUNTED = re.compile(r"(?<=\d) (?=[^\W\d_])")


def bound(text: str) -> str:
    """Return words in which no number ends a line before what it counts: "2 adultes"."""
    return _COUNTED.sub(NBSP, text)


# --- French spacing --------------------------------------------------------------------------
_SPACE = "[ \u00a0\u202f]"
_NUMBER = re.compile(rf"(?<![\d,.])(?<!\d{_SPACE})\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)")
_UNIT = re.compile(rf"(?<=\d){_SPACE}(?=(?:€|%|°|k[gm]|[gmlh]|cm|mm|min|ha|ans?)(?!\w))")
_RULES = [
    # before ; ! ? and inside guillemets: narrow; glued signs get their space too
    (re.compile(rf"{_SPACE}+([;!?»])"), rf"{NNBSP}\1"),
    (re.compile(r"(?<=[^\W_]|[)»”’%€])([;!?]+)(?=[\s»]|$)"), rf"{NNBSP}\1"),
    (re.compile(rf"«{_SPACE}*"), f"«{NNBSP}"),
    (re.compile(r"(?<=[\w.!?…)])»"), f"{NNBSP}»"),
    # before a colon: full; never in 14:32 nor in an address
    (re.compile(rf"{_SPACE}+:(?=\s|$)"), f"{NBSP}:"),
    (re.compile(r"(?<=[^\W_]|[)»”’%€]):(?=\s|$)"), f"{NBSP}:"),
    # a dash never begins a line
    (re.compile(r" (?=[–—] )"), NBSP),
    # between a number and its unit
    (_UNIT, NBSP),
    (re.compile(r"(?<=[^\W\d_])'(?=[^\W_])"), "’"),
]
# Most texts of a page have nothing that a rule looks for, and are known by one of these at once.
_SIGNS = re.compile("[;!?:«»–—']")
_SPACED_NUMBER = re.compile(rf"\d{_SPACE}")
_MARKUP = re.compile(r"(<[^>]*>|&(?:#\d+|#x[0-9a-fA-F]+|\w+);)")


def french_spacing(text: str) -> str:
    """Return plain French text with the spaces that French typography wants.

    U+202F before ; ! ? », after « and inside numbers; U+00A0 before :, a dash and units; the
    straight apostrophe becomes ’. Applying it twice changes nothing more. Source: the brand's
    charter, "Type".
    """
    if _SIGNS.search(text):
        for pattern, replacement in _RULES:
            text = pattern.sub(replacement, text)
    elif _SPACED_NUMBER.search(text):
        text = _UNIT.sub(NBSP, text)
    else:
        return text
    return _NUMBER.sub(lambda found: re.sub(_SPACE, NNBSP, found.group()), text)


def french_spacing_html(html: str) -> str:
    """Do as `french_spacing` in the text of an HTML fragment; tags and entities stay as they are.

    A sign and the word before it that a tag parts keep their spacing.
    """
    parts = _MARKUP.split(html)
    return "".join(
        part if position % 2 else french_spacing(part) for position, part in enumerate(parts)
    )
