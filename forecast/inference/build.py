"""The program's machine code: from the cache in a second or two, else compiled from the PyMC model and kept.

Beside the machine code lies a description: which arrays the callbacks read, which quantities they give, and what the
functions behind them gave at one point with every block of the model present. With it a warm process builds no PyMC
model, and PyTensor rewrites no graph, which was most of a warm start. Callbacks that do not give the described numbers
are compiled anew. tests/inference/test_code_cache.py damages each part.
"""

from __future__ import annotations

import fcntl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from forecast.compilers import code_digest, program_name
from forecast.errors import SamplingError
from forecast.inference.callback import Slot, compile_expand_callback, compile_logp_callback
from forecast.inference.code_cache import cached_file, discard_cached_code, write_whole
from forecast.inference.loaded_study import FloatArray, ProgramCode
from forecast.model.arrays import probe_arrays


@dataclass(frozen=True)
class Description:
    """What the callbacks read, what they give, and the numbers to expect at `probe_point`."""

    logp_slots: tuple[Slot, ...]
    expand_slots: tuple[Slot, ...]
    names: tuple[str, ...]
    quantity_dims: tuple[tuple[str, ...], ...]
    logp: float
    gradient: tuple[float, ...]
    values: tuple[float, ...]


_DESCRIPTION = TypeAdapter(Description)


def load_or_compile() -> ProgramCode:
    """The program's code.

    Raises
    ------
    SamplingError
        When the model cannot be compiled.
    """
    kept = _kept_code()
    if kept is not None:
        return kept
    try:
        with _one_compiler():
            return _kept_code() or _compile(cached=True)
    except OSError as error:
        warnings.warn(
            f"compiled code cannot be kept in {cached_file('')} ({error}); it is compiled anew in every process, and "
            "draws may differ in late digits; set FORECAST_CACHE_DIR to a folder that can be written",
            stacklevel=2,
        )
        return _compile(cached=False)


def probe_point() -> FloatArray:
    """Where callbacks are compared; dims (parameter)."""
    return np.linspace(-0.9, 1.1, probe_arrays().parameters)


def agrees(code: ProgramCode, expected: Description) -> bool:
    """Whether the callbacks give what the functions behind them gave, with every block of the model present."""
    loaded = code.load(probe_arrays())
    logp, gradient = loaded.log_density(probe_point())
    values = np.concatenate([value.ravel() for value in loaded.quantities(probe_point()[None]).values()])
    return (
        bool(np.isclose(logp, expected.logp, rtol=1e-12))
        and np.allclose(gradient, expected.gradient, rtol=1e-10)
        and np.allclose(values, expected.values, rtol=1e-12)
    )


def _kept_code() -> ProgramCode | None:
    """Callbacks and description from the cache, if they are whole and agree; else None, and nothing of them is left."""
    try:
        text = cached_file(program_name()).read_bytes()
    except OSError:
        return None
    try:
        description = _DESCRIPTION.validate_json(text)
        code = ProgramCode(
            compile_logp_callback(description.logp_slots),
            compile_expand_callback(description.expand_slots),
            description.names,
            description.quantity_dims,
        )
        if agrees(code, description):
            return code
        reason = "it gives other numbers than the model"
    except Exception as error:  # noqa: BLE001 (whatever a damaged cache raises, compiling anew is the answer)
        reason = " ".join(str(error).split())[:200] or type(error).__name__
    _discard()
    warnings.warn(f"the cache of compiled code cannot be used ({reason}); compiling anew", stacklevel=3)
    return None


def _discard() -> None:
    discard_cached_code()
    with suppress(OSError):
        cached_file(program_name()).unlink()


@contextmanager
def _one_compiler() -> Iterator[None]:
    """One process compiles, the others wait for it."""
    file = cached_file(f"program_{code_digest()}.lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _compile(*, cached: bool) -> ProgramCode:
    # Imported here: a warm process has no use for PyMC, seconds to import.
    from forecast.inference.function_cache import fill_function_cache
    from forecast.inference.functions import compile_functions, slots_of

    if cached:
        fill_function_cache()
    functions = compile_functions()
    functions.set_arrays(probe_arrays())
    logp, gradient = functions.logp(probe_point())
    description = Description(
        slots_of(functions.logp),
        slots_of(functions.expand),
        tuple(functions.names),
        tuple(functions.dims),
        float(logp),
        tuple(np.asarray(gradient).tolist()),
        tuple(np.asarray(functions.expand(probe_point())[0]).tolist()),
    )
    discard_cached_code()
    code = ProgramCode(
        compile_logp_callback(description.logp_slots, functions.logp, cached=cached),
        compile_expand_callback(description.expand_slots, functions.expand, cached=cached),
        description.names,
        description.quantity_dims,
    )
    if not agrees(code, description):
        raise SamplingError(
            "the compiled callbacks give other numbers than the model; expected equal ones; "
            "clear the cache folder, and report this if it comes back"
        )
    if cached:
        write_whole(cached_file(program_name()), _DESCRIPTION.dump_json(description))
    return code
