"""From a bare python3 to a ready environment; also finds or installs the browser for the tests.

Runs with the system's own Python, before anything is installed: standard library only, and a
syntax that an old Python can read, so that it may say that it is too old.
"""

import hashlib
import os
import shutil
import subprocess
import sys

BASE_DIR = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(BASE_DIR, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
REQUIREMENTS = os.path.join(BASE_DIR, "requirements-dev.txt")
STAMP = os.path.join(VENV, "installed.sha256")
DATA = os.path.join(BASE_DIR, ".data")
OLDEST = (3, 11)
# The first does without a window, as Playwright's own: a fifth less of each browser test.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)


class CannotGoOn(Exception):
    """One line for the person at the keyboard."""


def set_up() -> None:
    """Make `.venv` hold exactly the pinned packages; do nothing when it already does."""
    if sys.version_info < OLDEST:
        msg = (
            f"Python 3.11 or newer is needed, this one is {sys.version_info[0]}."
            f"{sys.version_info[1]}: install it, then PYTHON=python3.11 make setup"
        )
        raise CannotGoOn(msg)
    import fcntl

    with open(REQUIREMENTS, "rb") as file:
        wanted = hashlib.sha256(file.read() + VENV.encode()).hexdigest()
    if _stamp() == wanted:
        return
    # Two `make` at once: the second waits, then finds everything done.
    os.makedirs(DATA, exist_ok=True)
    with open(os.path.join(DATA, "setup.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _stamp() == wanted:
            return
        _make_venv()
        _install()
        with open(STAMP, "w") as file:
            file.write(wanted)


def _stamp() -> str:
    try:
        with open(STAMP) as file:
            return file.read().strip() if os.access(VENV_PYTHON, os.X_OK) else ""
    except OSError:
        return ""


def _make_venv() -> None:
    if os.path.exists(VENV_PYTHON):
        usable = subprocess.run(
            [VENV_PYTHON, "-m", "pip", "--version"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if usable.returncode == 0:
            return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        _apt_install([package], "Python's venv is missing")
    _say("Making the environment (.venv)")
    _run([sys.executable, "-m", "venv", "--clear", VENV])


def _install() -> None:
    _say("Installing the pinned packages")
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")
    if not _home_is_writable():
        environment["PIP_NO_CACHE_DIR"] = "1"
        environment["UV_CACHE_DIR"] = os.path.join(VENV, "cache")
    pinned = os.path.join(VENV, "uv.txt")
    with open(pinned, "w") as file:
        file.write(_block("uv"))
    pip = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", pinned]
    _run(pip, environment)
    # Compiled once here rather than by each of the processes that start together.
    uv = [os.path.join(VENV, "bin", "uv"), "pip", "sync", "--quiet", "--require-hashes"]
    uv.append("--compile-bytecode")
    _run([*uv, "--python", VENV_PYTHON, REQUIREMENTS], environment)


def _home_is_writable() -> bool:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    place = cache if os.path.isdir(cache) else os.path.dirname(cache)
    return os.path.isdir(place) and os.access(place, os.W_OK)


def _block(name: str) -> str:
    """Return the lines of one package, its hashes with it."""
    kept: list[str] = []
    with open(REQUIREMENTS) as file:
        for line in file:
            if kept and not kept[-1].rstrip().endswith("\\"):
                break
            if kept or line.startswith(name + "=="):
                kept.append(line)
    if not kept:
        msg = f"requirements-dev.txt does not pin {name}."
        raise CannotGoOn(msg)
    return "".join(kept)


def find_chromium() -> "str | None":
    """Return the path of Chromium: $CHROMIUM, or one of the usual programs, or None."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return chosen if os.access(chosen, os.X_OK) else None
    for name in BROWSERS:
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/bin:/usr/local/bin")
        if found:
            return found
    return None


def set_up_browser() -> None:
    """Make sure that there is a Chromium for the browser tests."""
    if os.environ.get("CHROMIUM") and find_chromium() is None:
        msg = f"CHROMIUM={os.environ['CHROMIUM']} is not a program."
        raise CannotGoOn(msg)
    if find_chromium() is None:
        _apt_install(
            ["chromium-headless-shell|chromium", "fonts-liberation"], "Chromium is missing"
        )
    if find_chromium() is None:
        msg = "Install Chromium, or set CHROMIUM to its path."
        raise CannotGoOn(msg)


def _apt_install(packages: "list[str]", why: str) -> None:
    """Install packages, of `one|other` the first that this Debian has."""
    names = " ".join(package.split("|")[-1] for package in packages)
    if os.getuid() != 0 or not shutil.which("apt-get"):
        msg = f"{why}: install it first (on Debian: sudo apt install {names})."
        raise CannotGoOn(msg)
    _say(f"{why}: installing {names}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    _run(["apt-get", "update", "-qq"], environment)
    chosen = [_first_known(package.split("|")) for package in packages]
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *chosen], environment)


def _first_known(packages: "list[str]") -> str:
    """Return the first package that apt can install, else the last."""
    for package in packages[:-1]:
        command = ["apt-cache", "show", "--no-all-versions", package]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return package
    return packages[-1]


def _run(command: "list[str]", environment: "dict[str, str] | None" = None) -> None:
    done = subprocess.run(command, env=environment, cwd=BASE_DIR, check=False)
    if done.returncode != 0:
        msg = f"This failed (code {done.returncode}): {' '.join(command)}"
        raise CannotGoOn(msg)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}…\n")
    sys.stdout.flush()


def main() -> int:
    try:
        set_up()
        if "browser" in sys.argv[1:]:
            set_up_browser()
    except CannotGoOn as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
