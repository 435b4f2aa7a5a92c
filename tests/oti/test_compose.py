"""The image, the containers and the proxy name nothing that isn't there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from http.client import HTTPConnection, HTTPMessage
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.urls import Resolver404, resolve
from django.utils.translation import override

from oti.deploy import probe
from oti.devtools import production_shape
from oti.devtools.locks import wait_until
from oti.limits import BANK

ROOT = Path(settings.BASE_DIR)
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("velay:")}
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
NGINX = (ROOT / "oti/deploy/nginx.conf").read_text()
PROXY = (ROOT / "oti/deploy/proxy.conf").read_text()
IMAGES = {"nginx", "postgres", "valkey/valkey"}
# Programs of other projects' images that are named here.
OF_THEIR_IMAGES = {"curl": "proxy", "pg_isready": "postgres", "valkey-cli": "valkey"}
VARIABLE = re.compile(r"\$\{(\w+)(:[-?])?([^}]*)\}")
# Settings that an image's own folders decide, and those of a developer's machine.
NOT_FOR_CONTAINERS = {
    *("OTI_MODE", "OTI_DATA_DIR", "OTI_NO_SERVICES", "DEBUG", "PORT", "STATIC_ROOT", "MEDIA_ROOT"),
    "PRIVATE_ROOT",
    *("SERVE_MEDIA", "STRIPE_API_BASE", "STRIPE_CHECKOUT_ORIGIN", "DATABASE_CONN_MAX_AGE"),
    "DATABASE_PREPARE",
    *("CACHE_PREFIX", "RATE_LIMITS_OFF", "OTI_MEASURE"),
    # Production doesn't listen to it.
    "SECOND_FACTOR",
    # The bank's own addresses, and what only the stand-in needs.
    *("STRIPE_CONNECT_ORIGIN", "PAYOUT_DEMO_ACCOUNTS"),
    # How the office sells: the defaults are the rules of the house.
    *("HOLD_MINUTES", "HOLD_MAX_MINUTES", "PAYMENT_SESSION_MINUTES", "PAYMENT_GRACE_MINUTES"),
    *("REQUEST_ANSWER_HOURS", "REQUEST_PAYMENT_HOURS"),
    *("REFERRAL_WINDOW_DAYS", "AMBASSADOR_RANKING"),
    *("GREETER_NOTICE_DAYS", "GREETER_ANSWER_HOURS", "GREETER_KEPT_DAYS"),
    *("SURVEY_AFTER_DAYS", "SURVEY_DAYS", "REVIEW_YEARS", "GROUP_FROM"),
    *("COMPLAINT_WORKING_DAYS", "MEDIATION_AFTER_DAYS", "COMMERCIAL_LETTERS_IN_30_DAYS"),
    *("GIFT_STAY_MONTHS", "GIFT_ADDRESS_DAYS"),
    *("QUESTION_WORKING_DAYS", "ACCOUNT_KEPT_YEARS", "ACCOUNT_WARNED_DAYS", "GUEST_KEPT_YEARS"),
    *("NOTES_KEPT_YEARS", "IMPORT_ROWS_KEPT_DAYS"),
    *("SEARCH_HORIZON_DAYS", "LONGEST_STAY_NIGHTS", "INFANT_BELOW_AGE", "MAX_PARTY"),
}


def read_by_settings() -> set[str]:
    """Return the variables that the settings read."""
    source = (ROOT / "oti/settings.py").read_text()
    asked = re.findall(r"\benv(?:_bool|_int|_list)?\(\s*[\"'](\w+)", source)
    return {*asked, *re.findall(r"environ\.get\([\"'](\w+)", source)}


def in_example() -> set[str]:
    """Return the variables that .env.example explains."""
    return set(re.findall(r"^#?(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def steps(word: str) -> list[str]:
    """Return what follows an instruction of the Dockerfile, each time."""
    return re.findall(rf"^{word}\s+(.*)$", DOCKERFILE, re.MULTILINE)


def container_commands() -> list[tuple[str, list[str]]]:
    """Return every command that one of our containers runs, health checks included."""
    found = [("image", json.loads(steps("CMD")[-1]))]
    health = DOCKERFILE[DOCKERFILE.index("HEALTHCHECK") :]
    checked = re.search(r"CMD\s+(\[.*?\])", health)
    assert checked
    found.append(("image", json.loads(checked[1])))
    for name, one in OURS.items():
        if "command" in one:
            found.append((name, one["command"]))
        test = one.get("healthcheck", {}).get("test")
        if test:
            assert test[0] == "CMD"
            found.append((name, test[1:]))
    return found


# --- The services -------------------------------------------------------------------------------
def test_the_shape_is_the_real_one():
    assert set(SERVICES) == {
        *("proxy", "web1", "web2", "worker", "beat", "migrate", "postgres", "valkey"),
    }
    assert {one["image"].partition(":")[0] for one in SERVICES.values()} == IMAGES | {"velay"}
    built = [name for name, one in SERVICES.items() if "build" in one]
    assert built == ["web1"]
    assert (ROOT / SERVICES["web1"]["build"] / "Dockerfile").is_file()


def test_only_the_proxy_is_reached_from_outside():
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["proxy"]
    assert COMPOSE["networks"]["data"]["internal"] is True
    for name in ("postgres", "valkey"):
        assert SERVICES[name]["networks"] == ["data"]
    assert SERVICES["proxy"]["networks"] == ["outside"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_exists_and_can_come_true(name: str):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        if how["condition"] == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"
    for network in SERVICES[name]["networks"]:
        assert network in COMPOSE["networks"]


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_lasting_service_is_watched_and_started_again(name: str):
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", OURS)
def test_our_processes_may_do_no_more_than_they_need(name: str):
    one = OURS[name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in one


def test_what_is_mounted_exists():
    for name, one in SERVICES.items():
        for volume in one.get("volumes", []):
            source = VARIABLE.sub(lambda found: found[3], volume).partition(":")[0]
            if not source.startswith("."):
                assert source in COMPOSE["volumes"], f"{name}: {volume}"
            elif source != "./.data/tls":
                assert (ROOT / source).is_file(), f"{name}: {volume}"
    for way in ("tls", "plain"):
        assert (ROOT / f"oti/deploy/listen-{way}.conf").is_file()


# --- Commands -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "command"), container_commands())
def test_every_command_names_a_program_and_a_module_of_ours(name: str, command: list[str]):
    program, *arguments = command
    scripts = {one.name for one in metadata.entry_points(group="console_scripts")}
    assert program in scripts | {"python"}, name
    if program == "gunicorn":
        assert callable(import_module(arguments[0]).application)
    elif program == "celery":
        assert import_module(arguments[arguments.index("-A") + 1]).app.main == "velay"
    elif arguments[0] == "-m":
        assert arguments[1] == probe.__name__
        assert arguments[2] in probe.PROBES
    else:
        assert (ROOT / arguments[0]).is_file()
        assert arguments[1] in get_commands()


def test_by_hand_the_same_processes_run():
    web = json.loads(steps("CMD")[-1])
    assert production_shape.web_command("0.0.0.0:8000") == web
    assert production_shape.worker_command() == SERVICES["worker"]["command"]
    assert production_shape.beat_command("/tmp/beat") == SERVICES["beat"]["command"]
    assert probe.BEAT_FILES.startswith("/tmp/beat")


def test_worker_serves_every_queue_that_tasks_go_to():
    served = SERVICES["worker"]["command"][5].split(",")
    routed = {one["queue"] for one in settings.CELERY_TASK_ROUTES.values()}
    assert routed | {settings.CELERY_TASK_DEFAULT_QUEUE} <= set(served)


def test_programs_of_other_images_are_asked_of_the_right_one():
    for name, one in SERVICES.items():
        test = one.get("healthcheck", {}).get("test")
        if name not in OURS:
            assert OF_THEIR_IMAGES[test[1]] == name


# --- Variables ------------------------------------------------------------------------------------
def test_every_variable_that_is_given_is_read():
    known = read_by_settings()
    for name, one in OURS.items():
        assert set(one["environment"]) - known == set(), name
    given_by_image = set(re.findall(r"\b([A-Z_]+)=", " ".join(steps("ENV"))))
    of_python = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert given_by_image - of_python <= known


def test_every_variable_that_is_asked_for_is_explained():
    asked = {name for name, _how, _rest in VARIABLE.findall(COMPOSE_TEXT)}
    assert asked - in_example() == set()


def test_every_variable_has_a_default_or_is_required():
    bare = {name for name, how, _rest in VARIABLE.findall(COMPOSE_TEXT) if not how}
    assert bare == set()


def test_no_setting_that_an_operator_may_need_is_left_out():
    given = set(OURS["web1"]["environment"])
    assert read_by_settings() - given - NOT_FOR_CONTAINERS == set()


def test_secrets_come_from_the_environment_alone():
    required = {name for name, how, _rest in VARIABLE.findall(COMPOSE_TEXT) if how == ":?"}
    assert required >= {
        *("SECRET_KEY", "BASE_URL", "ALLOWED_HOSTS", "POSTGRES_PASSWORD"),
        *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "EMAIL_HOST"),
    }
    for name, value in OURS["web1"]["environment"].items():
        if "SECRET" in name or "PASSWORD" in name:
            assert value.startswith("${"), name
    assert not re.search(r"SECRET|KEY|PASSWORD", " ".join([*steps("ENV"), *steps("ARG")]))


# --- The image ------------------------------------------------------------------------------------
def test_what_the_image_copies_is_there_and_not_left_out():
    ignored = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    for line in steps("COPY"):
        if line.startswith("--from"):
            continue
        *sources, _target = line.split()
        for source in sources:
            assert (ROOT / source).exists(), line
            assert not any(fnmatch(source, pattern) for pattern in ignored)
    for needed in ("manage.py", "oti", "templates", "static", "requirements.txt"):
        assert not any(fnmatch(needed, pattern) for pattern in ignored)
    for private in (".env", ".data", ".git", ".env.production"):
        assert any(fnmatch(private, pattern) for pattern in ignored)


def test_image_runs_as_nobody_in_particular_and_installs_what_is_pinned():
    assert steps("USER") == ["velay"]
    assert "--require-hashes -r requirements.txt" in DOCKERFILE
    stages = re.findall(r"^FROM .*? AS (\w+)$", DOCKERFILE, re.MULTILINE)
    assert set(re.findall(r"--from=(\w+)", DOCKERFILE)) <= set(stages)
    for command in re.findall(r"manage\.py (\w+)", " ".join(steps("RUN"))):
        assert command in get_commands()
    # Without it manage.py believes that it is on a developer's machine: no hashed names.
    (build,) = [line for line in steps("RUN") if "collectstatic" in line]
    assert "OTI_MODE=production" in build
    assert "compilemessages" in build


# --- The proxy ----------------------------------------------------------------------------------
def locations() -> list[str]:
    return re.findall(r"location (?:= |~ )?(\S+) \{", NGINX)


def test_proxy_asks_both_web_processes():
    asked = re.findall(r"^\s+server (\w+):(\d+) resolve", NGINX, re.MULTILINE)
    assert asked == [("web1", str(probe.WEB_PORT)), ("web2", str(probe.WEB_PORT))]
    assert {name for name, _port in asked} <= set(SERVICES)
    assert f"0.0.0.0:{probe.WEB_PORT}" in DOCKERFILE


@pytest.mark.parametrize("address", ["/paiement/stripe/", "/gestion/", probe.HEALTH_PATH])
def test_addresses_that_are_named_resolve(address: str):
    with override("fr"):
        try:
            assert resolve(address)
        except Resolver404:
            pytest.fail(f"{address} is nobody's")


def test_proxy_treats_apart_only_what_exists():
    apart = {one for one in locations() if not one.startswith("@")}
    assert apart == {
        *(
            "/",
            "/api/",
            "/courrier/retours/",
            "/espace/residence/",
            "/gestion/clients-importes/",
            "/paiement/stripe/",
            "/pro/offres/",
            "/pro/papiers/",
            settings.DESK_PREFIX,
            settings.STATIC_URL,
        ),
        *("^/media/(?:images|avatar_images)/", settings.MEDIA_URL, "/alive"),
    }
    assert SERVICES["proxy"]["healthcheck"]["test"][-1].endswith("/alive")
    assert resolve(BANK).url_name == "webhook-stripe"
    assert f"location = {BANK} {{" in NGINX


def test_proxy_and_application_agree_on_the_longest_body():
    sizes = dict(settings.BODY_LIMITS)
    told = {
        int(number) * {"k": 1000, "m": 1024 * 1024}[unit]
        for number, unit in re.findall(r"client_max_body_size (\d+)([km]);", NGINX)
    }
    # nginx counts its k by 1024: what it lets through the application still looks at.
    assert {sizes[""], sizes[settings.DESK_PREFIX]} <= told


def test_what_a_client_says_of_itself_is_replaced():
    for line in (
        "X-Forwarded-For $remote_addr;",
        "X-Forwarded-Proto $scheme;",
        'X-Forwarded-Host "";',
        'Forwarded "";',
    ):
        assert f"proxy_set_header {line}" in PROXY
    environment = OURS["web1"]["environment"]
    assert (environment["BEHIND_TLS_PROXY"], environment["TRUSTED_PROXIES"]) == ("1", "1")


def test_a_form_is_never_sent_to_both():
    assert "proxy_next_upstream error timeout;" in PROXY
    assert "non_idempotent;" not in PROXY


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Run nginx before two web processes that are away; give its port and its media folder."""
    version = production_shape.nginx_version()
    if version is None:
        pytest.skip("nginx is not installed: only the text of its configuration is checked")
    port = production_shape.free_port()
    conf = production_shape.write_proxy_configuration(
        tmp_path / "nginx",
        port=port,
        webs={name: f"127.0.0.1:{production_shape.free_port()}" for name in ("web1", "web2")},
        media=tmp_path / "media",
        version=version,
    )
    command = ["nginx", "-p", str(tmp_path / "nginx"), "-c", str(conf)]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    running = production_shape.Shape({"PATH": os.environ["PATH"]}, tmp_path / "log")
    try:
        running.start("proxy", command)
        assert wait_until(lambda: answer_of(port, "/media/")[0] == 404, 20), running.log_of("proxy")
        yield port, tmp_path / "media"
    finally:
        running.stop()


