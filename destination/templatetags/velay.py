"""Tags and filters of every page: money, days, people, icons, pictures.

It writes; it never queries and never decides. The library is a builtin of the template engine,
so that no template loads it. The words of each language live in the catalogue, the shape of
sums, days and spaces in `oti.lib.html`.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.conf import settings
from django.template.base import Node, Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as django_url
from django.templatetags.static import static as address_of_file
from django.urls import get_urlconf, reverse
from django.utils.formats import localize
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info, gettext, ngettext, pgettext

from destination.spoken import language_of, untranslated
from oti.lib import html
from oti.lib.dates import PARIS
from oti.lib.memo import remembered

register = template.Library()
# Whose addresses are the same whatever page they stand on.
OWN_NAMES = ("booking:", "destination:", "events:", "members:")

# Pictures of the brand, by what they show (static/img/cards and static/img/heroes).
CARDS = frozenset(
    [
        "baignade",
        "camping",
        "cathedrale",
        "chambre",
        "concert",
        "cuisine",
        "dentelle",
        "enfants",
        "gite",
        "greeter",
        "hotes",
        "lentilles",
        "marche",
        "rando",
        "raquettes",
        "train",
        "yourte",
    ]
)
FALLBACK_CARD = "rando"
HEROES = frozenset({"le-puy", "mezenc-ete", "mezenc-hiver", "la-chaise-dieu"})
# Pages that the header names, and marks when one is there.
SECTIONS = ("booking:stays", "booking:experiences", "events:agenda", "booking:account")
OPEN_GRAPH_LOCALES = {"en": "en_GB", "de": "de_DE"}
NIGHT_HEROES = frozenset({"le-puy"})
# Poles that have a colour of their own; every other one takes the neutral tag.
POLE_COLOURS = {
    "le-puy-en-velay": "puy",
    "massif-du-mezenc": "mezenc",
    "la-chaise-dieu": "chaise-dieu",
}


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


# --- Money, days, hours ---
@register.filter
def euros(amount: Decimal | int | str | None, style: str = "") -> str:
    """Write a sum in decimal euros: "1 074 €"; `|euros:"exact"` always shows the cents.

    Nothing is written for no amount.
    """
    if amount is None or amount == "":
        return ""
    return html.format_euros(Decimal(amount), _language(), is_exact=style == "exact")


def _day(value: date | datetime) -> date:
    """Return the calendar day in Paris of a day or of a moment."""
    if isinstance(value, datetime):
        return (value.astimezone(PARIS) if value.tzinfo else value).date()
    return value


@register.filter
def jour(day: date | datetime | None) -> str:
    """Write a short day: "sam. 11 juil."."""
    return html.format_day(_day(day), _language()) if day else ""


@register.filter
def jour_long(day: date | datetime | None, style: str = "") -> str:
    """Write a full day: "samedi 11 juillet 2026"; `|jour_long:"no-year"` leaves the year out."""
    if not day:
        return ""
    return html.format_day_long(_day(day), _language(), has_year=style != "no-year")


@register.filter
def mois(day: date | None) -> str:
    """Write the month of a day: "juillet 2026"."""
    return f"{html.month_name(_day(day).month, _language())} {_day(day).year}" if day else ""


@register.filter
def mois_court(day: date | datetime | None) -> str:
    """Write the short month of a day: "juil."."""
    return html.month_name(_day(day).month, _language(), is_short=True) if day else ""


@register.filter
def jour_semaine(day: date | datetime | None) -> str:
    """Write the weekday: "samedi"."""
    return html.weekday_name(_day(day).weekday(), _language()) if day else ""


@register.filter
def heure(moment: time | datetime | None) -> str:
    """Write an hour on the wall clock of Paris: "14 h 32", "2:32 pm"."""
    if moment is None or moment == "":
        return ""
    if isinstance(moment, datetime):
        moment = (moment.astimezone(PARIS) if moment.tzinfo else moment).time()
    return html.format_hour(moment, _language())


@register.filter
def duree(minutes: int | None) -> str:
    """Write a length of time given in minutes: "2 h 30"."""
    return html.format_duration(int(minutes), _language()) if minutes else ""


@register.simple_tag
def date_range(first: date, last: date, style: str = "") -> str:
    """Write a range of days: an arrow for the eye, the word "au" for readers.

    Styles: "short" abridges the months, "text" gives plain words (mails), "short text" both.
    """
    is_short = "short" in style
    if "text" in style:
        return html.format_range(first, last, _language(), is_short=is_short)
    start, end = html.range_ends(first, last, _language(), is_short=is_short)
    return format_html(
        '<span class="range num">{} {}<span class="vh"> {} </span> {}</span>',
        start,
        icon("arrow-right"),
        pgettext("range of days", "to"),
        end,
    )


@register.simple_tag
def nights(count: int) -> str:
    """Write a number of nights: "7 nuits"."""
    return html.bound(ngettext("%(count)s night", "%(count)s nights", count) % {"count": count})


def _joined(words: Sequence[str]) -> str:
    """Return words joined as a list: "5, 8 et 10"."""
    if len(words) < 2:
        return "".join(words)
    return gettext("%(first)s and %(last)s") % {
        "first": ", ".join(words[:-1]),
        "last": words[-1],
    }


@register.simple_tag
def party(adults: int | str | None, ages: Iterable[int | None] = ()) -> str:
    """Write who comes: "2 adultes, 2 enfants (5 et 10 ans)".

    An age that is not known yet (None) leaves the ages out; a number that is not one counts 0.
    """
    number = int(str(adults)) if str(adults).isdecimal() else 0
    given = list(ages or ())
    text = ngettext("%(count)s adult", "%(count)s adults", number) % {"count": number}
    if not given:
        return html.bound(text)
    children = ngettext("%(count)s child", "%(count)s children", len(given)) % {"count": len(given)}
    known = [age for age in given if age is not None]
    if len(known) < len(given):
        return html.bound(f"{text}, {children}")
    return html.bound(f"{text}, {children} ({years_old(known)})")


def years_old(ages: Iterable[int | None]) -> str:
    """Write ages, the youngest first: "5 et 10 ans"."""
    known = sorted(age for age in ages if age is not None)
    text = ngettext("%(ages)s year old", "%(ages)s years old", max(known, default=0))
    return html.bound(text % {"ages": _joined([str(age) for age in known])})


@register.simple_tag
def age_options(chosen: int | None = None) -> str:
    """Write the ages of a child as options, 0 to 17 completed years; none is chosen before."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (
                age,
                mark_safe(" selected") if age == chosen else "",
                gettext("under 1") if age == 0 else age,
            )
            for age in range(18)
        ),
    )


