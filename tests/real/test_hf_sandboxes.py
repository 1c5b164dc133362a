"""Sandboxes on Hugging Face, over HTTP and TLS with the official client, on a Hub that really runs them."""

from __future__ import annotations

import dataclasses
import gc
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType

import pytest

from intern_action.core.errors import JobError, Misconfigured, OutsideError, ToolFailed
from intern_action.core.ports import FileState
from intern_action.git.objects import blob_id
from intern_action.sandboxes.hf import BACKEND
from intern_action.shell.beneath import Outside
from tests.fakes.hub_jobs import PAYS, STAGES, backend
from tests.fakes.hub_sandboxes import KEY, SandboxWorkshop, begin_and_die, order_of, sandbox_workshop
from tests.fakes.waiting import until
from tests.hub_server.accounts import Scope
from tests.hub_server.faults import Lost, Refuse
from tests.hub_server.front import Front
from tests.hub_server.job_records import JobFolder
from tests.hub_server.job_runs import Jobs, Order


@pytest.fixture
def at(tmp_path: Path) -> Iterator[SandboxWorkshop]:
    with sandbox_workshop(tmp_path) as made:
        yield made


# --- no writing token, anywhere near the agent -------------------------------------------------------------------------


def test_the_agent_half_and_its_sandbox_hold_no_token_that_writes(at: SandboxWorkshop) -> None:
    at.secrets = {"WANDB_API_KEY": "named-by-people"}
    ref = at.begin()
    inside = at.run(
        ref, "env; cat /proc/1/environ /proc/$PPID/environ 2>/dev/null | tr '\\0' '\\n'; cat ../tmp/.sbx-server"
    )
    assert f"HF_TOKEN={at.inside}" in inside.splitlines()
    assert "WANDB_API_KEY=named-by-people" in inside.splitlines()
    held = at.door()
    held.run(ref, "true", timeout_seconds=20, environment={})
    files = [path.read_text(errors="replace") for path in (at.place / "sandboxes").rglob("*") if path.is_file()]
    reachable = [*strings_beneath(held), *files]
    assert any(at.guest.token in text for text in reachable)
    assert any(at.account.token in text for text in strings_beneath(at.control()))
    for token in (at.account.token, at.account.token[3:]):
        assert token not in inside
        assert not any(token in text for text in reachable)


def test_no_request_that_reaches_a_sandbox_carries_control_s_token(at: SandboxWorkshop) -> None:
    ref = at.begin()
    at.run(ref, "true")
    assert at.hub.world.part(Front).tokens == {at.guest.token}
    assert at.account.token not in json.dumps([one.record() for one in at.machines])
    assert all(at.account.token.encode() not in one.body for one in at.hub.requests)


def test_code_inside_reads_a_gated_model_with_its_own_token_and_writes_nothing(at: SandboxWorkshop) -> None:
    at.hub.add("model", "ada/gated", {"config.json": b"{}"}, gated="auto")
    ref = at.begin()
    reads = "from huggingface_hub import hf_hub_download as d; print(open(d('ada/gated', 'config.json')).read())"
    writes = "from huggingface_hub import HfApi; HfApi().create_repo('ada/mine')"
    assert at.run(ref, f'python3 -c "{reads}"').endswith("{}\n")
    assert "403" in at.run(ref, f'python3 -c "{writes}"')
    at.inside = ""
    other = at.begin(key="intern-0123456789abcdef01234567-2")
    assert "401" in at.run(other, f'python3 -c "{reads}"')


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HF_SANDBOX_TOKEN"])
def test_a_token_that_writes_begins_nothing_and_is_named(at: SandboxWorkshop, variable: str) -> None:
    writes = at.hub.accounts.add_token("ada")
    if variable == "HF_TOKEN":
        at.guest = dataclasses.replace(at.guest, token=writes)
    else:
        scope = Scope(entity=STAGES, type="org", permissions=frozenset({"repo.content.read", "repo.write"}))
        at.inside = at.hub.accounts.add_token("ada", "fineGrained", scopes=[scope])
    with pytest.raises(Misconfigured, match=f"{variable} may write on the Hub"):
        at.begin()
    assert at.machines == []


