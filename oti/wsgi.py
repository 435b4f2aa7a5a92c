"""Entry of the web server.

Preloaded (`gunicorn --preload`), so what is warmed here is read once and shared by all workers.
"""

import gc
import os
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.contrib.auth import get_backends
from django.core.cache import caches
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.template import engines
from django.template.loader import get_template
from django.urls import get_resolver, reverse
from django.utils.module_loading import import_string
from django.utils.translation import override

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oti.settings")


def warm() -> None:
    """Load addresses, catalogues and templates before the fork, and set their memory aside.

    What the collector never visits stays shared: a worker takes a third less of its own.
    """
    _ = get_resolver().url_patterns
    for code, _name in settings.LANGUAGES:
        with override(code):
            reverse("destination:home")
    folder = Path(settings.BASE_DIR) / "templates"
    for path in sorted(folder.rglob("*.html")):
        name = path.relative_to(folder)
        # Mails are written by the worker; here only who looks at one beforehand reads its template.
        if name.parts[0] != "email":
            get_template(name.as_posix())
    load_named()
    show_once()
    gc.collect()
    gc.freeze()


def load_named() -> None:
    """Load what Django finds by its name in the first request only, the client of Redis above all.

    What a worker makes for good after the fork fills the holes of pages that all shared: five times
    its own size becomes the worker's alone.
    """
    import_string(settings.MESSAGE_STORAGE)
    import_string(settings.SESSION_SERIALIZER)
    get_backends()
    _ = engines["django"].engine.template_context_processors
    # No line is opened before something is asked.
    _ = getattr(caches["default"], "_cache", None)


def show_once() -> None:
    """Show the home and the list of lodgings to nobody.

    What running a page leaves behind (specialised code, what is remembered) is then shared too, and
    a worker's first visitor doesn't wait for it. No connection outlives it.
    """
    site = urlsplit(settings.BASE_URL)
    with override(settings.LANGUAGE_CODE):
        pages = [reverse("destination:home"), reverse("booking:stays")]
    for page in pages:
        environ = {"PATH_INFO": page, "HTTP_HOST": site.netloc, "wsgi.url_scheme": site.scheme}
        setup_testing_defaults(environ)
        # What goes wrong is an answer too, and logged: the site starts all the same.
        application.get_response(WSGIRequest(environ))
    connections.close_all()


application = get_wsgi_application()
if settings.IS_PRODUCTION:
    warm()
