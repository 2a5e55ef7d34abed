"""The pages as a browser gets them: typed contexts, and what each kind of page says."""

from __future__ import annotations

import re
from typing import get_type_hints

import pytest
from fastapi.testclient import TestClient

from api.pages.access.view import AccessPage, SignInPage
from api.pages.forecast.diagnostics import DiagnosticsPage, build_diagnostics
from api.pages.forecast.report import ReportPage
from api.pages.forecast.view import ForecastPage, build_forecast
from api.pages.home import HomePage
from api.pages.job.failure import FailurePage
from api.pages.job.view import JobPage
from api.pages.reference.view import ReferencePage
from api.pages.shared.job_words import EXPLANATION_LEAD, FAILURES, KIND_WORDS, LEAD
from api.pages.shared.page import ENVIRONMENT, TEMPLATES, PageContext, render_html
from api.pages.study.compare import ComparePage
from api.pages.study.editor import EditorPage
from api.pages.study.view import StudyPage
from forecast.answer import Update, Verdict
from forecast.jobs.states import FailureCode, JobKind, JobState
from forecast.store import DrawingRepository, compress_figure, utc_now
from tests.api.html import HOSTILE, Elements, get, plain
from tests.api.sample_answer import (
    sample_forecast,
)
from tests.api.sample_outcomes import CASES
from tests.api.stored_sample import store_sample
from tests.api.template_names import TemplateChecker, parts_of
from tests.coin import coin_document, coin_study
from tests.installation import Installation, forecast_row

PAGES: tuple[type[PageContext], ...] = (
    HomePage,
    JobPage,
    ForecastPage,
    DiagnosticsPage,
    FailurePage,
    StudyPage,
    ComparePage,
    EditorPage,
    ReportPage,
    ReferencePage,
    SignInPage,
    AccessPage,
)


class TestContexts:
    @pytest.mark.parametrize("page", PAGES)
    def test_every_name_that_a_template_uses_is_in_its_context(self, page: type[PageContext]) -> None:
        assert TemplateChecker(ENVIRONMENT).check(page.template, page) == []

    def test_the_check_of_names_finds_a_wrong_one_inside_a_loop_and_a_macro(self) -> None:
        checker = TemplateChecker(ENVIRONMENT.overlay(loader=ENVIRONMENT.loader))
        tree = ENVIRONMENT.parse(
            "{% macro m(row) %}{{ row.nothing }}{% endmacro %}"
            "{% for row in outcomes %}{{ row.titel }}{{ m(row) }}{% endfor %}{{ heding }}"
        )
        checker._collect_macros(tree)
        checker._statements(tree.body, {"outcomes": get_type_hints(ForecastPage)["outcomes"]})
        assert [problem.partition(": ")[2] for problem in checker.problems] == [
            "AnswerRow has no titel",
            "AnswerRow has no nothing",
            "heding is not in the context",
        ]

    @pytest.mark.parametrize("page", PAGES)
    def test_every_context_is_frozen_through_and_through(self, page: type[PageContext]) -> None:
        for part in parts_of(page):
            assert part.__dataclass_params__.frozen, part  # type: ignore[attr-defined]

    def test_every_template_belongs_to_a_page_or_to_another_template(self) -> None:
        used = {page.template for page in PAGES}
        text = "".join(file.read_text() for file in TEMPLATES.glob("*.html"))
        used |= set(re.findall(r'{% (?:extends|from) "([^"]+)"', text))
        assert used == {file.name for file in TEMPLATES.glob("*.html")}

    def test_every_state_and_failure_of_a_job_has_its_words(self) -> None:
        assert set(LEAD) == set(EXPLANATION_LEAD) == set(JobState)
        assert set(KIND_WORDS) == set(JobKind)
        assert set(FAILURES) == set(FailureCode)


