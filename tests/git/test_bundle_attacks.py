"""Bundles that a hostile agent half could hand to control."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from intern_action.core.errors import NotAllowed
from intern_action.git.bundles import REF
from intern_action.git.objects import blob_id
from intern_action.git.publisher import GitPublisher
from intern_action.git.rules import judge_links, stays_inside
from intern_action.git.run import OURS, Git, make_git_dir
from intern_action.git.snapshots import CommitStream
from tests.fakes.git_world import NOON, GitWorld, make_world


class Forger:
    """Makes any commit and any bundle, with none of our checks."""

    def __init__(self, world: GitWorld) -> None:
        self.world = world
        folder = str(world.folder / "forger.git")
        make_git_dir(folder)
        loose = {"core.protectHFS": "false", "core.protectNTFS": "false"}
        self.git = Git(git_dir=folder, config=loose)
        self.git.run("fetch", "--quiet", world.bare.path, "refs/heads/*:refs/heads/*")

    def commit(self, files: Mapping[str, tuple[str, bytes]], parent: str | None = None) -> str:
        start = self.world.base if parent is None else parent
        with CommitStream(git=self.git, parent=start, ref="refs/x", at=NOON) as stream:
            for path, (mode, content) in files.items():
                stream.put(path, mode, content)
            return stream.commit("forged").commit

    def raw(self, entries: list[tuple[str, str, str]], parent: str) -> str:
        """A commit of a hand-made tree: (mode, object id, name)."""
        body = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, oid, name in entries)
        tree = self.git.run("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=body).text
        return self.git.run("commit-tree", tree, "-p", parent, "-m", "raw", env=OURS.stamp(NOON)).text

    def blob(self, content: bytes) -> str:
        return self.git.run("hash-object", "-w", "--stdin", stdin=content).text

    def bundle(self, commit: str, *refs: str, ref: str = REF) -> str:
        target = str(self.world.folder / "forged.bundle")
        self.git.run("update-ref", ref, commit)
        self.git.run("bundle", "create", "--quiet", target, ref, *refs)
        return target

    def offer(self, commit: str, control: GitPublisher | None = None) -> str:
        """Hand a bundle of a commit to control."""
        bundle = self.bundle(commit, f"^{self.world.base}")
        return (control or self.world.publisher()).take_in(bundle, commit, base_sha=self.world.base)


@pytest.fixture
def forger(world: GitWorld) -> Forger:
    return Forger(world)


def plain(content: str = "x") -> tuple[str, bytes]:
    return ("100644", content.encode())


def link(target: str) -> tuple[str, bytes]:
    return ("120000", target.encode())


def test_an_honest_bundle_passes(forger: Forger) -> None:
    commit = forger.commit({"a": plain(), "near": link("src/train.py"), "src/up": link("../README.md")})
    assert forger.offer(commit) == forger.git.run("rev-parse", f"{commit}^{{tree}}").text


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/x.yml",
        ".GitHub/workflows/x.yml",
        ".github /workflows/x.yml",
        ".gith\u200cub/workflows/x.yml",
        "\uff0egithub/workflows/x.yml",
        ".github",
        ".github\\workflows\\x.yml",
        ".intern.yml",
        ".intern/tools/evil.py",
        ".gitmodules",
        "CODEOWNERS",
        "docs/CODEOWNERS",
    ],
)
def test_what_only_people_change_is_refused_by_name(forger: Forger, path: str) -> None:
    with pytest.raises(NotAllowed, match=r"may only be changed by people|git does not accept"):
        forger.offer(forger.commit({path: plain()}))


def test_a_workflow_that_people_wrote_may_stay_and_may_not_change_or_go(tmp_path: Path) -> None:
    world = make_world(tmp_path, {".github/workflows/ci.yml": "on: push\n", "a": "1"})
    forger = Forger(world)
    forger.offer(forger.commit({"a": plain("2")}))
    with pytest.raises(NotAllowed, match="may only be changed by people"):
        forger.offer(forger.commit({".github/workflows/ci.yml": plain("on: pull_request_target\n")}))
    with CommitStream(git=forger.git, parent=world.base, ref="refs/x", at=NOON) as stream:
        stream.delete([".github/workflows/ci.yml"])
        gone = stream.commit("gone").commit
    with pytest.raises(NotAllowed, match="may only be changed by people"):
        forger.offer(gone)


def test_a_change_that_was_taken_back_before_the_end_does_not_count(forger: Forger) -> None:
    first = forger.commit({".github/x": plain(), "a": plain()})
    with CommitStream(git=forger.git, parent=first, ref="refs/x", at=NOON) as stream:
        stream.delete([".github/x"])
        last = stream.commit("taken back").commit
    assert forger.offer(last)


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", ".g\u200cit", ".git "])
def test_a_git_directory_in_any_spelling_is_refused(forger: Forger, name: str) -> None:
    commit = forger.raw([("100644", forger.blob(b"x"), name)], forger.world.base)
    with pytest.raises(NotAllowed, match=r"git directory|git does not accept"):
        forger.offer(commit)


@pytest.mark.parametrize("name", ["..", ".", "a/b"])
def test_a_tree_that_walks_out_of_the_folder_is_refused_by_gits_own_checks(forger: Forger, name: str) -> None:
    commit = forger.raw([("100644", forger.blob(b"x"), name)], forger.world.base)
    with pytest.raises(NotAllowed, match="git does not accept"):
        forger.offer(commit)


def test_a_submodule_is_refused(forger: Forger) -> None:
    commit = forger.raw([("160000", forger.world.base, "module")], forger.world.base)
    with pytest.raises(NotAllowed, match="submodule"):
        forger.offer(commit)


@pytest.mark.parametrize(
    "links",
    [
        {"a": "/etc/passwd"},
        {"a": ".."},
        {"a": "../x"},
        {"a/b": "../../x"},
        {"a": "b/../../x"},
        {"a": ".", "b": "a/.."},
        {"a": "src", "b": "a/../.."},
        {"a": "d/e", "f": "a/../../../x"},
        {"a": "b", "b": "a"},
        {"a": ".git/config"},
        {"a": ".GIT/config"},
        {"a": "..\\x"},
    ],
)
def test_a_symlink_that_leads_out_is_refused_whatever_way_it_takes(forger: Forger, links: dict[str, str]) -> None:
    with pytest.raises(NotAllowed, match=r"symlink|git does not accept"):
        forger.offer(forger.commit({path: link(target) for path, target in links.items()}))


def test_a_link_that_people_made_may_stay(tmp_path: Path) -> None:
    judge_links({"data": "/mnt/data"}, {"data": "/mnt/data", "new": "src/x"})
    with pytest.raises(NotAllowed):
        judge_links({"data": "/mnt/data"}, {"data": "/mnt/other"})
    with pytest.raises(NotAllowed):
        judge_links({"safe": "d/.."}, {"safe": "d/..", "d": "."})


def test_following_links_ends_where_the_kernel_would(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    targets = {"in/l": "deep", "m": "in/l/../x", "n": "in/l/../../x", "o": "in/l/../../../x"}
    for path, target in targets.items():
        (tmp_path / path).symlink_to(target)
        real = (tmp_path / path).resolve()
        assert stays_inside(path, target, targets) == real.is_relative_to(tmp_path)


def test_a_file_of_100_mb_is_refused_though_it_packs_small(forger: Forger) -> None:
    commit = forger.commit({"weights.bin": ("100644", bytes(100_000_000))})
    with pytest.raises(NotAllowed, match="100,000,000 bytes"):
        forger.offer(commit)


def test_a_large_file_that_is_gone_in_the_end_is_refused_all_the_same(forger: Forger) -> None:
    first = forger.commit({"weights.bin": ("100644", bytes(60_000_000))})
    with CommitStream(git=forger.git, parent=first, ref="refs/x", at=NOON) as stream:
        stream.delete(["weights.bin"])
        last = stream.commit("gone").commit
    with pytest.raises(NotAllowed, match="60,000,000 bytes"):
        forger.offer(last)


def test_what_was_refused_leaves_nothing_behind(forger: Forger) -> None:
    control = forger.world.publisher()
    commit = forger.commit({".github/x": plain()})
    with pytest.raises(NotAllowed):
        forger.offer(commit, control)
    assert not control.git.has(commit)
    assert not list(Path(control.git.git_dir).glob("quarantine-*"))


def test_a_refused_tree_cannot_be_published_by_its_id(forger: Forger) -> None:
    control = forger.world.publisher()
    harmless = forger.commit({"a": plain()})
    forger.offer(harmless, control)
    head = forger.world.push("evil", {".github/workflows/x.yml": "on: push\n"})
    tree = control.tree_of(head)
    with pytest.raises(NotAllowed, match="may only be changed by people"):
        control.publish("intern/x", tree, base_sha=forger.world.base, message="m", co_author="")


def test_a_bundle_with_a_ref_of_ours_moves_nothing(forger: Forger) -> None:
    control = forger.world.publisher()
    commit = forger.commit({"a": plain()})
    for ref in ("refs/heads/main", "refs/intern/sessions/s1", "HEAD"):
        bundle = forger.bundle(commit, f"^{forger.world.base}", ref="refs/heads/main")
        raw = Path(bundle).read_bytes().replace(b"refs/heads/main\n", ref.encode() + b"\n", 1)
        Path(bundle).write_bytes(raw)
        with pytest.raises(NotAllowed, match="nothing else"):
            control.take_in(bundle, commit, base_sha=forger.world.base)
    assert control.git.run("for-each-ref").text == ""
    assert forger.world.bare.head("main") == forger.world.base


def test_two_refs_are_one_too_many(forger: Forger) -> None:
    commit = forger.commit({"a": plain()})
    forger.git.run("update-ref", "refs/heads/second", forger.commit({"b": plain()}))
    bundle = forger.bundle(commit, "refs/heads/second", f"^{forger.world.base}")
    with pytest.raises(NotAllowed, match="nothing else"):
        forger.world.publisher().take_in(bundle, commit, base_sha=forger.world.base)


def test_a_commit_that_does_not_build_on_the_base_is_refused(forger: Forger) -> None:
    orphan = forger.commit({"a": plain()}, parent="")
    bundle = forger.bundle(orphan)
    with pytest.raises(NotAllowed, match="does not build on"):
        forger.world.publisher().take_in(bundle, orphan, base_sha=forger.world.base)


def test_a_merge_is_refused(forger: Forger) -> None:
    one, two = forger.commit({"a": plain()}), forger.commit({"b": plain()})
    tree = forger.git.run("rev-parse", f"{one}^{{tree}}").text
    merge = forger.git.run("commit-tree", tree, "-p", one, "-p", two, "-m", "m", env=OURS.stamp(NOON)).text
    with pytest.raises(NotAllowed, match="2 parents"):
        forger.offer(merge)


def test_a_bundle_on_another_base_is_refused(forger: Forger) -> None:
    newer = forger.world.push("main", {"b": "1"})
    forger.git.run("fetch", "--quiet", forger.world.bare.path, "main")
    commit = forger.commit({"a": plain()}, parent=newer)
    bundle = forger.bundle(commit, f"^{newer}")
    with pytest.raises(NotAllowed, match="not on the commit the session started from"):
        forger.world.publisher().take_in(bundle, commit, base_sha=forger.world.base)


def test_a_bundle_that_says_one_commit_and_carries_another_is_refused(forger: Forger) -> None:
    commit, other = forger.commit({"a": plain()}), forger.commit({"b": plain()})
    bundle = forger.bundle(commit, f"^{forger.world.base}")
    with pytest.raises(NotAllowed, match="its words say"):
        forger.world.publisher().take_in(bundle, other, base_sha=forger.world.base)


@pytest.mark.parametrize(
    "raw", [b"", b"PK\x03\x04", b"# v2 git bundle\n", b"# v2 git bundle\n" + b"-\n" * 10, b"x" * 100_000]
)
def test_what_is_no_bundle_is_refused(forger: Forger, raw: bytes) -> None:
    file = forger.world.folder / "x.bundle"
    file.write_bytes(raw)
    with pytest.raises(NotAllowed):
        forger.world.publisher().take_in(str(file), "12" * 20, base_sha=forger.world.base)


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_bundle_cut_short_is_refused(forger: Forger, cut: int) -> None:
    commit = forger.commit({"a": plain()})
    bundle = Path(forger.bundle(commit, f"^{forger.world.base}"))
    bundle.write_bytes(bundle.read_bytes()[:-cut])
    with pytest.raises(NotAllowed, match="git does not accept"):
        forger.world.publisher().take_in(str(bundle), commit, base_sha=forger.world.base)


def test_a_bundle_larger_than_agreed_is_refused(forger: Forger) -> None:
    commit = forger.commit({"a": ("100644", bytes(range(256)) * 40)})
    bundle = forger.bundle(commit, f"^{forger.world.base}")
    at = forger.world.publisher()
    small = GitPublisher(git=at.git, remote=at.remote, clock=at.clock, bundle_bytes=100)
    with pytest.raises(NotAllowed, match="larger than 100 bytes"):
        small.take_in(bundle, commit, base_sha=forger.world.base)


def test_a_name_with_a_newline_is_shown_on_one_line(forger: Forger) -> None:
    with pytest.raises(NotAllowed) as refused:
        forger.offer(forger.commit({".github/x\ny": plain()}))
    assert str(refused.value).startswith('".github/x\\ny"')
    assert "\n" not in str(refused.value)


def test_a_few_objects_that_stand_for_a_billion_files_are_refused(forger: Forger) -> None:
    git = forger.git
    tree = git.run("mktree", stdin=f"100644 blob {forger.blob(b'x')}\tf\n".encode()).text
    for _ in range(9):
        listing = "".join(f"040000 tree {tree}\t{name}\n" for name in "abcdefghij")
        tree = git.run("mktree", stdin=listing.encode()).text
    commit = git.run("commit-tree", tree, "-p", forger.world.base, "-m", "b", env=OURS.stamp(NOON)).text
    with pytest.raises(NotAllowed, match="nobody can review that"):
        forger.offer(commit)


def packed(kind: int, body: bytes, size: int, before: bytes = b"") -> bytes:
    """One object of a pack: type and size, what a delta builds on, the deflated body."""
    first, rest = (kind << 4) | (size & 15), size >> 4
    head = bytearray()
    while rest:
        head.append(first | 128)
        first, rest = rest & 127, rest >> 7
    head.append(first)
    return bytes(head) + before + zlib.compress(body)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def test_a_delta_that_unfolds_to_gigabytes_is_refused_within_our_memory(forger: Forger) -> None:
    block = bytes(0xFFFFFF)
    copy = b"\xf0\xff\xff\xff"  # from 0, 16 MiB
    delta = varint(len(block)) + varint(len(block) * 400) + copy * 400
    base_id = bytes.fromhex(blob_id(block))
    objects = [packed(3, block, len(block)), packed(7, delta, len(delta), base_id)]
    pack = b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big") + b"".join(objects)
    pack += hashlib.sha1(pack, usedforsecurity=False).digest()
    claimed = "12" * 20
    file = forger.world.folder / "bomb.bundle"
    file.write_bytes(f"# v2 git bundle\n-{forger.world.base} base\n{claimed} {REF}\n\n".encode() + pack)
    assert file.stat().st_size < 100_000
    with pytest.raises(NotAllowed, match=r"git does not accept the bundle's objects: .*memory"):
        forger.world.publisher().take_in(str(file), claimed, base_sha=forger.world.base)
