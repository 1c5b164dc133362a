"""Control's git: what is taken in, what people see, what is kept."""

from __future__ import annotations

import base64
import tarfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured, NotAllowed
from intern_action.core.ports import Snapshot
from intern_action.git.checkout import WorkTree
from intern_action.git.publisher import GitPublisher
from intern_action.git.run import Git, GitFailed, LostRace
from intern_action.trace.canary import Canaries
from tests.fakes.git_world import GRACE, GitWorld, change


def work(world: GitWorld, files: dict[str, str | None], tree: WorkTree | None = None) -> tuple[Snapshot, str]:
    """The agent half changes files and hands over a bundle: the snapshot and the bundle's path."""
    tree = tree or world.work_tree()
    change(Path(tree.path), files)
    taken = tree.snapshot("work")
    bundle = str(world.folder / f"{taken.commit}.bundle")
    tree.bundle(bundle, taken.commit)
    return taken, bundle


def published(world: GitWorld, control: GitPublisher, files: dict[str, str | None]) -> str:
    taken, bundle = work(world, files)
    tree = control.take_in(bundle, taken.commit, base_sha=world.base)
    return control.publish("intern/x", tree, base_sha=world.base, message="Train it", co_author="ada")


def test_a_bundle_becomes_one_commit_on_a_branch_with_who_asked_for_it(world: GitWorld) -> None:
    tree = world.work_tree()
    work(world, {"a": "1"}, tree)
    taken, bundle = work(world, {"b": "2"}, tree)
    control = world.publisher()
    assert control.take_in(bundle, taken.commit, base_sha=world.base) == taken.tree
    head = control.publish("intern/x", taken.tree, base_sha=world.base, message="Train it\n\nWhy.", co_author="ada")
    assert control.head("intern/x") == head == world.bare.head("intern/x")
    assert world.git("rev-list", "--count", f"{world.base}..{head}") == "1"
    assert world.git("log", "-1", "--format=%B", head) == (
        "Train it\n\nWhy.\n\nCo-authored-by: ada <ada@users.noreply.github.com>"
    )
    assert control.tree_of(head) == taken.tree
    assert control.head("intern/y") is None


def test_the_paths_that_differ_are_named_whether_changed_new_or_gone(world: GitWorld) -> None:
    control = world.publisher()
    head = published(world, control, {"new/a": "1", "b": "2"})
    assert control.changed(world.base, head) == ("b", "new/a")
    assert control.changed(head, world.base) == ("b", "new/a")
    assert control.changed(head, head) == ()


CANARY = "AKIAPLANTED0000FAKE1"


@pytest.mark.parametrize(
    "files",
    [
        {"notes.txt": f"I found {CANARY} lying there"},
        {"notes.txt": base64.b64encode(f"key={CANARY}".encode()).decode()},
        {"notes.txt": CANARY[::-1]},
        {f"{CANARY}.txt": "nothing"},
    ],
    ids=["as it is", "base64", "backwards", "a name"],
)
def test_what_holds_a_planted_secret_is_not_taken_in(world: GitWorld, files: dict[str, str | None]) -> None:
    control = replace(world.publisher(), leaks=Canaries(planted=[CANARY], secrets=[]).found_in)
    taken, bundle = work(world, files)

    with pytest.raises(NotAllowed, match="nothing is published") as refused:
        control.take_in(bundle, taken.commit, base_sha=world.base)
    assert CANARY not in str(refused.value)


def test_what_holds_none_passes_the_last_look(world: GitWorld) -> None:
    control = replace(world.publisher(), leaks=Canaries(planted=[CANARY], secrets=["not-needed"]).found_in)

    assert published(world, control, {"notes.txt": "api_key = 'not-needed'"})


def test_an_equal_tree_is_no_new_commit_and_another_one_builds_on_the_last(world: GitWorld) -> None:
    control = world.publisher()
    first = published(world, control, {"a": "1"})
    assert published(world, control, {"a": "1"}) == first
    second = published(world, control, {"a": "2"})
    assert world.git("rev-parse", f"{second}^") == first


def test_taking_the_same_bundle_in_twice_is_no_harm(world: GitWorld) -> None:
    taken, bundle = work(world, {"a": "1"})
    control = world.publisher()
    assert control.take_in(bundle, taken.commit, base_sha=world.base) == taken.tree
    assert control.take_in(bundle, taken.commit, base_sha=world.base) == taken.tree


def test_a_bundle_of_nothing_but_the_base_is_taken_in(world: GitWorld) -> None:
    tree = world.work_tree()
    bundle = str(world.folder / "b")
    tree.bundle(bundle, world.base)
    assert world.publisher().take_in(bundle, world.base, base_sha=world.base) == tree.tree()


