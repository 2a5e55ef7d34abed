"""Summaries of experts and their judgments, links, stated changes, and residual correlations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from forecast.answer import ExpertSummary, LinkSummary, QuestionSummary, ResidualCorrelation, StatedChange
from forecast.futures.scenarios import spread
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import Judgment, Trial, condition_text, made_links
from forecast.study.checks.coherence import contradictions
from forecast.summary.signals import summarize_draws
from forecast.summary.worth import Worth, question_worth


def summarize_polls(
    encoded: EncodedStudy, posterior: xr.Dataset, apart: Mapping[str, float]
) -> tuple[tuple[QuestionSummary, ...], tuple[Worth, ...]]:
    """Every option of every judged categorical outcome, as a question of its own; and what each outcome's experts are worth.

    Parameters
    ----------
    apart
        As `question_worth` takes it.
    """
    questions, worths = [], []
    for outcome, parts in encoded.opinions.polls.items():
        said = [statement for statement in encoded.opinions.option_statements if statement.outcome == outcome]
        worth = question_worth(said, posterior, encoded.opinions.assumed, apart)
        worths.append(worth)
        for part in parts:
            draws = np.exp(posterior["judged_log_chance"].sel(choice=part).values.ravel())
            questions.append(
                QuestionSummary(
                    outcome=part,
                    by=said[0].by_day,
                    given=None,
                    experts=len(said),
                    effective_number=worth.effective_number,
                    stated=float(np.mean([statement.probabilities[part] for statement in said])),
                    probability=float(min(draws.mean(), 1.0)),
                    interval=spread(draws),
                )
            )
    return tuple(questions), tuple(worths)


def summarize_opinions(
    encoded: EncodedStudy, posterior: xr.Dataset
) -> tuple[tuple[ExpertSummary, ...], tuple[QuestionSummary, ...]]:
    """Every expert, and every question that was judged."""
    opinions = encoded.opinions
    asked: dict[str, list[Judgment]] = {label: [] for label in opinions.questions}
    for judgment in opinions.judgments:
        asked[judgment.way].append(judgment)
    apart = _contradicted(encoded)
    worth = {
        label: question_worth(
            judgments,
            posterior,
            opinions.assumed,
            apart,
            has_slope=encoded.study.sure_until(encoded.study.outcome(judgments[0].outcome)) is None,
        )
        for label, judgments in asked.items()
    }
    questions = []
    for label, judgments in asked.items():
        draws = 1.0 / (1.0 + np.exp(-posterior["judged_log_odds"].sel(question=label).values.ravel()))
        questions.append(
            QuestionSummary(
                outcome=judgments[0].outcome,
                by=judgments[0].by_day,
                given=condition_text(judgments[0].given) or None,
                at_once=judgments[0].at_once,
                said=judgments[0].on if judgments[0].said_periods >= 1.0 else None,
                experts=len(judgments),
                effective_number=worth[label].effective_number,
                stated=float(np.mean([judgment.probability for judgment in judgments])),
                probability=float(draws.mean()),
                interval=spread(draws),
            )
        )
    polls, of_polls = summarize_polls(encoded, posterior, apart)
    every = [*worth.values(), *of_polls]
    return _summarize_experts(encoded, posterior, every), (*questions, *polls)


def _contradicted(encoded: EncodedStudy) -> dict[str, float]:
    """By expert whose statements contradict one another, how far each has to move to be possible, on the log odds."""
    found: dict[str, float] = {}
    for contradiction in contradictions(encoded.study, encoded.opinions.judgments, {}):
        for expert in contradiction.experts:
            found[expert] = max(found.get(expert, 0.0), contradiction.distance)
    return found


def _summarize_experts(encoded: EncodedStudy, posterior: xr.Dataset, worth: list[Worth]) -> tuple[ExpertSummary, ...]:
    opinions, count = encoded.opinions, max(len(worth), 1)
    result = []
    for expert, kind in opinions.experts.items():
        own = posterior[["bias", "slope", "noise"]].sel(expert=expert)
        shares = [(found.shares.get(expert, 0.0), found.effective_number) for found in worth]
        result.append(
            ExpertSummary(
                id=expert,
                kind=kind,
                judgments=sum(judgment.expert == expert for judgment in opinions.judgments)
                + sum(statement.expert == expert for statement in opinions.option_statements),
                track_records=sum(record.expert == expert for record in opinions.track_records),
                bias=summarize_draws(own["bias"] + posterior["shared_bias"].sel(kind=kind)),
                slope=summarize_draws(own["slope"]),
                noise=summarize_draws(own["noise"]),
                weight=min(sum(share for share, _ in shares) / count, 1.0),
                effective_number=sum(share * number for share, number in shares) / count,
            )
        )
    return tuple(result)


def summarize_links(encoded: EncodedStudy, posterior: xr.Dataset) -> tuple[LinkSummary, ...]:
    """Prior and posterior of every link in the program."""
    stated = {(link.cause, link.effect_on): link for link in encoded.study.links}
    made = {(found.link.cause, found.link.effect_on) for found in made_links(encoded.study)}
    return tuple(
        LinkSummary(
            cause=cause,
            effect_on=effect,
            prior_mean=stated[cause, effect].log_ratio.mean,
            prior_sd=stated[cause, effect].log_ratio.sd,
            posterior=summarize_draws(posterior["delta"].sel(link=f"{effect}<-{cause}")),
            delay=stated[cause, effect].delay,
            half_life=stated[cause, effect].half_life,
            made=(cause, effect) in made,
        )
        for cause, effect in encoded.links
    )


def summarize_changes(encoded: EncodedStudy) -> tuple[StatedChange, ...]:
    """Every change on stated days, in the study's order."""
    return tuple(
        StatedChange(outcome=change.outcome, since=change.since, to=change.to, log_ratio=change.log_ratio)
        for change in encoded.study.changes
    )


def summarize_correlations(encoded: EncodedStudy, posterior: xr.Dataset) -> tuple[ResidualCorrelation, ...]:
    """Residual correlation of every pair of outcomes that has one, and how many cases speak of it."""
    # Under LKJ(eta) each of d outcomes has (R + 1) / 2 ~ Beta(a, a), a = eta + (d - 2) / 2: the shape of the first column.
    shapes = [float(shape) for shape in encoded.arrays["pair_shape"]]
    prior_sd = (2.0 * max(shapes, default=0.0) + 1.0) ** -0.5
    carried: dict[tuple[str, str], dict[str, bool]] = {}
    for unit in encoded.units:
        if unit.case.weight > 0:
            is_single = isinstance(data := unit.data, Trial) and data.trials == 1
            carried.setdefault((unit.case.reference_class, unit.case.id), {})[unit.outcome] = is_single
    result = []
    for label in encoded.coords["pair"]:
        first, second = label.split("~")
        shared = [outcomes for outcomes in carried.values() if first in outcomes and second in outcomes]
        result.append(
            ResidualCorrelation(
                first=first,
                second=second,
                correlation=summarize_draws(posterior["correlation"].sel(pair=label)),
                prior_sd=prior_sd,
                shared_cases=len(shared),
                yes_no_cases=sum(outcomes[first] or outcomes[second] for outcomes in shared),
            )
        )
    return tuple(result)
