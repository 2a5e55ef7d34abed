"""Where compilers keep what they make: in one folder that all processes share, and nothing outside of it."""

from __future__ import annotations

import os
from pathlib import Path


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