def test_the_times_of_commit_and_push_are_the_clocks(world: GitWorld) -> None:
    head = published(world, world.publisher(), {"a": "1"})
    noon = str(int(world.clock.now().timestamp()))
    assert world.git("log", "-1", "--format=%at %ct", head) == f"{noon} {noon}"
    assert [push.at for push in world.bare.pushes("intern/x")] == [world.clock.now()]


def test_a_co_author_cannot_write_further_lines(world: GitWorld) -> None:
    taken, bundle = work(world, {"a": "1"})
    control = world.publisher()
    tree = control.take_in(bundle, taken.commit, base_sha=world.base)
    head = control.publish("intern/x", tree, base_sha=world.base, message="m", co_author="eve\nSigned-off-by: grace")
    assert "\nSigned-off-by" not in world.git("log", "-1", "--format=%B", head)


def test_work_of_others_on_the_branch_is_never_undone(world: GitWorld) -> None:
    control = world.publisher()
    published(world, control, {"a": "1"})
    theirs = world.push("intern/x", {"by-hand": "1"})
    with pytest.raises(NotAllowed, match="somebody else pushed"):
        published(world, control, {"a": "2"})
    assert world.bare.head("intern/x") == theirs


def test_a_branch_that_moves_between_look_and_push_is_a_lost_race_and_is_not_overwritten(world: GitWorld) -> None:
    control = world.publisher()
    first = published(world, control, {"a": "1"})
    mine = control.git.run(
        "commit-tree", control.tree_of(first), "-p", first, "-F", "-", stdin=b"late", env=GRACE.stamp(world.clock.now())
    ).text
    theirs = world.push("intern/x", {"by-hand": "1"})
    with pytest.raises(LostRace):
        control.remote.push(mine, "refs/heads/intern/x", at=world.clock.now(), parent=first)
    assert world.bare.head("intern/x") == theirs


@pytest.mark.parametrize("branch", ["main", "intern/ledger"])
def test_nothing_is_published_on_the_default_branch_or_the_ledger(world: GitWorld, branch: str) -> None:
    taken, bundle = work(world, {"a": "1"})
    control = world.publisher()
    tree = control.take_in(bundle, taken.commit, base_sha=world.base)
    with pytest.raises(NotAllowed, match="nothing is published on"):
        control.publish(branch, tree, base_sha=world.base, message="m", co_author="")
    assert world.bare.head("main") == world.base


@pytest.mark.parametrize(
    "branch", ["-f", "a..b", "a b", "a:refs/heads/main", "+main", "a.lock", "refs@{1}", "", "a//b", "a/.b"]
)
def test_a_branch_name_is_only_ever_a_branch_name(world: GitWorld, branch: str) -> None:
    with pytest.raises(Misconfigured, match="cannot be a branch"):
        world.publisher().head(branch)


def test_the_merge_base_follows_the_live_base(world: GitWorld) -> None:
    control = world.publisher()
    head = published(world, control, {"a": "1"})
    assert control.merge_base("main", head) == world.base
    newer = world.push("main", {"other": "1"})
    assert control.merge_base("main", head) == world.base
    ahead = world.push("topic", {"more": "1"})
    assert control.merge_base("main", ahead) == newer


def test_a_file_of_the_live_branch_is_read_with_its_blob_id(world: GitWorld) -> None:
    control = world.publisher()
    assert control.blob("main", ".github/intern.yml") is None
    world.push("main", {".github/intern.yml": "enabled: true\n"})
    found = control.blob("main", ".github/intern.yml")
    assert found == (world.git("rev-parse", "main:.github/intern.yml"), b"enabled: true\n")
    world.push("main", {".github/intern.yml": "enabled: false\n"})
    assert control.blob("main", ".github/intern.yml") != found


def test_a_policy_file_that_is_a_link_or_a_folder_is_not_taken_for_missing(world: GitWorld) -> None:
    control = world.publisher()
    world.push("main", {".github/intern.yml/x": "1"})
    with pytest.raises(Misconfigured, match="not a plain file"):
        control.blob("main", ".github/intern.yml")
    with pytest.raises(Misconfigured, match="no branch"):
        control.blob("gone", "x")


def test_changes_are_what_a_reviewer_would_see(world: GitWorld) -> None:
    control = world.publisher()
    head = published(world, control, {"a": "1\n2\n", "src/train.py": None})
    world.push("main", {"unrelated": "1"})
    stat = control.changes(world.base, head)
    assert "2 files changed, 2 insertions(+), 1 deletion(-)" in stat
    assert "unrelated" not in stat


def test_an_archive_holds_the_bytes_of_the_tree_whatever_attributes_say(world: GitWorld) -> None:
    control = world.publisher()
    attributes = "* export-ignore\nv export-subst\n*.txt text eol=crlf\n"
    head = published(world, control, {".gitattributes": attributes, "v": "$Format:%H$\n", "t.txt": "1\n"})
    target = world.folder / "tree.tar"
    control.archive(head, str(target))
    with tarfile.open(target) as tar:
        tar.extractall(world.folder / "out", filter="data")
    out = world.folder / "out"
    assert sorted(str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()) == [
        ".gitattributes",
        ".gitignore",
        "README.md",
        "src/train.py",
        "t.txt",
        "v",
    ]
    assert ((out / "v").read_bytes(), (out / "t.txt").read_bytes()) == (b"$Format:%H$\n", b"1\n")


