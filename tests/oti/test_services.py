"""The embedded services: one server whoever starts first, and a recovery from any kill."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from oti.devtools import services
from oti.devtools.locks import ServicesError, wait_until

# A user that attaches and stays until its input ends; without the project's packages, to be quick.
ATTACH = """
import sys, types
from pathlib import Path
package = types.ModuleType("oti")
package.__path__ = ["oti"]
sys.modules["oti"] = package
from oti.devtools import services
folder = Path(sys.argv[1])
services.ensure(folder, linger=0.3)
found = services.status(folder)
print(found.keeper_pid, found.postgres_pid, found.valkey_pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose servers outlive none of these tests."""
    folder = tmp_path_factory.mktemp("services") / "data"
    yield folder
    services.detach(folder)
    services.stop(folder)


@pytest.fixture
def other_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    services.detach(folder)
    services.stop(folder)


def write_row(urls: services.Urls, text: str) -> None:
    with psycopg.connect(urls.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", [text])


def rows(urls: services.Urls) -> list[str]:
    with psycopg.connect(urls.database_url) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY text")]


def pings(urls: services.Urls) -> bool:
    with redis.Redis.from_url(urls.cache_url) as client:
        return bool(client.ping())


def alive(pid: int) -> bool:
    """Say whether the process runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def attach(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ATTACH, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(services.__file__).parents[2],
    )


def test_processes_starting_at_once_share_one_server_that_ends_with_them(other_dir: Path) -> None:
    users = [attach(other_dir) for _ in range(4)]
    said = []
    for user in users:
        assert user.stdout is not None
        said.append(user.stdout.readline())
    keeper, postgres, valkey = (int(pid) for pid in said[0].split())
    everything_runs = all(alive(pid) for pid in (keeper, postgres, valkey))
    # One user killed without a word, the others ended politely.
    users[0].kill()
    for user in users:
        user.communicate(timeout=20)

    assert everything_runs
    assert len(set(said)) == 1
    assert wait_until(lambda: not any(map(alive, (keeper, postgres, valkey))), 20)
    assert not services.status(other_dir).running


@pytest.mark.parametrize(
    "victims",
    [
        ("postgres_pid",),
        ("valkey_pid",),
        ("keeper_pid",),
        ("keeper_pid", "postgres_pid", "valkey_pid"),
    ],
    ids="-".join,
)
def test_next_call_recovers_from_a_kill_and_keeps_committed_rows(
    data_dir: Path, victims: tuple[str, ...]
) -> None:
    urls = services.ensure(data_dir)
    write_row(urls, "-".join(victims))
    before = rows(urls)
    found = services.status(data_dir)
    killed = [getattr(found, victim) for victim in victims]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not any(map(alive, killed)), 10)

    urls = services.ensure(data_dir)

    assert rows(urls) == before
    assert "-".join(victims) in before
    assert pings(urls)
    assert not set(killed) & {
        services.status(data_dir).keeper_pid,
        services.status(data_dir).postgres_pid,
        services.status(data_dir).valkey_pid,
    }


def test_servers_end_with_a_killed_keeper_that_was_started_in_the_background(
    data_dir: Path,
) -> None:
    services.stop(data_dir)
    # As a shell starts what ends in « & ».
    before = signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    try:
        services.ensure(data_dir)
    finally:
        signal.signal(signal.SIGQUIT, before)
    found = services.status(data_dir)
    assert found.keeper_pid is not None
    os.kill(found.keeper_pid, signal.SIGKILL)
    servers = [pid for pid in (found.postgres_pid, found.valkey_pid) if pid is not None]
    assert len(servers) == 2
    assert wait_until(lambda: not any(map(alive, servers)), 10)


def test_running_servers_are_started_again_without_anybody_asking(data_dir: Path) -> None:
    urls = services.ensure(data_dir)
    found = services.status(data_dir)
    assert found.postgres_pid is not None
    os.kill(found.postgres_pid, signal.SIGKILL)

    def another_runs() -> bool:
        now = services.status(data_dir).postgres_pid
        return now not in (None, found.postgres_pid)

    assert wait_until(another_runs, 15)
    write_row(urls, "after")
    assert services.status(data_dir).keeper_pid == found.keeper_pid


def test_stop_ends_all_and_keeps_the_data(data_dir: Path) -> None:
    write_row(services.ensure(data_dir), "kept")
    found = services.status(data_dir)
    assert found.keeper_pid is not None

    assert services.stop(data_dir)
    assert not services.stop(data_dir)
    assert not services.status(data_dir).running
    assert not alive(found.keeper_pid)
    assert "stopped" in services.describe(data_dir)
    assert "kept" in rows(services.ensure(data_dir))


def test_stale_pid_file_of_a_live_stranger_is_not_believed(data_dir: Path) -> None:
    services.ensure(data_dir)
    services.stop(data_dir)
    pid_file = data_dir / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{data_dir / 'postgres'}\n")

    urls = services.ensure(data_dir)

    assert pings(urls)
    assert services.status(data_dir).postgres_pid != os.getpid()


def test_long_path_puts_the_sockets_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 90) / "été, demain"
    try:
        urls = services.ensure(folder)
        write_row(urls, "far away")
        assert rows(urls) == ["far away"]
        assert pings(urls)
        assert "a" * 90 not in urls.database_url
        run_dir = Path(urls.database_url.partition("host=")[2])
        assert run_dir.stat().st_mode & 0o077 == 0
    finally:
        services.detach(folder)
        services.stop(folder)
    shutil.rmtree(run_dir)


def test_half_made_cluster_is_thrown_away_and_moved_folder_ends_the_servers(
    other_dir: Path,
) -> None:
    half = other_dir / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    write_row(services.ensure(other_dir), "made")
    found = services.status(other_dir)
    assert found.keeper_pid is not None
    assert found.postgres_pid is not None
    pids = (found.keeper_pid, found.postgres_pid)

    other_dir.rename(other_dir.with_name("elsewhere"))

    assert wait_until(lambda: not any(map(alive, pids)), 20)


def test_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ServicesError, match="OTI_DATA_DIR"):
        services.ensure(tmp_path / "file" / "data")


@pytest.mark.skipif(os.getuid() != 0, reason="only root changes its identity")
def test_root_without_namespaces_runs_postgres_as_nobody(
    other_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTI_NO_USERNS", "1")
    urls = services.ensure(other_dir)
    write_row(urls, "as nobody")
    postgres = services.status(other_dir).postgres_pid
    services.stop(other_dir)
    monkeypatch.delenv("OTI_NO_USERNS")

    again = services.ensure(other_dir)

    assert postgres is not None
    assert rows(again) == ["as nobody"]
    assert (other_dir / "postgres").stat().st_uid == 0
