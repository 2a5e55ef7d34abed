"""All blocks by name."""

from __future__ import annotations

from collections.abc import Callable

from tests.statistical.simulators.block import Block
from tests.statistical.simulators.cases import classes_block, stages_block
from tests.statistical.simulators.conditionals import conditionals_block
from tests.statistical.simulators.courses import courses_block
from tests.statistical.simulators.dependence import columns_block, correlation_block, shared_block
from tests.statistical.simulators.memberships import memberships_block
from tests.statistical.simulators.opinions import judgments_block, open_block, records_block
from tests.statistical.simulators.options import options_block
from tests.statistical.simulators.quantities import quantities_block
from tests.statistical.simulators.signals import history_block, indicators_block, patterns_block

BLOCKS: dict[str, Callable[[], Block]] = {
    "classes": classes_block,
    "stages": stages_block,
    "correlation": correlation_block,
    "shared cases": shared_block,
    "columns": columns_block,
    "memberships": memberships_block,
    "indicators": indicators_block,
    "patterns": patterns_block,
    "history": history_block,
    "courses": courses_block,
    "judgments": judgments_block,
    "conditionals": conditionals_block,
    "track records": records_block,
    "open questions": open_block,
    "options": options_block,
    "quantities": quantities_block,
}
