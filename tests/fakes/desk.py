"""A desk for tests: a real folder as checkout, a real shell, and small stand-ins for what lies outside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, cast

from intern_action.core.errors import JobError, ToolFailed
from intern_action.core.ports import Desk, FileState, HubSnapshot, Shell, Snapshot, ToolLimits
from intern_action.core.types import (
    Answer,
    Call,
    DatasetFacts,
    Fit,
    Flavor,
    JobRef,
    JobStage,
    JobStatus,
    JsonObject,
    ModelFacts,
    ToolResult,
    Wish,
)
from intern_action.git.objects import blob_id
from tests.fakes.story_sandboxes import StorySandboxes

BAIT = "hf_BaitBaitBaitBaitBaitBaitBaitBait00"
"""The one secret the test redactor knows."""

FLAVORS: Mapping[str, Flavor] = {
    "local-cpu": Flavor(name="local-cpu", title="This machine", usd_per_hour=Decimal("0.10"), memory_gb=Decimal(16)),
    "t4-small": Flavor(
        name="t4-small",
        title="Nvidia T4",
        usd_per_hour=Decimal("0.40"),
        memory_gb=Decimal(15),
        accelerator="T4",
        accelerator_memory_gb=Decimal(16),
    ),
    "a100-large": Flavor(
        name="a100-large",
        title="Nvidia A100",
        usd_per_hour=Decimal("2.50"),
        memory_gb=Decimal(142),
        accelerator="A100",
        accelerator_memory_gb=Decimal(80),
    ),
}


class FolderCheckout:
    """A checkout without git: its tree id is a hash over names and bytes."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def tree(self) -> str:
        found = hashlib.sha1(usedforsecurity=False)
        for file in sorted(Path(self.path).rglob("*")):
            if file.is_file():
                found.update(f"{file.relative_to(self.path)}\0".encode() + file.read_bytes())
        return found.hexdigest()

    def snapshot(self, message: str) -> Snapshot:
        del message
        return Snapshot(commit=self.tree(), tree=self.tree(), changed=False)

    def restore(self, commit: str) -> None:
        raise ToolFailed(f"this checkout has no history, so no {commit}")

    def states(self) -> Mapping[str, FileState]:
        root = Path(self.path)
        return {
            str(path.relative_to(root)): FileState(
                blob=blob_id(path.read_bytes()), executable=bool(path.stat().st_mode & 0o100)
            )
            for path in root.rglob("*")
            if path.is_file()
        }

    def bundle(self, target: str, commit: str) -> None:
        raise ToolFailed(f"this checkout has no history to write {commit} to {target}")


class MaskingRedactor:
    """Knows one secret."""

    def text(self, text: str) -> str:
        return text.replace(BAIT, "«secret»")

    def data(self, data: JsonObject) -> JsonObject:
        return {self.text(key): self._masked(value) for key, value in data.items()}

    def finds(self, text: str) -> bool:
        return BAIT in text or "«secret»" in text

    def _masked(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self.data(cast("JsonObject", value))
        if isinstance(value, (list, tuple)):
            return [self._masked(one) for one in cast("list[object]", value)]
        return value


class TestClock:
    """A clock that moves when it is asked to wait, and a little at each look."""

    __test__ = False

    def __init__(self) -> None:
        self._seconds = 0.0

    def now(self) -> datetime:
        self._seconds += 0.001
        return datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        self._seconds += 0.001
        return self._seconds

    def wait(self, seconds: float) -> None:
        self._seconds += seconds


class FolderHub:
    """Repositories as folders: `<root>/models/<owner>/<name>` and `<root>/datasets/…`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.cache = str(root)

    def fetch(self, kind: Literal["model", "dataset"], repository: str, revision: str = "") -> HubSnapshot:
        path = self._root / f"{kind}s" / repository
        if not path.is_dir():
            raise ToolFailed(f"there is no {kind} {repository} on the Hub")
        return HubSnapshot(
            id=repository, kind=kind, revision=revision or "f" * 40, path=str(path), licence="apache-2.0"
        )


@dataclass
class TableJobs:
    """Jobs whose state and log the test sets."""

    stages: dict[str, JobStage] = field(default_factory=dict[str, JobStage])
    printed: dict[str, str] = field(default_factory=dict[str, str])

    def status(self, ref: JobRef) -> JobStatus:
        if ref.id not in self.stages:
            raise JobError(f"there is no job {ref.id}")
        return JobStatus(ref=ref, stage=self.stages[ref.id])

    def logs(self, ref: JobRef) -> str:
        return self.printed.get(ref.id, "")


class NoRecipes:
    """An empty book."""

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        raise ToolFailed(f"no recipe fits {wish.verb} of {model.id} on {data.id}")


class Past:
    """Earlier answers, as the memory would give them."""

    def __init__(self) -> None:
        self._answers: dict[str, list[Answer]] = {}

    def __call__(self, tool: str) -> Sequence[Answer]:
        return self._answers.get(tool, [])

    def add(self, tool: str, data: JsonObject, *, failed: bool = False) -> None:
        """Add one answer."""
        answers = self._answers.setdefault(tool, [])
        call = Call(id=f"{tool}-{len(answers)}", name=tool)
        answers.append(Answer(call=call, result=ToolResult(text="", data=data, failed=failed)))


def make_desk(  # each part can be another one
    folder: Path,
    shell: Shell,
    *,
    python: str,
    jobs: TableJobs | None = None,
    past: Past | None = None,
    limits: ToolLimits | None = None,
    environment: Mapping[str, str] | None = None,
) -> Desk:
    """Return a desk whose checkout, scratch folder and Hub lie in `folder`."""
    for name in ("checkout", "scratch", "hub"):
        (folder / name).mkdir(exist_ok=True)
    return Desk(
        checkout=FolderCheckout(folder / "checkout"),
        scratch=str(folder / "scratch"),
        shell=shell,
        hub=FolderHub(folder / "hub"),
        jobs=jobs or TableJobs(),
        sandboxes=StorySandboxes(clock=TestClock(), folder=folder / "sandboxes", shell=shell),
        recipes=NoRecipes(),
        redactor=MaskingRedactor(),
        clock=TestClock(),
        flavors=FLAVORS,
        past=past or Past(),
        python=python,
        environment=environment or {},
        limits=limits or ToolLimits(),
    )
