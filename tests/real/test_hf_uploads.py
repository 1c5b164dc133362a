"""Uploads that die in the middle: at every request, and three gigabytes on their way."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from intern_action.core.ports import Uploaded
from intern_action.hub.huggingface_writer import HuggingFaceWriter
from tests.fakes.upload_hand import message_of, output_of
from tests.hub_server import HubServer

ROOT = Path(__file__).parents[2]
NAME = "ada/spam-filter"
GIGABYTE = 1 << 30


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as hub:
        hub.accounts.add_user("ada")
        yield hub
    shutil.rmtree(tmp_path)  # gigabytes, which pytest would keep for the next three runs


@pytest.fixture
def writer(hub: HubServer) -> HuggingFaceWriter:
    return HuggingFaceWriter(endpoint=hub.url, token=hub.accounts.add_token("ada", "write"))


def go_on(writer: HuggingFaceWriter, repository: str, folder: Path, message: str) -> Uploaded:
    """Do what control does after a death: take a commit with our mark for ours, else upload."""
    mark = message.rsplit("\n", 1)[-1]
    found = writer.found("model", repository, mark=mark)
    return found or writer.upload("model", repository, str(folder), message=message, parent=None)


def test_an_upload_that_was_killed_at_any_request_is_one_whole_commit_when_it_is_taken_up(
    hub: HubServer, writer: HuggingFaceWriter, tmp_path: Path
) -> None:
    hub.world.in_parts_above = 1 << 20
    token = hub.accounts.add_token("ada", "write")
    hand = [sys.executable, "-m", "tests.fakes.upload_hand", hub.url, token, str(tmp_path / "outputs"), NAME]
    died = int(subprocess.run(hand, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100).stdout)
    assert died >= 8
    api = HfApi(endpoint=hub.url, token=token)
    for number in range(1, died + 1):
        repository, message = f"{NAME}-{number}", message_of(number)
        folder = output_of(tmp_path / "outputs", number)
        done = go_on(writer, repository, folder, message)
        ours = [one for one in api.list_repo_commits(repository) if one.message.endswith(message.rsplit("\n", 1)[-1])]
        assert [one.commit_id for one in ours] == [done.revision]
        siblings = api.model_info(repository, files_metadata=True).siblings or []
        sizes = {one.rfilename: one.size for one in siblings if one.rfilename != ".gitattributes"}
        assert sizes == {one.name: one.stat().st_size for one in folder.iterdir()}


UPLOADS = """
import sys
from intern_action.hub.huggingface_writer import HuggingFaceWriter
endpoint, token, repository, folder, message = sys.argv[1:]
HuggingFaceWriter(endpoint=endpoint, token=token).upload("model", repository, folder, message=message, parent=None)
"""


def test_three_gigabytes_whose_uploader_is_killed_half_way_are_one_whole_file_when_it_is_taken_up(
    hub: HubServer, writer: HuggingFaceWriter, tmp_path: Path
) -> None:
    """Nothing of the half stays; what is there at the end was counted by the Hub against the digest that it was told."""
    folder = tmp_path / "output"
    folder.mkdir()
    with (folder / "model.safetensors").open("wb") as file:  # a hole: it takes no room here, and is sent all the same
        file.truncate(3 * GIGABYTE)
        file.seek(GIGABYTE)
        file.write(b"in the middle")
    hub.world.in_parts_above = 4 * GIGABYTE
    words = [hub.url, hub.accounts.add_token("ada", "write"), NAME, str(folder), message_of(1)]
    uploader = subprocess.Popen([sys.executable, "-c", UPLOADS, *words], cwd=ROOT)
    until(lambda: any(size > GIGABYTE for size in sizes_in(tmp_path / "hub" / "content" / "lfs")))
    uploader.kill()
    assert uploader.wait() < 0
    assert writer.head("model", NAME) is None

    done = go_on(writer, NAME, folder, message_of(1))
    assert writer.head("model", NAME) == done.revision
    until(lambda: sorted(sizes_in(tmp_path / "hub" / "content" / "lfs")) == [3 * GIGABYTE])


def sizes_in(folder: Path) -> list[int]:
    """Return the sizes of all files beneath a folder, also of those that are still arriving."""
    found: list[int] = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            found += [path.stat().st_size] if path.is_file() else []
    return found


def until(wanted: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + 60
    while not wanted():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
