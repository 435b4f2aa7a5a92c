"""Photographs of pages of the running site, for people: `make screenshot ARGS="/fr/"`."""

import argparse
import re
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from oti.devtools.bootstrap import find_chromium
from oti.devtools.environment import web_port

WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")


def take_screenshots(base_url: str, paths: list[str], folder: Path) -> list[Path]:
    """Photograph each page at two widths, light and dark; return the files written."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium())
        for path in paths:
            name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"
            for width in WIDTHS:
                for scheme in SCHEMES:
                    page = browser.new_page(
                        viewport={"width": width, "height": 844},
                        color_scheme=scheme,  # type: ignore[arg-type]
                    )
                    page.goto(base_url + path)
                    target = folder / f"{name}-{width}-{scheme}.png"
                    page.screenshot(path=target, full_page=True)
                    page.close()
                    written.append(target)
        browser.close()
    return written


def answers(base_url: str) -> bool:
    """Tell whether somebody listens where the site should be."""
    address = urlsplit(base_url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        with socket.create_connection((address.hostname or "localhost", port), timeout=5):
            return True
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", default=["/fr/"])
    parser.add_argument("--base-url", default=f"http://localhost:{web_port()}")
    parser.add_argument("--folder", type=Path, default=Path("build"))
    arguments = parser.parse_args()
    if not answers(arguments.base_url):
        sys.exit(f"No site at {arguments.base_url}: start it first (make run), PORT= as there.")
    for file in take_screenshots(arguments.base_url, arguments.paths, arguments.folder):
        sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
