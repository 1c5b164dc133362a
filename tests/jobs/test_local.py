"""Real processes, real limits: what a local job does, and what is said of it."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from intern_action.core.errors import JobError
from intern_action.core.ports import Command
from intern_action.core.types import JobRef, JobSpec, JobStage
from intern_action.jobs.local import LocalJobs
from intern_action.shell.tool_shell import ToolShell
from tests.fakes.local_jobs import Workshop

SAYS_ALL = """
import json, os, pathlib, sys
out = pathlib.Path([a for a in sys.argv if a.startswith("--output-dir=")][-1].partition("=")[2])
said = {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "uid": os.getuid()}
(out / "said.json").write_text(json.dumps(said))
print("done")
"""
WITH_A_CHILD = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(SECONDS)"])
print("up", flush=True)
time.sleep(60)
"""
SLEEPS = "import time\nprint('here', flush=True)\ntime.sleep(60)\n"


def test_a_job_that_ends_well_is_completed_with_its_output_and_its_seconds(workshop: Workshop):
    ref = workshop.jobs().launch(workshop.order(SAYS_ALL))
    status = workshop.end_of(ref)
    assert (status.stage, status.exit_code) == (JobStage.COMPLETED, 0)
    assert (Path(status.output_dir) / "said.json").is_file()
    assert 0 < status.seconds < 20
    assert workshop.jobs().logs(ref) == "done\n"


def test_a_log_is_followed_line_by_line_until_the_job_has_ended(workshop: Workshop):
    script = (
        "import time\nfor n in range(4):\n    print('line', n, flush=True)\n    time.sleep(0.4)\nprint('end', end='')\n"
    )
    jobs = workshop.jobs()
    ref = jobs.launch(workshop.order(script))
    lines = jobs.follow(ref)
    assert next(lines) == "line 0"
    assert not jobs.status(ref).stage.final
    assert list(lines) == ["line 1", "line 2", "line 3", "end"]
    assert jobs.status(ref).stage.final


def test_a_job_works_offline_from_the_shared_cache_and_is_told_nothing_else(workshop: Workshop):
    workshop.environment = {"TRACKIO_DIR": "/nowhere"}
    status = workshop.end_of(workshop.jobs().launch(workshop.order(SAYS_ALL)))
    said = json.loads((Path(status.output_dir) / "said.json").read_text())
    assert said["env"]["HF_HUB_OFFLINE"] == "1"
    assert said["env"]["HF_HUB_CACHE"] == str(workshop.place / "cache")
    assert said["env"]["TRACKIO_DIR"] == "/nowhere"
    assert not {name for name in said["env"] if "TOKEN" in name or "KEY" in name}


def test_a_job_runs_in_the_approved_tree_as_the_tool_user(workshop: Workshop):
    status = workshop.end_of(workshop.jobs().launch(workshop.order(SAYS_ALL)))
    said = json.loads((Path(status.output_dir) / "said.json").read_text())
    assert said["cwd"] == str(workshop.root / "intern-1-1" / "tree")
    assert said["uid"] == (workshop.shell.uid or os.getuid())


def test_strange_arguments_arrive_as_they_are(workshop: Workshop):
    strange = {
        "requirement": "transformers>=4.40",
        "spaces": " two  words ",
        "lines": "one\ntwo\n",
        "letters": "größer → 💡",
        "shell": "$(id); `id` | tee x & > y * ~ 'q' \"d\" \\",
        "dash": "--not-a-flag",
        "number": "-1",
        "empty": "",
        "on": "true",
        "off": "false",
    }
    spec = JobSpec(script="train.py", parameters=strange)
    status = workshop.end_of(workshop.jobs().launch(workshop.order(SAYS_ALL, spec=spec)))
    said = json.loads((Path(status.output_dir) / "said.json").read_text())
    literal = [f"--{name}={value}" for name, value in strange.items() if name not in {"on", "off"}]
    assert said["argv"] == [*literal, "--on", f"--output-dir={status.output_dir}"]


@pytest.mark.parametrize("name", ["", "-x", "a b", "a=b", "a\nb", "ü"])
def test_what_cannot_be_a_flag_is_refused_before_anything_runs(workshop: Workshop, name: str):
    order = workshop.order(SAYS_ALL, spec=JobSpec(script="train.py", parameters={name: "1"}))
    with pytest.raises(JobError, match="flag"):
        workshop.jobs().launch(order)
    assert workshop.jobs().find(order.launch_key) is None


def test_a_failure_is_told_in_the_scripts_own_words(workshop: Workshop):
    script = 'print(\'{"error": "bad_input", "message": "no column `text`"}\')\nraise SystemExit(2)'
    status = workshop.end_of(workshop.jobs().launch(workshop.order(script)))
    assert (status.stage, status.exit_code, status.message) == (JobStage.FAILED, 2, "bad_input: no column `text`")


def test_a_failure_without_words_has_its_exit_code(workshop: Workshop):
    status = workshop.end_of(workshop.jobs().launch(workshop.order("raise SystemExit(7)")))
    assert (status.stage, status.message) == (JobStage.FAILED, "the script ended with exit code 7")


