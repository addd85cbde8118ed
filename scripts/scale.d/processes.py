"""Finds and ends processes of scripts/scale: those with SCALE_WORK of this call in their environment or with an open
file in that folder, and what they started. They are ended by their pid, so that no other process is touched.

    processes.py FOLDER      ends all processes that were started with SCALE_WORK=FOLDER
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path


def variables(pid: int) -> dict[str, str]:
    """The environment a process was started with; empty if it is gone or another user's."""
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return {}
    return dict(pair.decode(errors="replace").split("=", 1) for pair in pairs if b"=" in pair)


def open_files(pid: int) -> set[str]:
    try:
        return {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return set()


def parents() -> dict[int, int]:
    """The parent of every living process."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name, in parentheses, may contain blanks and parentheses.
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                found[int(entry.name)] = int(parent)
    return found


def with_descendants(pids: set[int], parent: dict[int, int]) -> set[int]:
    found = set(pids)
    while True:
        more = {pid for pid, above in parent.items() if above in found} - found
        if not more:
            return found
        found |= more


def lineage(pid: int, parent: dict[int, int]) -> set[int]:
    found = set()
    while pid in parent:
        found.add(pid)
        pid = parent[pid]
    return found


def of_work(work: str) -> set[int]:
    """Processes of the call of scripts/scale that has this folder, but for this one and those that wait for it."""
    parent = parents()
    # A step of Slurm (slurmstepd) overwrites its environment with its title, but has its node's log open.
    files = f"{work}/slurm/"
    marked = {
        pid
        for pid in parent
        if variables(pid).get("SCALE_WORK") == work or any(name.startswith(files) for name in open_files(pid))
    }
    own = lineage(os.getpid(), parent)
    return with_descendants(marked - own, parent) - own


def of_node(work: str, node: str) -> list[int]:
    """Processes of a node of the Slurm cluster: slurmd, the steps that it started, and their tasks, in this order, so
    that no step lives to report the death of its task."""
    found = {}
    for pid in of_work(work):
        given = variables(pid)
        if given.get("SCALE_NODE") == node or f"{work}/slurm/log/slurmd-{node}.log" in open_files(pid):
            found[pid] = 0 if name_of(pid) == "slurmd" else 1
        elif given.get("SLURMD_NODENAME") == node:
            found[pid] = 2
    below = with_descendants(set(found), parents()) - set(found)
    return sorted(found, key=found.get) + sorted(below)


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "?"


def end(pids: Iterable[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def main() -> None:
    # A process may start another between our look and its end.
    for _ in range(20):
        left = of_work(sys.argv[1])
        if not left:
            return
        end(left)
        time.sleep(0.1)
    print(f"scale: could not end {sorted(left)}", file=sys.stderr)


if __name__ == "__main__":
    main()
