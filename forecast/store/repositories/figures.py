"""Figures as they are stored."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping
from typing import Any


def compress_figure(figure: Mapping[str, Any]) -> bytes:
    """A figure as it is stored; the same figure gives the same bytes."""
    try:
        text = json.dumps(figure, separators=(",", ":"), allow_nan=False)
    except ValueError:
        # A refused forecast may draw what is not finite; JSON has no word for it, and Plotly leaves a gap at null.
        text = json.dumps(_finite(figure), separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
