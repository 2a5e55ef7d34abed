"""What indicators will count: a shared case with a known answer, coverage on simulated series, and two real ones.

Baselines are a naive seasonal forecast, a negative binomial regression on months and exponential smoothing of statsmodels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from forecast.answer import Verdict
from forecast.pipeline.compute import compute_forecast
from tests.documents import event_outcome, make_study
from tests.statistical.count_series import (
    ACCIDENTS,
    POLIO,
    Fan,
    broken,
    fans,
    naive_fan,
    regression_fan,
    seasonal,
    smoothing_fan,
    spiky,
)
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

MONTHS, BROKEN_AT, AHEAD = 60, 45, 24
SERIES = sized(40, 4)
"""Of each kind of simulated series."""
IN_ONE_STUDY = 4

ONE_SPIKE = [
    2,
    0,
    1,
    4,
    0,
    3,
    1,
    0,
    0,
    2,
    5,
    1,
    0,
    2,
    1,
    1200,
    3,
    0,
    1,
    2,
    0,
    4,
    2,
    1,
    0,
    1,
    3,
    0,
    2,
    1,
    0,
    0,
    5,
    1,
    2,
    0,
]


def test_one_month_of_36_that_was_a_thousand_times_the_others() -> None:
    """It reached any of these levels: by the rule of succession for one of n, 1 - 36/48 = .25 a year, by its share .29.

    Of spikes the one that was seen is as likely to be exceeded as not; so 1,000 a year has somewhat more than half of that.
    """
    rows = [{"period": f"{2021 + k // 12}-{k % 12 + 1:02d}", "value": value} for k, value in enumerate(ONE_SPIKE)]
    levels = (10, 50, 100, 1000)
    study = make_study(
        event_outcome(),
        *[
            {
                "id": f"m{level}",
                "title": f"A month with {level}",
                "kind": "threshold",
                "indicator": "deaths",
                "at_least": level,
                "resolution": {"criteria": "It is counted."},
            }
            for level in levels
        ],
        indicators=[{"id": "deaths", "rows": rows}],
        as_of="2023-12-31",
        horizon=12,
        sampler={"draws": 1000, "tune": 600, "chains": 4, "seed": 1},
    )
    answer = compute_forecast(study).answer
    found = {outcome.id: outcome.probability for outcome in answer.outcomes}
    assert 0.22 < found["m10"] < 0.38
    assert 0.2 < found["m100"] <= found["m50"] < 0.34
    assert 0.1 < found["m1000"] < 0.25
    assert answer.verdict is Verdict.PUBLISHED
    (indicator,) = answer.indicators
    assert [point.median for point in indicator.ahead] == pytest.approx([1.0] * 12, abs=1.0)
    assert indicator.ahead[0].interval.high < 15
    assert indicator.spikes is not None
    assert indicator.spikes.mean == pytest.approx(1 / 36, abs=0.01)


def _series(kind: str, seed: int) -> list[int]:
    rng = np.random.default_rng([seed, len(kind)])
    made: dict[str, Callable[[], list[int]]] = {
        "season": lambda: seasonal(rng, MONTHS + AHEAD),
        "spike": lambda: spiky(rng, MONTHS + AHEAD),
        "break": lambda: broken(rng, MONTHS + AHEAD, BROKEN_AT),
    }
    return made[kind]()


@pytest.mark.parametrize("kind", ["season", "spike", "break"])
def test_fans_cover_what_they_say_on_simulated_series(kind: str) -> None:
    """Counts on an end of an interval are inside, so that those of small counts cover more; series err together."""
    own: list[Fan] = []
    naive: list[Fan] = []
    real: list[list[int]] = []
    for start in range(0, SERIES, IN_ONE_STUDY):
        series = {f"s{k}": _series(kind, k) for k in range(start, start + IN_ONE_STUDY)}
        past = {name: counts[:MONTHS] for name, counts in series.items()}
        breaks = dict.fromkeys(past, "2018-10-01") if kind == "break" else {}
        found = fans(past, AHEAD, breaks)
        own += [found[name] for name in series]
        naive += [naive_fan(counts, AHEAD) for counts in past.values()]
        real += [counts[MONTHS:] for counts in series.values()]
    half, whole = np.mean([fan.covered(seen) for fan, seen in zip(own, real, strict=True)], axis=0)
    print(f"\n{kind}: 50 % covers {half:.3f}, 90 % covers {whole:.3f}")
    error = (
        3 * np.sqrt(0.9 * 0.1 / (SERIES * AHEAD)) * 2
    )  # months of one series are worth a quarter of independent ones
    assert whole > 0.9 - error
    assert half > 0.5 - 2 * error
    assert half < 0.5 + 0.25 + 2 * error
    scores = [np.mean([fan.score(seen) for fan, seen in zip(of, real, strict=True)]) for of in (own, naive)]
    print(f"{kind}: interval score {scores[0]:.1f}, naive {scores[1]:.1f}")
    assert scores[0] < scores[1]


def _cut(fan: Fan, months: int) -> Fan:
    return Fan(fan.low[:months], fan.low_half[:months], fan.high_half[:months], fan.high[:months])


def test_fans_of_two_real_series_beside_baselines() -> None:
    """Poliomyelitis from four origins two years ahead, accidental deaths from three origins one year ahead.

    Fans cover what they say where the naive ones do not, and are not much wider.
    """
    cases = {f"polio{origin}": (POLIO[:origin], POLIO[origin : origin + AHEAD]) for origin in (72, 96, 120, 144)}
    deaths = {f"deaths{origin}": (ACCIDENTS[:origin], ACCIDENTS[origin : origin + 12]) for origin in (36, 48, 60)}
    own = fans({name: past for name, (past, _) in (cases | deaths).items()}, AHEAD)
    for group, model in ((cases, regression_fan), (deaths, smoothing_fan)):
        months = sum(len(seen) for _, seen in group.values())
        made = {
            "own": {name: _cut(own[name], len(seen)) for name, (_, seen) in group.items()},
            "naive": {name: naive_fan(past, len(seen)) for name, (past, seen) in group.items()},
            "statsmodels": {name: model(past, len(seen)) for name, (past, seen) in group.items()},
        }
        covered = {
            way: np.average([found[name].covered(seen) for name, (_, seen) in group.items()], axis=0)
            for way, found in made.items()
        }
        scores = {
            way: np.mean([found[name].score(seen) for name, (_, seen) in group.items()]) for way, found in made.items()
        }
        print({way: (covered[way].round(3).tolist(), round(float(scores[way]), 1)) for way in made}, months)
        assert covered["own"][1] > 0.9
        assert scores["own"] < 1.25 * scores["naive"]
