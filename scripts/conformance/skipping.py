"""What is done where a judge lacks something that this machine cannot give it."""

import os
import sys


def everything_is_required():
    """Whether what cannot be judged is a failure, as in CI."""
    return bool(os.environ.get("CUMULUS_REQUIRE_ALL"))


def skip(reason):
    """Says why something is not judged; ends the judge where everything is required."""
    if everything_is_required():
        sys.exit(f"CUMULUS_REQUIRE_ALL is set, but {reason}")
    print(f"skipped: {reason}")
