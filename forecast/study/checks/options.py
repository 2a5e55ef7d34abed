"""Whether the options of a categorical outcome make sense, and a reference class that serves one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from forecast.errors import FieldError
from forecast.study.document.evidence import ReferenceClass
from forecast.study.document.options import add_up
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import OutcomeKind
from forecast.study.reading.suggest import nearest_hint
from forecast.study.rows.observations import UNDECIDED


def option_errors(outcome: Outcome, path: str) -> Iterator[FieldError]:
    """Options that are missing, named twice, or whose probabilities do not add up; what a categorical outcome has not."""
    if outcome.kind is not OutcomeKind.CATEGORICAL:
        for key, value in (("options", outcome.options), ("spread", outcome.spread)):
            if value is not None:
                message = f"{key} on a {outcome.kind} outcome; expected it on categorical outcomes only; remove it or change kind"
                yield FieldError(f"{path}.{key}", "kind", message)
        return
    if outcome.options is None:
        message = "a categorical outcome without options; expected two or more, each with an id; add them"
        yield FieldError(f"{path}.options", "missing", message)
        return
    if outcome.prior is not None:
        message = (
            "prior on a categorical outcome; expected the `probability` of each option, and `spread`; state it that way"
        )
        yield FieldError(f"{path}.prior", "kind", message)
    if outcome.covariates:
        message = "covariates on a categorical outcome; expected none: they move rates and odds; remove them"
        yield FieldError(f"{path}.covariates", "kind", message)
    first: dict[str, int] = {}
    for index, option in enumerate(outcome.options):
        if first.setdefault(option.id, index) != index:
            message = f"{option.id!r} is also options[{first[option.id]}]; expected different ids; rename one"
            yield FieldError(f"{path}.options[{index}].id", "duplicate_id", message)
        if option.id in UNDECIDED:
            message = (
                f"{option.id!r} is how a question that was not decided resolves; expected another id; rename the option"
            )
            yield FieldError(f"{path}.options[{index}].id", "reserved", message)
    stated = [option.probability for option in outcome.options if option.probability is not None]
    if stated and len(stated) < len(outcome.options):
        missing = [option.id for option in outcome.options if option.probability is None]
        message = f"no probability of {', '.join(missing)}; expected one of each option, or of none; add them"
        yield FieldError(f"{path}.options", "missing", message)
    elif stated and not add_up(stated):
        message = (
            f"the probabilities of the options add up to {math.fsum(stated):g}; expected 1: one of them turns out true"
        )
        yield FieldError(f"{path}.options", "sum", f"{message}; correct them or add the option that is missing")


def option_class_errors(group: ReferenceClass, outcomes: Sequence[Outcome], path: str) -> Iterator[FieldError]:
    """What a class of a categorical outcome may not have, and names of options that are unknown."""
    served = next((outcome for outcome in outcomes if outcome.options is not None), None)
    if served is None:
        for key in ("option_columns", "option_value"):
            if getattr(group, key):
                message = "given, but the class serves no categorical outcome; expected one; remove it"
                yield FieldError(f"{path}.{key}", "kind", message)
        return
    assert served.options is not None
    if len(group.outcomes) > 1:
        message = (
            f"{served.id!r} beside other outcomes; expected a class of its own for a categorical outcome; split it"
        )
        yield FieldError(f"{path}.outcome", "kind", message)
    if group.covariates:
        message = "covariates in a class of a categorical outcome; expected none: they move rates and odds; remove them"
        yield FieldError(f"{path}.covariates", "kind", message)
    options = [option.id for option in served.options]
    for key in ("option_columns", "option_value"):
        for name in getattr(group, key):
            if name not in options:
                message = f"{name!r} is not an option of {served.id!r}; {nearest_hint(name, options)}"
                yield FieldError(f"{path}.{key}.{name}", "unknown_id", message)
