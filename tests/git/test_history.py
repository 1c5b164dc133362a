"""Commits brought without their history: what is told of them is what git tells where everything is, and little travels."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from intern_action.git import history
from intern_action.git.checkout import WorkTree
from intern_action.git.publisher import GitPublisher
from intern_action.git.remote import Remote, with_token
from intern_action.git.run import Git, make_git_dir
from tests.fakes.git_world import GitWorld, change, copy_world
from tests.fakes.long_history import COMMITS, FILES, age, go_on
from tests.github_server.accounts import APP, Accounts
from tests.github_server.engines import Reply
from tests.github_server.git_http import GitHttp
from tests.github_server.listener import Asked, Listener
from tests.house.source import ROOT

NAME = "team/mails"
SHALLOW = (1, 3, history.ALL)
"""Small steps, so that small histories are cut as large ones are."""


# --- the same answers as where everything is -------------------------------------------------------------------------------


def grown(bare: Git, seed: int, count: int = 16) -> list[str]:
    """Make a history with forks, merges and a second beginning; return its commits, oldest first."""
    dice = random.Random(seed)  # noqa: S311 -- a draw that anyone can repeat, not a secret
    stream: list[str] = []
    for number in range(1, count + 1):
        parents = [] if number in {1, 7} else sorted({dice.randint(max(1, number - 5), number - 1) for _ in range(2)})
        at = 1_700_000_000 + dice.randint(0, 50)  # clocks of others are not in order
        stream += [f"commit refs/heads/c{number}", f"mark :{number}", f"committer C{number} <c{number}@x> {at} +0000"]
        stream += ["data 0", *(f"{'merge' if i else 'from'} :{one}" for i, one in enumerate(parents))]
        stream += [f"M 100644 inline f{number % 3}", "data 3", str(100 + number)]
    bare.run("fast-import", "--quiet", "--force", stdin="\n".join([*stream, ""]).encode())
    return [bare.run("rev-parse", f"refs/heads/c{number}").text for number in range(1, count + 1)]


def shallow(world: GitWorld, name: str, *commits: str) -> Remote:
    """Return a git directory that has these commits alone, of the repository as if it were on another machine."""
    place = str(world.folder / name)
    make_git_dir(place)
    remote = Remote(git=Git(git_dir=place), url=f"file://{world.bare.path}")
    for commit in commits:
        history.bring(remote, commit)
    return remote


@pytest.mark.parametrize("seed", range(8))
def test_every_answer_on_a_history_that_was_cut_is_the_answer_on_the_whole(world: GitWorld, seed: int) -> None:
    bare = Git(git_dir=world.bare.path)
    commits = grown(bare, seed)
    dice = random.Random(-seed)  # noqa: S311 -- as above
    for number in range(6):
        one, other, third = dice.sample(commits, 3)
        remote = shallow(world, f"{seed}-{number}.git", one, other, third)
        whole = bare.ask("merge-base", one, other).text
        assert (history.merge_base(remote, one, other, SHALLOW) or "") == whole
        for new in (one, other):
            builds = not bare.ask("merge-base", "--is-ancestor", third, new).code
            assert history.is_ancestor(remote, third, new, SHALLOW) is builds
            told = bare.run("log", "--format=%h %ce", f"{third}..{new}").text.splitlines()
            assert builds is False or set(history.committers(remote, third, new)) >= set(told)


def test_a_commit_that_is_asked_about_after_it_was_cut_gets_its_history_back(world: GitWorld) -> None:
    commits = [world.base, *(world.push("main", {"a": str(number)}) for number in range(4))]
    remote = shallow(world, "cut.git", commits[0], commits[-1])
    assert remote.git.run("rev-list", "--count", commits[-1]).text == "1"
    assert history.is_ancestor(remote, commits[0], commits[-1], SHALLOW)
    assert len(history.committers(remote, commits[0], commits[-1])) == 4


def test_a_repository_on_this_machine_is_not_cut(world: GitWorld) -> None:
    head = world.push("main", {"a": "1"})
    control = world.publisher()
    assert control.merge_base("main", head) == head
    assert not Path(control.git.git_dir, "shallow").exists()


def test_nobody_else_asks_git_for_ancestors_where_history_may_be_cut() -> None:
    """The ledger is always whole, a bundle builds on its base or is refused, and a push is held against its own commit."""
    package = ROOT / "intern_action"
    asks = {str(one.relative_to(package)) for one in package.rglob("*.py") if '"merge-base"' in one.read_text("utf-8")}
    assert asks == {"git/history.py", "git/branch.py", "git/bundles.py", "git/remote.py"}


# --- what travels ------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Line:
    """A repository at the other end of a line, and how much has come through it."""

    world: GitWorld
    server: str
    config: Mapping[str, str]
    asked: list[Asked] = field(default_factory=list[Asked])
    bytes: int = 0

    def control(self, name: str) -> GitPublisher:
        place = str(self.world.folder / f"{name}.git")
        return GitPublisher.at(place, f"{self.server}/{NAME}.git", clock=self.world.clock, config=self.config)


Changed = Callable[[Asked, Reply], Reply]


def as_it_is(_asked: Asked, reply: Reply) -> Reply:
    return reply


def without_shallow(_asked: Asked, reply: Reply) -> Reply:
    """A server that gives whole histories only: its list of what it can do (gitprotocol-v2) has no word of it."""
    return Reply(
        reply.status, reply.headers, reply.body.replace(b"0020fetch=shallow wait-for-done", b"0018fetch=wait-for-done")
    )


@contextmanager
def a_line(world: GitWorld, changed: Changed = as_it_is) -> Generator[Line]:
    accounts = Accounts(roles={"ada": "write"})
    http = GitHttp(Path(world.bare.path), NAME, accounts, private=True)
    lines: list[Line] = []

    def answer(asked: Asked) -> Reply:
        reply = changed(asked, http.answer(asked))
        lines[0].bytes += len(reply.body)
        lines[0].asked.append(asked)
        return reply

    listener = Listener(answer)
    server = f"http://127.0.0.1:{listener.port}"
    lines.append(
        Line(world=world, server=server, config=with_token(accounts.token(APP, {"contents": "write"}), server))
    )
    yield lines[0]
    listener.stop()


def objects(control: GitPublisher) -> int:
    listed = control.git.run("cat-file", "--batch-all-objects", "--batch-check").text
    return len(listed.splitlines())


def worked(line: Line, base: str) -> str:
    """Do what a run does from a comment to its draft pull request, on a machine that has never been here."""
    world, control = line.world, line.control("first")
    assert control.blob("main", ".github/intern.yml") is None
    source = control.bring("s1", base, "")
    place = world.folder / "work"
    tree = WorkTree.make(f"{place}.git", str(place / "tree"), source=source, base_sha=base, clock=world.clock)
    change(Path(tree.path), {"train.py": "print('train')\n"})
    taken = tree.snapshot("work")
    bundle = str(world.folder / "work.bundle")
    tree.bundle(bundle, taken.commit)
    made = control.take_in(bundle, taken.commit, base_sha=base)
    control.keep("s1", taken.commit)
    head = control.publish("intern/x", made, base_sha=base, message="Train it", co_author="ada")
    assert control.merge_base("main", head) == base
    assert control.changed(base, taken.commit) == ("train.py",)
    assert "train.py" in control.changes(base, head)
    assert objects(control) < 2 * FILES
    return head


@pytest.fixture(scope="module")
def old(first_world: GitWorld, tmp_path_factory: pytest.TempPathFactory) -> tuple[GitWorld, str]:
    world = copy_world(first_world, tmp_path_factory.mktemp("old"))
    return world, age(Git(git_dir=world.bare.path))


@pytest.mark.timeout(300)
def test_of_twenty_thousand_commits_a_run_fetches_the_files_of_one(old: tuple[GitWorld, str]) -> None:
    world, base = old
    with a_line(world) as line:
        worked(line, base)
        of_one = line.bytes
    assert of_one < 1_000_000  # 400 files of 1,200 bytes that hardly pack; their history is 25 times that


@pytest.mark.timeout(300)
def test_another_machine_judges_the_same_when_the_default_branch_went_on(old: tuple[GitWorld, str]) -> None:
    world, base = old
    head = world.bare.head("intern/x")
    assert head is not None
    bare = Git(git_dir=world.bare.path)
    for number in range(30):
        go_on(bare, number)
    with a_line(world) as line:
        control = line.control("second")
        assert control.tree_of(head) == bare.run("rev-parse", f"{head}^{{tree}}").text
        assert control.merge_base("main", head) == base == bare.run("merge-base", "main", head).text
        assert control.changed(base, head) == ("train.py",)
        tree = control.tree_of(head)
        assert control.publish("intern/x", tree, base_sha=base, message="again", co_author="ada") == head
        assert objects(control) < 4 * FILES
        assert line.bytes < 1_500_000


@pytest.mark.timeout(300)
def test_a_first_push_after_the_default_branch_went_on(old: tuple[GitWorld, str]) -> None:
    world, base = old
    bare = Git(git_dir=world.bare.path)
    with a_line(world) as line:
        control = line.control("late")
        tree = control.tree_of(base)
        files = bare.run("ls-tree", tree).text.replace("README.md", "REWRITTEN.md")
        go_on(bare, 99)
        assert control.blob("main", "news.md") is not None
        control.git.run("fetch", "--quiet", "--depth=1", "--", control.remote.url, base)
        made = control.git.run("mktree", stdin=f"{files}\n".encode()).text
        head = control.publish("intern/late", made, base_sha=base, message="Late", co_author="ada")
    assert bare.run("rev-parse", f"{head}~1").text == base
    assert bare.run("rev-list", "--count", head).text == str(COMMITS + 2)  # nothing was cut over there
    assert not Path(world.bare.path, "shallow").exists()


@pytest.mark.timeout(300)
def test_a_session_that_goes_on_elsewhere_has_its_work_and_not_the_past(old: tuple[GitWorld, str]) -> None:
    world, base = old
    bare = Git(git_dir=world.bare.path)
    snapshot = bare.run("rev-parse", "refs/intern/snapshots/s1").text
    with a_line(world) as line:
        control = line.control("third")
        source = control.bring("s1", base, snapshot)
        place = world.folder / "elsewhere"
        tree = WorkTree.make(f"{place}.git", str(place / "tree"), source=source, base_sha=base, clock=world.clock)
        tree.restore(snapshot)
        assert Path(tree.path, "train.py").read_text() == "print('train')\n"
        change(Path(tree.path), {"train.py": "print('more')\n"})
        more = tree.snapshot("more")
        bundle = str(world.folder / "more.bundle")
        tree.bundle(bundle, more.commit)
        made = control.take_in(bundle, more.commit, base_sha=base)
        head = control.publish("intern/x", made, base_sha=base, message="More", co_author="ada")
        control.keep("s1", more.commit)
        assert bare.run("rev-list", "--count", f"{base}..{head}").text == "2"
        assert objects(control) < 2 * FILES + 100


# --- servers that can do less ----------------------------------------------------------------------------------------------


def test_a_server_that_gives_whole_histories_only_gives_them(world: GitWorld) -> None:
    commits = [world.push("main", {"a": str(number)}) for number in range(3)]
    with a_line(world, without_shallow) as line:
        control = line.control("whole")
        assert control.blob("main", "a") is not None
        assert control.git.run("rev-list", "--count", commits[-1]).text == "4"
        assert control.merge_base("main", commits[1]) == commits[1]
        assert not Path(control.git.git_dir, "shallow").exists()
