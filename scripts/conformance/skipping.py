"""Skips checks that this machine does not support."""

import os
import sys


def everything_is_required():
    """True if checks must not be skipped, as in CI."""
    return bool(os.environ.get("CUMULUS_REQUIRE_ALL"))


def skip(reason):
    """Prints why something is not checked; exits if everything is required."""
    if everything_is_required():
        sys.exit(f"CUMULUS_REQUIRE_ALL is set, but {reason}")
    print(f"skipped: {reason}")
