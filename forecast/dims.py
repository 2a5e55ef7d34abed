"""Names of the dimensions and groups that leave our hands, so that no other module spells them.

Arrays carry the study's own ids as coordinate labels along every dimension but `draw`, `future` and `period`.
"""

from __future__ import annotations

from typing import Final

CHAIN: Final = "chain"
DRAW: Final = "draw"
OUTCOME: Final = "outcome"
UNIT: Final = "unit"
"""A case as seen by one outcome, labelled ``class/case:outcome``."""
BAND: Final = "band"
"""An age band of one outcome, labelled ``outcome@start``."""
FUTURE: Final = "future"
CLOSED: Final = "closed_outcome"
"""An outcome whose probability is exact for each draw (docs/model.md, section 11)."""
SIMULATED: Final = "simulated_outcome"
"""Any other: a draw has a share of its futures."""

POSTERIOR: Final = "posterior"
PRIOR: Final = "prior"
POSTERIOR_PREDICTIVE: Final = "posterior_predictive"
SAMPLE_STATS: Final = "sample_stats"
OBSERVED_DATA: Final = "observed_data"
CONSTANT_DATA: Final = "constant_data"
FUTURES: Final = "futures"
