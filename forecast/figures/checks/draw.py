"""All figures that check a forecast, and the images of these and of those that came with it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from forecast.figures.checks.beliefs import belief_figures
from forecast.figures.checks.loo import loo_figures
from forecast.figures.checks.material import Draw, Material
from forecast.figures.checks.predictive import predictive_figures
from forecast.figures.checks.sampler import sampler_figures
from forecast.figures.checks.survival import survival_figures
from forecast.figures.checks.unfolding import unfolding_figures
from forecast.figures.image import draw_png
from forecast.figures.style import Figure
from forecast.runtime.logs import get_logger

log = get_logger(__name__)

KINDS: Final[tuple[Callable[[Material], dict[str, Draw]], ...]] = (
    sampler_figures,
    belief_figures,
    predictive_figures,
    survival_figures,
    loo_figures,
    unfolding_figures,
)


@dataclass(frozen=True)
class Drawings:
    """What was drawn, and what could not be."""

    figures: dict[str, Figure]
    """New figures by name."""
    images: dict[str, bytes]
    """PNGs by name, of the new figures and of those that there were."""
    failures: tuple[str, ...]


def draw_forecast(material: Material, stored: Mapping[str, Figure]) -> Drawings:
    """Everything there is to see of a stored forecast; a figure that fails takes no other with it.

    Parameters
    ----------
    stored
        The figures that came with the forecast, by name.
    """
    figures: dict[str, Figure] = {}
    failures: list[str] = []
    for kind in KINDS:
        # A refused forecast may hold what cannot be drawn; the other kinds can.
        found = _attempted(kind.__name__.removesuffix("_figures"), partial(kind, material), failures)
        for name, draw in (found or {}).items():
            figure = _attempted(name, draw, failures)
            if figure is not None:
                figures[name] = figure
    images = {}
    for name, figure in {**stored, **figures}.items():
        image = _attempted(f"image of {name}", partial(draw_png, figure), failures)
        if image is not None:
            images[name] = image
    return Drawings(figures, images, tuple(failures))


def _attempted[Drawn](what: str, draw: Callable[[], Drawn], failures: list[str]) -> Drawn | None:
    try:
        with warnings.catch_warnings():
            # Of a constant quantity, of discrete counts: what they say is in our captions.
            warnings.simplefilter("ignore")
            return draw()
    except Exception as error:
        log.exception("figure_failed", figure=what)
        failures.append(f"{what}: {type(error).__name__}: {error}")
        return None
