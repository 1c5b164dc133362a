"""The last look at what is about to be uploaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from intern_action.core.errors import HubError
from intern_action.hub.leaking import LOOKED_AT_BYTES, leaking
from intern_action.trace.canary import Canaries

SECRET = "s3rvice-t0ken-of-the-run"
LEAKS = Canaries(planted=[], secrets=[SECRET]).found_in


def test_a_file_deep_inside_is_found(tmp_path: Path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "card.md").write_text(f"ran with {SECRET[::-1]}")
    assert leaking(str(tmp_path), LEAKS) == "model/card.md"


def test_a_name_is_found_and_not_repeated(tmp_path: Path):
    (tmp_path / "a.txt").touch()
    (tmp_path / f"{SECRET}.txt").touch()
    assert leaking(str(tmp_path), LEAKS) == "the name of file 2 of 2"


def test_what_holds_none_passes_and_weights_are_not_looked_through(tmp_path: Path):
    (tmp_path / "README.md").write_text("a card")
    (tmp_path / "model.safetensors").write_bytes(SECRET.encode() * (LOOKED_AT_BYTES // len(SECRET) + 1))
    assert leaking(str(tmp_path), LEAKS) == ""


def test_a_folder_that_leads_elsewhere_is_refused(tmp_path: Path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(HubError, match="is a link"):
        leaking(str(tmp_path), LEAKS)
