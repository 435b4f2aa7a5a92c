"""Health checks of the containers: well, not begun, silent for too long."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from celery.signals import heartbeat_sent

from oti.deploy import probe
from oti.devtools.production_shape import free_port


class Site(ThreadingHTTPServer):
    """Answers one status, and keeps how it was asked."""

    status = 200

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, str | None]] = []
        super().__init__(("127.0.0.1", 0), _Answer)


class _Answer(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        told = (self.path, self.headers["Host"], self.headers["X-Forwarded-Proto"])
        self.server.asked.append(told)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("BASE_URL", "https://velay.example.org")
    server = Site()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_web_is_asked_under_its_public_name(site: Site):
    assert probe.web(site.server_port) == ""
    assert site.asked == [("/sante/", "velay.example.org", "https")]


def test_web_that_is_down_says_so(site: Site, monkeypatch: pytest.MonkeyPatch):
    site.status = 503
    assert "503" in probe.web(site.server_port)
    assert "no answer" in probe.web(free_port())


def test_worker_is_well_as_long_as_its_heart_beats(tmp_path: Path, monkeypatch, settings):
    file = tmp_path / "lives"
    settings.WORKER_HEARTBEAT_FILE = str(file)
    monkeypatch.setenv("WORKER_HEARTBEAT_FILE", str(file))
    assert probe.worker() == "has not begun"

    heartbeat_sent.send(sender=None)

    assert probe.worker() == ""
    long_ago = time.time() - 2 * probe.WORKER_SILENCE
    os.utime(file, (long_ago, long_ago))
    assert "silent" in probe.worker()


def test_worker_without_a_file_to_touch_works_too(settings):
    settings.WORKER_HEARTBEAT_FILE = ""
    heartbeat_sent.send(sender=None)


def test_beat_is_well_as_long_as_it_writes_its_schedule(tmp_path: Path):
    pattern = str(tmp_path / "beat*")
    assert probe.beat(pattern) == "has not begun"
    (tmp_path / "beat.db").touch()
    assert probe.beat(pattern) == ""


def test_command_answers_by_its_code(monkeypatch, capsys):
    monkeypatch.setitem(probe.PROBES, "beat", lambda: "")
    monkeypatch.setitem(probe.PROBES, "worker", lambda: "silent")
    assert probe.main(["beat"]) == 0
    assert probe.main(["worker"]) == 1
    assert "worker: silent" in capsys.readouterr().err
    assert probe.main([]) == probe.main(["nobody"]) == 2
