"""What a job will probably take, from what the session knows: the work as it was asked for, and the newest smoke test of it."""

from __future__ import annotations

from decimal import Decimal

from intern_action.core.estimate import Measured, estimate
from intern_action.core.types import JobSpec, JsonObject
from intern_action.gate.options import Reckoning
from intern_action.session.office import Case

_MEGA_PER_GIGA = 1_000


def reckoning(case: Case, job: JobSpec) -> Reckoning:
    """Return what reckons the job on any hardware."""
    measured = _measured(case, job)
    return lambda flavor: estimate(job.work, flavor, measured)


def _measured(case: Case, job: JobSpec) -> Measured | None:
    """Return what the newest smoke test measured of this job; None when it failed, was of another, or of a stand-in."""
    tests = case.memory.past("smoke_test")
    return _steps_of(tests[-1].result.data, job) if tests else None


def _steps_of(data: JsonObject, job: JobSpec) -> Measured | None:
    """Read how long how many tokens took: what our own scripts write into `metrics.json`, and others may."""
    match data:
        case {"metrics": {"model": {"tiny_stand_in": True}}}:
            return None
        case {
            "exit_code": 0,
            "script": job.script,
            "peak_mb": int(peak),
            "metrics": {
                "training_seconds": int() | float() as seconds,
                "steps": {"done": int(steps)},
                "arguments": {"batch_size": int(batch), "accumulation": int(accumulation)},
                "model": {"max_length": int(length)},
            },
        }:
            tokens = steps * batch * accumulation * length
            return Measured(seconds=float(seconds), tokens=tokens, memory_gb=Decimal(peak) / _MEGA_PER_GIGA)
        case _:
            return None
