"""The stages of a job in words. Their keys are the ones that a worker reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stage:
    """One stage: what it is called, and what is happening while it lasts."""

    key: str
    name: str
    explanation: str


COMPILE_TIME: Final = "some twenty seconds"

STAGES: Final = (
    Stage("load", "Read the study", "reading the study and its tables"),
    Stage(
        "compile",
        "Compile the program",
        f"compiling the program; the first time on a machine this takes {COMPILE_TIME}, later none",
    ),
    Stage("sample", "Sample the posterior", "drawing from the posterior; warm-up draws come first and are thrown away"),
    Stage("futures", "Roll futures forward", "simulating futures from every draw and counting what happens in them"),
    Stage("diagnose", "Check", "checking whether the draws can be relied on"),
    Stage("figures", "Draw figures", "drawing the figures"),
    Stage("store", "Store", "writing the draws and storing the forecast"),
)
"""In the order in which they come."""

QUEUED: Final = Stage("queued", "Wait", "waiting for a worker")
SWAP: Final = Stage("swap", "Load the data", "putting the study's numbers into the compiled program")

_BY_KEY: Final = {stage.key: stage for stage in (*STAGES, QUEUED, SWAP)}


def stage_of(key: str) -> Stage:
    """The stage of this key; one that is not known here is shown by its key."""
    return _BY_KEY.get(key, Stage(key, key.replace("_", " ").capitalize(), key.replace("_", " ")))


def stage_position(key: str) -> int:
    """Place of a stage in the order; unknown ones last."""
    return next((position for position, stage in enumerate(STAGES) if stage.key == key), len(STAGES))