def answer_of(port: int, path: str, **headers: str) -> tuple[int, HTTPMessage, str]:
    """Ask the proxy; status 0 while nobody listens."""
    client = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        client.request("POST" if headers else "GET", path, headers=headers)
        answer = client.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    except OSError:
        return 0, HTTPMessage(), ""
    finally:
        client.close()


def refused_in_the_end(port: int, path: str) -> tuple[int, HTTPMessage, str]:
    """Ask until it is too often; a slow machine lets more through than the burst."""
    answers = (answer_of(port, path) for _ in range(3000))
    return next(answer for answer in answers if answer[0] == 429)


def test_nginx_serves_what_is_public_and_says_what_is_wrong(proxy: tuple[int, Path]):
    port, media = proxy
    for folder in ("images", "original_images", "documents"):
        (media / folder).mkdir(parents=True)
        (media / folder / "one.jpg").write_text("a picture")

    status, headers, body = answer_of(port, "/media/images/one.jpg")
    assert (status, body, headers["X-Content-Type-Options"]) == (200, "a picture", "nosniff")
    for hidden in ("original_images/one.jpg", "documents/one.jpg", "images/../documents/one.jpg"):
        assert answer_of(port, f"/media/{hidden}")[0] == 404

    status, headers, body = answer_of(port, "/fr/")
    assert (status, headers["Retry-After"]) == (503, "30")
    assert "Votre séjour est gardé" in body

    status, _headers, body = answer_of(port, "/fr/", **{"Content-Length": "52428800"})
    assert status == 413
    assert "Rien n’a été enregistré" in body

    last = refused_in_the_end(port, "/fr/")
    assert (last[0], last[1]["Retry-After"]) == (429, "30")
    assert "Un instant" in last[2]


