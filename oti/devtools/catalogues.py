"""Message catalogues: compiled when they are older than their source, with what is at hand."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path


class CatalogueError(RuntimeError):
    """A catalogue can't be compiled; the message says why."""


def compile_catalogues(locale_dirs: Iterable[Path]) -> list[Path]:
    """Compile each `.po` file whose `.mo` is absent or older; return the sources compiled.

    Uses Babel, else gettext's `msgfmt`. Fuzzy entries are left out. Several processes may do it at
    once: a finished file replaces the old one in one step. Raises `CatalogueError`.
    """
    compiled = []
    for folder in locale_dirs:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            draft = target.with_suffix(f".mo.{os.getpid()}")
            try:
                _compile(source, draft)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)
            compiled.append(source)
    return compiled


def _compile(source: Path, target: Path) -> None:
    try:
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import PoFileError, read_po
    except ImportError:
        _compile_with_gettext(source, target)
        return
    try:
        with source.open("rb") as file:
            # Without its language, the catalogue would lose its rule for plurals.
            catalogue = read_po(file, locale=source.parents[1].name, abort_invalid=True)
    except (PoFileError, ValueError) as error:
        msg = f"{source}: {error}"
        raise CatalogueError(msg) from error
    for message, errors in catalogue.check():
        msg = f"{source}:{message.lineno}: {errors[0]}"
        raise CatalogueError(msg)
    with target.open("wb") as file:
        write_mo(file, catalogue)


def _compile_with_gettext(source: Path, target: Path) -> None:
    program = shutil.which("msgfmt")
    if program is None:
        msg = "Neither Babel nor gettext is installed: run `make setup`."
        raise CatalogueError(msg)
    done = subprocess.run(
        [program, "--check-format", "-o", str(target), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CatalogueError(done.stderr.strip())
