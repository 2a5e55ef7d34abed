"""Random questions for studies of any shape: their parts, readings, memberships and conditions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

OUTCOMES = 3
"""Of every study."""


def conditions_of(rng: np.random.Generator, n: dict[str, int]) -> dict[str, Any]:
    """Conditions of different questions: two contests or three, of one outcome or two, some settled on a date.

    Whatever occurs, in some worlds links act.
    """
    count = min(n["condition"], n["question"])
    shapes = [[*rng.permutation([1, 2]), *([1] if rng.random() < 0.5 else [])] for _ in range(count)]
    n["condition"], n["world"] = count, max((int(np.prod(np.add(shape, 1))) for shape in shapes), default=0)
    contests: list[int] = []
    turns: list[tuple[int, int]] = []
    stakes: list[tuple[Any, ...]] = []
    moves: list[tuple[Any, ...]] = []
    pulls: list[tuple[int, int]] = []
    joint, rest = np.zeros((count, n["world"])), np.zeros((count, n["world"]))
    for condition, shape in enumerate(shapes):
        first, worlds = len(contests), list(itertools.product(*(range(size + 1) for size in shape)))
        for place, size in enumerate(shape):
            contests.append(condition)
            for world in (world for world in worlds if world[place] == 0):
                counts = rng.choice([1.0, 1.0, 0.0])
                for member in range(1, size + 1):
                    after = worlds.index((*world[:place], member, *world[place + 1 :]))
                    if n["link"] and any(world):
                        pulls += [(len(moves), link) for link in range(n["link"]) if rng.random() < 0.6]
                    moves.append((first + place, worlds.index(world), after, counts))
        dated = {place for place, size in enumerate(shape) if size == 1 and rng.random() < 0.5}
        for place in [*rng.permutation(len(shape)), *rng.permutation(len(shape))]:
            if place in dated:
                turns.append((first + place, 1 + rng.integers(0, n["variant"])))
                continue
            stakes += [
                (len(turns), variant, rng.integers(0, 6), rng.uniform(0.5, 6), rng.uniform(0.2, 2))
                for variant in rng.permutation(n["variant"])[: shape[place]]
            ]
            turns.append((first + place, 0))
        for world, found in enumerate(worlds):
            if found[1]:
                (joint if found[0] else rest)[condition, world] = 1.0
    tables: dict[tuple[str, ...], tuple[list[Any], int]] = {
        ("turn_contest", "turn_variant"): (turns, 2),
        ("stake_turn", "stake_variant", "stake_band", "stake_step", "stake_length"): (stakes, 3),
        ("move_contest", "move_from", "move_to", "move_counts"): (moves, 3),
        ("pull_move", "pull_link"): (pulls, 2),
    }
    n |= {"contest": len(contests), "turn": len(turns), "stake": len(stakes), "move": len(moves), "pull": len(pulls)}
    begins = rng.uniform(0.0, 1.0, (count, n["world"]))
    for row, shape in zip(begins, shapes, strict=True):
        row[int(np.prod(np.add(shape, 1))) :] = 0.0
    return {
        "history_events": rng.integers(0, 2, n["history"]),
        "verdict_yes": rng.integers(0, 2, n["verdict"]),
        "condition_reading": rng.permutation(n["reading"])[:count],
        "condition_begins": begins,
        "condition_joint": joint,
        "condition_rest": rest,
        "contest_condition": np.asarray(contests, dtype=int),
        **{
            name: np.array([row[column] for row in rows]).astype(int if column < whole else float)
            for names, (rows, whole) in tables.items()
            for column, name in enumerate(names)
        },
    }


def parts_of(rng: np.random.Generator, n: dict[str, int], is_binary: np.ndarray) -> list[tuple[Any, ...]]:
    """Every question about an event has one to all of the segments, and in each the outcome and perhaps a rival."""
    rows: list[tuple[Any, ...]] = []
    for question in np.flatnonzero(is_binary == 0):
        own, rival = rng.permutation(OUTCOMES)[:2]
        rivals = [own] if rng.random() < 0.3 else [own, rival]
        for segment in range(rng.integers(1, n["segment"] + 1)):
            for outcome in rivals:
                link = rng.integers(0, n["link"] + 1)
                rows.append((question, segment, outcome, rng.integers(0, 6), link, rng.uniform(0.5, 3), outcome == own))
    return rows


def readings_of(rng: np.random.Generator, rows: list[tuple[Any, ...]], members: dict[str, Any]) -> dict[str, list[Any]]:
    """Parts of every reading of a question, each of one variant of its outcomes."""
    names = ("part_reading", "part_segment", "part_variant", "part_band", "part_link", "part_length", "part_own")
    found = []
    for reading, question in enumerate(members["reading_question"]):
        variant = [rng.choice(np.flatnonzero(members["variant_outcome"] == outcome)) for outcome in range(OUTCOMES)]
        found += [(reading, row[1], variant[row[2]], *row[3:]) for row in rows if row[0] == question]
    return {name: [row[column] for row in found] for column, name in enumerate(names)}


def memberships_of(rng: np.random.Generator, n: dict[str, int]) -> dict[str, Any]:
    """Memberships of two options or three, in which two of the outcomes take part; a reading or more of each question."""
    of = [m for m in range(n["membership"]) for _ in range(rng.integers(2, 4))]
    n["option"] = len(of)
    variants = [
        (outcome, option)
        for outcome in range(OUTCOMES)
        for option in (
            [place for place, m in enumerate(of, start=1) if m == outcome % n["membership"]]
            if n["membership"] and outcome < OUTCOMES - 1
            else [0]
        )
    ]
    asked = np.sort(
        np.concatenate(
            [
                np.arange(n["question"]),
                rng.integers(0, max(n["question"], 1), 3 * bool(of) * bool(n["question"])),
            ]
        )
    ).astype(int)
    shares = [(r, option) for r in range(len(asked)) for option in range(len(of)) if rng.random() < 0.4]
    n |= {"variant": len(variants), "reading": len(asked), "share": len(shares)}
    return {
        "membership_first": np.array([of.index(m) for m in range(n["membership"])], dtype=int),
        "option_membership": np.array(of, dtype=int),
        "option_log_weight": np.log(rng.dirichlet(np.ones(len(of)))) if of else np.zeros(0),
        "variant_outcome": np.array([outcome for outcome, _ in variants], dtype=int),
        "variant_option": np.array([option for _, option in variants], dtype=int),
        "reading_question": asked,
        "reading_variant": rng.integers(0, len(variants), len(asked)),
        "share_reading": np.array([reading for reading, _ in shares], dtype=int),
        "share_option": np.array([option for _, option in shares], dtype=int),
    }