def test_a_recipe_that_says_out_of_memory_is_believed(workshop: Workshop):
    script = 'print(\'{"error": "out_of_memory", "message": "tried 2 GiB"}\')\nraise SystemExit(42)'
    status = workshop.end_of(workshop.jobs().launch(workshop.order(script)))
    assert (status.stage, status.message) == (JobStage.OUT_OF_MEMORY, "tried 2 GiB")


def test_exit_code_42_alone_is_a_failure_like_any_other(workshop: Workshop):
    status = workshop.end_of(workshop.jobs().launch(workshop.order("raise SystemExit(42)")))
    assert status.stage is JobStage.FAILED


def test_a_job_that_takes_more_than_its_memory_is_out_of_memory(workshop: Workshop):
    workshop.memory_mb = 400
    status = workshop.end_of(workshop.jobs().launch(workshop.order("held = bytearray(900 << 20)")))
    assert status.stage is JobStage.OUT_OF_MEMORY
    assert "MemoryError" in status.message


def test_a_job_that_the_system_kills_is_out_of_memory(workshop: Workshop):
    script = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    status = workshop.end_of(workshop.jobs().launch(workshop.order(script)))
    assert status.stage is JobStage.OUT_OF_MEMORY


def test_a_job_that_takes_too_long_is_ended_with_all_it_started(workshop: Workshop):
    script = WITH_A_CHILD.replace("SECONDS", "61.25")
    order = dataclasses.replace(workshop.order(script), timeout_minutes=1)
    # a minute is the shortest order; the shell is asked for two seconds of it
    hasty = dataclasses.replace(workshop.supplies(), shell=_Hasty(workshop.shell, seconds=2))
    status = workshop.end_of(LocalJobs(hasty).launch(order))
    assert status.stage is JobStage.TIMED_OUT
    assert 2 <= status.seconds < 10
    assert not _running("61.25")


def test_a_cancelled_job_is_gone_with_all_it_started(workshop: Workshop):
    script = WITH_A_CHILD.replace("SECONDS", "62.25")
    ref = workshop.jobs().launch(workshop.order(script))
    workshop.until_running(ref, "up")
    workshop.jobs().cancel(ref)
    assert workshop.end_of(ref).stage is JobStage.CANCELLED
    assert not _running("62.25")


def test_cancelling_an_ended_job_changes_nothing(workshop: Workshop):
    ref = workshop.jobs().launch(workshop.order("pass"))
    ended = workshop.end_of(ref)
    workshop.jobs().cancel(ref)
    assert workshop.end_of(ref) == ended


