"""Where compilers keep what they make: in one folder that all processes share, and nothing outside of it.

Importing this imports no compiler; asking for the digest imports LLVM's binding, which knows the processor.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
from functools import cache
from pathlib import Path
from typing import Final

COMPILERS: Final = ("numba", "llvmlite", "numpy")
SOURCES: Final = (
    "model/constants.py",
    "model/array_specs.py",
    "model/quantity_specs.py",
    "model/specs.py",
    "model/latent_specs.py",
    "model/arrays.py",
)
"""Of the package, beside all modules of `kernel`: what the kernel is made from."""

SEAL: Final = "whole.json"
"""The file beside compiled code that says that it is whole."""


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
    """Digest of what the compiled kernel is made from: sources, versions, Python and the processor.

    It also covers the sources' paths and modification times, by which numba validates its cache.
    """
    import llvmlite.binding as llvm

    package = Path(__file__).resolve().parent.parent
    made_for = f"{platform.python_version()} {platform.machine()} {llvm.get_host_cpu_name()}"
    asked = " ".join(os.environ.get(name, "") for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"))
    digest = hashlib.sha256(f"{made_for} {llvm.get_host_cpu_features().flatten()} {asked} {package}".encode())
    for name in COMPILERS:
        digest.update(f" {name} {importlib.metadata.version(name)}".encode())
    for source in [*(package / source for source in SOURCES), *sorted((package / "kernel").glob("*.py"))]:
        digest.update(source.read_bytes())
    written = (package / "kernel" / "density.py").stat().st_mtime_ns
    return hashlib.sha256(f"{digest.hexdigest()} {written}".encode()).hexdigest()[:16]


def kernel_folder(cache: Path) -> Path:
    """Where the compiled kernel of these sources and versions is kept."""
    return cache / "kernel" / code_digest()


def is_compiled(cache: Path) -> bool:
    """Whether the kernel of these sources and versions is in a cache."""
    return (kernel_folder(cache) / SEAL).is_file()
