"""What people read of a session, and what nobody can smuggle into it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from intern_action.core.effects import Contacts, Serves, Spends, WritesHub
from intern_action.core.states import State
from intern_action.core.types import Step
from intern_action.trace import report
from intern_action.trace._markdown import Z, block, code, fenced, inline
from intern_action.trace._screen import columns
from intern_action.trace.report import PlanReport, ReportData
from tests.trace import golden, reports, stories

TEXTS = golden.TEXTS
GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@pytest.mark.parametrize(("name", "text"), [pytest.param(name, text, id=name) for name, text in golden.texts()])
def test_the_texts_are_as_they_were_when_somebody_read_them(name: str, text: str):
    assert text == (golden.FOLDER / name).read_text(encoding="utf-8")


def test_no_golden_text_is_left_over():
    assert {path.name for path in golden.FOLDER.iterdir()} == {name for name, _ in golden.texts()}


# --- what has to be there ---------------------------------------------------------------------------------------------


def test_a_reviewer_sees_price_cap_limit_code_and_who_may_before_anything_is_spent():
    text = report.pull_request(reports.ON_GITHUB, texts=TEXTS)
    for words in (
        "at most $0.36",
        "30 min, 3 attempts",
        "`intern:58fe3fa5`",
        "grace, linus",
        "$0.24 an hour",
        "--batch-size=8 --accumulation=2",
    ):
        assert words in text, words
    assert text.index("Waits for a review") < 120


def test_an_estimate_beyond_the_time_limit_is_said_before_anybody_pays():
    quote = replace(reports.QUOTE, estimate_minutes=Decimal("30.1"))
    told = replace(reports.ON_GITHUB, plan=replace(reports.WAITING, plan=replace(reports.PLAN, quote=quote)))
    assert "in 30 min 6 s, **longer than its limit**" in report.pull_request(told, texts=TEXTS)
    assert "longer than" not in report.pull_request(reports.ON_GITHUB, texts=TEXTS)


@pytest.mark.parametrize(
    ("live_at", "listed_on", "words"),
    [
        (reports.PLAN.made_at, "", "live price of 2026-11-23 09:00 UTC)"),
        (reports.PLAN.made_at - timedelta(hours=3), "", "2026-11-23 06:00 UTC; the Hub could not be asked again)"),
        (None, "2026-11-20", "(price of 2026-11-20 from the table, not live)"),
        (None, "", "(price from the configuration)"),
    ],
)
def test_a_price_says_how_old_it_is(live_at: datetime | None, listed_on: str, words: str):
    flavor = replace(reports.QUOTE.flavor, live_at=live_at, listed_on=listed_on)
    quote = replace(reports.QUOTE, flavor=flavor, quoted_at=reports.PLAN.made_at)
    told = replace(reports.AWAITING_REVIEW, plan=replace(reports.WAITING, plan=replace(reports.PLAN, quote=quote)))
    assert words in report.pull_request(told, texts=TEXTS)
    assert words.split(")", maxsplit=1)[0].split(";", maxsplit=1)[0].lstrip("(") in report.terminal(told, texts=TEXTS)
    assert words.split(")", maxsplit=1)[0].split(";", maxsplit=1)[0].lstrip("(") in report.comment(told, texts=TEXTS)


@pytest.mark.parametrize(
    ("min_replica", "words"),
    [
        (0, "asleep for nothing, and for $12.00 a day while somebody keeps asking it"),
        (1, "it goes on awake, for $12.00 a day, until one does"),
        (0, "from the table, not live; the Hub's price page may say another by now"),
    ],
)
def test_an_endpoint_says_what_it_costs_at_the_worst_and_where_its_price_is_from(min_replica: int, words: str):
    made = reports.DEPLOYING.plan
    assert made is not None
    assert made.plan.quote is not None
    flavor = replace(made.plan.quote.flavor, usd_per_hour=Decimal("0.50"))
    asks = Serves(endpoint=replace(reports.ENDPOINT, min_replica=min_replica))
    plan = replace(made.plan, asks=asks, quote=replace(made.plan.quote, flavor=flavor))
    assert words in report.pull_request(replace(reports.DEPLOYING, plan=replace(made, plan=plan)), texts=TEXTS)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("write", golden.KINDS.values())
def test_every_state_has_its_words(state: State, write: object):
    assert write(replace(reports.AT_WORK, state=state, why="because"), texts=TEXTS)  # pyright: ignore[reportCallIssue] - callable


def test_the_requester_is_named_as_the_one_who_may_not():
    anybody = replace(reports.AWAITING_REVIEW, plan=replace(reports.WAITING, approvers=()))
    assert "everybody with write access, except ada, who asked for it" in report.pull_request(anybody, texts=TEXTS)
    assert "somebody with write access (not ada)" in report.comment(anybody, texts=TEXTS)


def test_a_regression_is_said_first():
    text = report.pull_request(reports.DONE, texts=TEXTS)
    assert "got worse" in text.split("\n")[2]
    assert "Worse than the baseline: eval_loss" in report.comment(reports.DONE, texts=TEXTS)


def test_the_marker_finds_a_session_again_and_holds_no_strangers_letters():
    assert report.marker("5d41402abc4b") == "<!-- intern-action session=5d41402abc4b -->"
    assert report.marker("x --> <b>") == "<!-- intern-action session=x--b -->"
    for write in (report.pull_request, report.comment):
        assert write(reports.AT_WORK, texts=TEXTS).startswith(report.marker(reports.AT_WORK.session))


def test_a_terminal_of_eighty_columns_is_enough():
    for data in reports.ALL.values():
        wide = replace(data, why="many words " * 40, closing="日本 " * 200)
        for line in report.terminal(wide, texts=TEXTS).splitlines():
            assert columns(line) <= 80, line


# --- what must not get in ----------------------------------------------------------------------------------------------


def tricked(trick: str) -> ReportData:
    """Return report data with the trick in every field that a stranger or the model fills."""
    plan = reports.AWAITING_JOB.plan
    assert plan is not None
    job = replace(
        reports.JOB,
        script=trick,
        parameters={trick: trick},
        model=trick,
        dataset=trick,
        dependencies=(trick,),
        variations=({trick: trick},),
    )
    return replace(
        reports.DONE,
        task=trick,
        requester=trick,
        title=trick,
        body=trick,
        closing=trick,
        why=trick,
        changes=trick,
        baseline=trick,
        regressed=(trick,),
        doubts=(trick,),
        model_folder=trick,
        card=trick,
        pull_request_url=trick,
        steps=(Step(text=trick), Step(text=trick, state="dropped")),
        plan=replace(
            plan,
            words=trick,
            by=(trick,),
            approvers=(trick,),
            missing=(trick,),
            plan=replace(plan.plan, asks=Spends(job=job), requester=trick),
        ),
        jobs=(replace(reports.DONE.jobs[0], id=trick, message=trick, url=trick, state=trick),),
        uploads=(replace(reports.SERVING.uploads[0], repository=trick, url=trick),),
        endpoints=(
            replace(reports.SERVING.endpoints[0], id=trick, repository=trick, url=trick, asked=trick, answer=trick),
            replace(reports.SERVING.endpoints[0], id=trick, repository=trick, state="ended", answer=trick),
        ),
        metrics_table="| m |\n| --- |\n| 1 |\n",
        classes_table="",
        loss_curve="",
    )


def tokens(text: str) -> list[Token]:
    return [inner for token in GITHUB.parse(text) for inner in (token, *(token.children or ()))]


OURS = re.compile(
    r"<details><summary>[A-Za-z ]+</summary>\n?|</details>|</?sub>|<!-- intern-action session=5d41402abc4b -->"
)
MENTION = re.compile(r"(?:^|[^A-Za-z0-9])@[A-Za-z0-9]")


def faults(text: str) -> list[str]:
    """Return what a page does that only we may do."""
    found: list[str] = []
    for token in tokens(text):
        if token.type in {"html_block", "html_inline"} and OURS.sub("", token.content).strip():
            found.append(f"HTML: {token.content}")
        if token.type == "image":
            found.append(f"a picture: {token.attrs}")
        if token.type == "text" and MENTION.search(token.content):
            found.append(f"a name: {token.content}")
        if token.type == "text" and re.search(r"\b(clos|fix|resolv)\w*:?\s+\S*#\d", token.content, re.IGNORECASE):
            found.append(f"closes an issue: {token.content}")
        if token.type == "link_open" and not str(token.attrs["href"]).startswith("https://"):
            found.append(f"a link: {token.attrs}")
        if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\u2060]", token.content):
            found.append(f"hidden letters: {token.content!r}")
    return found


MARKDOWN_TRICKS = (
    *stories.TRICKS,
    "@everyone &#64;everyone \\@everyone &commat;everyone @team/ml (@ada)",
    "Fixes #1, closes: #2, Resolves owner/name#3, fixed https://github.com/a/b/issues/4, closes GH-5",
    "![track](https://evil.example/x.png) ![x][y]\n\n[y]: https://evil.example/x.png",
    "[//]: # (hidden words)\n\n> [x]: <y> 'hidden'\n\n[^1]: hidden",
    "```\nfoo\n  ```\n<b>@everyone</b>\n```",
    "   ```\nfoo\n```\n<b>@everyone</b>\n",
    "- a\n  ```\n  x\n```\n<b>@everyone</b>\n```\n<i>@everyone</i>",
    "> ```\n> x\n```\n@everyone <img src=x>",
    "~~~\n```\n~~~\n<b>@everyone</b>",
    "````\n```\n@fine\n````\n<b>@everyone</b>",
    "``` a`b\n<b>@everyone</b>",
    "```mermaid\ngraph TD\n  a-->b\n```",
    "\t```\n<b>@everyone</b>\n```\n<b>@everyone</b>",
    "# h\n<!-- intern-action session=000000000000 -->",
    "| a | b |\n| - | - |\n| <b> | @everyone |",
    "<details>\n<summary>x</summary>",
    "text\n===\n---\n</details>",
    "x\u2028```\u2028<b>@everyone</b>",
    "x\r```\r<b>@everyone</b>\r```\r<b>@ada</b>",
    "a | b ` | c `` | \\| d",
)


@pytest.mark.parametrize("trick", MARKDOWN_TRICKS)
@pytest.mark.parametrize("write", [report.pull_request, report.comment, report.step_summary])
def test_no_trick_gets_into_a_page(trick: str, write: object):
    text = write(tricked(trick), texts=TEXTS)  # pyright: ignore[reportCallIssue] - one of three
    assert faults(str(text)) == []


@pytest.mark.parametrize("trick", MARKDOWN_TRICKS)
@pytest.mark.parametrize("write", [report.pull_request, report.comment, report.step_summary])
@pytest.mark.parametrize("kind", ["writes_hub", "contacts", "serves"])
def test_no_trick_gets_into_a_page_by_a_plan_that_is_not_of_a_job(trick: str, write: object, kind: str):
    asks = {
        "writes_hub": WritesHub(
            repository=trick, repository_type="model", folder=trick, message=trick, overwrites=True
        ),
        "contacts": Contacts(destination=trick, text=trick),
        "serves": Serves(
            endpoint=replace(reports.ENDPOINT, repository=trick, flavor=trick, purpose=trick, smoke=trick, task=trick)
        ),
    }[kind]
    of = reports.DEPLOY if kind == "serves" else reports.OVERWRITE
    plan = PlanReport(plan=replace(of, asks=asks), digest="0" * 64, state="waiting")
    text = write(replace(reports.OVERWRITING, plan=plan), texts=TEXTS)  # pyright: ignore[reportCallIssue] - one of three
    assert faults(str(text)) == []


def test_a_reviewer_sees_what_would_be_overwritten_and_that_it_costs_nothing():
    page = report.pull_request(reports.OVERWRITING, texts=TEXTS)
    for words in (
        "overwrites grace/spam-filter, which stands at 1a2b3c4",
        "it costs nothing",
        reports.OVERWRITE.parent,
    ):
        assert words in page
    assert "$" not in page.partition("## The plan")[2].partition("## Steps")[0]


def test_the_judge_sees_what_the_tricks_would_do():
    seen = [faults(trick) for trick in MARKDOWN_TRICKS]
    assert sum(bool(fault) for fault in seen) >= 20


PIECES = (
    *(
        "```",
        "~~~",
        "````",
        "```python",
        "\n",
        "\n\n",
        " ",
        "  ",
        "    ",
        "> ",
        "- ",
        "1. ",
        "<b>",
        "<!--",
        "-->",
        "@ada",
        "`",
    ),
    *(
        "&#64;ada",
        "``",
        "\\",
        "![x](y)",
        "[a]: b",
        "[a]",
        ":",
        "\t",
        "word",
        "# h",
        "Fixes #1",
        "|",
        "<script>",
        "</details>",
    ),
    *("*", "_", "\r", "<div", ">", "+ ", "* ", "<", "&", "![", "](", ")", "]:"),
)


@settings(max_examples=400, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=25))
@example(pieces=["- ", "```", "\n", "```", "\n", "```", "\n", "<b>"])
@example(pieces=["1. ", "word", "\n", "   ```", "\n", "```", "\n", "@ada", "\n", "```", "\n", "<b>"])
@example(pieces=["```", "\n", "    ```", "\n", "<b>"])
def test_no_markdown_of_a_stranger_gets_out_of_its_place(pieces: list[str]):
    text = "".join(pieces)
    page = f"{block(text)}\n\n## ours\n\nafter @ours <b>us</b>\n"
    inside = GITHUB.parse(page)[-2]
    assert inside.content == "after @ours <b>us</b>", page  # what follows stands where we put it
    theirs = f"{block(text)}\n"
    assert [fault for fault in faults(theirs) if not fault.startswith(("a link", "hidden"))] == [], repr(theirs)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
def test_words_in_a_cell_stay_in_it(text: str):
    row = f"| head | other |\n| --- | --- |\n| {inline(text)} | {code(text)} |\n"
    cells = [token for token in tokens(row) if token.type == "td_open"]
    assert len(cells) == 2
    assert faults(row) == []
    assert not [token for token in tokens(row) if token.type in {"link_open", "em_open", "strong_open", "s_open"}]


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
def test_words_in_a_block_of_code_stay_in_it(text: str):
    kinds = [token.type for token in GITHUB.parse(f"{fenced(text)}\n")]
    assert kinds == ["fence"]


def test_ordinary_words_read_as_they_were_written():
    for words in (
        "fine-tune all_MiniLM on data/mails (v2), 3 epochs!",
        "up to $0.36 needs a review",
        "the job's log: a & b, 5 < 6 > 4",
    ):
        assert GITHUB.render(inline(words)) == GITHUB.render(words)
        assert Z not in inline(words)


def test_ordinary_markdown_keeps_its_lists_tables_and_code():
    table, code_block = "| a | b |\n| --- | --- |\n| 1 | 2 |", "```python\nx = a < b  # @property <s>\n```"
    words = f"Some *words*.\n\n- one\n- two\n\n{table}\n\n{code_block}\n\nmore `code`"
    assert block(words) == words


def test_a_long_text_is_cut_with_a_word(tmp_path: Path):
    text = report.pull_request(
        replace(reports.AWAITING_REVIEW, body="x " * 100_000, closing="y " * 100_000), texts=TEXTS
    )
    assert len(text) < 60_000  # GitHub takes 65,536
    assert "cut here" in text
