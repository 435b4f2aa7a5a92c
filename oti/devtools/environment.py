"""The variables that a developer's machine may leave out, filled before the settings are read.

Whatever is already in the environment wins, then the file `.env`, then the defaults below.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_PORT = 8000
STRIPE_PORT_OFFSET = 10


def fill_environment(base_dir: Path) -> None:
    """Read `.env` beside manage.py, and point to the stand-in for Stripe when no key is given."""
    for name, value in read_env_file(base_dir / ".env").items():
        os.environ.setdefault(name, value)
    if os.environ.get("STRIPE_SECRET_KEY"):
        return
    data_dir = Path(os.environ.get("OTI_DATA_DIR") or base_dir / ".data")
    host = urlsplit(os.environ.get("BASE_URL") or "http://localhost").hostname or "localhost"
    os.environ["STRIPE_SECRET_KEY"] = "sk_test_local"
    os.environ["STRIPE_WEBHOOK_SECRET"] = webhook_secret(data_dir)
    os.environ["STRIPE_API_BASE"] = f"http://127.0.0.1:{stripe_port()}"
    os.environ["STRIPE_CHECKOUT_ORIGIN"] = f"http://{host}:{stripe_port()}"


def web_port() -> int:
    """Return the port of the site: PORT, or 8000."""
    return int(os.environ.get("PORT") or DEFAULT_PORT)


def stripe_port() -> int:
    """Return the port of the stand-in for Stripe: STRIPE_PORT, or ten above the site's."""
    return int(os.environ.get("STRIPE_PORT") or web_port() + STRIPE_PORT_OFFSET)


def webhook_secret(data_dir: Path) -> str:
    """Return this data folder's own secret for webhooks, made at the first call."""
    path = data_dir / "webhook_secret"
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = data_dir / f"webhook_secret.{os.getpid()}"
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(f"whsec_{secrets.token_hex(24)}")
        try:
            # Of two processes that start at once, the first one's secret stays.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of a file of `NAME=value` lines; empty values count as absent."""
    if not path.is_file():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        if value:
            found[name.removeprefix("export ").strip()] = value
    return found