def test_nginx_answers_the_interface_in_json(proxy: tuple[int, Path]):
    port, _media = proxy

    def problem(answer: tuple[int, HTTPMessage, str], status: int) -> dict[str, Any]:
        told, headers, body = answer
        assert (told, headers["Content-Type"]) == (status, "application/json")
        assert headers["Cache-Control"] == "no-store"
        [found] = json.loads(body)["problems"]
        return found

    away = problem(answer_of(port, "/api/v1/offers"), 503)
    assert (away["code"], away["message"][:19]) == ("away", "Le site redémarre :")
    long = {"Content-Length": "52428800", "Accept-Language": "fr"}
    assert problem(answer_of(port, "/api/v1/baskets", **long), 413)["code"] == "too_large"
    last = refused_in_the_end(port, "/api/v1/offers?language=en")
    assert problem(last, 429) == {
        "code": "too_many_requests",
        "message": "Too many requests: wait, then try again.",
    }
    assert last[1]["Retry-After"] == "30"


def test_nginx_writes_no_key_in_its_logs(proxy: tuple[int, Path]):
    port, media = proxy
    for path in (
        "/api/v1/baskets/s3cr3t/lines/4",
        "/api/v1//%62askets/s3cr3t",
        "/fr/commande/AAAA3333/?cle=s3cr3t",
    ):
        for _time in range(60):
            answer_of(port, path)
    answer_of(port, "/api/v1/baskets/s3cr3t/lines", **{"Content-Length": "52428800"})

    logs = [one for one in media.parent.rglob("*.log") if one.is_file()]
    said = "".join(one.read_text() for one in logs)
    assert "/api/v1/baskets/***/lines/4" in said
    assert "/fr/commande/AAAA3333/" in said
    assert "s3cr3t" not in said
