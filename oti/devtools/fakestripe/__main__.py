"""`python -m oti.devtools.fakestripe`: run the stand-in until SIGTERM or Ctrl-C."""

import argparse
import signal
import sys
import threading

from oti.devtools.fakestripe.server import StandIn
from oti.devtools.fakestripe.state import Config


def main() -> int:
    """Read the command line, serve, stop cleanly."""
    parser = argparse.ArgumentParser(prog="fakestripe", description="A stand-in for Stripe.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8010, help="0 takes a free one")
    parser.add_argument("--public-url", default="", help="address browsers use (default: ours)")
    parser.add_argument("--webhook-url", default="", help="where events go; none: nowhere")
    parser.add_argument("--webhook-secret", default="whsec_local")
    parser.add_argument("--secret-key", default="", help="the one key (default: any sk_test_…)")
    parser.add_argument("--state", default="", help="file that survives a restart; none: memory")
    parser.add_argument("--shop-name", default="Velay, terre de liens")
    parser.add_argument("--retry-base", type=float, default=1.0, help="first pause, seconds")
    told = parser.parse_args()
    config = Config(
        public_url=told.public_url,
        webhook_url=told.webhook_url,
        webhook_secret=told.webhook_secret,
        secret_key=told.secret_key,
        state=told.state,
        shop_name=told.shop_name,
        retry_base=told.retry_base,
    )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        stand_in = StandIn(config, host=told.host, port=told.port).start()
    except OSError as error:
        sys.stderr.write(f"fakestripe: {told.host}:{told.port}: {error}\n")
        return 1
    sys.stdout.write(f"fakestripe listens on {stand_in.url}\n")
    sys.stdout.flush()
    ended.wait()
    stand_in.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
