"""result.json, for machines."""

import json
import os
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from intern_action.core.errors import Misconfigured
from intern_action.core.states import State
from intern_action.trace import result
from intern_action.trace.report import ReportData
from intern_action.trace.result import (
    FilesPart,
    JobPart,
    OptionPart,
    PlanPart,
    PullRequestPart,
    Result,
    SpendPart,
    TokensPart,
)
from tests.trace import reports
from tests.trace.kinds import START
from tests.trace.stories import DIGEST

DOCUMENT = Path(__file__).parents[2] / "docs" / "result.md"
WHOLE = Result(
    session="5d41402abc4b",
    task="fine-tune models/minilm on data/mails",
    state=State.DONE,
    exit_code=0,
    ending="finished",
    message="The model finds 96.4 % of 340 held-out mails.",
    pull_request=PullRequestPart(number=13, url="forge/pulls/13.md"),
    branch="intern/12-fine-tune",
    head_sha="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    plan=PlanPart(
        digest=DIGEST,
        code="intern:3f2a9c7e",
        ceiling_usd=Decimal("0.12"),
        state="approved",
        approved_by=("grace",),
        options=(
            OptionPart(
                names=("recommended", "cheapest"),
                flavor="local-cpu",
                usd_per_hour=Decimal("0.24"),
                timeout_minutes=30,
                ceiling_usd=Decimal("0.12"),
                estimate_usd=Decimal("0.02"),
                estimate_minutes=4.5,
                sure="measured",
            ),
        ),
    ),
    jobs=(
        JobPart(
            id="job-1",
            backend="local",
            launch_key="intern-3f2a9c7e5b1d4f6a8c0e2b4d-1",
            attempt=1,
            flavor="local-cpu",
            state="completed",
            seconds=95.2,
            cost_usd=Decimal("0.01"),
        ),
    ),
    metrics={"accuracy": 0.9637, "macro_f1": 0.9581},
    spend=SpendPart(
        model_usd=Decimal("0.132"),
        jobs_usd=Decimal("0.01"),
        tokens=TokensPart(input=51410, output=2474, cache_read=41800),
    ),
    turns=12,
    files=FilesPart(trace_jsonl="trace.jsonl", trace_html="trace.html", model="model"),
    started=START,
    finished=START + timedelta(hours=2, minutes=32),
    versions={"intern-action": "0.1.0", "python": "3.11.7"},
)
EMPTY = Result(session="5d41402abc4b", state=State.NEW, exit_code=0, started=START)


@pytest.mark.parametrize("made", [WHOLE, EMPTY])
def test_a_result_comes_back_as_it_was(made: Result, tmp_path: Path):
    path = tmp_path / "out" / "result.json"
    result.write(path, made)
    assert result.read(path) == made
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]


@pytest.mark.parametrize("made", [WHOLE, EMPTY])
def test_a_result_fits_the_schema_that_is_documented(made: Result):
    (schema,) = re.findall(r"```json\n(\{\n  \"\$defs\".*?)\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert schema == result.schema()
    jsonschema.Draft202012Validator(json.loads(schema)).validate(json.loads(result.dump(made)))


def test_the_example_of_the_document_is_a_result():
    (example,) = re.findall(
        r"```json\n(\{\n  \"schema_version\".*?)\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
    )
    assert example + "\n" == result.dump(WHOLE)


def test_a_plan_s_options_are_there_with_their_prices_and_which_one_was_chosen():
    waiting, approved = (result.of(told).plan for told in (reports.WITH_OPTIONS, reports.CHOSEN))
    assert waiting is not None
    assert approved is not None
    assert [one.names for one in waiting.options] == [option.names for option in reports.OPTIONS]
    assert [one.ceiling_usd for one in waiting.options] == [option.quote.ceiling_usd for option in reports.OPTIONS]
    assert (waiting.option, approved.option) == ("", "fastest")


def test_a_result_from_before_plans_had_options_is_read():
    old = json.loads(result.dump(WHOLE))
    del old["plan"]["options"], old["plan"]["option"]
    plan = Result.model_validate_json(json.dumps(old)).plan
    assert plan is not None
    assert plan.options == ()


def test_money_is_a_string_and_times_have_a_zone():
    data = json.loads(result.dump(WHOLE))
    assert data["spend"]["model_usd"] == "0.132"
    assert data["started"] == "2026-11-23T09:00:00Z"


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 2},
        {"unknown": 1},
        {"exit_code": 300},
        {"metrics": {"loss": float("nan")}},
        {"spend": {"model_usd": "-1"}},
        {"started": "2026-11-23T09:00:00"},
        {"state": "sleeping"},
    ],
)
def test_what_is_no_result_is_refused(change: dict[str, object]):
    with pytest.raises(ValidationError):
        Result.model_validate({**WHOLE.model_dump(), **change})


def test_a_file_that_is_no_result_gets_one_message(tmp_path: Path):
    path = tmp_path / "result.json"
    path.write_text('{"schema_version": 2}')
    with pytest.raises(Misconfigured, match=r"result\.json is no result of version 1"):
        result.read(path)
    with pytest.raises(Misconfigured, match="cannot be read"):
        result.read(tmp_path / "nowhere.json")


def test_a_folder_nobody_may_write_to_gets_one_message_and_the_old_file_stays(tmp_path: Path):
    path = tmp_path / "result.json"
    result.write(path, EMPTY)
    before = path.read_bytes()
    with pytest.raises(Misconfigured, match="cannot be written"):
        result.write(Path("/proc/nobody/result.json"), WHOLE)
    path.with_name("blocked").touch()
    with pytest.raises(Misconfigured, match="cannot be written"):
        result.write(path / "below" / "result.json", WHOLE)
    assert path.read_bytes() == before
    assert os.access(path, os.R_OK)


@pytest.mark.parametrize("data", reports.ALL.values(), ids=reports.ALL.keys())
def test_the_result_says_what_the_texts_say(data: ReportData):
    made = result.of(data, ending="finished", versions={"intern-action": "0.1.0"})
    assert (made.state, made.exit_code, made.turns) == (data.state, data.exit_code, data.turns)
    assert (made.finished is None) == (not data.state.over)
    assert (made.pull_request.number if made.pull_request else 0) == data.pull_request
    assert [job.state for job in made.jobs] == [job.state for job in data.jobs]
    assert made.spend.model_usd == data.spend.model_usd
    assert result.Result.model_validate_json(result.dump(made)) == made


def test_a_plan_that_overwrites_names_where_and_what_stands_there():
    plan = result.of(reports.OVERWRITING).plan
    assert plan is not None
    assert (plan.asks, plan.repository, plan.overwrites, plan.ceiling_usd) == (
        "writes_hub",
        "grace/spam-filter",
        reports.OVERWRITE.parent,
        0,
    )


def test_a_metric_that_is_no_number_is_left_out():
    made = result.of(replace(reports.DONE, metrics={"loss": float("nan"), "accuracy": 0.9}))
    assert made.metrics == {"accuracy": 0.9}
