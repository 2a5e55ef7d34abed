"""What a valid study leaves open or does not use, and its author may not have meant: asked by `check`, and noted in the
answer."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.study.checks.coherence import contradictions
from forecast.study.checks.counts import count_questions
from forecast.study.checks.exhaustive import sums_to_one
from forecast.study.checks.left_out import rows_left_out
from forecast.study.checks.made_links import made_links
from forecast.study.checks.resolvability import questions_of_resolution
from forecast.study.checks.said import questions_of_statements
from forecast.study.checks.table_questions import table_questions
from forecast.study.document.document import Study
from forecast.study.rows.judgment_rows import read_statements

type Question = tuple[str, str]
"""Name, and what is asked."""


def questions(study: Study) -> tuple[Question, ...]:
    """Everything that is asked of a study; of its scenarios see `forecast.futures.shape`."""
    statements, files = read_statements(study, study.table_files), study.table_files
    left_out = (("left_out", sentence) for sentence in rows_left_out(study))
    return (
        *((found.name, found.asked) for found in contradictions(study, statements.judgments, files)),
        *questions_of_statements(statements, files),
        *_forgotten_references(study),
        *_made_links(study),
        *sums_to_one(study),
        *count_questions(study),
        *table_questions(study),
        *questions_of_resolution(study, statements),
        *left_out,
    )


def _forgotten_references(study: Study) -> Iterator[Question]:
    for outcome in study.outcomes:
        serving = [group.id for group in study.reference_classes if outcome.id in group.outcomes]
        if outcome.is_modelled and outcome.reference is None and serving:
            named = " and ".join(serving)
            asked = (
                f"does {outcome.id} belong to {named}? It states no `reference`, so it is taken to be of a class not seen; "
                "state the probability that it is one of them, or 0"
            )
            yield "forgotten_reference", asked


def _made_links(study: Study) -> Iterator[Question]:
    for made in made_links(study):
        cause, effect = made.link.cause, made.link.effect_on
        asked = (
            f"does {cause} act on {effect}? {made.judged} is judged given {made.given}, but the study has no link through which "
            f"the two depend on one another; one from {cause} to {effect} is made, with the log ratio "
            f"{made.link.log_ratio}, which leaves their own probabilities where they are stated; state it in `links` with "
            "what is known of it"
        )
        yield "made_link", asked
