"""Bounded output."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from intern_action.shell.capture import Capture


def opener(path: Path):
    return lambda: os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def test_short_output_is_kept_as_it_came_and_nothing_is_spilled(tmp_path: Path):
    capture = Capture(keep=100, opened=opener(tmp_path / "spill"), spill=1000)
    capture.take(b"one\n")
    capture.take(b"two\n")
    assert capture.bytes() == b"one\ntwo\n"
    assert not capture.spilled
    assert not (tmp_path / "spill").exists()


@given(pieces=st.lists(st.binary(max_size=70), max_size=30), keep=st.integers(2, 100))
def test_whatever_comes_head_and_tail_are_kept_and_the_spill_file_has_all(pieces: list[bytes], keep: int):
    whole = b"".join(pieces)
    with tempfile.TemporaryDirectory() as folder:
        spill = Path(folder) / "spill"
        capture = Capture(keep=keep, opened=opener(spill), spill=10_000)
        for piece in pieces:
            capture.take(piece)
        capture.close()
        kept, half = capture.bytes(), keep // 2
        assert kept.startswith(whole[:half])
        assert kept.endswith(whole[-half:])
        assert len(kept) <= 2 * half + 60
        if len(whole) > 2 * half:
            assert spill.read_bytes() == whole
            assert str(len(whole) - 2 * half).encode() in kept
        else:
            assert kept == whole


def test_a_spill_file_never_grows_past_its_bound_and_says_what_it_lost(tmp_path: Path):
    capture = Capture(keep=10, opened=opener(tmp_path / "spill"), spill=50, always=True)
    for _ in range(10):
        capture.take(b"0123456789")
    capture.close()
    assert (tmp_path / "spill").stat().st_size == 50
    assert capture.spill_lost == 50


def test_output_goes_on_when_the_spill_file_cannot_be_opened(tmp_path: Path):
    capture = Capture(keep=10, opened=opener(tmp_path / "no" / "folder"), spill=50)
    capture.take(b"a" * 30)
    assert capture.bytes().startswith(b"aaaaa\n[... 20 bytes")
    assert not capture.spilled


def test_output_goes_on_when_the_disk_is_full():
    capture = Capture(keep=10, opened=lambda: os.open("/dev/full", os.O_WRONLY), spill=1000)
    capture.take(b"a" * 300)
    capture.take(b"b" * 300)
    capture.close()
    assert capture.bytes().endswith(b"bbbbb")
    assert capture.spill_lost == 600
