"""What large arrays took is handed back when they are freed, where the C library can."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, sys
from pathlib import Path
from forecast.runtime.machine import give_memory_back, trim_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if "mapped" in sys.argv:
    give_memory_back()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
size = 20_000_000

def filled(size):
    address = libc.malloc(size)
    ctypes.memset(address, 1, size)
    return address

libc.free(filled(size))  # from here on the library would keep as much
before = resident()
held = [(filled(size), filled(100_000)) for _ in range(10)]  # the small ones stay, and pin what lies below them
for large, _ in held:
    libc.free(large)
kept = resident() - before
trim_memory()
print(kept, resident() - before)
"""


def kept_after(*arguments: str) -> tuple[int, int]:
    """Bytes still held when all large pieces were freed, and when memory was trimmed as well."""
    command = [sys.executable, "-c", SCRIPT, *arguments]
    first, then = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return int(first), int(then)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has its own ways")
def test_freed_arrays_are_handed_back_at_once_and_small_pieces_when_asked_for() -> None:
    by_default, trimmed = kept_after()
    assert by_default > 100_000_000
    assert trimmed < 10_000_000
    at_once, _ = kept_after("mapped")
    assert at_once < 10_000_000