# --- Words ---
@register.filter
def sentences(text: str) -> list[str]:
    """Part a text after the signs that end a sentence: "Un. Deux !" is "Un." and "Deux !"."""
    return re.split(r"(?<=[.!?…])\s+", text.strip())


@register.filter(needs_autoescape=True)
def typo(text: Any, autoescape: bool = True) -> str:
    """Give French text its spaces (oti.lib.html.french_spacing); other languages stay as they are.

    Plain text is escaped as usual; safe HTML is only touched between its tags.
    """
    if text is None:
        return ""
    is_french = _language().startswith("fr")
    if isinstance(text, SafeString):
        spaced = html.french_spacing_html(text) if is_french else text
        return mark_safe(spaced)
    spaced = html.french_spacing(str(text)) if is_french else str(text)
    return conditional_escape(spaced) if autoescape else spaced


@register.simple_tag
def office() -> dict[str, str]:
    """Return the office's name, phone, email and address (settings.OFFICE)."""
    return {**settings.OFFICE, "phone": phone(settings.OFFICE["phone"])}


@register.filter
def phone(number: str) -> str:
    """Write a phone number as one dials it: "+33 4 71 00 00 00" for who doesn't read French."""
    return html.format_phone(number, _language())


@register.filter
def names(hosts: str) -> str:
    """Write hosts' names, entered in French, in the active language: "Anne and Joël"."""
    joined = {"en": " and ", "de": " und "}.get(_language()[:2])
    return hosts.replace(" et ", joined) if joined else hosts


