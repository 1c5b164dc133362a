"""`intern-action init` writes what GitHub and the gate can read, asks, overwrites nothing in silence, and says what to click."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from intern_action.commands.init import Answers, init, policy_for
from intern_action.core.errors import Misconfigured
from intern_action.gate.policy import parse_policy
from tests.fakes.example_workflows import KINDS, examples
from tests.fakes.git_world import make_repository

PATHS = (
    ".github/workflows/intern.yml",
    ".github/workflows/intern-doorbell.yml",
    ".github/workflows/intern-timer.yml",
    ".github/intern.yml",
)
BIN = Path(sys.executable).parent


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    make_repository(tmp_path / "team")
    return tmp_path / "team"


def written(repo: Path, tmp_path: Path, **options: object) -> int:
    given: Mapping[str, object] = {"repo": str(repo), "yes": True, **options}
    return init({}, given, examples=examples(tmp_path / "examples"))


def words(repo: Path) -> str:
    return "".join((repo / path).read_text() for path in PATHS if (repo / path).exists())


def lint(*command: str | Path) -> None:
    program, *rest = command
    ended = subprocess.run([BIN / program, *rest], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_writes_is_what_the_linters_and_the_gate_accept(repo: Path, tmp_path: Path, kind: str) -> None:
    assert written(repo, tmp_path, kind=kind, approvers=("@ada", "grace"), month_usd="$25", model="recipes") == 0
    workflows = repo / ".github/workflows"
    lint(
        "check-jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        *(workflows / one.rsplit("/", 1)[1] for one in PATHS[:-1]),
    )
    lint("zizmor", "--offline", "--quiet", workflows)
    policy = parse_policy((repo / ".github/intern.yml").read_bytes())
    assert (policy.approvers, policy.requester_may_approve) == (("ada", "grace"), False)
    assert policy.limits.month_usd == Decimal(25)
    assert {path.name for path in (repo / ".github").rglob("*") if path.is_file()} == {
        path.rsplit("/", 1)[1] for path in PATHS
    }


def test_whoever_is_alone_approves_what_they_asked_for(repo: Path, tmp_path: Path) -> None:
    assert written(repo, tmp_path, solo=True) == 0
    assert parse_policy((repo / ".github/intern.yml").read_bytes()).requester_may_approve


def test_one_approver_who_is_not_alone_is_warned(
    repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(repo, tmp_path, approvers=("ada",))
    assert "Mind: ada alone may approve" in capsys.readouterr().out


def test_it_says_what_to_click_with_the_repositorys_own_addresses(
    repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "remote", "add", "origin", "git@github.com:team/mails.git"], cwd=repo, check=True)
    assert written(repo, tmp_path, kind="hardened") == 0
    said = capsys.readouterr().out
    assert "https://github.com/team/mails/settings/secrets/actions" in said
    assert "HF_WRITE_TOKEN" in said
    assert "https://github.com/team/mails/settings/environments" in said
    assert 'tick "Allow GitHub Actions to create and approve pull requests"' in said
    assert "intern-action doctor" in said


def test_a_file_that_says_something_else_is_shown_and_left(
    repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo / ".github").mkdir()
    (repo / ".github/intern.yml").write_text("enabled: false\n")
    assert written(repo, tmp_path) == 2
    said = capsys.readouterr().out
    assert "-enabled: false" in said
    assert "with --force" in said
    assert words(repo) == "enabled: false\n"


def test_force_overwrites_and_still_shows_how(repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repo / ".github").mkdir()
    (repo / ".github/intern.yml").write_text("enabled: false\n")
    assert written(repo, tmp_path, force=True) == 0
    assert "-enabled: false" in capsys.readouterr().out
    assert parse_policy((repo / ".github/intern.yml").read_bytes()).enabled


def test_a_policy_can_be_kept(repo: Path, tmp_path: Path) -> None:
    (repo / ".github").mkdir()
    (repo / ".github/intern.yml").write_text("enabled: false\n")
    assert written(repo, tmp_path, keep_policy=True) == 0
    assert (repo / ".github/intern.yml").read_text() == "enabled: false\n"
    assert (repo / PATHS[0]).exists()


def test_the_same_again_changes_nothing(repo: Path, tmp_path: Path) -> None:
    written(repo, tmp_path)
    before = words(repo)
    assert written(repo, tmp_path) == 0
    assert words(repo) == before


@pytest.mark.parametrize("link", [".github", ".github/workflows", ".github/intern.yml"])
def test_nothing_is_written_through_a_link(repo: Path, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo / link).parent.mkdir(exist_ok=True)
    (repo / link).symlink_to(outside)
    with pytest.raises(Misconfigured, match="nothing was written"):
        written(repo, tmp_path, force=True)
    assert list(outside.iterdir()) == []
    assert not (repo / PATHS[0]).exists()


def test_where_one_file_cannot_be_written_none_is(repo: Path, tmp_path: Path) -> None:
    (repo / ".github/workflows/intern-doorbell.yml").mkdir(parents=True)
    with pytest.raises(Misconfigured, match="nothing was written"):
        written(repo, tmp_path, force=True)
    assert not (repo / PATHS[0]).exists()
    assert not (repo / PATHS[-1]).exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "quick"}, "there is quickstart and hardened"),
        ({"approvers": ("ada: [*x]",)}, "cannot be an account"),
        ({"month_usd": "a lot"}, "no amount of dollars"),
        ({"model": "gpt"}, "is not a model's name"),
    ],
)
def test_an_answer_that_cannot_be_meant_writes_nothing(
    repo: Path, tmp_path: Path, options: Mapping[str, object], said: str
) -> None:
    with pytest.raises(Misconfigured, match=said):
        written(repo, tmp_path, **options)
    assert words(repo) == ""


@pytest.mark.parametrize("model", ["a: b", 'x"/y', "local/ # no", "anthropic/claude-opus-4.8"])
def test_whatever_a_model_is_called_the_policy_says_it_whole(model: str) -> None:
    content = policy_for(Answers(kind="quickstart", solo=False, approvers=(), month_usd=Decimal(1), model=model))
    from intern_action.settings.sources import read_repository_file

    assert read_repository_file(content).values["model"].value == model


# --- asking ----------------------------------------------------------------------------------------------------------


def asked(repo: Path, tmp_path: Path, answers: str, **options: object) -> tuple[int, str]:
    """Run it as somebody at a terminal would who types these answers."""

    @click.command()
    def it() -> None:
        try:
            raise SystemExit(init({}, {"repo": str(repo), **options}, examples=examples(tmp_path / "examples")))
        except Misconfigured as error:
            click.echo(error)
            raise SystemExit(error.exit_code) from error

    ended = CliRunner().invoke(it, input=answers)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.output


def test_it_asks_what_no_flag_answers_and_again_where_an_answer_cannot_be_meant(repo: Path, tmp_path: Path) -> None:
    code, said = asked(repo, tmp_path, "n\nada, @grace\nplenty\n12.50\nrecipes\n", kind="quickstart")
    assert code == 0, said
    assert "no amount of dollars" in said
    policy = parse_policy((repo / ".github/intern.yml").read_bytes())
    assert policy.approvers == ("ada", "grace")
    assert policy.limits.month_usd == Decimal("12.50")
    assert "quickstart:" not in said


def test_nothing_but_line_ends_gives_the_usual_answers(repo: Path, tmp_path: Path) -> None:
    code, said = asked(repo, tmp_path, "\n" * 5)
    assert code == 0, said
    policy = parse_policy((repo / ".github/intern.yml").read_bytes())
    assert (policy.approvers, policy.requester_may_approve, policy.limits.month_usd) == ((), False, Decimal(40))


def test_where_nobody_answers_nothing_is_written(repo: Path, tmp_path: Path) -> None:
    code, said = asked(repo, tmp_path, "quickstart\n")
    assert code == 2
    assert "nobody answered, and nothing was written" in said
    assert words(repo) == ""