@pytest.mark.parametrize(
    ("secrets", "words"),
    [({"HF_TOKEN": "x"}, "may not name HF_TOKEN"), ({"SBX_TOKEN": "x"}, "may not name"), ({"MY_KEY": ""}, "not set")],
)
def test_a_secret_that_is_ours_or_missing_begins_nothing(
    at: SandboxWorkshop, secrets: Mapping[str, str], words: str
) -> None:
    at.secrets = secrets
    with pytest.raises(Misconfigured, match=words):
        at.begin()
    at.secrets = {"OTHER": at.account.token}
    with pytest.raises(Misconfigured, match="may not name OTHER"):
        at.begin()
    assert at.machines == []


def test_a_token_that_cannot_get_there_begins_nothing(at: SandboxWorkshop) -> None:
    at.hub.accounts.add_user("eve")
    at.guest = dataclasses.replace(at.guest, token=at.hub.accounts.add_token("eve", "read"))
    with pytest.raises(Misconfigured, match=f"does not see the Jobs of {PAYS}"):
        at.begin()
    assert at.machines == []


def test_a_door_with_a_writing_token_does_not_open(at: SandboxWorkshop) -> None:
    ref = at.begin()
    at.guest = dataclasses.replace(at.guest, token=at.account.token)
    with pytest.raises(Misconfigured, match="HF_TOKEN may write"):
        at.run(ref, "true")


def test_a_token_that_reads_alone_opens_nothing_without_the_key(at: SandboxWorkshop) -> None:
    ref = at.begin()
    place = at.place / "sandboxes" / KEY / "key.json"
    assert place.stat().st_mode & 0o077 == 0 or place.parent.stat().st_mode & 0o077 == 0
    place.write_text(json.dumps({**json.loads(place.read_text()), "key": "0" * 64}))
    with pytest.raises(ToolFailed, match="does not take our key"):
        at.run(ref, "true")


# --- begun once ---------------------------------------------------------------------------------------------------------


def test_it_is_begun_under_its_lease_and_found_again(at: SandboxWorkshop) -> None:
    at.hub.world.part(Jobs).settings.queue_seconds = 1
    assert at.control().find(KEY) is None
    ref = at.begin(minutes=90, flavor="l4x4")
    (machine,) = at.machines
    record = machine.record()
    assert (record["timeoutSeconds"], record["flavor"], machine.path.parent.name) == (5400, "l4x4", PAYS)
    assert ref == at.control().find(KEY) == at.begin(minutes=90, flavor="l4x4")
    status = at.control().status(ref)
    assert (status.ends_at - status.started_at).total_seconds() == 5400
    assert (len(at.machines), at.control().own()) == (1, (ref,))


def test_a_lost_answer_is_looked_for_and_begins_nothing_more(at: SandboxWorkshop) -> None:
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Lost(), times=1)
    ref = at.begin()
    assert at.run(ref, "echo here") == "here\n"
    assert len(at.machines) == 1


def test_a_refusal_is_told_and_silence_is_not_taken_for_one(at: SandboxWorkshop) -> None:
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Refuse(status=402), times=1)
    with pytest.raises(JobError, match="no credit"):
        at.begin()
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Refuse(status=500), times=1)
    with pytest.raises(OutsideError):
        at.begin(key="intern-0123456789abcdef01234567-2")
    assert at.machines == []


@pytest.mark.parametrize("die_after", range(1, 14))
def test_killed_after_every_answer_there_is_one(at: SandboxWorkshop, die_after: int) -> None:
    killed = begin_and_die(at, die_after=die_after) != 0
    ref = at.begin()
    assert killed or die_after > 8
    assert at.run(ref, "echo here") == "here\n"
    assert len(at.machines) == 1


def test_of_many_who_begin_it_at_the_same_time_one_does(at: SandboxWorkshop) -> None:
    def begin(_number: int) -> str:
        try:
            return at.begin().id
        except OutsideError:
            return ""

    with ThreadPoolExecutor(4) as pool:
        begun = set(pool.map(begin, range(4)))
    assert len(begun - {""}) == 1
    assert len(at.machines) == 1