@register.filter
def tel(phone: str) -> str:
    """Return a French number as the target of a `tel:` link."""
    digits = "".join(sign for sign in phone if sign.isdigit() or sign == "+")
    return f"+33{digits[1:]}" if digits.startswith("0") else digits


@register.filter
def pole_colour(pole: Any) -> str:
    """Return the colour name of a pole for the classes `tag--…` and `pole--…`; "" if it has none.

    A pole is an object or a dict; its own `colour` wins, else its slug tells.
    """

    def read(key: str) -> str:
        value = pole.get(key) if isinstance(pole, dict) else getattr(pole, key, "")
        return str(value or "")

    colour = read("colour")
    return colour if colour in POLE_COLOURS.values() else POLE_COLOURS.get(read("slug"), "")


# --- Texts in another language than the reader's ---
@register.simple_tag
def lang_of(row: Any, field: str) -> str:
    """Return the attribute ` lang="fr"` for a text that stands in for the reader's language."""
    language = language_of(row, field)
    return format_html(' lang="{}"', language) if language else ""


@register.inclusion_tag("components/language_note.html")
def language_note(row: Any, *fields: str) -> dict[str, str]:
    """Say in one sentence that some of these texts aren't translated; nothing where all are."""
    language = untranslated(row, fields)
    return {"name": get_language_info(language)["name_translated"] if language else ""}


# --- Icons and pictures ---
@lru_cache(maxsize=256)
def static(path: str) -> str:
    """Return the address of a file of the site, which stays as long as this process."""
    return address_of_file(path)


@register.simple_tag
def icon(name: str, css: str = "") -> str:
    """Draw a symbol of the sprite; it is decoration, the words stand beside it."""
    return _icon(name, css)


