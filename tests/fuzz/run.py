"""Fuzzing of the readers with coverage: ``make fuzz SECONDS=60`` runs each for so long and stops at the first defect.

What the fuzzer found worth keeping stays in ``.fuzz/`` and is where the next run begins; an input that broke a reader is
left there as ``crash-...``, and becomes a line of `seeds` when the reader is mended.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
KEPT: Final = ROOT / ".fuzz"
LONGEST_INPUT: Final = 8192
STUCK_SECONDS: Final = 20


def fuzz(name: str, seconds: int) -> int:
    """Fuzz one reader in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["forecast", "yaml", "zipfile", "csv"]):
        from tests.fuzz.targets import TARGETS, seeds

    corpus = KEPT / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}", f"-timeout={STUCK_SECONDS}"]
    atheris.Setup(
        [sys.argv[0], str(corpus), *options, f"-artifact_prefix={KEPT}/{name}-", "-print_final_stats=1"],
        TARGETS[name],
    )
    atheris.Fuzz()
    return 0


def main() -> int:
    """Fuzz every reader that was asked for, each in a process of its own."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each reader")
    parser.add_argument("--target", choices=sorted(TARGETS), action="append", help="all by default")
    parser.add_argument("--here", choices=sorted(TARGETS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        return fuzz(given.here, given.seconds)
    KEPT.mkdir(exist_ok=True)
    failed = []
    for name in given.target or sorted(TARGETS):
        command = [sys.executable, "-m", "tests.fuzz.run", "--here", name, "--seconds", str(given.seconds)]
        log = KEPT / f"{name}.log"
        with log.open("wb") as stream:
            code = subprocess.run(command, stdout=stream, stderr=stream, check=False).returncode
        lines = log.read_text(errors="replace").splitlines()
        done = next((line.rpartition(" ")[2] for line in lines if "number_of_executed_units" in line), "?")
        print(f"{name}: {done} inputs, {'no defect' if code == 0 else f'a defect, see {log}'}")
        if code:
            failed.append(name)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
