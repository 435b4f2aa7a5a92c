"""ARCHITECTURE.md leads to what is there: every path that it names exists, scripts are named."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "ARCHITECTURE.md").read_text()
IS_FILE = re.compile(r"\.(py|md|js|toml|html|yml|conf|css)$")
# Where the rows about a part say its files by their names alone.
PARTS = ("", "oti", "booking", "booking/rules", "booking/rules/kinds")


def named_paths(line: str) -> list[tuple[str, list[Path]]]:
    """Return what a line names as a path, each with the folders where it may be.

    A name alone is beside the last path of its line.
    """
    beside, found = ROOT, []
    for name in re.findall(r"`([^`\s]+)`", line):
        is_address = name.startswith("/") or "{" in name
        if is_address or not ("/" in name or IS_FILE.search(name)):
            continue
        found.append((name, [beside, *(ROOT / part for part in PARTS)]))
        if "/" in name:
            beside = (ROOT / name).parent if IS_FILE.search(name) else ROOT / name
    return found


def test_every_path_of_the_guide_exists():
    paths = [one for line in GUIDE.splitlines() for one in named_paths(line)]
    missing = [
        name
        for name, folders in paths
        if not any(next(folder.glob(name.rstrip("/")), None) for folder in folders)
    ]
    assert missing == []
    assert len(paths) > 400


def test_a_path_that_is_gone_is_seen():
    [(name, folders)] = named_paths("| what | `booking/no_such_module.py` |")
    assert not any(list(folder.glob(name)) for folder in folders)
    assert named_paths("`POST /fr/ajouter/` at `/gestion/composants/` of `models.Slot`") == []


def test_every_script_is_found_in_the_guide():
    scripts = sorted((ROOT / "static/js").glob("*.js"))
    assert scripts
    assert [one.name for one in scripts if f"static/js/{one.name}" not in GUIDE] == []