# A page draws some fifty symbols of the same few dozen.
@lru_cache(maxsize=512)
def _icon(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        f"i {css}".strip(),
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def illustration(name: str, alt: str = "", css: str = "", *, lazy: bool = True) -> str:
    """Show one of the brand's drawings (4:3), by the name of what it shows.

    A name that has no drawing gets the path on the crest.
    """
    known = name if name in CARDS else FALLBACK_CARD
    return format_html(
        '<img src="{}" alt="{}" width="800" height="600"{}{}>',
        static(f"img/cards/{known}.webp"),
        alt,
        mark_safe(' loading="lazy" decoding="async"') if lazy else "",
        format_html(' class="{}"', css) if css else "",
    )


@register.simple_tag
def illustration_preload(name: str) -> str:
    """Ask for a drawing before the styles, where it is the largest thing on the page."""
    known = name if name in CARDS else FALLBACK_CARD
    link = '<link rel="preload" as="image" href="{}" fetchpriority="high">'
    return format_html(link, static(f"img/cards/{known}.webp"))


@register.simple_tag
def card_image(image: Any, name: str = "", *, lazy: bool = True) -> str:
    """Show a photograph if there is one (`url`, `width`, `height`, `alt`), else a drawing.

    `image` may carry `srcset` and `sizes`. Beside a written title the alternative stays empty
    unless the photograph's own is given.
    """
    if not image:
        return illustration(name, lazy=lazy)

    def read(key: str, default: Any = "") -> Any:
        value = image.get(key) if isinstance(image, dict) else getattr(image, key, None)
        return default if value is None else value

    srcset = read("srcset")
    return format_html(
        '<img src="{}"{} alt="{}" width="{}" height="{}"{}>',
        read("url"),
        format_html(
            ' srcset="{}" sizes="{}"',
            srcset,
            read("sizes", "(min-width: 40rem) 25rem, 100vw"),
        )
        if srcset
        else "",
        read("alt"),
        read("width", 800),
        read("height", 600),
        mark_safe(' loading="lazy" decoding="async"') if lazy else "",
    )


@register.simple_tag
def hero(name: str, alt: str = "") -> str:
    """Show a landscape of the brand: the drawing on wide screens, its crop on a phone, and the
    night one in the dark theme where it exists.
    """
    known = name if name in HEROES else "le-puy"
    night = f"{known}-nuit" if known in NIGHT_HEROES else known
    sources = format_html(
        '<source media="(max-width: 48rem) and (prefers-color-scheme: dark)" srcset="{}">'
        '<source media="(prefers-color-scheme: dark)" srcset="{}">'
        '<source media="(max-width: 48rem)" srcset="{}">',
        static(f"img/heroes/hero-{night}-mobile.webp"),
        static(f"img/heroes/hero-{night}.svg"),
        static(f"img/heroes/hero-{known}-mobile.webp"),
    )
    return format_html(
        '<picture>{}<img src="{}" alt="{}" width="1600" height="900" fetchpriority="high">'
        "</picture>",
        sources,
        static(f"img/heroes/hero-{known}.svg"),
        alt,
    )


@register.simple_tag
def hero_preload(name: str) -> str:
    """Ask a phone for the crop of `hero` before its styles: it is the largest thing it shows."""
    known = name if name in HEROES else "le-puy"
    link = '<link rel="preload" as="image" href="{}" media="{}" fetchpriority="high">'
    phone = "(max-width: 48rem)"
    if known not in NIGHT_HEROES:
        return format_html(link, static(f"img/heroes/hero-{known}-mobile.webp"), phone)
    night = static(f"img/heroes/hero-{known}-nuit-mobile.webp")
    day = static(f"img/heroes/hero-{known}-mobile.webp")
    return format_html(
        link + link,
        *(day, f"{phone} and (prefers-color-scheme: light)"),
        *(night, f"{phone} and (prefers-color-scheme: dark)"),
    )


@register.simple_tag
def hero_crop(name: str) -> str:
    """Show the upright crop of a landscape, for the cards of the poles."""
    known = name if name in HEROES else "le-puy"
    return format_html(
        '<img src="{}" alt="" width="720" height="900" loading="lazy" decoding="async">',
        static(f"img/heroes/hero-{known}-mobile.webp"),
    )


# --- Adding to the stay ---
@register.simple_tag
def add_form(
    add: dict[str, Any],
    name: str,
    csrf_token: str,
    *,
    main: bool = False,
    wide: bool = False,
    large: bool = False,
) -> str:
    """Write the form that adds an offer to the stay; a list has one for each of its rows.

    `add`: {url, fields [(name, value)], label, hx_target}; `name` is the offer's, for readers;
    `main` makes the button green. Written here because a page of dates has two dozen of them:
    as a template each cost nearly a millisecond.
    """
    url = escape(add["url"])
    target = add.get("hx_target")
    replaced = f' hx-post="{url}" hx-target="{escape(target)}"' if target else ""
    fields = hidden_fields(add["fields"], csrf_token)
    css = f"btn add{'' if main else ' btn--2'}{' btn--lg' if large else ' btn--sm'}"
    label = conditional_escape(add.get("label") or gettext("Add"))
    return mark_safe(
        f'<form method="post" action="{url}" data-once{replaced}>{fields}'
        f'<button class="{css}{" btn--w" if wide else ""}" type="submit">'
        f"{icon('luggage' if large else 'plus')} {label}"
        f'<span class="vh"> {conditional_escape(name)}</span></button></form>'
    )


def hidden_fields(fields: Iterable[tuple[str, str]], csrf_token: str) -> str:
    """Write what a form sends that nobody sees, the token first."""
    return _hidden("csrfmiddlewaretoken", str(csrf_token)) + "".join(
        _known_hidden(name, value) if len(value) <= SHORT_VALUE else _hidden(name, value)
        for name, value in ((name, str(value)) for name, value in fields)
    )


# A page of dates has hundreds of them, and says the same in each of its rows. Of what is long
# (addresses, with what somebody typed) nothing is kept.
SHORT_VALUE = 20


@lru_cache(maxsize=2048)
def _known_hidden(name: str, value: str) -> str:
    return _hidden(name, value)


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


# --- Filters of a list ---
@register.simple_tag
def chip(one: dict[str, Any], target: str = "") -> str:
    """Write a filter as a link (components/chips.html): a list has a hundred of them."""
    url = conditional_escape(one["url"])
    count = one.get("count")
    symbol = "check" if one.get("is_active") else one.get("icon")
    return format_html(
        '<a class="chip"{} href="{}"{}{}>{} {}{}</a>',
        format_html(' id="{}"', one["id"]) if one.get("id") else "",
        url,
        mark_safe(' aria-current="true"') if one.get("is_active") else "",
        format_html(
            ' hx-get="{}" hx-target="#{}" hx-select="#{}" hx-swap="outerHTML" hx-push-url="true"',
            url,
            target,
            target,
        )
        if target
        else "",
        icon(symbol) if symbol else "",
        typo(one["label"]),
        "" if count is None else format_html(' <span class="count num">{}</span>', localize(count)),
    )


# --- Where one is ---
@register.simple_tag(takes_context=True)
def current(context: Context, url_name: str, *args: Any) -> str:
    """Write `aria-current="page"` when the page shown lies under the named address."""
    request = context.get("request")
    target = reverse(url_name, args=args)
    if request is None or not request.path.startswith(target):
        return ""
    return mark_safe(' aria-current="page"')


@register.simple_tag(takes_context=True)
def sections_here(context: Context) -> tuple[str, ...]:
    """Return the sections of the menu under which the page shown lies, as `current` sees them."""
    request = context.get("request")
    if request is None:
        return ()
    addresses = _section_addresses()
    return tuple(name for name, url in addresses.items() if request.path.startswith(url))


@remembered()
def _section_addresses() -> dict[str, str]:
    return {name: reverse(name) for name in SECTIONS}


@register.simple_tag(takes_context=True)
def absolute(context: Context, address: str = "") -> str:
    """Return an address of the site with its scheme and host; without one, this page's, bare."""
    request = context.get("request")
    if request is None:
        return f"{settings.BASE_URL}{address}"
    return str(request.build_absolute_uri(address or request.path))


@register.filter
def with_country(language: str) -> str:
    """Return a language with a country, as Open Graph names it: fr_FR."""
    return OPEN_GRAPH_LOCALES.get(language, f"{language}_{language.upper()}")


@register.simple_tag
def share_image(share: dict[str, Any] | None) -> str:
    """Return the picture that stands where a page is shared: its own, else a drawing of ours."""
    told = share or {}
    if told.get("image"):
        return str(told["image"])
    name = told.get("drawing") or told.get("hero") or ""
    return reverse("share-image", args=[name if name in CARDS | HEROES else "le-puy"])


# What would end the element or its line is written as JSON writes it.
_IN_JSON = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)


@register.simple_tag
def json_ld(nodes: Sequence[dict[str, Any]]) -> SafeString:
    """Write what a page says to machines (schema.org); data, which no browser executes."""
    graph = {"@context": "https://schema.org", "@graph": list(nodes)}
    text = json.dumps(graph, ensure_ascii=False, separators=(",", ":")).translate(_IN_JSON)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


# --- Addresses ---
@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Do as Django's tag; an address with nothing to fill in is written once for each language."""
    node = django_url(parser, token)
    if node.args or node.kwargs or node.asvar:
        return node
    return PlainUrl(node.view_name, [], {}, None)


class PlainUrl(URLNode):
    """An address with nothing to fill in."""

    def render(self, context: Context) -> str:
        """Return it in the active language."""
        name = self.view_name.resolve(context)
        if ":" in name and not name.startswith(OWN_NAMES):
            return super().render(context)
        return _address_of(name, get_language(), get_urlconf())


@lru_cache(maxsize=1024)
def _address_of(name: str, _language: str | None, _urlconf: str | None) -> str:
    return conditional_escape(reverse(name))
