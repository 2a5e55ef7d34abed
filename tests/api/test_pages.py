"""The pages as a browser gets them: typed contexts, text shown as text, nothing from another host."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import get_type_hints

import pytest
from fastapi.testclient import TestClient

from api.pages.assets import STATIC, asset_url
from api.pages.failure import FailurePage
from api.pages.forecast import ForecastPage, build_forecast
from api.pages.home import HomePage
from api.pages.job import JobPage
from api.pages.job_words import EXPLANATION_LEAD, FAILURES, KIND_WORDS, LEAD
from api.pages.page import ENVIRONMENT, TEMPLATES, PageContext, render_html
from api.pages.study import StudyPage
from forecast.answer import Verdict
from forecast.jobs.lifecycle import cancel_job, fail_job, record_progress
from forecast.jobs.states import FailureCode, JobKind, JobState
from forecast.store import utc_now
from tests.api.sample_answer import degraded_forecast, explained_forecast, sample_forecast
from tests.api.sample_outcomes import CASES
from tests.api.stored_sample import karabakh_study, store_sample, submit_of
from tests.api.template_names import TemplateChecker, parts_of
from tests.coin import coin_document, coin_study
from tests.installation import Installation, forecast_row

PAGES: tuple[type[PageContext], ...] = (HomePage, JobPage, ForecastPage, FailurePage, StudyPage)
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>\u202e{{ 7 * 7 }}'
BROWSER = {"Accept": "text/html,application/xhtml+xml"}

PROGRESS = {
    "stage": "compile",
    "draws_done": 3412,
    "draws_wanted": 10_000,
    "divergences": 2,
    "estimates": {"withdrawal": 0.314, "conversion": 0.0004},
}


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "li", "p", "span", "h1", "h2", "h3", "dt", "dd", "a"}:
            self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


def plain(text: str) -> str:
    """Text with single spaces, as a person reads it."""
    return " ".join(text.replace("\u00a0", " ").split())


def get(client: TestClient, path: str) -> str:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


@pytest.fixture
def every_page(client: TestClient, installation: Installation) -> dict[str, str]:
    """HTML of each kind of page in each state."""
    forecast_id, succeeded = store_sample(installation)
    explained_id, _ = store_sample(installation, explained_forecast())
    degraded_id, _ = store_sample(installation, degraded_forecast())
    explaining = submit_of(installation, forecast_id, JobKind.INFLUENCE)
    failed, running, cancelled, queued = (installation.submit(karabakh_study(), now=utc_now()) for _ in range(4))
    with installation.database.write() as session:
        cancel_job(session, cancelled)
    failed_claim, claim = installation.claim(failed, now=utc_now()), installation.claim(running, now=utc_now())
    with installation.database.write() as session:
        fail_job(session, failed_claim, FailureCode.MODEL_ERROR, "bad initial energy; widen the prior")
        record_progress(session, claim, PROGRESS)
    paths = {
        "home": "/",
        "forecast": f"/forecasts/{forecast_id}",
        "degraded": f"/forecasts/{degraded_id}",
        "explained": f"/forecasts/{explained_id}",
        "explaining": f"/jobs/{explaining}",
        "succeeded": f"/jobs/{succeeded}",
        "failed": f"/jobs/{failed}",
        "running": f"/jobs/{running}",
        "cancelled": f"/jobs/{cancelled}",
        "queued": f"/jobs/{queued}",
    }
    return {name: get(client, path) for name, path in paths.items()}


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
        assert "69 % 41–90 % likely ±0.45 pp" in text
        assert "<0.1 % <0.1–0.3 % almost no chance" in text
        assert "withdrawal by 10 November 2025." in text
        assert "conversion or not by(withdrawal, 2025-11-10)" in text
        assert "Published Every check passed" in text

    def test_the_answer_comes_first_then_the_evidence_then_the_diagnostics(self, every_page: dict[str, str]) -> None:
        ids = [attributes["id"] for _, attributes in Elements(every_page["forecast"]).found if "id" in attributes]
        order = ["answer", "pairs", "what-if", "time", "cases", "signals", "experts", "links", "explanation"]
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
            "trace.json",
            "rank.json",
        ]
        heights = [int(svg["height"]) for svg in page.of("svg") if svg.get("class") == "room"]
        assert len(heights) == 5
        assert all(height >= 250 for height in heights)
        assert page.text.count("How to read it.") >= 3
        assert all(len(place["aria-label"]) > 60 for place in places)

    def test_reported_parameters_come_first_and_numbers_can_be_sorted(self, every_page: dict[str, str]) -> None:
        page = Elements(every_page["forecast"])
        table = every_page["forecast"].partition('id="parameters"')[2].partition("</table>")[0]
        classes = re.findall(r"<tr( class=\"reported\")?>", table)[1:]
        assert classes == [*[' class="reported"'] * 16, *[""] * 60]
        keys = [cell["data-key"] for cell in page.of("td") if "data-key" in cell]
        assert len(keys) == 76 * 6
        assert all(key == "" or float(key) is not None for key in keys)

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


class TestJob:
    def test_a_running_job_says_in_words_how_far_it_is(self, every_page: dict[str, str]) -> None:
        page = Elements(every_page["running"])
        text = plain(page.text)
        assert "compiling the program; the first time on a machine this takes one to two minutes" in text
        assert "3,412 of 10,000 draws 2 divergences so far" in text
        assert "31 % withdrawal" in text
        assert page.of("progress") == [{"id": "bar", "max": "10000", "value": "3412", "aria-label": "Draws done"}]

    def test_a_live_job_reloads_itself_without_javascript_and_an_ended_one_does_not(
        self, every_page: dict[str, str]
    ) -> None:
        refreshes = {name: 'http-equiv="refresh"' in html for name, html in every_page.items()}
        assert {name for name, is_there in refreshes.items() if is_there} == {"running", "queued", "explaining"}

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
        first, second = (installation.submit(coin_study(), now=utc_now()) for _ in range(2))
        assert "before this one" not in get(client, f"/jobs/{first}")
        assert "(1 job before this one)" in plain(get(client, f"/jobs/{second}"))


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


class TestSafety:
    def test_hostile_text_is_shown_as_text(self, client: TestClient, installation: Installation) -> None:
        sample = sample_forecast()
        outcome = sample.outcomes[0]
        known = outcome.reference.classes[0]
        member = known.members[0].model_copy(
            update={"id": HOSTILE, "note": HOSTILE, "source": "javascript:alert(1)", "event": HOSTILE}
        )
        known = known.model_copy(update={"title": HOSTILE, "members": (member, *known.members[1:])})
        reference = outcome.reference.model_copy(update={"classes": (known,)})
        outcome = outcome.model_copy(update={"title": HOSTILE, "reference": reference})
        forecast = sample.model_copy(update={"title": HOSTILE, "outcomes": (outcome, *sample.outcomes[1:])})
        forecast_id, _ = store_sample(installation, forecast)
        job_id = installation.submit(coin_study(title=HOSTILE), now=utc_now())
        claim = installation.claim(job_id, now=utc_now())
        with installation.database.write() as session:
            fail_job(session, claim, FailureCode.DATA_ERROR, HOSTILE)
        for path in ("/", f"/forecasts/{forecast_id}", f"/jobs/{job_id}"):
            html = get(client, path)
            page = Elements(html)
            assert HOSTILE in page.text, path
            assert "<script>alert" not in html
            assert not [image for image in page.of("img") if "onerror" in image]
            assert not [link for link in page.of("a") if link["href"].startswith("javascript")]

    def test_no_page_holds_inline_script_or_style(self, every_page: dict[str, str]) -> None:
        for html in every_page.values():
            page = Elements(html)
            for _, attributes in page.found:
                assert "style" not in attributes
                assert not [name for name in attributes if name.startswith("on")]
            assert not page.of("style")
            for script in page.of("script"):
                assert "src" in script or script["type"] == "application/json"

    def test_no_page_loads_anything_from_another_host(self, every_page: dict[str, str]) -> None:
        for html in every_page.values():
            page = Elements(html)
            loaded = [attributes.get("src") or attributes.get("data-figure") for _, attributes in page.found]
            loaded += [link["href"] for link in page.of("link")]
            assert all(address.startswith("/") and not address.startswith("//") for address in loaded if address)
        for file in STATIC.iterdir():
            rest = file.read_text().replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in rest
            assert "https://" not in rest

    def test_nothing_inline_is_allowed_by_the_policy(self, client: TestClient) -> None:
        policy = client.get("/").headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy

    @pytest.mark.parametrize(
        "path",
        [
            "/jobs/nonsense",
            "/forecasts/nonsense",
            "/forecasts/01980000-0000-7000-8000-000000000001",
            "/jobs/%00",
            "/forecasts/" + "x" * 3000,
            "/nowhere",
        ],
    )
    def test_an_unknown_address_is_a_page_that_says_so(self, client: TestClient, path: str) -> None:
        answer = client.get(path, headers=BROWSER)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "There is nothing here" in answer.text
        assert len(answer.text) < 6000

    def test_programs_still_get_problems(self, client: TestClient) -> None:
        for path, headers in (("/v1/jobs/nonsense", BROWSER), ("/nowhere", {"Accept": "application/json"})):
            answer = client.get(path, headers=headers)
            assert answer.headers["content-type"] == "application/problem+json"


class TestAssets:
    def test_plotly_is_served_from_the_installed_package_and_kept(self, client: TestClient) -> None:
        url = asset_url("plotly.min.js")
        answer = client.get(url)
        assert answer.status_code == 200
        assert "plotly.js" in answer.text[:200]
        assert "immutable" in answer.headers["cache-control"]
        assert re.fullmatch(r"/static/plotly\.min\.js\?v=[0-9.]+", url)

    def test_an_address_without_the_version_is_checked_again(self, client: TestClient) -> None:
        assert client.get("/static/style.css").headers["cache-control"] == "no-cache"
        assert "immutable" in client.get(asset_url("style.css")).headers["cache-control"]
        assert client.get("/static/style.css?v=old").headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/nothing.js"])
    def test_nothing_else_is_served(self, client: TestClient, path: str) -> None:
        assert client.get(path).status_code == 404


def test_the_pages_are_packaged_with_the_code() -> None:
    root = Path(__file__).resolve().parents[2]
    assert TEMPLATES.is_relative_to(root / "api")
    assert STATIC.is_relative_to(root / "api")
    assert dataclasses.is_dataclass(HomePage)
