"""Photographs for people: without a site one line says what to do."""

from __future__ import annotations

import socket
import sys

import pytest

from oti.devtools import screenshot


def test_without_a_site_one_line_says_so(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        # Bound and never listening: nobody answers there meanwhile.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setattr(sys, "argv", ["screenshot", "--base-url", url])
        with pytest.raises(SystemExit) as end:
            screenshot.main()

    assert end.value.code == f"No site at {url}: start it first (make run), PORT= as there."


def test_a_site_that_listens_is_found():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert screenshot.answers(f"http://127.0.0.1:{server.getsockname()[1]}")
