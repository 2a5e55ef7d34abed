"""Tables of named arrays behind one address: how compiled code reads `x.mu_loc[j]`, whatever the lengths of a study.

A table holds three 64-bit words for each array: where its numbers lie, and up to two lengths. Compiled functions get
the table's address; the table of another study is another address, and nothing is recompiled. A table does not change
while it is read, which LLVM is informed of: names cost nothing inside loops. tests/kernel/test_tables.py reads arrays
of every rank and of length zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, register_model
from numba.np.arrayobj import make_array, populate_array

WORDS: Final = 3
"""Of each array in a table: its address and two lengths."""

ITEM_BYTES: Final = 8

NUMBERS: Final = {"float64": types.float64, "int64": types.int64}


class Shaped(Protocol):
    """Dims and dtype of an array that a table may hold."""

    @property
    def dims(self) -> tuple[str, ...]: ...

    @property
    def dtype(self) -> str: ...


class TableType(types.Type):
    """Numba's type of a table with the arrays of some specs."""

    def __init__(self, name: str, specs: Mapping[str, Shaped]) -> None:
        self.places = {field: place for place, field in enumerate(specs)}
        self.arrays = {field: types.Array(NUMBERS[spec.dtype], len(spec.dims), "C") for field, spec in specs.items()}
        super().__init__(name=f"Table({name})")


@register_model(TableType)
class _TableModel(models.PrimitiveModel):
    """An address."""

    def __init__(self, manager: Any, table: TableType) -> None:
        super().__init__(manager, table, ir.IntType(64))


@infer_getattr
class _TableAttributes(AttributeTemplate):
    key = TableType

    def generic_resolve(self, table: TableType, field: str) -> Any:
        return table.arrays.get(field)


@lower_getattr_generic(TableType)
def _array_of_table(context: Any, builder: Any, table: TableType, address: Any, field: str) -> Any:
    """The array, made from its three words."""
    array_type = table.arrays[field]
    word = ir.IntType(64)
    words = builder.inttoptr(address, word.as_pointer())

    def load(offset: int) -> Any:
        value = builder.load(builder.gep(words, [ir.Constant(word, WORDS * table.places[field] + offset)]))
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
        return value

    item = ir.Constant(word, ITEM_BYTES)
    shape = [load(1 + axis) for axis in range(array_type.ndim)]
    strides = [builder.mul(shape[1], item), item] if array_type.ndim == 2 else [item]
    array = make_array(array_type)(context, builder)
    populate_array(
        array,
        data=builder.inttoptr(load(0), array.data.type),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=item,
        meminfo=None,
    )
    return array._getvalue()  # noqa: SLF001 (numba's own way)


def reader(table: TableType) -> Any:
    """A compiled function from an address to its table."""

    def read(_typing: Any, address: Any) -> Any:
        def generate(_context: Any, _builder: Any, _signature: Any, arguments: Any) -> Any:
            return arguments[0]

        return table(types.int64), generate

    return intrinsic(read)


def make_table(specs: Mapping[str, Shaped], arrays: Mapping[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.int64]:
    """The words of a table; the caller keeps the arrays.

    Raises
    ------
    ValueError
        When an array has another rank or dtype than its spec, or does not lie in one piece.
    """
    words = np.zeros(WORDS * max(len(specs), 1), dtype=np.int64)
    for place, (field, spec) in enumerate(specs.items()):
        array = arrays[field]
        if array.ndim != len(spec.dims) or array.dtype != spec.dtype or not array.flags.c_contiguous:
            raise ValueError(
                f"array {field} has {array.ndim} dims of {array.dtype}; expected {len(spec.dims)} of {spec.dtype}, in one piece"
            )
        words[WORDS * place] = array.ctypes.data
        words[WORDS * place + 1 : WORDS * place + 1 + array.ndim] = array.shape
    return words