def test_a_job_whose_supervisor_is_killed_is_lost_and_runs_no_more(workshop: Workshop):
    ref = workshop.jobs().launch(workshop.order(SLEEPS.replace("60", "63.25")))
    workshop.until_running(ref, "here")
    pid = int((workshop.root / ref.launch_key / "pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    status = workshop.end_of(ref)
    assert status.stage is JobStage.FAILED
    assert status.message.startswith("lost: ")
    workshop.until(lambda: not _running("63.25"))


def test_a_lost_job_is_billed_until_its_last_sign_of_life_and_no_longer(workshop: Workshop):
    ref = workshop.jobs().launch(workshop.order(SLEEPS))
    workshop.until_running(ref, "here")
    os.kill(int((workshop.root / ref.launch_key / "pid").read_text().split()[0]), signal.SIGKILL)
    first = workshop.end_of(ref)
    time.sleep(1.1)
    assert workshop.end_of(ref).seconds == first.seconds < 10


def test_what_runs_cannot_be_changed_by_the_job(workshop: Workshop):
    script = "open('train.py', 'a').write('# mine')"
    status = workshop.end_of(workshop.jobs().launch(workshop.order(script)))
    # without root the job is the same user as we are, as the shell's log says
    assert status.stage is (JobStage.COMPLETED if workshop.shell.uid is None else JobStage.FAILED)


def test_an_output_that_is_a_link_to_a_secret_is_not_collected(workshop: Workshop, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("hf_secret")
    script = f"""
import os, pathlib, sys
out = pathlib.Path(sys.argv[-1].partition("=")[2])
os.symlink({str(secret)!r}, out / "metrics.json")
os.symlink("/", out / "model")
os.mkfifo(out / "pipe")
(out / "fine.txt").write_text("fine")
"""
    status = workshop.end_of(workshop.jobs().launch(workshop.order(script)))
    assert [path.name for path in Path(status.output_dir).iterdir()] == ["fine.txt"]
    assert "metrics.json, model, pipe" in status.message
    assert secret.read_text() == "hf_secret"


def test_collected_output_belongs_to_us(workshop: Workshop):
    script = """
import os, pathlib, sys
out = pathlib.Path(sys.argv[-1].partition("=")[2])
(out / "deep").mkdir()
(out / "deep" / "model").write_text("weights")
os.chmod(out / "deep" / "model", 0)
os.chmod(out / "deep", 0o700)
"""
    status = workshop.end_of(workshop.jobs().launch(workshop.order(script)))
    model = Path(status.output_dir) / "deep" / "model"
    assert model.read_text() == "weights"
    assert model.stat().st_uid == model.parent.stat().st_uid == os.geteuid()


def test_a_job_may_be_collected_again_and_again(workshop: Workshop):
    ref = workshop.jobs().launch(workshop.order(SAYS_ALL))
    assert workshop.end_of(ref) == workshop.end_of(ref)


def test_a_running_job_has_nothing_to_collect(workshop: Workshop):
    ref = workshop.jobs().launch(workshop.order(SLEEPS))
    workshop.until_running(ref)
    with pytest.raises(JobError, match="not ended"):
        workshop.jobs().collect(ref)
    workshop.jobs().cancel(ref)
    workshop.end_of(ref)


def test_an_archive_of_another_tree_is_not_run(workshop: Workshop):
    approved = workshop.order("print('approved')")
    other = workshop.order("print('something else')", key="intern-1-2")
    forged = dataclasses.replace(approved, archive=other.archive)
    with pytest.raises(JobError, match="not the approved"):
        workshop.jobs().launch(forged)
    assert workshop.jobs().find(approved.launch_key) is None


@pytest.mark.parametrize("script", ["missing.py", "../outside.py", "/etc/passwd", "link.py", ""])
def test_a_script_that_is_not_in_the_commit_is_not_run(workshop: Workshop, script: str):
    (workshop.repository / "link.py").symlink_to("nowhere.py")
    with pytest.raises(JobError, match="not a file of the approved commit"):
        workshop.jobs().launch(workshop.order("pass", spec=JobSpec(script=script)))


@pytest.mark.parametrize("output", ["", "/var/x", "../x", "tree", "log.txt", "pid/x", "status.json"])
def test_an_output_folder_stays_in_the_jobs_own_place(workshop: Workshop, output: str):
    with pytest.raises(JobError, match="output folder"):
        workshop.jobs().launch(workshop.order("pass", spec=JobSpec(script="train.py", output=output)))


@pytest.mark.parametrize("key", ["", "..", "../x", "a/b", ".hidden", "a b", "x" * 300])
def test_a_launch_key_is_the_name_of_one_folder(workshop: Workshop, key: str):
    order = dataclasses.replace(workshop.order("pass"), launch_key=key)
    with pytest.raises(JobError, match="launch key"):
        workshop.jobs().launch(order)


def test_an_unknown_flavor_is_refused_with_those_there_are(workshop: Workshop):
    with pytest.raises(JobError, match="there is: local-cpu"):
        workshop.jobs().launch(workshop.order("pass", spec=JobSpec(script="train.py", flavor="a100")))


@pytest.mark.parametrize("minutes", [0, -1, 361])
def test_a_time_limit_beyond_the_settings_is_refused(workshop: Workshop, minutes: int):
    with pytest.raises(JobError, match="minutes"):
        workshop.jobs().launch(workshop.order("pass", minutes=minutes))


def test_a_package_that_is_not_here_is_named(workshop: Workshop):
    spec = JobSpec(script="train.py", dependencies=("pytest==9.9.9", "no-such-thing==1.0"))
    with pytest.raises(JobError, match=r"lacks pytest==9\.9\.9, no-such-thing==1\.0"):
        workshop.jobs().launch(workshop.order("pass", spec=spec))


def test_a_package_that_is_here_in_that_version_is_enough(workshop: Workshop):
    spec = JobSpec(script="train.py", dependencies=(f"pytest=={pytest.__version__}",))
    assert workshop.end_of(workshop.jobs().launch(workshop.order("pass", spec=spec))).stage is JobStage.COMPLETED


@pytest.mark.parametrize("dependency", ["torch", "torch>=2", "-e .", "git+https://example.org/x"])
def test_a_dependency_that_is_not_pinned_is_refused(workshop: Workshop, dependency: str):
    with pytest.raises(JobError, match="not pinned"):
        workshop.jobs().launch(workshop.order("pass", spec=JobSpec(script="train.py", dependencies=(dependency,))))


def test_an_interpreter_that_is_not_there_starts_nothing(workshop: Workshop):
    workshop.python = f"{sys.executable}-missing"
    ref = workshop.jobs().launch(workshop.order("pass"))
    assert workshop.end_of(ref).stage is JobStage.FAILED


def test_a_job_nobody_started_is_not_found(workshop: Workshop):
    assert workshop.jobs().find("intern-unknown-1") is None
    with pytest.raises(JobError, match="no local job"):
        workshop.jobs().status(JobRef(backend="local", id="intern-unknown-1", launch_key="intern-unknown-1"))


def _running(mark: str) -> bool:
    """Whether a process with this word on its command line lives."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in words:
            return True
    return False


class _Hasty:
    """The real shell, with less patience."""

    def __init__(self, shell: ToolShell, *, seconds: float) -> None:
        self.own = shell.own
        self.run = shell.run
        self._shell = shell
        self._seconds = seconds

    def detach(self, command: Command, *, pid_file: str, status_file: str) -> None:
        hasty = dataclasses.replace(command, timeout_seconds=self._seconds)
        self._shell.detach(hasty, pid_file=pid_file, status_file=status_file)
