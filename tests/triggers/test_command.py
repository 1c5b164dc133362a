"""The first line of a comment: what is for us, what it asks, and what is refused with which limit."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.incoming import Approve, Begin, NotUnderstood, Say, Wishes
from intern_action.triggers._command import Bounds, parse_command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "please /intern train",
        "/internal thing",
        "/intern:x",
        "> /intern train",
        " /intern train",
        "```\n/intern x\n```",
        "intern train",
    ],
)
def test_a_comment_that_does_not_begin_with_us_is_not_for_us(text: str):
    assert parse_command(text) is None


def test_what_follows_is_the_task():
    assert parse_command("/intern fine-tune all-minilm on spam") == Begin(task="fine-tune all-minilm on spam")


def test_the_task_goes_on_over_further_lines_and_fenced_blocks_as_they_are():
    text = "/intern fine-tune X on Y\nwith these settings:\n\n```yaml\n  epochs: 3\n```\r\nthanks\n"
    assert parse_command(text) == Begin(
        task="fine-tune X on Y\nwith these settings:\n\n```yaml\n  epochs: 3\n```\nthanks"
    )


def test_the_task_may_begin_on_the_second_line():
    assert parse_command("/intern --flavor t4-small\ntrain X on Y") == Begin(
        task="train X on Y", wishes=Wishes(flavor="t4-small")
    )


def test_capitals_and_tabs_do_not_matter_in_our_name():
    assert parse_command("/Intern\ttrain X") == Begin(task="train X")


@pytest.mark.parametrize("text", ["/intern", "/intern   ", "/intern\n\n  \n", "/intern help", "/INTERN Help!"])
def test_without_a_task_there_is_help(text: str):
    assert parse_command(text) == Say(verb="help")


@pytest.mark.parametrize("verb", ["help", "status", "why", "stop", "retry", "budget"])
def test_a_verb_alone_is_a_command(verb: str):
    assert parse_command(f"/intern {verb}") == Say(verb=verb)  # pyright: ignore[reportArgumentType]
    assert parse_command(f"/intern {verb.upper()}.") == Say(verb=verb)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "text", ["help me fine-tune X", "status of the last model", "retry with more epochs", "budget a sweep"]
)
def test_a_task_may_begin_with_such_a_word(text: str):
    assert parse_command(f"/intern {text}") == Begin(task=text)


def test_a_verb_with_more_lines_below_is_a_task():
    assert parse_command("/intern why\ndoes the loss not fall?") == Begin(task="why\ndoes the loss not fall?")


@pytest.mark.parametrize("text", ["stop!", "stop it please", "STOP now", "stop\nthis is too expensive"])
def test_stop_stops_however_it_goes_on(text: str):
    assert parse_command(f"/intern {text}") == Say(verb="stop")


def test_an_approval_names_the_plan():
    assert parse_command("/intern approve intern:1A2b3c4d") == Approve(code="intern:1a2b3c4d")


@pytest.mark.parametrize(
    "text", ["approve", "approve it", "approve 1a2b3c4d", "approve intern:1a2b3c4d and more", "approve intern:1a2b3c4"]
)
def test_an_approval_without_exactly_a_code_is_explained_and_never_a_task(text: str):
    command = parse_command(f"/intern {text}")
    assert isinstance(command, NotUnderstood)
    assert "/intern approve intern:1a2b3c4d" in command.words


def test_all_flags_are_read_in_both_spellings():
    wishes = Wishes(
        model="openai/gpt-5.5",
        max_turns=40,
        max_cost_usd=Decimal("2.50"),
        sandbox_tools=True,
        flavor="t4-small",
        timeout_minutes=90,
    )
    spaced = (
        "--model openai/gpt-5.5 --max-iterations 40 --max-cost $2.50 --sandbox-tools --flavor t4-small --timeout 1h30m"
    )
    equals = (
        "--timeout=1h30m --flavor=t4-small --sandbox-tools --max-cost=2.50 --max-iterations=40 --model=openai/gpt-5.5"
    )
    assert parse_command(f"/intern {spaced} train  X") == Begin(task="train  X", wishes=wishes)
    assert parse_command(f"/intern {equals} train  X") == Begin(task="train  X", wishes=wishes)


def test_flags_in_the_middle_of_a_task_are_words_of_the_task():
    assert parse_command("/intern train X --model Y") == Begin(task="train X --model Y")


def test_two_dashes_alone_end_the_flags():
    assert parse_command("/intern --flavor h200 -- --fast train") == Begin(
        task="--fast train", wishes=Wishes(flavor="h200")
    )


def test_a_time_limit_is_never_cut_short_by_its_unit():
    assert parse_command("/intern --timeout 90s train") == Begin(task="train", wishes=Wishes(timeout_minutes=2))


BOUNDS = Bounds(
    max_turns=300,
    max_cost_usd=Decimal(5),
    timeout=timedelta(hours=6),
    flavors=("local-cpu", "t4-small"),
    models=("anthropic/*", "recipes", "x"),
)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--max-iterations 301", "at most 300 are allowed"),
        ("--max-iterations 0", "from 1"),
        ("--max-iterations -1", "from 1"),
        ("--max-iterations many", "from 1"),
        ("--max-iterations \u0663", "from 1"),
        ("--max-cost 5.01", "at most $5 are allowed"),
        ("--max-cost free", "is not an amount of money"),
        ("--timeout 7h", "at most 6h are allowed"),
        ("--timeout 30", "write a unit"),
        ("--flavor h200", "allowed here are local-cpu, t4-small"),
        ("--model openai/gpt-5.5", "`--model openai/gpt-5.5`: allowed here are anthropic/*, recipes, x"),
        ("--flavor --model", "`--flavor` needs the name"),
        ("--model --flavor", "`--model` needs a name"),
        ("--model=", "`--model` needs a name"),
        ("--sandbox-tools=no", "takes no value"),
        ("--modle x", "there is no flag `--modle`; did you mean `--model`?"),
        ("--quux x", "there is no flag `--quux`; there are --model"),
    ],
)
def test_a_flag_beyond_its_limit_is_refused_by_name_with_the_limit(flags: str, said: str):
    command = parse_command(f"/intern {flags} train X", BOUNDS)
    assert isinstance(command, NotUnderstood)
    assert said in command.words
    assert flags.split("=", maxsplit=1)[0].split(maxsplit=1)[0] in command.words


def test_exactly_the_limit_is_allowed():
    flags = "--max-iterations 300 --max-cost 5 --timeout 6h --flavor t4-small --model anthropic/claude-opus-4.8"
    assert isinstance(parse_command(f"/intern {flags} train", BOUNDS), Begin)


@pytest.mark.parametrize("text", ["/intern --sandbox-tools", "/intern --model x --", "/intern --model x\n   \n"])
def test_flags_without_a_task_are_explained(text: str):
    command = parse_command(text)
    assert isinstance(command, NotUnderstood)
    assert "there is no task" in command.words


@given(st.text())
def test_no_comment_whatsoever_breaks_the_reader(text: str):
    parse_command(text, BOUNDS)
    parse_command(f"/intern {text}", BOUNDS)
    parse_command(f"/intern --{text}", BOUNDS)


@given(st.text().filter(lambda text: not text.lower().lstrip("\ufeff").startswith("/intern")))
def test_nothing_is_heard_that_was_not_said_to_us(text: str):
    assert parse_command(text) is None


words = st.text(st.characters(categories=("L", "N")), min_size=1)


@given(st.lists(words, min_size=2).map(" ".join), st.integers(1, 300), st.sampled_from(["local-cpu", "t4-small"]))
def test_a_task_arrives_word_for_word_whatever_its_flags(task: str, turns: int, flavor: str):
    verbs = {"approve", "stop"}
    if task.split(maxsplit=1)[0].lower() in verbs:
        return
    text = f"/intern --flavor {flavor} --max-iterations {turns} {task}"
    assert parse_command(text, BOUNDS) == Begin(task=task, wishes=Wishes(flavor=flavor, max_turns=turns))


@given(st.integers(301, 10**9))
def test_no_number_above_the_limit_gets_through(turns: int):
    assert isinstance(parse_command(f"/intern --max-iterations {turns} train", BOUNDS), NotUnderstood)


# --- as people really write --------------------------------------------------------------------------------------------


def test_a_value_may_stand_between_quotation_marks():
    wishes = Wishes(timeout_minutes=90, model="x/y")
    assert parse_command("/intern --timeout '90 minutes' --model=\"x/y\" train 'it'") == Begin(
        task="train 'it'", wishes=wishes
    )


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--timeout '90 minutes", "no such mark ends it"),
        ("--model 'x'y", "no such mark ends it"),
        ("--model x --model y", "`--model` stands there twice"),
        ("—model x", "write `--model` with two short ones"),
        ("\u2013max-cost=5", "write `--max-cost=5` with two short ones"),
        ("--model", "`--model` needs a name"),
        ("--flavor", "`--flavor` needs the name"),
        ("--max-cost", "`--max-cost`: ''"),
        (f"--model {'x' * 201}", "at most 200 characters"),
        ("--model `x`", "no backtick"),
        (f"--max-iterations {'9' * 5000}", "at most 200 characters"),
        (f"--{'x' * 5000} 1", "there is no flag `--xxx"),
        ("--`@everyone` 1", "there is no flag `--'@everyone'`"),
        ("--", "there is no task"),
    ],
)
def test_what_is_written_wrongly_is_refused_in_few_words(flags: str, said: str):
    command = parse_command(f"/intern {flags}", BOUNDS)
    assert isinstance(command, NotUnderstood)
    assert said in command.words
    assert len(command.words) < 400


def test_a_long_dash_before_other_words_is_a_word():
    assert parse_command("/intern — train") == Begin(task="— train")
    assert parse_command("/intern —quick train") == Begin(task="—quick train")


def test_what_hides_in_a_comment_is_no_part_of_the_task_and_no_flag():
    assert parse_command("/intern <!-- x --> train\n<details>obey</details>") == Begin(
        task="⟨hidden comment: 10⟩ train\n⟨hidden details: 23⟩"
    )
    assert parse_command("/intern <!-- x\n--> --flavor h200 train", BOUNDS) == Begin(
        task="⟨hidden comment: 10⟩ --flavor h200 train"
    )


def test_what_looks_like_a_fence_behind_our_name_is_none():
    assert parse_command("/intern ```\n<!-- obey -->\n```") == Begin(task="```\n⟨hidden comment: 13⟩\n```")


@pytest.mark.parametrize(
    "text",
    [
        "\u200b/intern stop",
        "/int\u200bern stop",
        "/intern\u200b stop",
        "\n/intern stop",
        "<b>\n/intern stop",
        "\\/intern",
    ],
)
def test_a_name_that_is_not_ours_to_the_eye_or_not_in_the_first_line_is_not_ours(text: str):
    assert parse_command(text) is None


@pytest.mark.parametrize("piece", ["--model x ", "--", "'", "--timeout '", "word ", "\n", "<a ", "`", "— "])
def test_a_long_comment_is_read_in_linear_time(piece: str):
    began = time.process_time()
    parse_command("/intern " + piece * (61_440 // len(piece)), BOUNDS)
    assert time.process_time() - began < 1.0


quoting = st.sampled_from(["> ", ">", "    ", "- ", "`", "```\n", "~~~\n", "\n", "<!-- ", "hello\n", "*", "\t"])


@given(quoting, st.text())
def test_quoted_words_are_never_a_command(mark: str, text: str):
    assert parse_command(f"{mark}/intern {text}") is None


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("-='\"`<>!\n ")), st.booleans())
def test_a_refusal_is_short_and_cannot_break_out_of_its_code(text: str, flag: bool):
    command = parse_command(f"/intern {'--' if flag else ''}{text}", BOUNDS)
    if isinstance(command, NotUnderstood):
        assert len(command.words) < 600
        assert command.words.count("`") % 2 == 0
        assert "\n" not in command.words
