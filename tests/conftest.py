"""What every test may ask for: databases, the clock, the site, the shared data."""

import contextlib
import functools
import gc
import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth import login
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import caches
from django.core.servers.basehttp import ThreadedWSGIServer
from django.http import HttpRequest
from django.template import Context, Template
from django.test import Client
from django.test.signals import setting_changed, template_rendered
from django.test.testcases import LiveServerThread
from django.utils import translation
from pytest_django import DjangoDbBlocker

from oti.cache import FailOpenRedisCache
from oti.lib.memo import forget_everything
from oti.plain_locals import use_plain_locals
from tests import databases

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PARIS = ZoneInfo("Europe/Paris")
RUN = secrets.token_hex(4)
TESTS = Path(__file__).resolve().parent
test_numbers = itertools.count()

# --- The cast: people and things that many tests meet ------------------------------------------
pytest_plugins = ["tests.cast"]


# Enough to find a fault on any run; a rule that needs more says so itself.
hypothesis.settings.register_profile("suite", max_examples=60, deadline=None)
hypothesis.settings.load_profile("suite")


# --- The run ------------------------------------------------------------------------------------
def pytest_configure(config: pytest.Config) -> None:
    # What was imported stays, and a test leaves little: a tenth of the run was looking for cycles.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session", autouse=True)
def _only_whole_pages_are_told(django_test_environment: None) -> None:
    """Tell a test the context of the template that it asked for, not of each one inside it.

    Django copies every context of every template included; a page has two hundred.
    """

    def render(template: Template, context: Context) -> str:
        if context.template is template:
            template_rendered.send(sender=template, template=template, context=context)
        return str(template.nodelist.render(context))

    # What Django's own environment of tests put there, and takes away again.
    Template._render = render  # type: ignore[method-assign]


@pytest.fixture(scope="session", autouse=True)
def _signing_in_begins_one_session() -> Iterator[None]:
    """Let a browser without a session have one when it signs in, not two of which one is deleted.

    Django's own makes an empty session first, which signing in replaces: half of its statements.
    """
    sign_in = Client._login

    def sign_in_once(client: Client, user: AbstractBaseUser, backend: str | None = None) -> None:
        if django_settings.SESSION_COOKIE_NAME in client.cookies:
            sign_in(client, user, backend)
            return
        request = HttpRequest()
        request.session = import_module(django_settings.SESSION_ENGINE).SessionStore()
        login(request, user, backend)
        request.session.save()
        client._set_login_cookies(request)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Client, "_login", sign_in_once)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let the second process of a whole run read the tests from the other end.

    On a fresh clone each compiles half of them, and finds the other half compiled.
    """
    config = session.config
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if is_whole and os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        for file in sorted(TESTS.rglob("test_*.py"), reverse=True):
            import_module(".".join(file.relative_to(TESTS.parent).with_suffix("").parts))


def pytest_unconfigure() -> None:
    databases.leave()


NEEDS_DATABASE = {"db", "cloned_database", "demo_database", "demo"}


def _stay_plain(**_: object) -> None:
    use_plain_locals()


# Where a test changes languages or caches, Django makes its own keepers anew.
setting_changed.connect(_stay_plain, weak=False, dispatch_uid="tests.stay_plain")


def needs_database(item: pytest.Item) -> bool:
    """Return whether a test asks for a database."""
    asked: set[str] = set(getattr(item, "fixturenames", ()))
    return bool(NEEDS_DATABASE & asked) or item.get_closest_marker("django_db") is not None


def takes_long(item: pytest.Item) -> bool:
    """Return whether a test takes seconds."""
    return any(item.get_closest_marker(name) is not None for name in ("long", "browser"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Shuffled by now. Those without a database come first: one process runs them while the other,
    # which begins in the middle, builds the template. Then the long ones, the browser's among them:
    # what the two share out at the end is short.
    items.sort(key=lambda item: (needs_database(item), not takes_long(item)))
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None and marker.kwargs.get("transaction"):
            msg = (
                f"{item.nodeid}: emptying the tables would delete the site's root page; "
                "use the fixture cloned_database instead."
            )
            raise pytest.UsageError(msg)


# --- Databases ----------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this process a clone of the migrated template, for tests that roll back."""
    with contextlib.ExitStack() as stack:
        with django_db_blocker.unblock():
            stack.enter_context(databases.cloned(databases.migrated_template()))
        yield
        with django_db_blocker.unblock():
            stack.close()


@pytest.fixture(scope="session")
def committed(django_db_blocker: DjangoDbBlocker) -> Iterator[databases.Committed]:
    """Keep the migrated database of this process's tests that commit."""
    yield from _kept(databases.Committed(databases.migrated_template), django_db_blocker)


@pytest.fixture(scope="session")
def committed_demo(django_db_blocker: DjangoDbBlocker) -> Iterator[databases.Committed]:
    """Keep the database with today's demo of this process's tests that commit."""
    yield from _kept(databases.Committed(databases.demo_template), django_db_blocker)


