"""The command: one process that stops on SIGTERM and remembers over a restart."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests  # noqa: TID251 (plays the browser and the control)

from oti.devtools.fakestripe.server import StandIn
from oti.devtools.fakestripe.state import Config
from tests.oti.fakestripe.standin import SECRET_KEY, Probe, Receiver, new_client, until

ROOT = Path(__file__).resolve().parents[3]
Start = Callable[[], tuple[subprocess.Popen[str], Probe]]


@pytest.fixture
def start(receiver: Receiver, tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def run() -> tuple[subprocess.Popen[str], Probe]:
        command = [sys.executable, "-m", "oti.devtools.fakestripe", "--port", "0"]
        command += ["--webhook-url", receiver.url, "--webhook-secret", "whsec_probe"]
        command += ["--state", str(tmp_path / "state.sqlite3"), "--retry-base", "0.05"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        return process, Probe(url, new_client(url), requests.Session())

    yield run
    for process in running:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_sigterm_ends_it_cleanly(start: Start) -> None:
    process, probe = start()
    assert requests.get(f"{probe.url}/_control/health", timeout=5).json()["ok"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0


def test_all_is_remembered_after_a_kill(start: Start, receiver: Receiver) -> None:
    process, probe = start()
    probe.control("hold")
    probe.control("clock", advance=600)
    paid = probe.paid_session()
    opened = probe.open_session()
    first = probe.client.v1.refunds.create(
        {"payment_intent": paid.payment_intent, "amount": 1_000}, {"idempotency_key": "r1"}
    )
    clock = requests.get(f"{probe.url}/_control/health", timeout=5).json()["now"]
    process.kill()
    process.wait()
    _, probe = start()
    assert requests.get(f"{probe.url}/_control/health", timeout=5).json()["now"] >= clock
    assert probe.client.v1.checkout.sessions.retrieve(paid.id).payment_status == "paid"
    assert probe.client.v1.checkout.sessions.retrieve(opened.id).status == "open"
    again = probe.client.v1.refunds.create(
        {"payment_intent": paid.payment_intent, "amount": 1_000}, {"idempotency_key": "r1"}
    )
    assert again.id == first.id
    assert receiver.received == []
    probe.control("release")
    receiver.wait_for("checkout.session.completed", "refund.created", "charge.refunded")
    until(lambda: {d["state"] for d in probe.deliveries()} == {"delivered"})


def test_one_key_only_where_one_is_told() -> None:
    server = StandIn(Config(secret_key="sk_test_only")).start()
    url = f"{server.url}/v1/events"
    assert requests.get(url, auth=(SECRET_KEY, ""), timeout=5).status_code == 401
    assert requests.get(url, auth=("sk_test_only", ""), timeout=5).status_code == 200
    server.stop()


def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "oti.devtools.fakestripe", "--port", str(port)]
        rival = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert rival.returncode == 1
    assert rival.stderr.startswith(f"fakestripe: 127.0.0.1:{port}: ")
    assert rival.stderr.count("\n") == 1