class TestForecast:
    def test_it_shows_the_answer_with_interval_error_words_and_date(self, every_page: dict[str, str]) -> None:
        text = plain(Elements(every_page["forecast"]).text)
        assert "Karabakh after the 44-day war" in text
        assert "69 % 41–90 % ends ±0.8, ±0.4 pp likely Confidence: moderate ±0.45 pp" in text
        assert "<0.1 % <0.1–0.3 % almost no chance Confidence: high" in text
        assert "withdrawal by 10 November 2025." in text
        assert "conversion or not by(withdrawal, 2025-11-10)" in text
        assert "Published Every check passed" in text

    def test_the_answer_comes_first_then_the_evidence_then_the_diagnostics(self, every_page: dict[str, str]) -> None:
        ids = [attributes["id"] for _, attributes in Elements(every_page["forecast"]).found if "id" in attributes]
        order = ["answer", "pairs", "what-if", "time", "cases", "signals", "experts", "links", "changes", "explanation"]
        order += ["checks", "diagnostics", "provenance"]
        assert [id for id in ids if id in order] == order

    def test_a_failed_check_is_named_at_the_top_and_marked_in_its_table(self, every_page: dict[str, str]) -> None:
        page = Elements(every_page["degraded"])
        text = plain(page.text)
        assert text.index("worst R-hat is 1.023") < text.index("The answer")
        assert [row for row in page.of("tr") if row.get("class") == "check-failed"] == [{"class": "check-failed"}] * 2

    def test_refused_numbers_are_withheld_from_a_glance(self) -> None:
        html = render_html(build_forecast(sample_forecast(verdict=Verdict.REFUSED, verdict_reasons=("R-hat is 1.4",))))
        assert "do not use these numbers" in html
        assert 'class="withheld"' in html

    def test_every_case_of_every_class_is_there(self, every_page: dict[str, str]) -> None:
        text = plain(Elements(every_page["forecast"]).text)
        for name in [case[0] for cases in CASES.values() for case in cases] + ["M01", "M22"]:
            assert name in text
        assert "D14 12 Aug 2008 9 Oct 2008 withdrawal 0.21 1.9 ×1.1" in text
        assert "none (censored)" in text

    def test_every_figure_has_its_caption_and_its_room(self, every_page: dict[str, str]) -> None:
        page = Elements(every_page["forecast"])
        places = [div for div in page.of("div") if "data-figure" in div]
        assert [place["data-figure"].rpartition("/")[2] for place in places] == [
            "horizon.json",
            "indicator-incidents.json",
            "factor-tension.json",
        ]
        heights = [int(svg["height"]) for svg in page.of("svg") if svg.get("class") == "room"]
        assert len(heights) == 3
        assert all(height >= 250 for height in heights)
        assert page.text.count("How to read it.") >= 3
        assert all(len(place["aria-label"]) > 60 for place in places)

    def test_everything_can_be_downloaded_from_where_the_page_says(
        self, client: TestClient, installation: Installation
    ) -> None:
        forecast_id, _ = store_sample(installation)
        links = {link["href"] for link in Elements(get(client, f"/forecasts/{forecast_id}")).of("a")}
        own = [link for link in links if link.startswith("/")]
        assert f"/v1/forecasts/{forecast_id}/draws.nc" in own
        for link in own:
            assert client.get(link).status_code == 200, link

    def test_a_forecast_without_scenarios_classes_or_figures_is_shown(
        self, client: TestClient, installation: Installation
    ) -> None:
        job_id = installation.submit(coin_study(), now=utc_now())
        row = forecast_row(installation.claim(job_id, now=utc_now()))
        with installation.database.write() as session:
            session.add(row)
        text = plain(Elements(get(client, f"/forecasts/{row.id}")).text)
        assert "The coin shows heads" in text
        assert "No reference class" in text

    def test_an_explanation_on_its_way_is_shown_as_such(self, every_page: dict[str, str]) -> None:
        page = Elements(every_page["forecast"])
        assert "Being computed: its job" in plain(page.text)
        assert [part["data-compute"] for part in page.of("button") if "data-compute" in part] == [
            "attribution",
            "sensitivity",
        ]


class TestDiagnostics:
    def test_reported_parameters_come_first_and_numbers_can_be_sorted(self, every_page: dict[str, str]) -> None:
        page = Elements(every_page["diagnostics"])
        table = every_page["diagnostics"].partition('id="parameters"')[2].partition("</table>")[0]
        classes = re.findall(r"<tr( class=\"reported\")?>", table)[1:]
        assert classes == [*[' class="reported"'] * 16, *[""] * 60]
        keys = [cell["data-key"] for cell in page.of("td") if "data-key" in cell]
        assert len(keys) == 76 * 6
        assert all(key == "" or float(key) is not None for key in keys)

    def test_figures_stand_under_their_headings_with_their_numbers(self, every_page: dict[str, str]) -> None:
        page = Elements(every_page["diagnostics"])
        places = [div["data-figure"].rpartition("/")[2] for div in page.of("div") if "data-figure" in div]
        assert places == ["trace.json", "rank.json"]
        text = plain(page.text)
        assert "How the sampler fared Traces of the outcomes" in text
        assert "Chain 0: mean (SD)" in text
        assert "are being drawn from its draws" in text

    def test_drawn_figures_have_images_and_what_failed_is_said(
        self, client: TestClient, installation: Installation
    ) -> None:
        forecast_id, _ = store_sample(installation)
        figures = {
            "survival-withdrawal": {
                "data": [],
                "layout": {
                    "meta": {"title": "Survival", "caption": "Steps", "table": {"columns": ["Age"], "rows": [["3"]]}}
                },
            },
            "odd": {"data": [], "layout": {}},
        }
        with installation.database.write() as session:
            drawings = DrawingRepository(session)
            row = drawings.get(forecast_id)
            assert row is not None
            packed = {name: compress_figure(figure) for name, figure in figures.items()}
            drawings.finish(row, packed, {"odd": b"png", "trace": b"image"}, [f"loo: {HOSTILE}"], utc_now())
        html = get(client, f"/forecasts/{forecast_id}/diagnostics")
        text = plain(Elements(html).text)
        assert "are being drawn" not in text
        assert HOSTILE in text
        assert text.index("How the sampler fared") < text.index("Survival") < text.index("Others Odd")
        image = f"/v1/forecasts/{forecast_id}/plots/odd.png"
        assert f'src="{image}"' in html
        assert client.get(image).content == b"png"
        listed = client.get(f"/v1/forecasts/{forecast_id}/plots").json()
        assert listed["failures"] == [f"loo: {HOSTILE}"]
        assert {figure["name"] for figure in listed["figures"] if figure["png_url"]} == {"odd", "trace"}
        missing = client.get(f"/v1/forecasts/{forecast_id}/plots/horizon.png")
        assert missing.status_code == 404
        assert "it has odd, trace" in missing.json()["detail"]

    def test_weighed_draws_lead_to_the_sampler_that_made_them(self) -> None:
        update = Update(
            way="reweighted", previous="earlier", pareto_k=0.1, effective_draws=900.0, reason="little is new"
        )
        html = render_html(build_diagnostics(sample_forecast(update=update)))
        assert 'href="/forecasts/earlier/diagnostics"' in html
        assert "no sampler ran" in html
        assert "no sampler ran" not in render_html(build_diagnostics(sample_forecast()))

    def test_it_is_reached_from_the_forecast_and_leads_back(self, every_page: dict[str, str]) -> None:
        links = [link["href"] for link in Elements(every_page["forecast"]).of("a")]
        own = next(link for link in links if link.endswith("/diagnostics") and not link.startswith("/v1/"))
        assert own.removesuffix("/diagnostics") in [
            link["href"] for link in Elements(every_page["diagnostics"]).of("a")
        ]


