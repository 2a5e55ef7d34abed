"""Which evidence goes into the program: all of it, or less, to see what each piece does."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.study import Case, Judgment, Observation, OptionStatement, StatedQuantile, TrackRecord


@dataclass(frozen=True)
class Selection:
    """Blocks that are used, and single pieces that are left out."""

    reference_classes: bool = True
    history: bool = True
    indicators: bool = True
    judgments: bool = True
    links: bool = True
    """Links and the residual correlation."""
    without_case: tuple[str, str] | None = None
    """(reference class, case)."""
    without_expert: str | None = None

    def keeps_case(self, case: Case) -> bool:
        """Whether a historical case counts."""
        return self.reference_classes and (case.reference_class, case.id) != self.without_case

    def observations(self, found: dict[str, tuple[Observation, ...]]) -> dict[str, tuple[Observation, ...]]:
        """The counts that are used."""
        return found if self.indicators else {}

    def statements[Stated: (Judgment, OptionStatement, TrackRecord, StatedQuantile)](
        self, found: tuple[Stated, ...]
    ) -> tuple[Stated, ...]:
        """The judgments or track records that are used; what is said under a condition needs the links."""
        if not self.judgments:
            return ()
        return tuple(s for s in found if s.expert != self.without_expert and (self.links or not _is_conditional(s)))


def _is_conditional(statement: Judgment | OptionStatement | TrackRecord | StatedQuantile) -> bool:
    return isinstance(statement, Judgment) and bool(statement.given)


EVERYTHING = Selection()
