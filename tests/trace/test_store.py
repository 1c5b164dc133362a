"""A journal in a file survives what happens to files."""

import gc
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured, NotAllowed
from intern_action.core.events import Event, Noted, Started, Told
from intern_action.trace import codec
from intern_action.trace.store import FileJournal
from tests.trace.kinds import HandClock

REPOSITORY = Path(__file__).parents[2]


def journal_at(path: Path, *happened: Event) -> FileJournal:
    journal = FileJournal(path, clock=HandClock())
    for event in happened:
        journal.append(event)
    return journal


def test_what_was_appended_stands_in_the_file_when_append_returns(tmp_path: Path):
    path = tmp_path / "deep" / "journal.jsonl"
    journal = FileJournal(path, clock=HandClock())
    entry = journal.append(Told(by="ada", words="hello"))
    assert codec.read(path) == ((entry,), False)
    assert journal.head == entry
    assert tuple(journal.entries()) == (entry,)
    journal.close()


def test_a_journal_opened_again_goes_on_where_it_was(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    with journal_at(path, Noted(text="one")) as first:
        one = first.head
    with journal_at(path, Noted(text="two")) as second:
        assert second.head is not None
        assert one is not None
        assert second.head.before == one.hash
        assert second.head.seq == 1
    entries, torn = codec.read(path)
    assert [entry.event for entry in entries] == [Noted(text="one"), Noted(text="two")]
    assert not torn


def test_a_segment_starts_after_its_head(tmp_path: Path):
    with journal_at(tmp_path / "control.jsonl", Noted(text="one"), Noted(text="two")) as control:
        head = control.head
        with FileJournal(tmp_path / "segment.jsonl", clock=HandClock(), after=head) as segment:
            assert tuple(segment.entries()) == ()
            entry = segment.append(Started(call_id="1"))
        assert head is not None
        assert (entry.seq, entry.before) == (2, head.hash)
        control.extend([entry])
        assert control.head == entry


def test_a_segment_of_another_head_is_refused(tmp_path: Path):
    with journal_at(tmp_path / "control.jsonl", Noted(text="one"), Noted(text="two")) as control:
        old, _ = control.entries()
        with FileJournal(tmp_path / "segment.jsonl", clock=HandClock(), after=old) as segment:
            stale = segment.append(Started(call_id="1"))
        before = control.lines()
        with pytest.raises(NotAllowed, match="chain"):
            control.extend([stale])
        assert control.lines() == before
        with pytest.raises(codec.BrokenJournal):
            FileJournal(tmp_path / "segment.jsonl", clock=HandClock(), after=control.head)


def test_a_segment_that_is_taken_in_twice_stands_there_once(tmp_path: Path):
    with journal_at(tmp_path / "control.jsonl", Noted(text="one")) as control:
        with FileJournal(tmp_path / "segment.jsonl", clock=HandClock(), after=control.head) as segment:
            entries = [segment.append(Started(call_id=str(number))) for number in range(3)]
        control.extend(entries[:2])
        control.extend(entries)
        control.extend(entries)
        assert [entry.seq for entry in control.entries()] == [0, 1, 2, 3]


def test_a_torn_last_line_is_cut_off_when_the_journal_is_opened(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    journal_at(path, Noted(text="one")).close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"seq":1,"at":"2026')
    with FileJournal(path, clock=HandClock()) as journal:
        assert path.read_bytes() == whole
        journal.append(Noted(text="two"))
    assert [entry.seq for entry in codec.read(path)[0]] == [0, 1]


def test_a_journal_whose_past_was_changed_is_not_opened_and_not_touched(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    journal_at(path, Noted(text="one"), Noted(text="two")).close()
    path.write_bytes(path.read_bytes().replace(b"one", b"eno") + b"torn")
    before = path.read_bytes()
    with pytest.raises(codec.BrokenJournal, match="line 1"):
        FileJournal(path, clock=HandClock())
    assert path.read_bytes() == before
    with pytest.raises(codec.BrokenJournal):  # and the lock was given back
        FileJournal(path, clock=HandClock())


def test_a_second_process_gets_a_clear_message(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    with journal_at(path, Noted(text="one")):
        code = (
            "import sys\n"
            "from intern_action.core.errors import Misconfigured\n"
            "from intern_action.trace.store import FileJournal\n"
            "from tests.trace.kinds import HandClock\n"
            "try: FileJournal(sys.argv[1], clock=HandClock())\n"
            "except Misconfigured as error: print(error); sys.exit(2)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, path], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert f"written by process {os.getpid()}" in done.stdout
    assert codec.read(path)[1] is False


def test_a_journal_nobody_holds_any_more_is_free_again(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    journal = journal_at(path, Noted(text="one"))
    del journal
    gc.collect()
    FileJournal(path, clock=HandClock()).close()


def test_two_writers_who_went_around_the_lock_are_noticed(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    with journal_at(path, Noted(text="one")) as journal:
        with path.open("ab") as other:
            other.write(b"something else\n")
        with pytest.raises(codec.BrokenJournal, match="something else writes"):
            journal.append(Noted(text="two"))


def test_a_full_disk_leaves_whole_lines_and_one_message(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    with journal_at(path, Noted(text="one")) as journal:
        whole = path.read_bytes()
        # A limit on the size of files makes the kernel take part of a line and then refuse, as a full disk does.
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 100, hard))
        try:
            with pytest.raises(Misconfigured, match="cannot be written"):
                journal.append(Noted(text="two" * 100))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, ignored)
        assert path.read_bytes() == whole
        journal.append(Noted(text="three"))
    assert [entry.event for entry in codec.read(path)[0]] == [Noted(text="one"), Noted(text="three")]


def test_a_device_without_room_says_that_the_disk_is_full():
    from intern_action.trace.store import _explained, _write_all

    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(Misconfigured, match="the disk is full: /dev/full"), _explained(Path("/dev/full")):
            _write_all(full, b"line\n")
    finally:
        os.close(full)


def test_a_folder_nobody_may_write_to_gets_one_message():
    with pytest.raises(Misconfigured, match="cannot be written"):
        FileJournal("/proc/nobody/journal.jsonl", clock=HandClock())


def test_a_writer_that_is_killed_loses_nothing_it_was_told_is_written(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    code = (
        "import os, signal, sys\n"
        "from intern_action.core.events import Noted\n"
        "from intern_action.trace.store import FileJournal\n"
        "from tests.trace.kinds import HandClock\n"
        "journal = FileJournal(sys.argv[1], clock=HandClock())\n"
        "for number in range(50): journal.append(Noted(text=str(number)))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], cwd=REPOSITORY, check=False)
    assert done.returncode == -signal.SIGKILL
    entries, torn = codec.read(path)
    assert (len(entries), torn) == (50, False)
    FileJournal(path, clock=HandClock()).close()
