"""The keeper: a small detached process that owns the embedded PostgreSQL and Valkey.

It starts both, starts again what dies, and stops both some seconds after the last user has gone.
`services.py` starts it and says how the locks work. Standard library only: it runs without the
project's packages.
"""

import contextlib
import ctypes
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from oti.devtools.locks import (
    DATABASE_NAME,
    START_SECONDS,
    STOP_SECONDS,
    KeeperPlan,
    ServicesError,
    both_answer,
    open_lock,
    try_lock,
    wait_until,
)

MAX_CONNECTIONS = 200

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
LINUX_CAPABILITY_VERSION_3 = 0x20080522
NOBODY = 65534


class Identity:
    """Under which user PostgreSQL runs, since it refuses root.

    - an ordinary user: as that user;
    - root, or a user without an entry in the system's list: in a user namespace of its own, where
      the process seems to be nobody while the files stay the caller's;
    - root where namespaces are forbidden: as nobody, owning its two folders and keeping the one
      capability needed to reach them through private parents.
    """

    def __init__(self, probe: list[str]) -> None:
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.owner = os.getuid()
        self.mode = "plain"
        if os.getuid() == 0 or not self._known():
            self.mode = "namespace"
            if os.environ.get("OTI_NO_USERNS") or not self._can_run(probe):
                self.mode = "nobody"
                self.owner = NOBODY
                if os.getuid() != 0 or not self._can_run(probe):
                    msg = (
                        "PostgreSQL runs neither as root nor as an unlisted user here: "
                        "set DATABASE_URL and REDIS_URL"
                    )
                    raise ServicesError(msg)

    def _known(self) -> bool:
        try:
            pwd.getpwuid(os.getuid())
        except KeyError:
            return False
        return True

    def _can_run(self, probe: list[str]) -> bool:
        try:
            done = subprocess.run(
                probe,
                preexec_fn=self.enter,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=20,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0

    def enter(self) -> None:
        """Change the calling process's identity; meant to run between fork and exec."""
        if self.mode == "namespace":
            self._checked(self.libc.unshare(CLONE_NEWUSER))
        elif self.mode == "nobody":
            self._become_nobody()

    def _become_nobody(self) -> None:
        self._checked(self.libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
        wanted = 1 << CAP_DAC_OVERRIDE
        capabilities = (ctypes.c_uint32 * 6)(wanted, wanted, wanted, 0, 0, 0)
        # A container may withhold the capability: then the parents must be open to everybody.
        if self.libc.capset(header, capabilities) == 0:
            self.libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)

    def _checked(self, result: int) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def die_with_parent(self) -> None:
        """Ask the kernel to stop this process when the keeper is killed; after `enter` only.

        A shell lets what it starts in the background ignore the signal, and that is inherited.
        """
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        if sys.platform == "linux":
            self.libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)

    def give(self, folder: Path) -> None:
        """Make the folder and all in it the identity's own."""
        if os.getuid() != 0 or folder.stat().st_uid == self.owner:
            return
        for parent, _folders, files in os.walk(folder):
            for path in (parent, *(os.path.join(parent, name) for name in files)):
                os.chown(path, self.owner, self.owner, follow_symlinks=False)


