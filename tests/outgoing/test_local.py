"""Files of the folder of sources, while its contents change during the read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forecast.outgoing import AddressRefusedError, read_file
from forecast.outgoing.fetch import FetchFailedError

_before_open: list[Callable[[str], None]] = []
"""Called with the name of each file that this process is about to open; hooks of `sys` cannot be taken back."""


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _before_open and isinstance(arguments[0], str | bytes | os.PathLike):
        _before_open[-1](os.fsdecode(arguments[0]))


sys.addaudithook(_on_event)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One of sources, beside another that must not be read."""
    for name, text in (("sources/inner/a.csv", "ours"), ("secrets/a.csv", "a secret")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "sources"


@pytest.mark.parametrize("swapped", ["inner", "inner/a.csv"])
def test_a_link_that_is_swapped_in_before_the_opening_leads_nowhere(folder: Path, swapped: str) -> None:
    place = folder / swapped
    target = folder.parent / "secrets" / Path(swapped).name.replace("inner", "")
    swaps = []

    def swap(opened: str) -> None:
        # What is looked at has been looked at: this is the last moment before it is opened.
        if not swaps and Path(opened).name in {"inner", "a.csv"} and Path(opened).name in swapped[-5:]:
            swaps.append(opened)
            place.rename(place.with_name("moved"))
            place.symlink_to(target)

    _before_open.append(swap)
    try:
        with pytest.raises(FetchFailedError, match="cannot be read"):
            read_file("file:inner/a.csv", folder, 1000)
    finally:
        _before_open.pop()
    assert swaps
    assert (folder / "inner" / "a.csv").read_text() == "a secret"
    with pytest.raises(AddressRefusedError, match="outside"):
        read_file("file:inner/a.csv", folder, 1000)


def test_links_within_the_folder_are_followed_and_what_is_no_file_is_not_waited_for(folder: Path) -> None:
    (folder / "newest.csv").symlink_to("inner/a.csv")
    assert read_file("file:newest.csv", folder, 1000).body == b"ours"
    assert read_file("file:inner/a.csv", folder, 1000).media_type == "text/csv"
    os.mkfifo(folder / "pipe.csv")
    for name in ("pipe.csv", "inner", "", "none.csv", "inner/a.csv/below"):
        with pytest.raises(FetchFailedError, match=r"there is no file|cannot be read"):
            read_file(f"file:{name}", folder, 1000)