def test_a_stranger_s_machine_with_our_label_is_neither_found_nor_adopted(at: SandboxWorkshop) -> None:
    at.hub.accounts.add_user("mallory", orgs={PAYS: "write", STAGES: "write"})
    stranger = dataclasses.replace(at.account, token=at.hub.accounts.add_token("mallory"))
    mine = at.account
    at.account = stranger
    at.control().create(order_of())
    at.account = mine
    assert at.control().find(KEY) is None
    with pytest.raises(OutsideError, match="carries our label"):
        at.begin()
    assert len(at.machines) == 1


def test_what_does_not_come_up_is_said_so(at: SandboxWorkshop) -> None:
    at.hub.world.part(Jobs).settings.queue_seconds = None
    ref = at.control().create(order_of())
    supplies = at.supplies()
    assert supplies.landlord is not None
    hasty = dataclasses.replace(supplies, landlord=dataclasses.replace(supplies.landlord, ready_seconds=1))
    with pytest.raises(JobError, match="did not come up"):
        BACKEND.make(hasty).ready(ref)
    assert at.control().end(ref).seconds == 0
    assert at.alive == 0


# --- ended --------------------------------------------------------------------------------------------------------------


def test_its_end_takes_everything_and_is_counted_by_the_hub(at: SandboxWorkshop) -> None:
    ref = at.begin()
    held = at.door()
    process = held.start(ref, "sleep 300", environment={})
    assert held.progress(ref, process).exit_code is None
    status = at.control().end(ref)
    assert at.alive == 0
    assert at.control().own() == ()
    assert 1 <= status.seconds <= 60
    assert at.control().end(ref) == at.control().status(ref) == status
    for call in (lambda: at.run(ref, "true"), lambda: held.progress(ref, process)):
        with pytest.raises(ToolFailed, match="ask for (one|another) with sandbox_create"):
            call()
    assert list(at.place.rglob("key.json")) == []
    kept = [one.path for one in at.hub.requests if one.method == "DELETE" and one.path == "/api/repos/delete"]
    assert len(kept) == 2


def test_the_hub_ends_it_when_its_lease_is_up_and_its_commands_with_it(at: SandboxWorkshop) -> None:
    shorter(at, seconds=4)
    ref = at.begin(minutes=1)
    held = at.door()
    with pytest.raises(ToolFailed, match="ended at .* with all that was in it"):
        held.run(ref, "sleep 60", timeout_seconds=60, environment={})
    status = at.control().status(ref)
    assert status.ended_at is not None
    assert at.alive == 0


def shorter(at: SandboxWorkshop, *, seconds: int) -> None:
    """Have the Hub's minutes go by sooner."""
    jobs = at.hub.world.part(Jobs)
    start = jobs.start

    def hurried(folder: JobFolder, record: Mapping[str, object], order: Order) -> None:
        start(folder, record, dataclasses.replace(order, timeout_seconds=seconds))

    jobs.start = hurried


def test_jobs_and_sandboxes_are_not_taken_for_each_other(at: SandboxWorkshop) -> None:
    ref = at.begin()
    jobs = backend(at.place / "jobs", dataclasses.replace(at.account, job_token=at.inside))
    assert jobs.alive() == ()
    assert at.control().own() == (ref,)


# --- worked in ----------------------------------------------------------------------------------------------------------


def test_commands_say_what_they_said_and_how_they_ended(at: SandboxWorkshop) -> None:
    ref, held = at.begin(), at.door()
    ended = held.run(
        ref, "echo out; echo err >&2; [[ -n $MORE ]]; exit 3", timeout_seconds=20, environment={"MORE": "1"}
    )
    assert (ended.exit_code, sorted(ended.output.split()), ended.timed_out) == (3, ["err", "out"], False)
    late = held.run(ref, "sleep 60", timeout_seconds=0.5, environment={})
    assert late.timed_out
    assert late.exit_code != 0
    spill = at.place / "spill.txt"
    long = held.run(ref, "seq 1 400000", timeout_seconds=30, environment={}, spill=str(spill))
    assert long.spilled
    assert len(long.output) < 1_100_000
    assert spill.read_text().endswith("399999\n400000\n")


