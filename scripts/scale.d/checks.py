"""The lines that tell what was proved, and waiting for what comes in its time."""

import sys
import time


def ok(part: str, what: str) -> None:
    print(f"ok    {part}: {what}", flush=True)


def check(part: str, what: str, holds: bool, found: object = "") -> None:
    """Prints what was proved, or ends with what was found instead."""
    if holds:
        ok(part, what)
        return
    print(f"FAIL  {part}: {what}\n      found: {found}", file=sys.stderr, flush=True)
    raise SystemExit(1)


def wait_until(seconds: float, what: str, ready, pause: float = 0.2):
    """Calls `ready` until it returns something true, which is returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ready()
        if answer:
            return answer
        time.sleep(pause)
    print(f"FAIL  scale: waited {seconds} s in vain for {what}", file=sys.stderr, flush=True)
    raise SystemExit(1)
