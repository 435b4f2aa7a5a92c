"""`python -m oti.deploy.probe web|worker|beat`: is this container's process well?

Standard library only and without Django: it is asked every few seconds.
"""

import http.client
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

HEALTH_PATH = "/sante/"
WEB_PORT = 8000
# The worker's heart beats every two seconds; beat writes its schedule down every three minutes.
WORKER_SILENCE = 60.0
BEAT_SILENCE = 600.0
BEAT_FILES = "/tmp/beat*"  # noqa: S108 - the container's own


def web(port: int = WEB_PORT) -> str:
    """Ask as the proxy does, under the public name; return what is wrong, "" for nothing."""
    public = urlsplit(os.environ["BASE_URL"])
    headers = {"Host": public.netloc, "X-Forwarded-Proto": public.scheme}
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        client.request("GET", HEALTH_PATH, headers=headers)
        status = client.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        client.close()
    return "" if status == 200 else f"{HEALTH_PATH} answers {status}"


def worker() -> str:
    """Look at the file that the worker touches while it is linked to the broker."""
    return _silence([Path(os.environ["WORKER_HEARTBEAT_FILE"])], WORKER_SILENCE)


def beat(pattern: str = BEAT_FILES) -> str:
    """Look at the schedule that beat writes down."""
    folder = Path(pattern)
    return _silence(sorted(folder.parent.glob(folder.name)), BEAT_SILENCE)


def _silence(files: list[Path], longest: float) -> str:
    written = [file.stat().st_mtime for file in files if file.exists()]
    if not written:
        return "has not begun"
    age = time.time() - max(written)
    return "" if age <= longest else f"silent for {age:.0f} s"


PROBES: dict[str, Callable[[], str]] = {"web": web, "worker": worker, "beat": beat}


def main(arguments: list[str]) -> int:
    """Return 0 when the named process is well; say what is wrong else."""
    if len(arguments) != 1 or arguments[0] not in PROBES:
        sys.stderr.write(f"usage: python -m oti.deploy.probe {'|'.join(PROBES)}\n")
        return 2
    wrong = PROBES[arguments[0]]()
    if wrong:
        sys.stderr.write(f"{arguments[0]}: {wrong}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
