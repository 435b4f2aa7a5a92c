"""What search engines are told: which addresses they may read, and which pages there are."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.models import Page

from booking.models import Offer, ReadyStay
from booking.showing import offer_url
from destination.models import PolePage
from destination.models.territory import Pole, poles_on
from destination.spoken import with_languages
from events.models import Event
from members.models import Greeter
from oti.lib.dates import today as day_of

HOUR = 60 * 60
DAY = 24 * HOUR
# Nobody's but those who work here, and what belongs to one visitor.
CLOSED = ("/gestion/", "/pro/", "/espace/", "/compte/", "/boite/", "/api/")
CLOSED_PAGES = (
    *("booking:my-stay", "booking:checkout", "booking:find-order", "booking:account"),
    "booking:greeter-ask",
)
# The root of the tree and the homes.
HOME_DEPTH = 2
LISTS = (
    *("destination:home", "booking:stays", "booking:experiences", "booking:ready-stays"),
    *(
        "booking:compose",
        "booking:host",
        "booking:letter",
        "booking:greeters",
        "booking:ambassadors",
        "events:agenda",
        "booking:map",
        "site-map",
    ),
)


@require_safe
@cache_control(public=True, max_age=DAY)
def robots(request: HttpRequest) -> HttpResponse:
    """Open the public pages to robots and name the map of the site."""
    lines = ["User-agent: *", *(f"Disallow: {one}" for one in closed_paths()), "Allow: /", ""]
    lines.append(f"Sitemap: {request.build_absolute_uri(reverse('sitemap-index'))}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def closed_paths() -> list[str]:
    """Return the beginnings of addresses that no robot has to read, in every language."""
    found = list(CLOSED)
    for code, _name in settings.LANGUAGES:
        with override(code):
            found += [reverse(name) for name in CLOSED_PAGES]
            for one in ("booking:trip", "booking:meeting"):
                found.append(reverse(one, args=["x"]).removesuffix("x/"))
    return found


@require_safe
@cache_control(public=True, max_age=DAY)
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the drawing; the name of its present version is asked for again each day."""
    return redirect(static("img/favicon.svg"), permanent=True)


class InEveryLanguage(Sitemap):
    """Pages in every language, each naming the same one in the others."""

    i18n = True
    alternates = True
    # Small enough to be written in one go; further pages are named by the index.
    limit = 2000


class Lists(InEveryLanguage):
    """The home and the lists."""

    def items(self) -> list[str]:
        """Return the names of their addresses."""
        return list(LISTS)

    def location(self, item: str) -> str:
        """Return the address in the active language."""
        return reverse(item)


class Poles(InEveryLanguage):
    """The poles of the perimeter in force."""

    def items(self) -> list[Pole]:
        """Return them in their order."""
        return list(poles_on(day_of(timezone.now())))

    def location(self, item: Pole) -> str:
        """Return the address in the active language."""
        return reverse("destination:pole", args=[item.slug])


class Spoken(InEveryLanguage):
    """What is sold or takes place, in the languages in which it is written."""

    def get_languages_for_item(self, item: Any) -> list[str]:
        """Return the languages in which nothing of its page stands in for another text."""
        return [code for code, _name in settings.LANGUAGES if getattr(item, f"is_spoken_{code}")]


class Offers(Spoken):
    """What is sold; tickets stand on the page of their event."""

    def items(self) -> Any:
        """Return the published offers."""
        offers = Offer.objects.published().exclude(kind=Offer.Kind.EVENT_TICKET)
        return with_languages(offers).only("pk", "slug", "kind").order_by("pk")

    def location(self, item: Offer) -> str:
        """Return the address in the active language."""
        return offer_url(item)


class ReadyStays(Spoken):
    """Whole stays that the office wrote."""

    def items(self) -> Any:
        """Return the published ones."""
        return with_languages(ReadyStay.objects.published()).only("pk", "slug").order_by("pk")

    def location(self, item: ReadyStay) -> str:
        """Return the address in the active language."""
        return reverse("booking:ready-stay", args=[item.slug])


class Greeters(InEveryLanguage):
    """The inhabitants whom visitors may meet."""

    def items(self) -> Any:
        """Return those who are shown."""
        return Greeter.objects.shown().order_by("pk")

    def get_languages_for_item(self, item: Greeter) -> list[str]:
        """Return the languages in which they say who they are."""
        return [code for code, _name in settings.LANGUAGES if getattr(item, f"about_{code}")]

    def location(self, item: Greeter) -> str:
        """Return the address in the active language."""
        return reverse("booking:greeter", args=[item.slug])


class Events(Spoken):
    """What takes place."""

    def items(self) -> Any:
        """Return the published events that have a date to come."""
        to_come = Event.objects.filter(
            state=Event.State.PUBLISHED, sessions__ends_at__gt=timezone.now()
        )
        return with_languages(to_come).distinct().only("pk", "slug").order_by("pk")

    def location(self, item: Event) -> str:
        """Return the address in the active language."""
        return reverse("events:event", args=[item.slug])


class Written(Sitemap):
    """What the office wrote, in each language in which it is published."""

    limit = 2000

    def items(self) -> Any:
        """Return every published page but homes and poles, which have sections of their own."""
        pages = Page.objects.live().exclude(depth__lte=HOME_DEPTH).not_type(PolePage)
        return pages.select_related("locale").order_by("translation_key", "locale_id")

    def location(self, item: Page) -> str:
        """Return the address of the page in its own language."""
        return str(item.get_url() or "/")

    def lastmod(self, item: Page) -> Any:
        """Return when the page was last published."""
        return item.last_published_at

    def _urls(self, page: int, protocol: str, domain: str) -> list[dict[str, Any]]:
        """Name beside each page its translations, and only those that are published."""
        urls: list[dict[str, Any]] = super()._urls(page, protocol, domain)
        by_key: dict[Any, list[dict[str, str]]] = {}
        for one in urls:
            alternate = {"location": one["location"], "lang_code": one["item"].locale.language_code}
            by_key.setdefault(one["item"].translation_key, []).append(alternate)
        for one in urls:
            one["alternates"] = by_key[one["item"].translation_key]
        return urls


SECTIONS = {
    "pages": Lists,
    "poles": Poles,
    "written": Written,
    "offers": Offers,
    "ready-stays": ReadyStays,
    "events": Events,
    "greeters": Greeters,
}