def test_a_command_that_runs_on_its_own_is_asked_for_by_any_process_of_ours(at: SandboxWorkshop) -> None:
    ref = at.begin()
    first = at.door().start(ref, "echo begun; while [ ! -e go ]; do sleep 0.1; done; echo done; exit 4", environment={})
    second = at.door().start(ref, "kill -9 $PPID; sleep 1", environment={})
    until(lambda: at.door().progress(ref, first).output == "begun\n")
    assert at.door().progress(ref, first).exit_code is None
    at.run(ref, "touch go")
    until(lambda: at.door().progress(ref, first).exit_code == 4)
    assert at.door().progress(ref, first).output == "begun\ndone\n"
    until(lambda: at.door().progress(ref, second).exit_code == 137)
    with pytest.raises(ToolFailed, match="has started p001, p002"):
        at.door().progress(ref, "p009")


def test_files_are_told_apart_as_git_does_and_what_it_ignores_is_left_out(at: SandboxWorkshop) -> None:
    ref = at.begin()
    at.run(ref, "mkdir -p a venv/lib outputs; echo x > a/b.py; chmod +x a/b.py; touch venv/lib/x outputs/w kept.log")
    at.run(ref, "printf '*.log\\noutputs/\\n' > .gitignore; ln -s /etc etc; mkfifo pipe; echo '*.py' > a/.gitignore")
    with at.door().opened(ref) as files:
        assert set(files.states(())) == {".gitignore", "a/.gitignore"}
        known = files.states(("kept.log", "a/b.py", "outputs/w"))
        assert set(known) == {".gitignore", "a/.gitignore", "a/b.py", "kept.log", "outputs/w"}
        assert known["a/b.py"] == FileState(blob=blob_id(b"x\n"), executable=True)
        assert files.list("a") == [".gitignore", "b.py"]
        with files.reading("a/b.py") as file:
            assert file.read() == b"x\n"
        for path in ("etc/passwd", "etc"):
            with pytest.raises(Outside), files.reading(path):
                pass
        with pytest.raises(FileNotFoundError), files.reading("nowhere"):
            pass


def test_what_stands_in_the_way_of_a_file_is_taken_away(at: SandboxWorkshop) -> None:
    ref = at.begin()
    at.run(ref, "ln -s /etc link; touch file; mkdir -p deep/er; ln -s nowhere deep/er/x")
    with at.door().opened(ref) as files:
        files.states(())
        for path in ("link/x", "file/x", "deep/er/x", "new/y"):
            files.make_way(path)
            assert files.write(path, path.encode(), executable=True)
        assert not files.write("new/y", b"again")
        files.remove("new/y")
        files.remove("new/y")
    assert at.run(ref, "cat link/x file/x deep/er/x; test -x file/x && ls") == "link/xfile/xdeep/er/xdeep\nfile\nlink\n"


def test_a_sandbox_that_lies_about_its_files_is_not_believed_out_of_the_workspace(at: SandboxWorkshop) -> None:
    ref = at.begin()
    lies = {"../../x": ["0" * 40, False], "/etc/x": ["", True], "a/.git/hooks/x": ["", True], "ok": ["", False], "b": 7}
    answer = json.dumps({"files": {**lies, "c": ["nonsense", False]}, "odd": "x", "rules": {"../..": "*"}})
    at.run(
        ref,
        f"mkdir -p ../bin; printf '#!/bin/sh\\ncat <<E\\n%s\\nE\\n' '{answer}' > ../bin/python3; chmod +x ../bin/python3",
    )
    (machine,) = at.machines
    (at.hub.world.store.folder("jobs_bin") / "python3").symlink_to(machine.files / "bin" / "python3")
    with at.door().opened(ref) as files:
        assert set(files.states(())) == {"ok"}


def strings_beneath(thing: object) -> list[str]:
    """Return every text that can be reached from an object by its own parts, as a debugger would; not what all code shares."""
    found: list[str] = []
    seen: set[int] = set()
    left = [thing]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, type | ModuleType | FunctionType | BuiltinFunctionType):
            continue
        seen.add(id(one))
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, bytes):
            found.append(one.decode("latin-1"))
        else:
            left += gc.get_referents(one)
    return found
