"""The real shape by hand, on a machine without containers: the same processes, the same settings.

Separate web processes, worker, clock, a stand-in for the bank and, where nginx is installed, the
proxy with its own configuration. The commands are those of the image and of docker-compose.yml:
`tests/oti/test_compose.py` compares them. Each process leads a group of its own, so that one may
be killed with all it has forked while the others go on.
"""

import contextlib
import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from oti.devtools.keeper import PR_SET_PDEATHSIG
from oti.devtools.locks import file_lock, wait_until

BASE_DIR = Path(__file__).resolve().parents[2]
DEPLOY = BASE_DIR / "oti" / "deploy"
STARTING_SECONDS = 60.0
ENDING_SECONDS = 15.0
# Below this, nginx neither asks for names again nor knows `http2 on`.
NGINX_KNOWS_ALL = (1, 27, 3)
# What is started ends with whoever started it, whatever kills that one.
LAUNCH = f"""
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, {int(signal.SIGTERM)}, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


# --- The commands, as the containers run them ---------------------------------------------------
def web_command(bind: str) -> list[str]:
    """Return the command of a web process that listens on `bind` (host:port)."""
    return [
        *("gunicorn", "oti.wsgi", "--bind", bind, "--preload", "--workers", "2"),
        *("--threads", "4", "--worker-class", "gthread", "--worker-tmp-dir", "/dev/shm"),
        *("--graceful-timeout", "20", "--no-control-socket"),
    ]


def worker_command() -> list[str]:
    """Return the worker's command."""
    return [
        *("celery", "-A", "oti.celery", "worker", "-Q", "default,mail,sync"),
        *("--concurrency", "2", "--without-gossip", "--without-mingle"),
    ]


def beat_command(schedule: str) -> list[str]:
    """Return the clock's command; `schedule` is the file that it writes down its state in."""
    return ["celery", "-A", "oti.celery", "beat", "--schedule", schedule, "--pidfile="]


# --- What they read -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Services:
    """Where PostgreSQL and Valkey answer, in the forms that the settings read."""

    database_url: str
    redis_url: str
    broker_url: str


def production_environment(
    services: Services, *, base_url: str, data_dir: Path, static_root: Path, **more: str
) -> dict[str, str]:
    """Return the environment of production settings on plain local HTTP; `more` wins.

    Nothing of the caller's own settings comes through, except where its programs are.
    """
    name = urlsplit(base_url).hostname or "localhost"
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "HOME": str(data_dir),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "oti.settings",
        "OTI_MODE": "production",
        "OTI_PLAIN_HTTP": "1",
        "OTI_DATA_DIR": str(data_dir),
        "SECRET_KEY": secrets.token_urlsafe(60),
        "BASE_URL": base_url,
        "ALLOWED_HOSTS": f"{name},localhost,127.0.0.1",
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "CELERY_BROKER_URL": services.broker_url,
        "STRIPE_SECRET_KEY": "sk_test_shape",
        "STRIPE_WEBHOOK_SECRET": "whsec_shape",
        "STATIC_ROOT": str(static_root),
        "MEDIA_ROOT": str(data_dir / "media"),
        "PRIVATE_ROOT": str(data_dir / "private"),
        "WORKER_HEARTBEAT_FILE": str(data_dir / "worker-lives"),
        "LOG_LEVEL": "WARNING",
        **more,
    }


