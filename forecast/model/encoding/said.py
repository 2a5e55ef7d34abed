"""What of the judgments and track records is in the program, with the labels that this gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from forecast.study import ExpertKind, Experts, Judgment, OptionStatement, TrackRecord


@dataclass(frozen=True)
class Opinions:
    """What of the judgments and track records is in the program."""

    judgments: tuple[Judgment, ...] = ()
    track_records: tuple[TrackRecord, ...] = ()
    assumed: Experts = field(default_factory=Experts)
    """How far their experts may err."""
    option_statements: tuple[OptionStatement, ...] = ()
    """About categorical outcomes."""

    @property
    def experts(self) -> dict[str, ExpertKind]:
        """Kind of each expert, in the order of their first statement."""
        statements: list[Judgment | OptionStatement | TrackRecord] = [
            *self.judgments,
            *self.option_statements,
            *self.track_records,
        ]
        return {statement.expert: statement.kind for statement in statements}

    @property
    def kinds(self) -> tuple[ExpertKind, ...]:
        """Kinds that occur."""
        return tuple(dict.fromkeys(self.experts.values()))

    @property
    def questions(self) -> dict[str, Judgment]:
        """Judged questions by label, each with one judgment that is about it."""
        found: dict[str, Judgment] = {}
        for judgment in self.judgments:
            found.setdefault(judgment.way, judgment)
        return found

    @property
    def polls(self) -> dict[str, tuple[str, ...]]:
        """Judged categorical outcomes with their options, as outcomes of their own."""
        return {said.outcome: tuple(said.probabilities) for said in self.option_statements}

    @property
    def topics(self) -> tuple[tuple[str, str | None], ...]:
        """What experts may err about together: (outcome, condition)."""
        return tuple(dict.fromkeys((judgment.outcome, judgment.condition) for judgment in self.judgments))

    @property
    def coords(self) -> dict[str, list[str]]:
        """Labels of the dims of experts and their questions."""
        return {
            "kind": list(self.kinds),
            "expert": list(self.experts),
            "panel": ["all"] if self.experts else [],
            "topic": [outcome + (f"|{given}" if given else "") for outcome, given in self.topics],
            "question": list(self.questions),
            "choice": [part for parts in self.polls.values() for part in parts],
            "inclination": [f"{said.expert}:{part}" for said in self.option_statements for part in said.probabilities],
            "exam": ["all"] if self.track_records else [],
            "exercise": list(self.exercises),
            "answer": list(self.answers),
        }

    @property
    def exercises(self) -> tuple[str, ...]:
        """Questions of the track records."""
        return tuple(dict.fromkeys(record.question for record in self.track_records))

    @property
    def answers(self) -> dict[str, bool]:
        """Those of them whose answers are known, with these."""
        return {record.question: record.outcome for record in self.track_records if record.outcome is not None}
