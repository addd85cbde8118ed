#!/usr/bin/env python3
"""Runs the program slowly, as on a machine that is busy: again and again it is stopped for half a second after some
milliseconds, with SIGSTOP and SIGCONT. The granules of a trial are converted in hundredths of a second, and a shard
must last long enough that its node can be killed in the middle.

The program keeps the pid of this script, so that signals and exit codes are its own.
"""

import os
import select
import signal
import sys
import time

# Seconds that the program runs and is stopped in turn. With these a shard of ten granules takes some five seconds.
RUNS, STOPS = map(float, os.environ.get("SCALE_PACE", "0.02 0.5").split())


def pace(program: int) -> None:
    """Stops and continues the process of this pidfd, which unlike a pid is never another one, until it ends."""
    while not select.select([program], [], [], RUNS)[0]:
        try:
            signal.pidfd_send_signal(program, signal.SIGSTOP)
            time.sleep(STOPS)
            signal.pidfd_send_signal(program, signal.SIGCONT)
        except ProcessLookupError:
            return


own = os.pidfd_open(os.getpid())
if os.fork() == 0:
    # A grandchild, because the program does not expect children that it did not start.
    if os.fork() == 0:
        pace(own)
    os._exit(0)
os.wait()
program = os.environ["SCALE_PROGRAM"]
os.execv(program, [program, *sys.argv[1:]])
