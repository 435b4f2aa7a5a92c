"""The pages of the destination: home, poles, legal texts. It doesn't know what is sold: templates
load the tag libraries of the floors above for that (architecture.md §2).
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from destination import kept_pages, structured
from destination.gallery import gallery_context
from destination.gallery_pages import page_gallery_context
from destination.legal_pages import legal_context
from destination.models import LegalText, PolePage
from destination.models.pages import VelayPage
from destination.seasons import season_of
from destination.sharing import share_picture
from destination.shown_poles import pole_cards, pole_context, pole_on
from destination.written import page_at, written_home, written_pole
from oti.lib.dates import today as day_of

# Seconds: a drawing that changes gets another name.
SHARED_FOR = 30 * 24 * 60 * 60


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """Lead to the home in the visitor's language: cookie first, then the browser's."""
    response = redirect(reverse("destination:home"))
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the home that the office wrote, or the one that needs no text of its own."""
    return kept_pages.shown(request, lambda: _home(request))


def _home(request: HttpRequest) -> HttpResponse:
    page = written_home()
    if page is not None:
        return _served(page, request)
    today = day_of(timezone.now())
    season, origin = season_of(today), _origin(request)
    context = {
        "season": season,
        "poles": pole_cards(today, season),
        "structured": [structured.office(origin), structured.website(origin, _language())],
    }
    return render(request, "destination/home.html", context)


@require_safe
def pole(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a pole of the perimeter in force: the office's page of it, or its places alone."""
    return kept_pages.shown(request, lambda: _pole(request, slug))


def _pole(request: HttpRequest, slug: str) -> HttpResponse:
    today = day_of(timezone.now())
    page = written_pole(slug)
    known = pole_on(slug, today=today)
    if known is None:
        return _beside_the_poles(request)
    if page is not None:
        return _served(page, request)
    context = {
        "season": season_of(today),
        "structured": [structured.of_pole(known, _origin(request))],
        **pole_context(slug, today=today),
    }
    return render(request, "destination/pole.html", context)


@require_safe
def page(request: HttpRequest, path: str) -> HttpResponse:
    """Show a page that the office wrote, by its whole address below the language."""
    return kept_pages.shown(request, lambda: _page(request, path))


def _page(request: HttpRequest, path: str) -> HttpResponse:
    found = page_at(path)
    if isinstance(found, PolePage):
        return redirect("destination:pole", found.pole_slug)
    if found is None:
        raise Http404
    return _served(found, request)


def _served(page: VelayPage, request: HttpRequest) -> HttpResponse:
    """Return a page of the office with what it says to machines."""
    response = page.serve(request)
    if isinstance(response, TemplateResponse) and response.context_data is not None:
        response.context_data["structured"] = structured.of_page(page, _origin(request))
    return response


def _origin(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")[:-1]


def _language() -> str:
    return get_language() or "fr"


def _beside_the_poles(request: HttpRequest) -> HttpResponse:
    """Show a page that the office put beside those of the poles: an itinerary, a section."""
    found = page_at(request.path.removeprefix(f"/{_language()}/"))
    if found is None or isinstance(found, PolePage):
        raise Http404
    return _served(found, request)


@require_safe
@cache_control(public=True, max_age=SHARED_FOR, immutable=True)
def share_image(request: HttpRequest, name: str) -> HttpResponse:
    """Give the picture that stands where a page is shared."""
    try:
        return HttpResponse(share_picture(name), content_type="image/jpeg")
    except KeyError:
        raise Http404 from None


@require_safe
def legal(request: HttpRequest, kind: str) -> HttpResponse:
    """Show a legal text in force, or the older version that `?version=` names."""
    version = request.GET.get("version", "")
    if kind == LegalText.Kind.RANKING and not version:
        # The page that explains it to everybody has the text in force as well: one page, not two.
        return redirect("booking:ranking", permanent=True)
    context = legal_context(kind, _language(), day_of(timezone.now()), version)
    if context is None:
        raise Http404
    return render(request, "destination/legal.html", context)


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every component in its states; `?theme=` forces a theme. For the staff."""
    theme = request.GET.get("theme", "")
    return render(request, "components/gallery.html", gallery_context(theme))


@require_safe
def components_of_pages(request: HttpRequest) -> HttpResponse:
    """Show the openings, blocks and cards of the office's pages in their states. For the staff."""
    return render(request, "components/gallery_pages.html", page_gallery_context())
