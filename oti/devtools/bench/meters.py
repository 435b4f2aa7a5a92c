"""What processes cost, read from the kernel: CPU time of a tree of processes, memory of one."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def cpu_ms(roots: Iterable[int]) -> float:
    """Return the CPU milliseconds used so far by these processes and all their descendants.

    Those that ended count through the parent that reaped them. Exact to a tick of the kernel
    (10 ms) for each process, so divide by many operations.
    """
    children: dict[int, list[int]] = defaultdict(list)
    ticks: dict[int, int] = {}
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text()
        except OSError:
            continue
        # The name may hold blanks and brackets: fields are counted after the last bracket.
        fields = text.rpartition(")")[2].split()
        children[int(fields[1])].append(int(entry.name))
        ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    total, waiting = 0, list(roots)
    while waiting:
        pid = waiting.pop()
        total += ticks.get(pid, 0)
        waiting += children[pid]
    return total * TICK_MS


def children_of(pid: int) -> list[int]:
    """Return the direct children of a process."""
    return [
        int(number)
        for task in (PROC / str(pid) / "task").iterdir()
        for number in (task / "children").read_text().split()
    ]


def pss_mib(pid: int) -> float:
    """Return the memory of a process in MiB, shared pages divided among those that share them."""
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    msg = f"no Pss for process {pid}"
    raise RuntimeError(msg)
