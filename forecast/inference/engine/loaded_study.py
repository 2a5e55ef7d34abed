"""One study inside the program: what nutpie samples, and densities and quantities at single points."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.inference.engine.sampler import CompiledModel, _lib
from forecast.inference.engine.seam import Seam, public_model, seam
from forecast.inference.engine.starts import near_counts, near_the_prior
from forecast.kernel.compiled import Kernel
from forecast.kernel.data import Record
from forecast.kernel.layout import NAMED, TERMS
from forecast.model.arrays import ModelArrays
from forecast.runtime.machine import available_cores

FloatArray = npt.NDArray[np.float64]

PLACES: Final = 17
"""To work in: one more than there may be chains, all at once however few the cores. Memory is touched where it is used."""


KEPT_IN_SEVEN_DIGITS: Final = frozenset({"frailty_z", "state_z", "state"})
"""Of draws; there are as many of them as cases, or months of factors, and they are most of what is stored."""


class LoadedStudy(Protocol):
    """One study inside a program of either engine."""

    @property
    def model(self) -> Any:
        """What `nutpie.sample` takes."""

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """Dims of every named quantity that has some."""

    def log_density(self, point: FloatArray) -> tuple[float, FloatArray]:
        """Log density, priors and likelihood together, and its gradient, dims (parameter), at an unconstrained point.

        Raises
        ------
        ValueError
            When the point does not have the study's number of parameters.
        """

    def log_densities(self, points: FloatArray) -> FloatArray:
        """Log density of each point, dims (draw), of points with dims (draw, parameter)."""

    def quantities(self, points: FloatArray) -> dict[str, FloatArray]:
        """Every named quantity at unconstrained points.

        Parameters
        ----------
        points
            Dims (draw, parameter).

        Returns
        -------
        Arrays with dims (draw, ...), by name; the trailing dims are those of the quantity.

        Raises
        ------
        ValueError
            When the points do not have the study's number of parameters.
        """

    def terms(self, points: FloatArray) -> dict[str, FloatArray]:
        """Terms of the log likelihood (`forecast.kernel.layout.TERMS`) at points as above, by name; dims (draw, term)."""


def cut(values: FloatArray, shapes: dict[str, tuple[int, ...]]) -> dict[str, FloatArray]:
    """Arrays of these shapes that lie side by side along the last dim, by name; dims (draw, ...)."""
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    pieces = np.split(values, np.cumsum(sizes)[:-1], axis=1)
    return {
        name: piece.reshape(len(values), *shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
    }


def checked(point: FloatArray, parameters: int) -> FloatArray:
    """The point in one piece, if it has the right number of parameters."""
    if point.shape != (parameters,):
        raise ValueError(f"the point has shape {point.shape}; expected ({parameters},)")
    return np.ascontiguousarray(point, dtype=np.float64)


@dataclasses.dataclass(frozen=True)
class KernelStudy(CompiledModel):
    """One study inside the compiled kernel, in the form that `nutpie.sample` takes."""

    kernel: Kernel
    record: Record
    arrays: ModelArrays
    parameters: int
    variable_shapes: dict[str, tuple[int, ...]]
    starts: FloatArray | None = None
    """Where chains may start, dims (draw, parameter); None for places near the centre of the prior."""

    @classmethod
    def load(cls, kernel: Kernel, arrays: ModelArrays, starts: FloatArray | None = None) -> Self:
        """Load a study; nothing is compiled, and no other study is changed."""
        record = Record(arrays, places=max(PLACES, available_cores() + 1))
        return cls(
            dims={name: spec.dims for name, spec in NAMED.items() if spec.dims},
            reparameterized_names=[],
            kernel=kernel,
            record=record,
            arrays=arrays,
            parameters=arrays.parameters,
            variable_shapes={name: tuple(record.lengths[dim] for dim in spec.dims) for name, spec in NAMED.items()},
            starts=starts,
        )

    @property
    def model(self) -> Any:
        """What `nutpie.sample` takes: this study, whose sampler is made by address, or its functions."""
        return self if seam() is Seam.PRIVATE else self.by_functions()

    def by_functions(self) -> Any:
        """This study as nutpie takes any in public."""

        def quantities(point: FloatArray) -> dict[str, FloatArray]:
            found = self.quantities(point[np.newaxis])
            return {name: values[0].astype(self._dtypes[name], copy=False) for name, values in found.items()}

        return public_model(
            self.parameters,
            self.log_density,
            quantities,
            self.variable_shapes,
            self._dtypes,
            dict(self.dims),
            self.record.lengths,
            self._initial_point,
        )

    @property
    def _dtypes(self) -> dict[str, str]:
        return {name: "float32" if name in KEPT_IN_SEVEN_DIGITS else "float64" for name in self.variable_shapes}

    def _initial_point(self, seed: int) -> FloatArray:
        rng = np.random.default_rng(seed)
        if self.starts is not None:
            found: FloatArray = self.starts[rng.integers(len(self.starts))]
            return found
        return near_counts(near_the_prior(rng, self.arrays), self.record.data)

    @property
    def n_dim(self) -> int:
        """Number of unconstrained parameters."""
        return self.parameters

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every named quantity."""
        return self.variable_shapes

    @property
    def coords(self) -> dict[str, Any]:
        """None: the study's labels are put on after sampling, by name."""
        return {}

    def log_density(self, point: FloatArray) -> tuple[float, FloatArray]:
        """As `LoadedStudy` says."""
        return self.kernel.log_density(self.record, checked(point, self.parameters))

    def log_densities(self, points: FloatArray) -> FloatArray:
        """As `LoadedStudy` says."""
        return np.array([self.log_density(point)[0] for point in points])

    def quantities(self, points: FloatArray) -> dict[str, FloatArray]:
        """As `LoadedStudy` says."""
        values = np.empty((len(points), self.record.lengths["named"]))
        for point, into in zip(points, values, strict=True):
            self.kernel.named(self.record, checked(point, self.parameters), into)
        return cut(values, self.variable_shapes)

    def terms(self, points: FloatArray) -> dict[str, FloatArray]:
        """As `LoadedStudy` says."""
        lengths = self.record.lengths
        shapes = {name: tuple(lengths[dim] for dim in dims) for name, dims in TERMS.items()}
        named = lengths["named"]
        values = np.empty(named + sum(map(math.prod, shapes.values())))
        found = np.empty((len(points), len(values) - named))
        for point, into in zip(points, found, strict=True):
            self.kernel.named(self.record, checked(point, self.parameters), values)
            into[:] = values[named:]
        return cut(found, shapes)

    def _make_sampler(
        self, settings: Any, init_mean: Any, cores: int, progress_type: Any, callback: Any, rate: int, store: Any
    ) -> Any:
        lengths, address = self.record.lengths, self.record.address
        variables = _lib.PyVariable.new_variables(
            list(self.variable_shapes),
            list(self._dtypes.values()),
            [list(shape) for shape in self.variable_shapes.values()],
            lengths,
            {name: list(dims) for name, dims in self.dims.items()},
        )

        model = _lib.PyMcModel(
            _lib.LogpFunc(self.kernel.density.address, address, self),
            _lib.ExpandFunc(self.parameters, lengths["named"], self.kernel.quantities.address, address, self),
            variables,
            self.parameters,
            lengths,
            {dim: pd.RangeIndex(size) for dim, size in lengths.items()},
            self._initial_point,
            None,
        )
        return _lib.PySampler.from_pymc(settings, cores, model, progress_type, callback, rate, store)
