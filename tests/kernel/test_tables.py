"""Arrays that compiled code reads by name behind an address, whatever their lengths."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import pytest
from numba import types

from forecast.kernel.places import give_back, try_to_take
from forecast.kernel.tables import TableType, make_table, reader


@dataclass(frozen=True)
class Spec:
    dims: tuple[str, ...]
    dtype: str = "float64"


SPECS = {"line": Spec(("a",)), "places": Spec(("a",), "int64"), "grid": Spec(("a", "b")), "none": Spec(("c",))}
as_table = reader(TableType("tests", SPECS))


@numba.njit(types.UniTuple(types.float64, 5)(types.int64))
def read(address: int) -> tuple[float, ...]:
    table = as_table(address)
    total = 0.0
    for i in range(table.grid.shape[0]):
        for k in range(table.grid.shape[1]):
            total += table.grid[i, k] * table.line[table.places[i]]
    return total, float(table.none.size), float(table.line.size), float(table.grid.shape[0]), float(table.grid.shape[1])


@numba.njit(types.void(types.int64))
def double(address: int) -> None:
    line = as_table(address).line
    for i in range(line.size):
        line[i] *= 2.0


def arrays(a: int, b: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(a)
    return {
        "line": rng.normal(size=a),
        "places": rng.integers(0, a, a),
        "grid": rng.normal(size=(a, b)),
        "none": np.zeros(0),
    }


@pytest.mark.parametrize(("a", "b"), [(1, 1), (3, 5), (7, 0), (200, 2)])
def test_arrays_are_read_by_name(a: int, b: int) -> None:
    own = arrays(a, b)
    total, *lengths = read(make_table(SPECS, own).ctypes.data)
    assert total == pytest.approx(float((own["grid"] * own["line"][own["places"]][:, None]).sum()), abs=1e-12)
    assert lengths == [0, a, a, b]


def test_what_is_written_is_the_array_itself() -> None:
    own = arrays(4, 2)
    before = own["line"].copy()
    words = make_table(SPECS, own)
    double(words.ctypes.data)
    assert own["line"] == pytest.approx(2 * before)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("line", np.zeros((3, 1))),
        ("line", np.zeros(3, dtype=np.float32)),
        ("places", np.zeros(3)),
        ("grid", np.zeros((4, 3)).T),
    ],
)
def test_other_arrays_than_the_specs_are_refused(name: str, wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=f"array {name} has"):
        make_table(SPECS, {**arrays(3, 4), name: wrong})


@numba.njit(types.boolean(types.int64))
def take(address: int) -> bool:
    return try_to_take(address)


@numba.njit(types.void(types.int64))
def give(address: int) -> None:
    give_back(address)


def test_a_place_is_taken_once_until_it_is_given_back() -> None:
    word = np.zeros(1, dtype=np.int64)
    assert [take(word.ctypes.data), take(word.ctypes.data), int(word[0])] == [True, False, 1]
    give(word.ctypes.data)
    assert (int(word[0]), take(word.ctypes.data)) == (0, True)
