"""Where the callbacks' machine code is kept between processes, and when it may be used again.

Loading a callback takes a second; building and linking it many. numba's cache looks at a function's own source only,
not at the functions that it calls, so the source lies in a file whose name is a digest of everything that the machine
code was made from: the sources that build the graph, and the versions of all that compiles it. On top of that
`forecast.inference.build` compares what each callback gives with what the function behind it gave, before it is used.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import numba

from forecast.compilers import code_digest
from forecast.model import compile_cache_dir

numba.core.config.reload_config()  # where numba was imported before `forecast.model` set its cache folder


def discard_cached_code() -> None:
    """Remove the machine code of this program from the cache; the next process writes it anew."""
    folders = [compile_cache_dir() / "callbacks", Path(numba.config.CACHE_DIR or compile_cache_dir())]
    for folder in folders:
        for file in folder.rglob(f"*_callback_{code_digest()}_*"):
            with suppress(OSError):
                file.unlink()


def cached_file(name: str) -> Path:
    """A file beside the callbacks in the user's cache; nothing is made."""
    return compile_cache_dir() / "callbacks" / name


def write_cached_source(name: str, source: str) -> Path | None:
    """A file with this source, beside which numba keeps the machine code; None when there is nowhere to write."""
    file = cached_file(f"{name}_{code_digest()}_{hashlib.sha256(source.encode()).hexdigest()[:8]}.py")
    try:
        if not file.exists():
            write_whole(file, source.encode())
    except OSError:
        return None
    return file


def write_whole(file: Path, content: bytes) -> None:
    """Write a file of the cache so that others see all of it or nothing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
    Path(temporary).replace(file)
