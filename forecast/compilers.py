"""Where compilers keep what they make: in one folder that all processes share, and nothing outside of it.

Importing this imports no compiler.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
from functools import cache
from pathlib import Path

COMPILERS = ("numba", "llvmlite", "pytensor", "pymc", "numpy", "scipy", "nutpie")
SOURCES = (
    "model/constants.py",
    "model/specs.py",
    "model/arrays.py",
    "model/graph.py",
    "model/latents.py",
    "model/dependence.py",
    "model/recurrence.py",
    "model/signals.py",
    "model/opinions.py",
    "model/experts.py",
    "inference/functions.py",
    "inference/callback.py",
)
"""Of the package: what the program is made from."""


def compiler_environment(folder: Path) -> dict[str, str]:
    """Environment variables for PyTensor and Numba, to be set before either is imported.

    What the user has set wins and isn't named here.
    """
    variables = {}
    given = os.environ.get("PYTENSOR_FLAGS", "")
    flags = [given] if given else []
    if "compiledir" not in given:
        flags.append(f"base_compiledir={folder / 'pytensor'}")
    if "generated_src_dir" not in given:
        # Without it, each function compiled leaves a file in the temporary directory for ever.
        flags.append(f"generated_src_dir={folder / 'sources'}")
    if flags != [given]:
        variables["PYTENSOR_FLAGS"] = ",".join(flags)
    if "NUMBA_CACHE_DIR" not in os.environ:
        variables["NUMBA_CACHE_DIR"] = str(folder / "numba")
    return variables


@cache
def code_digest() -> str:
    """Digest of the sources and versions that the compiled program is made from."""
    package = Path(__file__).resolve().parent
    digest = hashlib.sha256(f"{platform.python_version()} {platform.machine()}".encode())
    for name in COMPILERS:
        digest.update(f" {name} {importlib.metadata.version(name)}".encode())
    for source in SOURCES:
        digest.update((package / source).read_bytes())
    return digest.hexdigest()[:16]


def program_name() -> str:
    """The file in the folder `callbacks` that describes the compiled program of these sources and versions."""
    return f"program_{code_digest()}.json"


def is_compiled(folder: Path) -> bool:
    """Whether the program of these sources and versions is in a cache."""
    return (folder / "callbacks" / program_name()).is_file()
