"""``make protections``: switch off what keeps each promise, one by one, and say whether a test notices."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fault.protections import PROTECTIONS
from tests.fault.protections.switching import look_without


def main() -> int:
    """Switch off each that was asked for, and say whether its test noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="those whose fault or file has this in it")
    given = parser.parse_args()
    unnoticed = 0
    for protection in PROTECTIONS:
        if given.only not in protection.fault + protection.file:
            continue
        with tempfile.TemporaryDirectory(prefix="without-") as folder:
            found = look_without(protection, Path(folder))
        unnoticed += not found.is_noticed
        said = "fails" if found.is_noticed else "PASSES"
        print(f"{found.run}: {said} without {protection.what}: {protection.test}", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
