"""`manage.py dev`: one command starts everything, and nothing is left when it ends."""

import gettext
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from oti.devtools import supervisor
from oti.devtools.catalogues import CatalogueError, compile_catalogues
from oti.devtools.environment import fill_environment, read_env_file, stripe_port
from oti.devtools.locks import wait_until

BASE_DIR = Path(__file__).resolve().parents[2]
PARTS = """
import os, signal, sys
from oti.devtools import supervisor
from oti.devtools.supervisor import Part, Supervisor

supervisor.ENDING_SECONDS = 1
heard, told = os.pipe()

def patient():
    signal.pause()
    return 0

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(told, b".")
    while True:
        signal.pause()

def failing():
    # Only once the others run.
    sys.stdin.readline()
    return 7

running = Supervisor([Part(name, globals()[name]) for name in sys.argv[1:]])
running.start()
if "stubborn" in sys.argv:
    # It turns a deaf ear before anybody asks it to end.
    os.read(heard, 1)
print(*running.living, flush=True)
sys.exit(running.wait())
"""


def run_parts(*names: str) -> tuple[subprocess.Popen[str], list[int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PARTS, *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "OTI_NO_SERVICES": "1"},
    )
    assert process.stdout is not None
    return process, [int(pid) for pid in process.stdout.readline().split()]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_url() -> str:
    """Return the address of the database that this test's connections use."""
    known = connection.get_connection_params()
    user = f"{quote(known['user'])}:{quote(str(known.get('password') or ''))}"
    host, port, name = known.get("host") or "", known.get("port") or 5432, known["dbname"]
    if not host or host.startswith("/"):
        return f"postgresql://{user}@/{name}?host={host}"
    return f"postgresql://{user}@{host}:{port}/{name}"


def status_of(port: int, place: str) -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        client.request("GET", place)
        return client.getresponse().status
    finally:
        client.close()


def test_part_that_ends_takes_the_others_with_it_and_is_named() -> None:
    # A part has no standard input: its reading ends at once, with nothing read.
    process, pids = run_parts("patient", "failing")
    _out, error = process.communicate(timeout=20)
    assert process.returncode == 7
    assert "failing ended with code 7" in error
    assert not any(map(alive, pids))


def test_wish_to_stop_ends_all_with_success() -> None:
    process, pids = run_parts("patient", "patient")
    assert all(map(alive, pids))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert not any(map(alive, pids))


def test_killed_supervisor_leaves_nobody_behind() -> None:
    process, pids = run_parts("patient", "patient")
    process.kill()
    process.communicate(timeout=20)
    assert wait_until(lambda: not any(map(alive, pids)), 10)


def test_part_that_does_not_end_is_killed() -> None:
    process, pids = run_parts("stubborn", "patient")
    process.send_signal(signal.SIGTERM)
    _out, error = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "stubborn does not end" in error
    assert not any(map(alive, pids))


STAND_IN = """#!{python}
import pathlib, signal, sys
def end(number, frame):
    pathlib.Path({told!r}).write_text("ended")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("running", *sys.argv[1:], flush=True)
while True:
    signal.pause()
"""


def test_ending_make_ends_what_it_runs(tmp_path: Path) -> None:
    told = tmp_path / "told"
    program = tmp_path / "python"
    program.write_text(STAND_IN.format(python=sys.executable, told=str(told)))
    program.chmod(0o755)

    process = subprocess.Popen(
        ["make", "--no-print-directory", "run", f"BIN={tmp_path}", "PYTHON=true"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=BASE_DIR,
    )
    assert process.stdout is not None
    assert process.stdout.readline().split() == ["running", "manage.py", "dev"]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)

    assert wait_until(told.exists, 10)


def test_taken_port_is_told_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(supervisor.SupervisorError, match=f"PORT={port + 1} make run"):
            supervisor.check_port_is_free("127.0.0.1", port, use="site", variable="PORT")