def collect_static(folder: Path) -> Path:
    """Collect and compress the static files as an image does, unless nothing has changed since.

    Returns where they are, below `folder`. Needs configured settings; takes about ten seconds.
    """
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            facts = Path(storage.path(name)).stat()
            digest.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    root = folder / f"static-{digest.hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / "static.lock", seconds=120):
        if not root.exists():
            for old in folder.glob("static-*"):
                shutil.rmtree(old)
            draft = folder / "static.draft"
            shutil.rmtree(draft, ignore_errors=True)
            nowhere = Services("", "", "")
            told = {"OTI_NO_SERVICES": "1"}
            subprocess.run(
                [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
                cwd=BASE_DIR,
                env=production_environment(
                    nowhere,
                    base_url="http://localhost",
                    data_dir=folder,
                    static_root=draft,
                    **told,
                ),
                check=True,
            )
            draft.rename(root)
    return root


# --- The proxy's configuration, where it runs by hand -------------------------------------------
def nginx_version() -> tuple[int, ...] | None:
    """Return the version of this machine's nginx, None without one."""
    if shutil.which("nginx") is None:
        return None
    told = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", told)
    return tuple(map(int, found.groups())) if found else None


def write_proxy_configuration(
    folder: Path, *, port: int, webs: Mapping[str, str], media: Path, version: tuple[int, ...]
) -> Path:
    """Write the containers' configuration of nginx for this machine; return its main file.

    Only addresses and paths are replaced, and what an older nginx does not know. `webs` maps the
    names in the configuration to host:port.
    """
    folder.mkdir(parents=True, exist_ok=True)
    main = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for name, address in webs.items():
        main = main.replace(f"server {name}:8000 resolve", f"server {address}")
    if version < NGINX_KNOWS_ALL:
        main = main.replace("resolver 127.0.0.11 valid=5s;", "")
    main = (
        main.replace("pid /tmp/nginx.pid;", f"pid {folder}/nginx.pid;\ndaemon off;")
        .replace("include mime.types;", "include /etc/nginx/mime.types;")
        .replace("listen 127.0.0.1:8080;", f"listen unix:{folder}/alive.sock;")
        .replace("access_log /dev/stdout line;", f"access_log {folder}/access.log line;")
        .replace("root /;", f"root {folder}/root;")
    )
    # `/media/images/…` is below MEDIA_ROOT, whatever that folder's own name is.
    if os.geteuid() == 0:
        # Else its workers would be somebody who may not enter these folders.
        main = f"user {pwd.getpwuid(0).pw_name};\n{main}"
    (folder / "alive.sock").unlink(missing_ok=True)
    (folder / "root").mkdir(exist_ok=True)
    link = folder / "root" / "media"
    link.unlink(missing_ok=True)
    link.symlink_to(media)
    (folder / "nginx.conf").write_text(main, encoding="utf-8")
    shutil.copy(DEPLOY / "proxy.conf", folder)
    (folder / "listen.conf").write_text(f"listen 127.0.0.1:{port} default_server;\n")
    return folder / "nginx.conf"


# --- The processes ------------------------------------------------------------------------------
@dataclass
class Shape:
    """Processes that were started one by one, and are ended together."""

    environment: dict[str, str]
    log_dir: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], **more: str) -> int:
        """Start a process under a name that is free, with more environment; return its pid.

        What it says goes to `log_dir`.
        """
        if name in self.processes and self.processes[name].poll() is None:
            msg = f"{name} runs already."
            raise RuntimeError(msg)
        self.log_dir.mkdir(parents=True, exist_ok=True)
        with (self.log_dir / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-c", LAUNCH, str(os.getpid()), *command],
                cwd=BASE_DIR,
                env=self.environment | more,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.processes[name].pid

    def kill(self, name: str) -> None:
        """Kill a process and all that it forked, as a power cut would; return once it is gone."""
        process = self.processes[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ended(self) -> list[str]:
        """Return the names of the processes that run no longer."""
        return [name for name, one in self.processes.items() if one.poll() is not None]

    def log_of(self, name: str) -> str:
        """Return the end of what a process has said."""
        path = self.log_dir / f"{name}.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def wait_until_healthy(self, name: str, port: int, host: str = "") -> None:
        """Wait until the site answers on a port; raise RuntimeError with its log when it can't."""

        def over() -> bool:
            return self.processes[name].poll() is not None or is_healthy(port, host)

        if not wait_until(over, STARTING_SECONDS, 0.05) or not is_healthy(port, host):
            msg = f"{name} does not answer on port {port}:\n{self.log_of(name)}"
            raise RuntimeError(msg)

    def stop(self) -> None:
        """Ask all of them to end, and kill what doesn't."""
        for one in self.processes.values():
            if one.poll() is None:
                one.terminate()
        wait_until(lambda: len(self.ended()) == len(self.processes), ENDING_SECONDS, 0.05)
        for name in self.processes:
            self.kill(name)


def is_healthy(port: int, host: str = "") -> bool:
    """Say whether the site's health page answers 200 on that port of this machine."""
    client = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        client.request("GET", "/sante/", headers={"Host": host} if host else {})
        return client.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        client.close()


def free_port() -> int:
    """Return a port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
