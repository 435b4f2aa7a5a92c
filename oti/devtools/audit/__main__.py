"""`python -m oti.devtools.audit [scenario …]`: one JSON line a page on standard output.

Lighthouse (mobile, its own slowed-down network and processor) looks at a copy with production
settings that holds the demonstration. It needs Node and Chromium; Lighthouse itself is installed
into the copy's folder the first time.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from oti.devtools.bench.copy import BASE_DIR, HOST, BenchError, Copy, say
from oti.devtools.bootstrap import find_chromium

LIGHTHOUSE = "12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
MEASURES = {"cls": "cumulative-layout-shift", "lcp_ms": "largest-contentful-paint"}
KINDS = {"js_kb": "script", "css_kb": "stylesheet", "total_kb": "total"}
DATABASE = "bench_demo"
SECONDS = 120


class DemoCopy(Copy):
    """The copy of the bench, on the demonstration."""

    def use_demo(self) -> None:
        """Let the site run on the demonstration, loaded now if it isn't there."""
        from django.utils import timezone

        from oti.demo.loading import load_demo

        if DATABASE not in self._databases():
            say("Loading the demonstration…")
            self._hang_up()
            draft = f"{DATABASE}_draft"
            self._admin(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
            self._admin(f"CREATE DATABASE {draft} TEMPLATE bench_template STRATEGY wal_log")
            self._point_at(draft)
            load_demo(now=timezone.now())
            self._hang_up()
            self._admin(f"ALTER DATABASE {draft} RENAME TO {DATABASE}")
        self._point_at(DATABASE)
        self.start_site()


def pages(today: date) -> dict[str, str]:
    """Return the address of each scenario, once the demonstration is there."""
    from django.urls import reverse
    from django.utils.translation import override

    year = today.year if today < date(today.year, 6, 20) else today.year + 1
    first = date(year, 7, 1)
    arrival = first + timedelta(days=(5 - first.weekday()) % 7 + 7)
    week = f"arrival={arrival}&departure={arrival + timedelta(days=7)}&adults=2&children=2"
    with override("fr"):
        return {
            "home": reverse("destination:home"),
            "pole": reverse("destination:pole", args=["massif-du-mezenc"]),
            "results": f"{reverse('booking:stays')}?{week}&ages=5&ages=10",
            "offer": reverse("booking:stay-offer", args=["le-gite-des-narces"]),
            "my_stay": reverse("booking:my-stay"),
            "agenda": reverse("events:agenda"),
        }


def install(folder: Path) -> Path:
    """Return the program of Lighthouse, installed into `folder` if it isn't there."""
    program = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    if program.exists():
        return program
    npm = shutil.which("npm")
    if npm is None:
        msg = "Install Node (on Debian: apt install nodejs npm): Lighthouse runs on it."
        raise BenchError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"Installing Lighthouse {LIGHTHOUSE}…")
    options = ("--prefix", str(folder), "--no-fund", "--no-audit", "--silent")
    wanted = f"lighthouse@{LIGHTHOUSE}"
    subprocess.run([npm, "install", *options, wanted], check=True, stdout=sys.stderr)
    return program


def look(program: Path, url: str, folder: Path) -> dict[str, Any]:
    """Return what Lighthouse says of a page that somebody has asked for before.

    A site that runs has been asked for its main pages: the first request of a web process, which
    reads its templates, is no visitor's. Where Lighthouse loses its own trace, it looks once more.
    """
    connection = http.client.HTTPConnection(HOST, urlsplit(url).port, timeout=SECONDS)
    connection.request("GET", url)
    connection.getresponse().read()
    connection.close()
    found = _look_once(program, url, folder)
    return found if not found.get("runtimeError") else _look_once(program, url, folder)


def _look_once(program: Path, url: str, folder: Path) -> dict[str, Any]:
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    command = [
        *(shutil.which("node") or "node", str(program), url),
        *("--quiet", "--output=json", f"--output-path={report}"),
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    ]
    environment = {**os.environ, "CHROME_PATH": find_chromium() or ""}
    subprocess.run(
        command, env=environment, check=False, timeout=SECONDS, stdout=sys.stderr, stderr=sys.stderr
    )
    if not report.exists():
        msg = f"Lighthouse said nothing of {url}."
        raise BenchError(msg)
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def line_of(scenario: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a page: scores of 100, milliseconds, kilobytes over the wire."""
    if error := found.get("runtimeError"):
        raise BenchError(error["message"])
    audits = found["audits"]
    sizes = {
        row["resourceType"]: row["transferSize"]
        for row in audits["resource-summary"]["details"]["items"]
    }
    return {
        "scenario": scenario,
        **{
            name.replace("-", "_"): round(100 * (found["categories"][name]["score"] or 0))
            for name in CATEGORIES
        },
        **{name: round(audits[key]["numericValue"], 3) for name, key in MEASURES.items()},
        **{name: round(sizes.get(kind, 0) / 1024, 1) for name, kind in KINDS.items()},
    }


def failures(found: dict[str, Any]) -> list[str]:
    """Return what keeps accessibility, best practices and SEO below 100."""
    wanted = {
        ref["id"]
        for name in CATEGORIES[1:]
        for ref in found["categories"][name]["auditRefs"]
        if ref["weight"]
    }
    return [
        f"{key}: {audit['title']}"
        for key, audit in found["audits"].items()
        if key in wanted and audit["score"] is not None and audit["score"] < 1
    ]


def main() -> int:
    """Read the command line, look at what was asked for, end everything."""
    parser = argparse.ArgumentParser(prog="audit", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="scenario", help="default: all of them")
    parser.add_argument("--reuse", action="store_true", help="keep the copy from run to run")
    parser.add_argument("--data-dir", type=Path, default=BASE_DIR / ".data" / "audit")
    told = parser.parse_args()
    if not told.reuse:
        from oti.devtools import services

        services.stop(told.data_dir)
        for name in ("postgres", "static", "media"):
            shutil.rmtree(told.data_dir / name, ignore_errors=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    copy = DemoCopy(told.data_dir.resolve(), is_reused=told.reuse)
    begun = time.monotonic()
    failed = False
    try:
        program = install(told.data_dir / "lighthouse")
        copy.open()
        copy.use_demo()
        known = pages(date.today())
        for name in told.names or known:
            if name not in known:
                parser.error(f"unknown: {name}; {', '.join(known)}")
            say(f"{name}…")
            try:
                found = look(program, f"http://{HOST}:{copy.port}{known[name]}", told.data_dir)
                print(json.dumps(line_of(name, found)), flush=True)
                for one in failures(found):
                    say(f"  {one}")
            except (BenchError, subprocess.TimeoutExpired) as error:
                failed = True
                print(json.dumps({"scenario": name, "error": str(error)[:300]}), flush=True)
    finally:
        copy.close()
    say(f"Done in {time.monotonic() - begun:.0f} s.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