def test_second_run_from_the_same_folder_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with (
        supervisor.only_one(tmp_path, "http://localhost:8000/"),
        pytest.raises(supervisor.SupervisorError, match="http://localhost:8000/"),
        supervisor.only_one(tmp_path, "http://localhost:8001/"),
    ):
        pytest.fail("two at once")
    with supervisor.only_one(tmp_path, "http://localhost:8001/"):
        assert (tmp_path / "dev.running").exists()


def test_environment_is_filled_without_covering_what_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text('# mine\nPORT=8200\nBASE_URL="http://velay.test"\nHOST=\n')
    for name in ("STRIPE_SECRET_KEY", "STRIPE_PORT", "BASE_URL", "OTI_DATA_DIR", "HOST"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name in ("STRIPE_API_BASE", "STRIPE_WEBHOOK_SECRET", "STRIPE_CHECKOUT_ORIGIN"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PORT", "8300")

    fill_environment(tmp_path)

    assert read_env_file(tmp_path / ".env") == {"PORT": "8200", "BASE_URL": "http://velay.test"}
    assert stripe_port() == 8310
    assert os.environ["STRIPE_API_BASE"] == "http://127.0.0.1:8310"
    assert os.environ["STRIPE_CHECKOUT_ORIGIN"] == "http://velay.test:8310"
    secret = os.environ["STRIPE_WEBHOOK_SECRET"]
    assert secret.startswith("whsec_")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "")
    fill_environment(tmp_path)
    assert os.environ["STRIPE_WEBHOOK_SECRET"] == secret
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_mine")
    monkeypatch.setenv("STRIPE_API_BASE", "")
    fill_environment(tmp_path)
    assert os.environ["STRIPE_API_BASE"] == ""


def test_catalogue_is_compiled_when_its_source_is_newer(tmp_path: Path) -> None:
    source = tmp_path / "fr" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    lines = [
        'msgid ""',
        'msgstr ""',
        '"Content-Type: text/plain; charset=UTF-8\\n"',
        '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"',
        "",
        'msgid "a bed"',
        'msgid_plural "%(count)s beds"',
        'msgstr[0] "un lit"',
        'msgstr[1] "%(count)s lits"',
        "",
    ]
    source.write_text("\n".join(lines), encoding="utf-8")

    assert compile_catalogues([tmp_path]) == [source]
    assert compile_catalogues([tmp_path]) == []
    with source.with_suffix(".mo").open("rb") as file:
        french = gettext.GNUTranslations(file)
    # In French, unlike English, nothing is singular.
    assert [french.ngettext("a bed", "%(count)s beds", n) for n in (0, 1, 2)] == [
        "un lit",
        "un lit",
        "%(count)s lits",
    ]


def test_broken_catalogue_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "fr" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid "bed"\nnonsense "lit"\n', encoding="utf-8")
    with pytest.raises(CatalogueError):
        compile_catalogues([tmp_path])
    assert list(source.parent.iterdir()) == [source]


@pytest.mark.long
@pytest.mark.usefixtures("demo_database")
def test_dev_serves_the_site_and_ends_cleanly(tmp_path: Path) -> None:
    port = free_port()
    environment = os.environ | {
        "OTI_MODE": "dev",
        "DJANGO_SETTINGS_MODULE": "oti.settings",
        "OTI_DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "BASE_URL": f"http://localhost:{port}",
        "STRIPE_SECRET_KEY": "",
        "STRIPE_PORT": str(free_port()),
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "dev"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=BASE_DIR,
        env=environment,
    )
    assert process.stdout is not None
    said: list[str] = []
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        assert any(f"http://localhost:{port}/gestion/" in line for line in said), "".join(said)
        for place in ("/sante/", "/boite/"):
            assert status_of(port, place) == 200
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 4
    finally:
        process.send_signal(signal.SIGINT)
        rest, _error = process.communicate()
        watchdog.cancel()
    assert process.returncode == 0, "".join(said) + rest
    assert not any(alive(int(pid)) for pid in children)