class Server:
    """One server process, its lock and its log."""

    def __init__(self, name: str, data_dir: Path, prepare: Callable[[], None]) -> None:
        self.name = name
        self.lock_path = data_dir / f"{name}.lock"
        self.log_path = data_dir / "log" / f"{name}.log"
        self.prepare = prepare
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, clean: Callable[[], None], command: list[str]) -> None:
        """Wait for the last of an older server, clean after it, start a new one."""
        descriptor = open_lock(self.lock_path)
        try:
            if not wait_until(lambda: try_lock(descriptor), STOP_SECONDS):
                msg = f"an older {self.name} does not end"
                raise ServicesError(msg)
            clean()
            with self.log_path.open("ab") as log:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                    pass_fds=(descriptor,),
                    preexec_fn=self.prepare,  # noqa: PLW1509 (the keeper has no threads)
                )
        finally:
            os.close(descriptor)

    def dead(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def end(self, gently: signal.Signals) -> None:
        for number, seconds in ((gently, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self.dead():
                return
            assert self.process is not None
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)


class Keeper:
    """Owns both servers: starts them, starts again what dies, stops them when nobody is left."""

    def __init__(self, plan: KeeperPlan) -> None:
        self.plan = plan
        self.data_dir = Path(plan.data_dir)
        self.run_dir = Path(plan.run_dir)
        self.postgres_dir = self.data_dir / "postgres"
        self.stop_wanted = False
        self.parent = os.getpid()
        self.identity = Identity([self._program("postgres"), "--version"])
        self.postgres = Server("postgres", self.data_dir, self._prepare_postgres)
        self.valkey = Server("valkey", self.data_dir, self._prepare_valkey)
        self.restarts: list[float] = []

    def _program(self, name: str) -> str:
        return str(Path(self.plan.postgres_bin) / name)

    def _prepare_postgres(self) -> None:
        self.identity.enter()
        self._prepare_valkey()

    def _prepare_valkey(self) -> None:
        self.identity.die_with_parent()
        if os.getppid() != self.parent:
            os._exit(1)

    # starting
    def start(self) -> None:
        """Bring both servers up and say so in `ready.json`."""
        self._make_run_dir()
        for log in (self.data_dir / "log").glob("*.log"):
            if log.stat().st_size > 5_000_000:
                os.truncate(log, 0)
        self._start_valkey()
        self._make_cluster()
        self._start_postgres()
        self._wait_for_both()
        self._write_facts()

    def _make_run_dir(self) -> None:
        self.run_dir.mkdir(mode=0o700, exist_ok=True)
        facts = self.run_dir.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid not in (os.getuid(), NOBODY):
            msg = f"{self.run_dir} belongs to somebody else"
            raise ServicesError(msg)
        self.run_dir.chmod(0o700)
        self.identity.give(self.run_dir)

    def _make_cluster(self) -> None:
        """Create the data folder and its database; a half-made one is thrown away."""
        if self.postgres_dir.is_dir():
            self.identity.give(self.postgres_dir)
            return
        made = self.data_dir / "postgres.new"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        self.identity.give(made)
        locale = ("-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
        initdb = [self._program("initdb"), "-D", str(made), "-U", "postgres", *locale]
        self._run([*initdb, "--auth=trust", "--no-sync"])
        self._run(
            [self._program("postgres"), "--single", "-D", str(made), "-F", "postgres"],
            f"CREATE DATABASE {DATABASE_NAME};\n",
        )
        made.rename(self.postgres_dir)

    def _run(self, command: list[str], given: str = "") -> None:
        done = subprocess.run(
            command,
            input=given,
            preexec_fn=self._prepare_postgres,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines()
            msg = f"{Path(command[0]).name}: {' '.join(lines[-2:])}"
            raise ServicesError(msg)

    def _start_postgres(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.run_dir),
            "unix_socket_permissions": "0700",
            "max_connections": str(MAX_CONNECTIONS),
            "shared_buffers": "128MB",
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "on",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "jit": "off",
            "log_min_messages": "warning",
        }
        command = [self._program("postgres"), "-D", str(self.postgres_dir)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.postgres.start(self._clean_after_postgres, command)

    def _clean_after_postgres(self) -> None:
        (self.postgres_dir / "postmaster.pid").unlink(missing_ok=True)
        for left in self.run_dir.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _start_valkey(self) -> None:
        settings = {
            "port": "0",
            "unixsocket": str(self.run_dir / "valkey.sock"),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "databases": "16",
            "maxmemory": "256mb",
            # The broker's messages have no deadline and stay; cached values have one.
            "maxmemory-policy": "volatile-lru",
            "dir": str(self.data_dir / "log"),
            "loglevel": "warning",
        }
        command = [self.plan.valkey]
        for name, value in settings.items():
            command += [f"--{name}", value]
        sock = self.run_dir / "valkey.sock"
        self.valkey.start(lambda: sock.unlink(missing_ok=True), command)

    def _wait_for_both(self) -> None:
        def ready() -> bool:
            for server in (self.postgres, self.valkey):
                if server.dead():
                    msg = f"{server.name} ended at once, see {server.log_path}"
                    raise ServicesError(msg)
            return self._postgres_ready() and both_answer(self.run_dir)

        if not wait_until(ready, START_SECONDS - 10):
            msg = "the servers do not answer"
            raise ServicesError(msg)

    def _postgres_ready(self) -> bool:
        command = [self._program("pg_isready"), "-q", "-h", str(self.run_dir)]
        command += ["-U", "postgres", "-d", DATABASE_NAME, "-t", "2"]
        return subprocess.run(command, check=False).returncode == 0

    def _write_facts(self) -> None:
        facts = {
            "run_dir": str(self.run_dir),
            "keeper": os.getpid(),
            "postgres": self.postgres.pid(),
            "valkey": self.valkey.pid(),
            "identity": self.identity.mode,
        }
        draft = self.data_dir / "ready.json.new"
        draft.write_text(json.dumps(facts))
        draft.replace(self.data_dir / "ready.json")

    # keeping
    def keep(self) -> None:
        """Watch until somebody asks to stop, the folder is gone, or nobody uses the servers."""
        idle_since: float | None = None
        while not (self.stop_wanted or (self.data_dir / "stop").exists() or self._homeless()):
            self._revive()
            if not self._idle():
                idle_since = None
            elif idle_since is None:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since >= self.plan.linger:
                # Under the starters' lock, so that nobody attaches to servers that are ending.
                descriptor = open_lock(self.data_dir / "start.lock")
                if try_lock(descriptor) and self._idle():
                    return
                os.close(descriptor)
            time.sleep(0.2)

    def _homeless(self) -> bool:
        """Say whether the folder of the data or of the sockets was removed or replaced."""
        try:
            same = os.path.samestat(
                os.fstat(self.plan.run_lock), (self.data_dir / "run.lock").stat()
            )
        except FileNotFoundError:
            return True
        return not (same and self.run_dir.is_dir())

    def _idle(self) -> bool:
        descriptor = open_lock(self.data_dir / "users.lock")
        try:
            return try_lock(descriptor)
        finally:
            os.close(descriptor)

    def _revive(self) -> None:
        """Start again a server that died, at most five times a minute."""
        for server, start in (
            (self.postgres, self._start_postgres),
            (self.valkey, self._start_valkey),
        ):
            if not server.dead():
                continue
            now = time.monotonic()
            self.restarts = [*(at for at in self.restarts if now - at < 60), now]
            if len(self.restarts) > 5:
                msg = f"{server.name} keeps dying, see {server.log_path}"
                raise ServicesError(msg)
            sys.stderr.write(f"{server.name} died: starting it again\n")
            (self.data_dir / "ready.json").unlink(missing_ok=True)
            start()
            self._wait_for_both()
            self._write_facts()

    def end(self) -> None:
        """Stop both servers, the database with a clean shutdown."""
        for name in ("ready.json", "stop"):
            with contextlib.suppress(OSError):
                (self.data_dir / name).unlink(missing_ok=True)
        self.valkey.end(signal.SIGTERM)
        self.postgres.end(signal.SIGINT)


def keep(plan: KeeperPlan) -> int:
    """Be the keeper: answer on standard output, then watch until the end."""
    if os.fork():
        # The launcher's parent waits for it; the keeper itself belongs to nobody.
        os._exit(0)
    os.set_inheritable(plan.run_lock, False)
    answer = os.dup(1)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    keeper: Keeper | None = None

    def wish_to_stop(_number: int, _frame: object) -> None:
        if keeper is not None:
            keeper.stop_wanted = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, wish_to_stop)
    try:
        try:
            keeper = Keeper(plan)
            keeper.start()
        except (OSError, ServicesError, subprocess.SubprocessError) as error:
            os.write(answer, f"{' '.join(str(error).split())}\n".encode())
            return 1
        # Nobody may read any more: whoever started us may have been killed.
        with contextlib.suppress(BrokenPipeError):
            os.write(answer, b"ready\n")
        os.close(answer)
        keeper.keep()
    except (OSError, ServicesError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        if keeper is not None:
            keeper.end()
    return 0