@pytest.mark.parametrize("far", [False, True])
def test_a_journal_is_saved_and_loaded_by_any_machine(world: GitWorld, far: bool) -> None:
    world = replace(world, far=far)
    here, there = world.publisher("here"), world.publisher("there")
    assert there.load_journal("s1") is None
    first = here.save_journal("s1", b"one\n", expected_head="")
    second = here.save_journal("s1", b"one\ntwo\n", expected_head=first)
    assert there.load_journal("s1") == (second, b"one\ntwo\n")
    third = there.save_journal("s1", b"one\ntwo\nthree\n", expected_head=second)
    assert here.load_journal("s1") == (third, b"one\ntwo\nthree\n")
    assert world.git("rev-list", "--count", "refs/intern/sessions/s1") == "3"


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("seen", ["", "first"])
def test_a_journal_that_somebody_else_saved_is_not_overwritten(world: GitWorld, seen: str, far: bool) -> None:
    world = replace(world, far=far)
    here, there = world.publisher("here"), world.publisher("there")
    first = here.save_journal("s1", b"one\n", expected_head="")
    second = here.save_journal("s1", b"one\ntwo\n", expected_head=first)
    with pytest.raises(LostRace):
        there.save_journal("s1", b"other\n", expected_head=first if seen else "")
    assert here.load_journal("s1") == (second, b"one\ntwo\n")


def test_sessions_are_listed_oldest_first(world: GitWorld) -> None:
    control = world.publisher()
    head = control.save_journal("zeta", b"1\n", expected_head="")
    world.clock.wait(timedelta(hours=1).total_seconds())
    control.save_journal("alpha", b"1\n", expected_head="")
    world.clock.wait(timedelta(hours=1).total_seconds())
    control.save_journal("zeta", b"1\n2\n", expected_head=head)
    assert world.publisher("other").sessions() == ("zeta", "alpha")


@pytest.mark.parametrize("session", ["../heads/main", "a/b", "", "-x", "a\nb", "x" * 101])
def test_a_session_cannot_name_another_ref(world: GitWorld, session: str) -> None:
    with pytest.raises(Misconfigured, match="cannot be a session"):
        world.publisher().save_journal(session, b"", expected_head="")


def test_a_remote_that_is_not_there_is_said_in_gits_words(world: GitWorld) -> None:
    control = GitPublisher.at(str(world.folder / "c.git"), str(world.folder / "nowhere.git"), clock=world.clock)
    with pytest.raises(GitFailed, match="does not appear to be a git repository"):
        control.head("main")


def test_a_token_in_the_address_does_not_stand_in_the_message(world: GitWorld) -> None:
    control = GitPublisher.at(str(world.folder / "c.git"), "http://x:hunter2@127.0.0.1:9/x", clock=world.clock)
    with pytest.raises(GitFailed) as failed:
        control.head("main")
    assert "hunter2" not in str(failed.value)


def test_a_transport_that_runs_commands_is_refused(world: GitWorld) -> None:
    said = world.folder / "ran"
    control = GitPublisher.at(str(world.folder / "c.git"), f"ext::touch {said}", clock=world.clock)
    with pytest.raises(GitFailed, match="not allowed"):
        control.head("main")
    assert not said.exists()


def test_a_push_hook_of_ours_never_runs_and_the_remotes_refusal_is_heard(world: GitWorld) -> None:
    hook = Path(world.bare.path, "hooks/pre-receive")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho the owner says no >&2\nexit 1\n")
    hook.chmod(0o755)
    Git(git_dir=world.bare.path).run("config", "core.hooksPath", str(hook.parent))
    with pytest.raises(GitFailed, match="pre-receive hook declined"):
        published(world, world.publisher(), {"a": "1"})


@pytest.mark.parametrize("far", [False, True])
def test_a_journal_that_is_dropped_is_gone_for_everybody_and_the_others_stay(world: GitWorld, far: bool) -> None:
    world = replace(world, far=far)
    here, there = world.publisher("here"), world.publisher("there")
    here.save_journal("s1", b"one\n", expected_head="")
    here.save_journal("s2", b"two\n", expected_head="")
    world.git("update-ref", "refs/intern/snapshots/s1", world.base)
    assert there.drop_journal("s1")
    assert world.git("for-each-ref", "refs/intern/snapshots/") == ""
    assert here.load_journal("s1") is None
    assert here.sessions() == ("s2",)
    assert not here.drop_journal("s1")
