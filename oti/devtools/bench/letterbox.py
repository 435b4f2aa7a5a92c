"""Where the copy's mails go: a server of SMTP that takes everything and keeps a count."""

from __future__ import annotations

import re
import socketserver
import threading
from collections import Counter

NAME = re.compile(rb"(?i)^Message-ID:\s*(\S+)")


class _Talk(socketserver.StreamRequestHandler):
    """Says yes until the end of each letter."""

    def handle(self) -> None:
        self._say("220 letterbox")
        for raw in self.rfile:
            word = raw[:4].upper().strip()
            if word == b"DATA":
                self._say("354 go on")
                name = b""
                for line in self.rfile:
                    if line.rstrip(b"\r\n") == b".":
                        break
                    if not name and (found := NAME.match(line)):
                        name = found[1]
                self.server.count(name.decode())  # type: ignore[attr-defined]
                self._say("250 kept")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 letterbox" if word == b"EHLO" else "250 yes")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Letterbox(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine until it is closed."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.letters = 0
        self._names: Counter[str] = Counter()
        self._lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self.server_address[1])

    def count(self, name: str) -> None:
        """Note one letter more, by its Message-ID."""
        with self._lock:
            self.letters += 1
            self._names[name] += 1

    def names(self) -> Counter[str]:
        """Return how often each letter came, by its Message-ID."""
        with self._lock:
            return self._names.copy()

    def forget(self) -> None:
        """Begin to count anew."""
        with self._lock:
            self.letters = 0
            self._names.clear()
