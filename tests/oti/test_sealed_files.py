"""Files sealed in pieces: whole or not at all, whatever somebody does to them on disk."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from oti.lib import private_files, sealing
from oti.lib.sealing import Unreadable, seal_bytes, seal_stream, unseal_stream


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch, settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path
    monkeypatch.setattr(sealing, "PIECE_BYTES", 10)


def sealed(content: bytes) -> bytes:
    target = io.BytesIO()
    seal_stream(io.BytesIO(content), target)
    return target.getvalue()


def opened(content: bytes) -> bytes:
    target = io.BytesIO()
    unseal_stream(io.BytesIO(content), target)
    return target.getvalue()


def pieces(content: bytes) -> list[bytes]:
    """Return the pieces of a sealed file, each with its length before it."""
    found, rest = [], content[len(sealing.IN_PIECES) :]
    while rest:
        size = 4 + int.from_bytes(rest[:4], "big")
        found.append(rest[:size])
        rest = rest[size:]
    return found


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 20, 95])
def test_any_length_comes_back(length: int):
    content = bytes(range(length))
    assert opened(sealed(content)) == content
    if length > 8:
        assert content not in sealed(content)


def test_one_that_was_sealed_whole_is_read_too():
    assert opened(seal_bytes(b"of last week")) == b"of last week"


def test_what_was_altered_is_never_taken_for_the_file():
    first, second, last = pieces(sealed(b"a" * 10 + b"b" * 10 + b"c"))
    foreign = pieces(sealed(b"x" * 10 + b"y" * 10 + b"z"))
    changed = first[:40] + bytes([first[40] ^ 1]) + first[41:]
    for parts in (
        [],
        [first],
        [first, second],
        [first, last],
        [second, first, last],
        [first, second, last, last],
        [first, foreign[1], last],
        [changed, second, last],
        [first, second, last[:-5]],
        [first, second, b"\xff\xff\xff\xff" + last],
        [len(seal_bytes(b"other")).to_bytes(4, "big") + seal_bytes(b"other")],
    ):
        with pytest.raises(Unreadable):
            opened(sealing.IN_PIECES + b"".join(parts))


def test_a_file_is_kept_opened_and_gone(tmp_path: Path):
    key = private_files.keep_stream(io.BytesIO(b"all of a house" * 9))
    assert private_files.is_kept(key)
    with private_files.open_file(key) as file:
        assert file.read() == b"all of a house" * 9
    assert not list(tmp_path.rglob("*.part"))
    private_files.drop_file(key)
    assert not private_files.is_kept(key)
    assert not private_files.is_kept("../../etc/passwd")
    with pytest.raises(Unreadable):
        private_files.open_file(key)
