"""What is stored of a study once it has been read and checked: small, so that it can be read and checked elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

from forecast.study import PullSource, Study


@dataclass(frozen=True)
class AcceptedStudy:
    """A study that was read and checked, without its parts."""

    study: str
    title: str
    digest: str
    as_of: date
    seed: int | None
    """Of its sampler, None when the study fixes none."""
    canonical_json: str
    sources: tuple[PullSource, ...]

    @classmethod
    def of(cls, study: Study) -> Self:
        """What is stored of a study."""
        return cls(
            study.study,
            study.title,
            study.digest,
            study.as_of,
            study.sampler.seed,
            study.canonical_json,
            study.sources,
        )