class TestJob:
    def test_a_running_job_says_in_words_how_far_it_is(self, every_page: dict[str, str]) -> None:
        page = Elements(every_page["running"])
        text = plain(page.text)
        assert "compiling the program; the first time on a machine this takes some twenty seconds" in text
        assert "3,412 of 10,000 draws 2 divergences so far" in text
        assert "31 % withdrawal ±2.1 pp" in text
        assert "Chain 0 sampling 1,700 of 5,000 2 Chain 1 warming up 1,712 of 5,000 0" in text
        ticks = [line["x1"] for line in page.of("line") if line.get("class") == "chain-tick"]
        assert ticks[:2] == ["29.00%", "34.00%"]
        assert page.of("progress")[0] == {"id": "bar", "max": "10000", "value": "3412", "aria-label": "Draws done"}

    def test_a_live_job_reloads_itself_without_javascript_and_an_ended_one_does_not(
        self, every_page: dict[str, str]
    ) -> None:
        refreshes = {name: 'http-equiv="refresh"' in html for name, html in every_page.items()}
        assert {name for name, is_there in refreshes.items() if is_there} == {
            "running",
            "queued",
            "explaining",
            "diagnostics",
        }

    def test_a_failed_job_says_why_and_what_to_do(self, every_page: dict[str, str]) -> None:
        text = plain(Elements(every_page["failed"]).text)
        assert "bad initial energy; widen the prior" in text
        assert "What to do. Look for extreme priors" in text

    def test_a_job_that_is_done_leads_to_its_forecast(self, every_page: dict[str, str]) -> None:
        links = [link["href"] for link in Elements(every_page["succeeded"]).of("a")]
        assert any(link.startswith("/forecasts/") for link in links)

    def test_a_job_says_what_it_computes(self, every_page: dict[str, str]) -> None:
        assert "Job · forecast · karabakh-2021" in Elements(every_page["running"]).text
        page = Elements(every_page["explaining"])
        assert "Job · influence · karabakh-2021" in page.text
        assert [div["data-anchor"] for div in page.of("section") if "data-anchor" in div] == ["#influence"]

    def test_a_queued_job_says_how_many_come_before_it(self, client: TestClient, installation: Installation) -> None:
        installation.of("others").submit(coin_study(), now=utc_now())
        first, second = (installation.submit(coin_study(), now=utc_now()) for _ in range(2))
        assert "before this one" not in get(client, f"/jobs/{first}"), "the queues of other workspaces are not shown"
        assert "(1 job of yours before this one)" in plain(get(client, f"/jobs/{second}"))


class TestHome:
    def test_it_shows_headlines_verdict_and_jobs(self, every_page: dict[str, str]) -> None:
        text = plain(Elements(every_page["home"]).text)
        assert "Degraded as of 10 September 2021 made just now" in text
        assert "69 % The Russian presence becomes permanent" in text
        assert "4 more" in text
        for state in ("waiting", "running", "failed", "cancelled", "done"):
            assert state in text
        for kind in ("forecast", "attribution", "influence", "sensitivity"):
            assert f"Karabakh after the 44-day war {kind}" in text

    def test_an_empty_installation_says_how_to_begin(self, client: TestClient) -> None:
        text = plain(Elements(get(client, "/")).text)
        assert "Nothing has been forecast here yet." in text
        assert "forecast submit study.yaml --wait" in text
        assert "curl -X PUT http://127.0.0.1/v1/studies/my-study" in text

    def test_a_stored_study_without_a_forecast_is_listed(self, client: TestClient) -> None:
        client.put("/v1/studies/coin", json=coin_document())
        text = plain(Elements(get(client, "/")).text)
        assert "coin: history, schedules, evidence Whether the coin shows heads No forecast yet." in text
