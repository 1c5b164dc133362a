"""`hf_create_job`: asks for a training or evaluation job. Nothing starts before people have approved its price."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field

from intern_action.core.effects import Effect, Spends
from intern_action.core.errors import Bug, ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import JobSpec, ToolResult, Work
from intern_action.tools._arguments import STRICT
from intern_action.tools._durations import minutes_of
from intern_action.tools._script import checked_flags, checked_script
from intern_action.tools._tool import ToolOf

_PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._,-]+\])?==[A-Za-z0-9][A-Za-z0-9.+!_-]*")
_MOST_ATTEMPTS, _MOST_VARIATIONS = 10, 20
_COUNTS = (
    *("parameters", "train_tokens", "read_tokens", "sequence_length", "batch_size"),
    *("layers", "width", "vocabulary"),
)
_MOST_COUNT = 10**18


@frozen
class Arguments:
    """The job, as a reviewer will see it."""

    __pydantic_config__ = STRICT

    script: str
    flavor: str
    timeout: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    variations: tuple[Mapping[str, str], ...] = ()
    attempts: int = 3
    dependencies: tuple[str, ...] = ()
    model: str = ""
    model_revision: str = ""
    dataset: str = ""
    dataset_revision: str = ""
    output: str = "output"
    work: Work | None = None


def effects(asked: Arguments) -> tuple[Effect, ...]:
    """It spends."""
    for parameters in (asked.parameters, *asked.variations):
        checked_flags(parameters)
    if not 1 <= asked.attempts <= _MOST_ATTEMPTS:
        raise ToolFailed(f"`attempts` is 1 to {_MOST_ATTEMPTS}, not {asked.attempts}")
    if len(asked.variations) > _MOST_VARIATIONS:
        raise ToolFailed(
            f"`variations` has {len(asked.variations)} entries; {_MOST_VARIATIONS} are the most a person can review"
        )
    return (
        Spends(
            job=JobSpec(
                script=checked_script(asked.script),
                parameters=dict(asked.parameters),
                variations=tuple(dict(one) for one in asked.variations),
                flavor=asked.flavor,
                timeout_minutes=minutes_of(asked.timeout),
                attempts=asked.attempts,
                dependencies=_pinned(asked.dependencies),
                model=asked.model,
                model_revision=asked.model_revision,
                dataset=asked.dataset,
                dataset_revision=asked.dataset_revision,
                output=asked.output,
                work=_checked(asked.work),
            )
        ),
    )


def run(_asked: Arguments, _desk: Desk) -> ToolResult:
    """Never: spending is always held, and control answers held calls."""
    raise Bug("hf_create_job was run by the agent half; spending is control's")


def _checked(work: Work | None) -> Work | None:
    """Return the work; ToolFailed for numbers that no work has."""
    if work is None:
        return None
    counts = {name: getattr(work, name) for name in _COUNTS}
    wrong = [name for name, count in counts.items() if not 0 <= count <= _MOST_COUNT]
    if wrong or not (work.parameters and work.sequence_length and work.batch_size):
        raise ToolFailed(
            f"`work`: {', '.join(wrong) or 'parameters, sequence_length and batch_size'} must be counts above zero"
        )
    return work


def _pinned(dependencies: Sequence[str]) -> tuple[str, ...]:
    """Return the requirements; ToolFailed for one that could mean another package tomorrow."""
    for one in dependencies:
        if not _PINNED.fullmatch(one):
            raise ToolFailed(f"`dependencies`: {one!r} is not pinned; write name==version, such as peft==0.21.2")
    return tuple(dependencies)


TOOL = ToolOf(name="hf_create_job", arguments=Arguments, work=run, consequences=effects)
