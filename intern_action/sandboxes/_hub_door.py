"""The agent's side of sandboxes on the Hub: it holds a token that reads and the key that control left, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from intern_action.core.errors import HubError, JobError, ToolFailed
from intern_action.core.ports import WORKSPACE, Outcome, Progress
from intern_action.core.types import JobRef
from intern_action.hub.client import hub_client
from intern_action.launches.folder import place_of
from intern_action.launches.told import told_of
from intern_action.sandboxes._backend import Supplies
from intern_action.sandboxes._hub_account import Guest
from intern_action.sandboxes._hub_box import Box
from intern_action.sandboxes._hub_files import HubFiles
from intern_action.sandboxes._hub_server import opened
from intern_action.sandboxes._hub_tokens import check_guest
from intern_action.sandboxes._keys import Key, KeyShelf
from intern_action.shell.beneath import Beneath
from intern_action.shell.capture import Capture

if TYPE_CHECKING:
    from huggingface_hub import JobInfo
    from huggingface_hub._sandbox import SandboxCommandResult

NAME = "hf"
_OF_THIS_MACHINE = frozenset({"HF_HUB_OFFLINE", "HF_HUB_CACHE"})
"""Variables that say something about our machine, and nothing about one on the Hub."""

_KEPT_BYTES, _SPILL_BYTES = 1 << 20, 64 << 20
_KILLED = 9
_BEHIND_SECONDS, _LOOK_SECONDS = 5.0, 0.5
_UNAUTHORISED = 401


class HubDoor:
    """Implements `core.ports.SandboxDoor`."""

    def __init__(self, supplies: Supplies) -> None:
        if supplies.guest is None:
            raise JobError("sandboxes on Hugging Face need a token that reads; see the setting sandbox.backend")
        self._guest: Guest = supplies.guest
        self._root = Path(supplies.root)
        self._keys = KeyShelf(self._root)
        self._clock = supplies.clock
        self._open: dict[str, Box] = {}
        self._opening = Lock()

    def run(
        self, ref: JobRef, command: str, *, timeout_seconds: float, environment: Mapping[str, str], spill: str = ""
    ) -> Outcome:
        capture = Capture(keep=_KEPT_BYTES, opened=_opened(spill), spill=_SPILL_BYTES)
        began = self._clock.monotonic()
        try:
            with self._speaking(ref) as box:
                ended = box.run(
                    command,
                    _fitting(environment),
                    seconds=timeout_seconds,
                    heard=lambda words: capture.take(words.encode(errors="replace")),
                )
        finally:
            capture.close()
        return _outcome(ended, capture, self._clock.monotonic() - began)

    def start(self, ref: JobRef, command: str, *, environment: Mapping[str, str]) -> str:
        with self._speaking(ref) as box:
            return box.start(command, _fitting(environment))

    def progress(self, ref: JobRef, process: str) -> Progress:
        with self._speaking(ref) as box:
            return box.progress(process)

    @contextmanager
    def opened(self, ref: JobRef) -> Generator[HubFiles]:
        with self._speaking(ref) as box:
            yield HubFiles(box, place_of(self._root, ref.launch_key) / "git")

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def prepare(self, ref: JobRef) -> None:
        """Make the workspace of a sandbox that comes up; control asks for it.

        Raises:
            ToolFailed: nobody answers yet.
        """
        import httpx
        from huggingface_hub.errors import SandboxError

        try:
            self._box(ref).files.mkdir(WORKSPACE)
        except (SandboxError, httpx.HTTPError) as error:
            self._forget(ref)
            raise ToolFailed(f"the sandbox {ref.id} is not up yet: {error}") from error

    # --- whether it is there ---------------------------------------------------------------------------------------

    @contextmanager
    def _speaking(self, ref: JobRef) -> Generator[Box]:
        """Speak to a sandbox; where it does not answer, say whether it has ended."""
        import httpx
        from huggingface_hub.errors import HfHubHTTPError, SandboxError

        try:
            yield self._box(ref)
        except HfHubHTTPError as error:
            raise ToolFailed(
                f"{self._guest.endpoint} could not be asked about the sandbox {ref.id}: {error}"
            ) from error
        except (SandboxError, httpx.HTTPError) as error:
            self._forget(ref)
            raise self._why(ref, error) from error

    def _box(self, ref: JobRef) -> Box:
        with self._opening:  # calls that read run side by side
            if ref.launch_key not in self._open:
                key, job = self._found(ref)
                if job.status.stage != "RUNNING":
                    raise self._not_there(ref, job)
                self._open[ref.launch_key] = Box(opened(job, key, self._guest))
            return self._open[ref.launch_key]

    def _found(self, ref: JobRef) -> tuple[Key, JobInfo]:
        key = self._key(ref)
        if not self._open:
            check_guest(self._guest)
        return key, hub_client(self._guest.endpoint, self._guest.token).inspect_job(
            job_id=key.job, namespace=key.namespace
        )

    def _key(self, ref: JobRef) -> Key:
        try:
            key = self._keys.get(ref.launch_key) if ref.backend == NAME else None
        except JobError as error:
            raise ToolFailed(str(error)) from None
        if key is None or key.job != ref.id:
            raise ToolFailed(f"there is no sandbox {ref.id} any more; ask for one with sandbox_create")
        return key

    def _why(self, ref: JobRef, error: Exception) -> ToolFailed:
        """Say why a sandbox does not answer: the Hub knows whether it has ended."""
        import httpx

        if getattr(error, "status_code", None) == _UNAUTHORISED:
            return ToolFailed(
                f"the sandbox {ref.id} does not take our key: HF_WRITE_TOKEN or HF_TOKEN was changed since it began"
            )
        until = self._clock.monotonic() + _BEHIND_SECONDS
        while self._clock.monotonic() < until:  # a machine is gone a moment before the Hub says so
            try:
                _, job = self._found(ref)
            except (HubError, httpx.HTTPError):
                words = f"the sandbox {ref.id} does not answer ({error}), nor does the Hub; try again in a minute"
                return ToolFailed(words)
            if job.status.stage != "RUNNING":
                return self._not_there(ref, job)
            self._clock.wait(_LOOK_SECONDS)
        return ToolFailed(
            f"the sandbox {ref.id} did not answer ({error}); whether the call was carried out is not known, so look before "
            "you repeat it"
        )

    def _not_there(self, ref: JobRef, job: JobInfo) -> ToolFailed:
        told = told_of(job, timeout_seconds=0)
        if not told.final:
            return ToolFailed(f"the sandbox {ref.id} is not up yet; try again in a minute")
        at = f" at {told.finished_at:%H:%M:%S} UTC" if told.finished_at else ""
        return ToolFailed(
            f"the sandbox {ref.id} ended{at} with all that was in it; ask for another with sandbox_create"
        )

    def _forget(self, ref: JobRef) -> None:
        box = self._open.pop(ref.launch_key, None)
        if box is not None:
            box.close()


def _outcome(ended: SandboxCommandResult, capture: Capture, seconds: float) -> Outcome:
    code = ended.exit_code
    return Outcome(
        exit_code=128 + (ended.signal or _KILLED) if code is None else code,
        output=capture.bytes().decode("utf-8", errors="replace"),
        seconds=seconds,
        timed_out=ended.timed_out,
        spilled=capture.spilled,
    )


def _fitting(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in environment.items() if name not in _OF_THIS_MACHINE}


def _opened(spill: str) -> Callable[[], int] | None:
    def create() -> int:
        place = Path(spill)
        with Beneath(str(place.parent)) as folder:
            return folder.create(place.name)

    return create if spill else None
