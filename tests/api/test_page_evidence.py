"""A forecast's page shows all that an answer can hold, and older answers that hold less."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from api.pages.forecast.attribution import build_attribution
from api.pages.forecast.explanation import build_explanation
from api.pages.forecast.influence import MAX_ROWS, build_influence
from api.pages.forecast.pairs import build_pairs
from api.pages.forecast.sensitivity import build_sensitivity
from api.pages.forecast.view import build_forecast
from api.pages.forecast.what_if import build_what_if
from api.pages.shared.page import render_html
from forecast.answer import Answer, AttributionStep, Check, StoredForecast, Verdict
from forecast.jobs.lifecycle import complete_job
from forecast.store import utc_now
from tests.api import sample_evidence, sample_explanations
from tests.api.html import HOSTILE, Elements, get, plain
from tests.api.sample_answer import (
    ADDED_LATER,
    degraded_forecast,
    explained_forecast,
    sample_forecast,
)
from tests.api.stored_sample import karabakh_study, store_sample
from tests.installation import Installation, forecast_row


def text_of(forecast: StoredForecast) -> str:
    return plain(Elements(render_html(build_forecast(forecast))).text)


@pytest.fixture(scope="module")
def text() -> str:
    return text_of(explained_forecast())


class TestAnswer:
    def test_what_is_left_without_any_scenario_comes_after_them(self, text: str) -> None:
        assert text.index("orderly_exit =") < text.index("None of the scenarios") < text.index("Outcomes The Russian")
        assert "None of the scenarios remainder = not (conversion" in text
        assert "4 % 1–9 % almost no chance Confidence: high ±0.18 pp" in text

    def test_an_outcome_without_cases_is_in_the_answer_and_not_among_the_cases(self, text: str) -> None:
        page = build_forecast(sample_forecast())
        assert [row.id for row in page.outcomes][-1] == "escalation"
        assert "escalation" not in [evidence.id for evidence in page.evidence]
        assert "At least 40 incidents in a month (ILLUSTRATIVE) escalation by 10 November 2025" in text


class TestPairs:
    def test_a_cell_holds_the_conditional_probability_and_the_joint_one(self) -> None:
        matrix = build_pairs(sample_forecast().outcomes, sample_forecast().pairs)
        assert matrix is not None
        rows = {row.id: dict(zip([c.id for c in matrix.columns], row.cells, strict=True)) for row in matrix.rows}
        assert len(rows) == 4
        cell = rows["comprehensive_agreement"]["withdrawal"]
        assert (plain(cell.conditional), plain(cell.joint)) == ("9 %", "3 %")  # 1.2 x 0.0712; 1.2 x 0.0712 x 0.3137
        assert plain(cell.title) == ("comprehensive_agreement given withdrawal: 9 % ±0.60 pp; both: 3 % ±0.11 pp")
        assert (plain(rows["withdrawal"]["withdrawal"].conditional), rows["withdrawal"]["withdrawal"].joint) == (
            "31 %",
            "",
        )

    def test_too_few_draws_are_a_dash_that_says_why(self) -> None:
        page = Elements(render_html(build_forecast(sample_forecast())))
        titles = [cell["title"] for cell in page.of("td") if "only 143" in cell.get("title", "")]
        assert len(titles) == 3
        assert "withdrawal given conversion: not shown, only 143 effective draws left" in plain(titles[0])


class TestSignals:
    def test_an_indicator_shows_what_was_counted_and_what_comes_next(self, text: str) -> None:
        assert f"{sample_evidence.INCIDENTS} Sep 2021 4 0 to 14 8 %" in text
        assert "Oct 2021 5 2 to 8 0 to 16" in text
        assert "Maximum 17 12 to 31 44 %" in text
        assert "Share of spikes" in text
        assert "13 of 16 months observed; driven by tension, more of it when the factor is high." in text

    def test_an_absent_month_and_a_quiet_one_are_told_apart(self, text: str) -> None:
        assert "Sep 2020 0 1" in text
        assert "Oct 2020 not observed 1" in text
        assert "Jun 2021 2 in 50 % of it" in text

    def test_a_factor_shows_its_persistence_and_effects_before_and_after(self, text: str) -> None:
        assert "A factor, not observed itself. Seen through incidents." in text
        assert "correlation of one month with the next 0.84 0.68 to 0.95" in text
        assert "tension comprehensive_agreement −0.40−0.89 to 0.093 −0.43−0.89 to 0.031 ×0.65" in text


class TestOpinions:
    def test_experts_show_how_they_err_and_what_they_weigh(self, text: str) -> None:
        assert "analyst-a person 3 24 +0.31" in text
        assert "58 % 0.83" in text
        assert "Together these experts are worth 1.4 ordinary ones who share no error" in text

    def test_contradictions_are_listed_with_their_experts_and_rows(self) -> None:
        said = "'ann' says <b>a</b> by 2024-12-31 0.4 (j.csv row 2), but only a by 2026-12-31 0.2 (j.csv row 3)"
        note = Check(name="later_date_less_likely", passed=None, value=None, threshold=None, message=said)
        sample = sample_forecast()
        assert "contradict one another" not in render_html(build_forecast(sample))
        found = sample.model_copy(update={"checks": (*sample.checks, note)})
        page = Elements(render_html(build_forecast(found)))
        assert any("contradictions" in each.get("class", "") for each in page.of("ul"))
        assert f"Statements that contradict one another {said}" in text_of(found)

    def test_what_was_stated_stands_beside_the_model(self, text: str) -> None:
        question = (
            "A comprehensive agreement on Nagorno-Karabakh is signed comprehensive_agreement by 10 Nov 2025, given"
        )
        assert f"{question} withdrawal 11.0 30 % 11 %2–27 %" in text


class TestDependence:
    def test_links_and_correlations_are_shown(self, text: str) -> None:
        assert "withdrawal comprehensive_agreement 0.50−0.16 to 1.2 0.46−0.18 to 1.1 ×1.6" in text
        assert "withdrawal conversion −0.18 −0.67 to 0.31" in text

    def test_a_change_on_stated_days_is_a_sentence(self, text: str) -> None:
        assert "From 10 May 2025 to 10 November 2025, the rate of withdrawal is multiplied by 2.0, as stated." in text
        assert (
            "From 1 June 2022 on, the odds of comprehensive_agreement, if it resolves then, are multiplied by 0.67, as stated."
            in text
        )

    def test_a_link_says_from_when_it_acts_and_how_it_fades(self) -> None:
        (link,) = sample_evidence.links()
        told = {
            (2.0, 6.0): "after 2 months, halves in 6 months",
            (1.0, None): "after 1 month",
            (0.0, 0.5): "halves in 0.5 months",
        }
        for (delay, half_life), words in told.items():
            changed = link.model_copy(update={"delay": delay, "half_life": half_life})
            assert f"×1.6{words}" in text_of(sample_forecast().model_copy(update={"links": (changed,)}))

    def test_a_correlation_near_its_prior_says_that_cases_taught_nothing(self, text: str) -> None:
        assert (
            "comprehensive_agreementNear its prior: the cases that carry both are yes or no, which says little" in text
        )
        assert text.count("Near its prior") == 1


class TestExplanation:
    def test_the_waterfall_goes_from_each_step_to_the_next(self) -> None:
        view = build_attribution(sample_explanations.attribution(), {"outcome withdrawal": "Leaves"})
        shown = {waterfall.id: waterfall for waterfall in view.waterfalls}
        assert list(shown) == ["permanent_presence", "withdrawal", "comprehensive_agreement"]
        steps = shown["withdrawal"].steps
        assert [step.block for step in steps][:3] == ["Prior", "Reference classes", "History of the present case"]
        assert [step.change for step in steps] == ["", "−0.72", "−0.33", "0.00", "+0.14", "+0.03"]
        assert [step.bar.direction for step in steps] == ["none", "down", "down", "none", "up", "up"]
        assert all(later.bar.start == earlier.bar.end for earlier, later in pairwise(steps))

    def test_the_first_waterfalls_are_open_and_the_others_say_where_they_lead(self) -> None:
        attribution = sample_explanations.attribution()
        more = tuple(
            step.model_copy(update={"scenarios": {f"s{k}": step.scenarios["permanent_presence"] for k in range(3)}})
            for step in attribution.steps
        )
        view = build_attribution(attribution.model_copy(update={"steps": more}), {})
        assert [waterfall.is_open for waterfall in view.waterfalls] == [True, True, True, False, False]
        assert plain(view.waterfalls[3].summary) == "from 52 % to 31 %"

    def test_axes_are_equally_long_so_that_steps_can_be_compared(self) -> None:
        view = build_attribution(sample_explanations.attribution(), {})
        steps = {waterfall.id: waterfall.steps for waterfall in view.waterfalls}

        def length(of: str, place: int) -> float:
            bar = steps[of][place].bar
            return abs(float(bar.end.rstrip("%")) - float(bar.start.rstrip("%")))

        # -0.33 of one outcome and +0.30 of another, to a hundredth of a percent of the width.
        assert length("withdrawal", 2) / length("comprehensive_agreement", 4) == pytest.approx(0.33 / 0.30, rel=0.002)

    def test_every_block_has_its_name(self, text: str) -> None:
        blocks = AttributionStep.model_json_schema()["properties"]["block"]["enum"]
        steps = sample_explanations.attribution().steps
        assert [step.block for step in steps] == blocks
        assert all(name in text for name in ("Prior 55 %", "Reference classes 65 %", "Links 69 %"))

    def test_the_largest_moves_come_first_and_doubt_is_marked(self, text: str) -> None:
        assert "4 cases and experts left out one at a time, 2 of them in a run without it" in text
        first, second = text.index("breakaway/D14 case withdrawal"), text.index("analyst-a expert withdrawal")
        assert first < second
        assert "analyst-a expert withdrawal 35 % +0.16 ±0.030 0.74 weighted draws no" in text

    def test_only_so_many_moves_are_shown(self) -> None:
        report = sample_explanations.influence()
        many = report.model_copy(update={"items": report.items * MAX_ROWS})
        view = build_influence(many)
        assert len(view.rows) == MAX_ROWS
        assert view.hidden.startswith(f"{4 * 2 * MAX_ROWS - MAX_ROWS} smaller moves")

    def test_sensitivities_above_the_threshold_are_marked(self) -> None:
        view = build_sensitivity(sample_explanations.sensitivity())
        assert [(row.sensitivity, row.is_sensitive) for row in view.scaling] == [
            ("0.142", True),
            ("0.087", True),
            ("0.031", False),
        ]
        assert view.summary.startswith("2 of 3 sensitivities above 0.05")

    def test_what_is_missing_can_be_asked_for_and_a_refused_forecast_cannot(self) -> None:
        buttons = [
            button["data-compute"]
            for button in Elements(render_html(build_forecast(degraded_forecast()))).of("button")
            if "data-compute" in button
        ]
        assert buttons == ["attribution", "influence", "sensitivity"]
        refused = sample_forecast(verdict=Verdict.REFUSED, verdict_reasons=("R-hat is 1.4",))
        assert not build_explanation(refused, {}).can_compute
        html = render_html(build_forecast(refused))
        assert "data-compute" not in html
        assert html.count("A refused forecast is not explained.") == 3

    def test_stored_explanations_are_on_the_page(self, client: TestClient, installation: Installation) -> None:
        forecast_id, _ = store_sample(installation, explained_forecast())
        html = get(client, f"/forecasts/{forecast_id}")
        assert "data-compute" not in html
        assert html.count('class="plain waterfall"') == 3


class TestWhatIf:
    def test_every_outcome_can_be_chosen_and_every_probability_answers(self) -> None:
        panel = build_what_if(sample_forecast())
        assert panel is not None
        # The agreement is asked about by the end of the term, 50 months ahead.
        assert [(choice.id, choice.last_period) for choice in panel.choices] == [
            ("withdrawal", 60),
            ("conversion", 60),
            ("comprehensive_agreement", 50),
            ("escalation", 60),
        ]
        assert len(panel.rows) == 3 + 4
        assert panel.rows[0].key == "scenario permanent_presence"


def test_an_answer_of_the_first_version_is_shown_without_what_it_lacks(
    client: TestClient, installation: Installation
) -> None:
    old = json.loads(sample_forecast().model_dump_json(include=set(Answer.model_fields) - set(ADDED_LATER)))
    old["outcomes"] = [outcome for outcome in old["outcomes"] if outcome["reference"]]
    claim = installation.claim(installation.submit(karabakh_study(), now=utc_now()), now=utc_now())
    row = forecast_row(claim, karabakh_study(), utc_now(), answer=json.dumps(old))
    with installation.database.write() as session:
        complete_job(session, claim, row, {})
    page = Elements(get(client, f"/forecasts/{row.id}"))
    ids = {attributes.get("id") for _, attributes in page.found}
    assert {"answer", "what-if", "cases", "explanation", "checks"} <= ids
    assert not {"pairs", "signals", "experts", "links", "changes"} & ids
    targets = [link["href"] for link in page.of("a") if link["href"].startswith("#")]
    assert {target.removeprefix("#") for target in targets} <= ids


def test_every_link_within_the_page_has_its_target() -> None:
    page = Elements(render_html(build_forecast(explained_forecast())))
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.found:
        named = attributes.get("aria-labelledby", "").split()
        assert set(named) <= set(ids)
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"].removeprefix("#") in ids


def test_hostile_text_in_the_new_parts_is_shown_as_text() -> None:
    sample = explained_forecast()
    influence = sample_explanations.influence()
    sensitivity = sample_explanations.sensitivity()
    assert sample.remainder is not None
    hostile = sample.model_copy(
        update={
            "remainder": sample.remainder.model_copy(update={"title": HOSTILE, "when": HOSTILE}),
            "outcomes": tuple(outcome.model_copy(update={"title": HOSTILE}) for outcome in sample.outcomes),
            "indicators": tuple(
                item.model_copy(update={"title": HOSTILE, "factor": HOSTILE}) for item in sample.indicators
            ),
            "factors": tuple(item.model_copy(update={"title": HOSTILE}) for item in sample.factors),
            "experts": tuple(item.model_copy(update={"id": HOSTILE}) for item in sample.experts),
            "questions": tuple(item.model_copy(update={"given": HOSTILE}) for item in sample.questions),
            "influence": influence.model_copy(
                update={"items": tuple(item.model_copy(update={"id": HOSTILE}) for item in influence.items)}
            ),
            "sensitivity": sensitivity.model_copy(
                update={"leans": tuple(item.model_copy(update={"effect": HOSTILE}) for item in sensitivity.leans)}
            ),
        }
    )
    html = render_html(build_forecast(hostile))
    assert "<script>alert" not in html
    page = Elements(html)
    assert not page.of("img")
    assert page.text.count(HOSTILE) > 20
