"""What every answer says to the browser, and what `check --deploy` has to say of production."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from booking.access import BASKET_COOKIE
from tests import factories
from tests.cast import NOW, SATURDAY

pytestmark = pytest.mark.django_db

PUBLIC = ["/fr/", "/en/", "/fr/dormir/", "/fr/mon-sejour/", "/fr/nulle-part/", "/compte/login/"]
WITHOUT_LANGUAGE = ["/sante/", "/pro/", "/documents/1/rien.pdf", "/api/v1/nothing"]
DESK = ["/gestion/login/", "/gestion/", "/gestion/nulle-part/"]


@pytest.fixture(autouse=True)
def _destination():
    factories.a_perimeter()


def policy_of(answer: HttpResponse) -> dict[str, list[str]]:
    """Return the directives of an answer's content policy."""
    parts = (one.split() for one in answer["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("address", [*PUBLIC, *WITHOUT_LANGUAGE, *DESK])
def test_every_answer_closes_what_we_do_not_use(client: Client, address: str):
    answer = client.get(address)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] in {"DENY", "SAMEORIGIN"}
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    for closed in ("camera", "geolocation", "microphone", "payment"):
        assert f"{closed}=()" in answer["Permissions-Policy"]
    policy = policy_of(answer)
    assert policy["object-src"] == policy["base-uri"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert policy["default-src"] == ["'self'"]


@pytest.mark.parametrize("address", [*PUBLIC, *WITHOUT_LANGUAGE])
def test_nothing_that_a_visitor_gets_runs_what_is_written_into_it(client: Client, address: str):
    policy = policy_of(client.get(address))

    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
    assert "unsafe" not in str(policy)
    assert "'unsafe-eval'" not in str(policy)
    assert not any("*" in value for values in policy.values() for value in values)


@pytest.mark.parametrize("address", DESK)
def test_desk_runs_scripts_of_its_own_pages_and_of_no_other_site(client: Client, address: str):
    policy = policy_of(client.get(address))

    assert policy["script-src"] == policy["style-src"] == ["'self'", "'unsafe-inline'"]
    assert "'unsafe-eval'" not in str(policy)
    sources = {value for values in policy.values() for value in values}
    assert not any("//" in value or "*" in value for value in sources)


def test_over_tls_the_browser_is_told_to_stay_there(client: Client, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_SSL_REDIRECT = True

    secure = client.get("/fr/", secure=True)
    plain = client.get("/fr/")

    assert secure["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert plain.status_code == 301
    assert plain["Location"].startswith("https://")


def test_cookies_stay_with_us(client: Client, settings, at):
    at(NOW)
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    slot = factories.a_slot(factories.a_produce(), SATURDAY)
    fields = {"offer": slot.offer_id, "slot": slot.pk, "quantity": 1}

    client.get(reverse("booking:find-order"), secure=True)
    client.post(reverse("booking:line-add"), fields, secure=True)
    user = factories.a_user()
    user.set_password("Lentille-verte-43")
    user.save()
    known = {"login": user.email, "password": "Lentille-verte-43"}
    client.post(reverse("account_login"), known, secure=True)

    assert set(client.cookies) >= {"csrftoken", "sessionid", BASKET_COOKIE}
    for name, cookie in client.cookies.items():
        if not cookie.value:  # taken away
            continue
        assert cookie["secure"], name
        assert cookie["samesite"] in {"Lax", "Strict"}, name
        # Only the form's own token is read by our script.
        assert cookie["httponly"] or name == "csrftoken"


def production(**more: str) -> dict[str, str]:
    """Return the environment of production, of which nothing is asked but its settings."""
    given = {
        "PATH": os.environ["PATH"],
        "OTI_MODE": "production",
        "OTI_NO_SERVICES": "1",
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "BASE_URL": "https://velay.example.org",
        "ALLOWED_HOSTS": "velay.example.org",
        "STRIPE_SECRET_KEY": "sk_live_none",
        "STRIPE_WEBHOOK_SECRET": "whsec_none",
        "BEHIND_TLS_PROXY": "1",
    }
    return given | more


def run(code: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *code],
        cwd=Path(django_settings.BASE_DIR),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_passes_the_checks_of_deployment():
    done = run(["manage.py", "check", "--deploy", "--fail-level", "INFO"], production())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout + done.stderr


SHOW = """
from django.conf import settings as s
print(s.DEBUG, s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,
      s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE, s.CSRF_COOKIE_SAMESITE,
      s.SECURE_HSTS_SECONDS, sorted(s.RATE_LIMITS), s.SERVE_MEDIA, sep='|')
"""


def test_production_is_strict_without_being_asked():
    told = {"DJANGO_SETTINGS_MODULE": "oti.settings", "DEBUG": "1"}
    done = run(["-c", SHOW], production(**told))
    assert done.stdout.strip() == (
        "False|True|True|True|True|Lax|Lax|31536000|['all', 'bank', 'write']|False"
    ), done.stderr


FORMS_LEAD_TO = """
from django.conf import settings as s
print(*s.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"],
      len(s.SOCIALACCOUNT_PROVIDERS["google"]["APPS"]))
"""
GOOGLE = {"GOOGLE_CLIENT_ID": "velay", "GOOGLE_CLIENT_SECRET": "hush"}


@pytest.mark.parametrize(("more", "is_offered"), [({}, False), (GOOGLE, True)])
def test_forms_lead_to_google_only_where_it_is_configured(more: dict[str, str], is_offered: bool):
    told = {"DJANGO_SETTINGS_MODULE": "oti.settings", **more}
    done = run(["-c", FORMS_LEAD_TO], production(**told))
    assert ("https://accounts.google.com 1" in done.stdout) is is_offered, done.stderr
    assert ("google" in done.stdout) is is_offered


@pytest.mark.parametrize("name", GOOGLE)
def test_half_of_what_google_gives_stops_the_start(name: str):
    told = {"DJANGO_SETTINGS_MODULE": "oti.settings", name: GOOGLE[name]}
    done = run(["-c", SHOW], production(**told))
    assert done.returncode != 0
    assert "Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, or neither." in done.stderr


@pytest.mark.parametrize(
    "name",
    ["SECRET_KEY", "BASE_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"],
)
def test_production_does_not_start_without_its_secrets(name: str):
    environment = production(DJANGO_SETTINGS_MODULE="oti.settings")
    del environment[name]
    done = run(["-c", SHOW], environment)
    assert done.returncode != 0
    assert f"Set {name}" in done.stderr
