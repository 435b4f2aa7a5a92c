"""The whole address tree on one screen.

Public pages live under the language, with translated first segments; these have none: `/pro/`,
`/espace/`, `/gestion/`, `/paiement/`, `/sante/`, `/compte/`, `/api/` (core.md 19), and what robots look for.
"""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib.sitemaps import views as sitemaps
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import cache_page
from django.views.static import serve
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls
from wagtail.urls import serve_pattern
from wagtail.views import serve as serve_page

from members.views import desk_door
from oti import indexing
from oti.health import health
from oti.site_map import site_map
from oti.site_search import site_search

sitemap_page = cache_page(indexing.HOUR)
handler400 = "oti.errors.bad_request"

# First what most ask for: no other address begins with a language.
urlpatterns: list[URLPattern | URLResolver] = i18n_patterns(
    path(pgettext_lazy("address", "search/"), site_search, name="site-search"),
    path(pgettext_lazy("address", "site-map/"), site_map, name="site-map"),
    path("", include("events.urls")),
    path("", include("booking.urls")),
    path("", include("destination.urls")),
    # Wagtail writes its addresses with these; the office's pages are served by destination.
    re_path(serve_pattern, serve_page, name="wagtail_serve"),
)

urlpatterns += [
    path("gestion/login/", desk_door),
    path("gestion/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("compte/", include("members.urls")),
    path("compte/", include("allauth.urls")),
    path("sante/", health, name="health"),
    path("api/", include("oti.api.urls")),
    path("robots.txt", indexing.robots, name="robots"),
    path("favicon.ico", indexing.favicon, name="favicon"),
    path(
        "sitemap.xml",
        sitemap_page(sitemaps.index),
        {"sitemaps": indexing.SECTIONS, "sitemap_url_name": "sitemap"},
        name="sitemap-index",
    ),
    path(
        "sitemap-<slug:section>.xml",
        sitemap_page(sitemaps.sitemap),
        {"sitemaps": indexing.SECTIONS},
        name="sitemap",
    ),
    path("", include("destination.urls_machine")),
    path("", include("booking.urls_machine")),
    path("", include("events.urls_machine")),
]

if settings.IS_DEV:
    urlpatterns.append(path("boite/", include("oti.devtools.mailbox")))
if settings.SERVE_MEDIA:
    urlpatterns.append(
        path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}, name="media")
    )