def _kept(
    kept: databases.Committed, django_db_blocker: DjangoDbBlocker
) -> Iterator[databases.Committed]:
    yield kept
    with django_db_blocker.unblock():
        kept.close()


@pytest.fixture
def cloned_database(
    django_db_blocker: DjangoDbBlocker, committed: databases.Committed
) -> Iterator[str]:
    """Give this test a migrated database to itself, where threads commit; return its name."""
    with django_db_blocker.unblock():
        yield from _own_database(committed.turn())


@pytest.fixture
def demo_database(
    django_db_blocker: DjangoDbBlocker, committed_demo: databases.Committed
) -> Iterator[str]:
    """Give this test a database to itself with today's demo loaded; return its name."""
    with django_db_blocker.unblock():
        yield from _own_database(committed_demo.turn())


def _own_database(opened: contextlib.AbstractContextManager[str]) -> Iterator[str]:
    with opened as name:
        _forget_rows()
        yield name
    _forget_rows()


def _forget_rows() -> None:
    """Forget what this process remembers of another database's rows."""
    ContentType.objects.clear_cache()
    forget_everything()
    with contextlib.suppress(ImportError):
        from wagtail.models.sites import Site

        Site.clear_site_root_paths_cache()  # type: ignore[no-untyped-call]


@pytest.fixture(autouse=True)
def _own_cache() -> None:
    """Give each test an empty cache, without emptying anybody else's."""
    prefix = f"test-{RUN}-{next(test_numbers)}"
    for alias, chosen in django_settings.CACHES.items():
        # The first for this thread's cache, the second for the threads to come.
        caches[alias].key_prefix = prefix
        chosen["KEY_PREFIX"] = prefix
    # A test that took it away must not leave the next ones uncounted.
    FailOpenRedisCache._uncounted_until = 0.0


@pytest.fixture(autouse=True)
def _in_french() -> Iterator[None]:
    """Begin each test in French: a page asked for by the one before may have left another."""
    with translation.override("fr"):
        yield


# --- The clock ----------------------------------------------------------------------------------
@pytest.fixture
def at() -> Iterator[Callable[[str | datetime], datetime]]:
    """Return a function that stops the clock at a moment; without zone, it is Paris time.

    `at("2027-07-10 09:00")` returns the moment; calling it again moves on. PostgreSQL's own
    clock stays where it is: what depends on the moment is passed to SQL as a parameter.
    """
    with contextlib.ExitStack() as stack:
        traveller: time_machine.Traveller | None = None

        def travel(moment: str | datetime) -> datetime:
            nonlocal traveller
            wanted = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
            if wanted.tzinfo is None:
                wanted = wanted.replace(tzinfo=PARIS)
            if traveller is None:
                traveller = stack.enter_context(time_machine.travel(wanted, tick=False))
            else:
                traveller.move_to(wanted, tick=False)
            return wanted

        yield travel


# --- The site, served for real ------------------------------------------------------------------
class ServedSite(LiveServerThread):
    """Serves the site from threads, and ends soon when it is told to."""

    def _create_server(self, connections_override: Any = None) -> ThreadedWSGIServer:
        server = super()._create_server(connections_override)
        # Its own half a second is as long as a test waits for its end.
        server.serve_forever = functools.partial(server.serve_forever, poll_interval=0.02)
        return server


@pytest.fixture
def serve_site(settings: object) -> Iterator[Callable[[], str]]:
    """Return a function that serves the site from threads of this process; it returns the address.

    Ask for `cloned_database` or `demo_database` before it, so that the threads see what is
    committed.
    """
    running: list[ServedSite] = []

    def start() -> str:
        thread = ServedSite("localhost", StaticFilesHandler, port=0)
        thread.daemon = True
        thread.start()
        running.append(thread)
        if not thread.is_ready.wait(30) or thread.error:
            msg = f"The site can't be served: {thread.error}"
            raise RuntimeError(msg)
        address = f"http://localhost:{thread.port}"
        settings.BASE_URL = settings.WAGTAILADMIN_BASE_URL = address  # type: ignore[attr-defined]
        return address

    yield start
    for thread in running:
        thread.terminate()


# --- Data that may lie beside the checkout ------------------------------------------------------
@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of the territory's real data; skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of shared data is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser's path; the run of `make test` makes sure that there is one."""
    from oti.devtools.bootstrap import find_chromium

    found = find_chromium()
    if found is None:
        pytest.fail("Chromium is not installed: run `make browser` or set CHROMIUM to its path.")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator["Browser"]:
    """Launch Chromium once for this process."""
    # Playwright's loop makes Django believe that it runs inside an event loop.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(
            executable_path=chromium,
            args=["--disable-gpu", "--disable-background-networking", "--disable-sync"],
        )
        yield launched
        launched.close()
