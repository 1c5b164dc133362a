"""Git over HTTP with a token, against the real `git http-backend`: journals, ledger and publisher, and where the token is not."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.git.branch import GitBranch
from intern_action.git.publisher import GitPublisher
from intern_action.git.remote import with_token
from intern_action.git.run import GitFailed, LostRace
from intern_action.ledger.ledger import GitLedger
from tests.fakes.git_world import GRACE, GitWorld, change
from tests.github_server.accounts import APP, Accounts
from tests.github_server.engines import Reply
from tests.github_server.git_http import GitHttp
from tests.github_server.listener import Asked, Listener

NAME = "team/mails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """A world whose repository is on a GitHub: who there is, and what was asked."""

    world: GitWorld
    accounts: Accounts
    server: str
    asked: list[Asked]
    private: bool

    @property
    def url(self) -> str:
        return f"{self.server}/{NAME}.git"

    def token(self, login: str = APP, contents: str = "write") -> str:
        return self.accounts.token(login, {"contents": contents})

    def control(self, token: str, name: str = "control") -> GitPublisher:
        config = with_token(token, self.server)
        return GitPublisher.at(str(self.world.folder / f"{name}.git"), self.url, clock=self.world.clock, config=config)


@pytest.fixture(params=[False, True], ids=["public", "private"])
def far(world: GitWorld, request: pytest.FixtureRequest) -> Generator[Far]:
    accounts = Accounts(roles={"ada": "write", "eve": "read"})
    http = GitHttp(Path(world.bare.path), NAME, accounts, private=request.param)
    asked: list[Asked] = []

    def answer(one: Asked) -> Reply:
        asked.append(one)
        return http.answer(one)

    listener = Listener(answer)
    yield Far(
        world=world, accounts=accounts, server=f"http://127.0.0.1:{listener.port}", asked=asked, private=http.private
    )
    listener.stop()


def published(far: Far, control: GitPublisher, files: dict[str, str | None]) -> str:
    tree = far.world.work_tree(f"work-{len(far.asked)}")
    change(Path(tree.path), files)
    taken = tree.snapshot("work")
    bundle = str(far.world.folder / f"{taken.commit}.bundle")
    tree.bundle(bundle, taken.commit)
    made = control.take_in(bundle, taken.commit, base_sha=far.world.base)
    return control.publish("intern/x", made, base_sha=far.world.base, message="Train it", co_author="ada")


def test_work_is_published_and_looked_at(far: Far) -> None:
    control = far.control(far.token())
    head = published(far, control, {"train.py": "1"})
    assert control.head("intern/x") == head == far.world.bare.head("intern/x")
    assert control.merge_base("main", head) == far.world.base
    assert control.changed(far.world.base, head) == ("train.py",)
    assert far.control(far.token(), "another").blob("intern/x", "train.py") is not None


def test_journals_are_kept_and_the_slower_of_two_is_told(far: Far) -> None:
    control = far.control(far.token())
    first = control.save_journal("s1", b"one\n", expected_head="")
    second = control.save_journal("s1", b"one\ntwo\n", expected_head=first)
    with pytest.raises(LostRace):
        far.control(far.token(), "late").save_journal("s1", b"other\n", expected_head=first)
    assert far.control(far.token(), "reader").load_journal("s1") == (second, b"one\ntwo\n")
    assert control.sessions() == ("s1",)


def test_eight_processes_with_tokens_never_hold_more_than_the_budget(far: Far) -> None:
    hands = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.fakes.ledger_hand",
                str(far.world.folder / f"mirror-{number}.git"),
                far.url,
                f"s{number}",
                "2",
                "50",
            ],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(8)
    ]
    settings = [json.dumps(dict(with_token(far.token(), far.server))).encode() for _ in hands]
    words = [hand.communicate(told, timeout=110)[1] for hand, told in zip(hands, settings, strict=True)]
    assert [hand.returncode for hand in hands] == [0] * 8, b"\n".join(words).decode()
    far.world.clock.wait(30_000 * 86_400)
    config = with_token(far.token(), far.server)
    branch = GitBranch.at(str(far.world.folder / "judge.git"), far.url, "intern/ledger", config=config)
    tables = GitLedger(branch, clock=far.world.clock, readme="{}").read().tables
    assert sum((hold.usd for hold in tables.holds.values()), Decimal(0)) == 49


# --- where the token is ---------------------------------------------------------------------------------------------


def test_the_token_is_in_a_header_and_neither_in_a_file_nor_on_a_command_line(far: Far) -> None:
    token, log = far.token(), far.world.folder / "commands.jsonl"
    control = far.control(token)
    watched = replace(control.git, environment={"GIT_TRACE2_EVENT": str(log)})
    control = replace(control, git=watched, remote=replace(control.remote, git=watched))
    published(far, control, {"train.py": "1"})
    control.save_journal("s1", b"one\n", expected_head="")
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    assert any(one.headers.get("authorization") == f"Basic {basic}" for one in far.asked)
    started = log.read_text()
    assert started.count('"argv"') > 10
    assert '"remote-http"' in started
    assert not [place for place in _files(far.world.folder) if _holds(place, token, basic)]
    assert not any(token in one.path for one in far.asked)


def _files(folder: Path) -> list[Path]:
    return [place for place in folder.rglob("*") if place.is_file()]


def _holds(place: Path, *words: str) -> bool:
    raw = place.read_bytes()
    return any(word.encode() in raw for word in words)


def test_a_token_is_for_one_server_alone(far: Far) -> None:
    config = with_token(far.token(), "https://github.example.com")
    control = GitPublisher.at(str(far.world.folder / "c.git"), far.url, clock=far.world.clock, config=config)
    with pytest.raises(GitFailed):
        control.save_journal("s1", b"one\n", expected_head="")
    assert not any("authorization" in one.headers for one in far.asked)


def test_a_redirect_to_another_server_does_not_get_the_token(far: Far) -> None:
    seen: list[Asked] = []

    def elsewhere(asked: Asked) -> Reply:
        seen.append(asked)
        return Reply(404, {}, b"")

    other = Listener(elsewhere)
    moved = Listener(lambda asked: Reply(301, {"location": f"http://127.0.0.1:{other.port}{asked.path}"}, b""))
    try:
        url = f"http://127.0.0.1:{moved.port}"
        config = with_token(far.token(), url)
        control = GitPublisher.at(
            str(far.world.folder / "m.git"), f"{url}/{NAME}.git", clock=far.world.clock, config=config
        )
        with pytest.raises(GitFailed):
            control.head("main")
        assert seen
        assert not any("authorization" in asked.headers for asked in seen)
    finally:
        moved.stop()
        other.stop()


# --- who may do what ------------------------------------------------------------------------------------------------


def test_a_wrong_token_is_refused_and_not_shown(far: Far) -> None:
    with pytest.raises(GitFailed, match="does not accept the token.* give a new one as GITHUB_TOKEN") as caught:
        far.control("ghs_0123456789abcdef").head("main")
    assert "0123456789" not in str(caught.value)


def test_who_may_only_read_does_not_push(far: Far) -> None:
    far.world.push("intern/x", {"a": "1"}, by=GRACE)
    for name, token in (("reader", far.token("eve")), ("narrow", far.token(contents="read"))):
        with pytest.raises(GitFailed, match=r"Permission to team/mails\.git denied.*takes `contents: write`") as caught:
            far.control(token, name).save_journal("s1", b"one\n", expected_head="")
        assert token not in str(caught.value)
    assert far.control(far.token("eve"), "eve").head("intern/x") == far.world.bare.head("intern/x")


def test_what_a_token_may_not_see_is_said_so(far: Far) -> None:
    control = far.control(far.token("mallory"))
    if far.private:
        with pytest.raises(GitFailed, match="no such repository, or the token may not see it"):
            control.head("main")
    else:
        assert control.head("main") == far.world.base
