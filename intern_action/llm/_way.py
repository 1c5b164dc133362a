"""The job as it is tested and asked for: the recipe's fit, and the change that a small test made necessary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from typing import TypeAlias, cast

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import RecipeBook
from intern_action.core.types import DatasetFacts, Fit, JobSpec, JsonObject, ModelFacts, Parameters
from intern_action.llm._course import Course

Wanted: TypeAlias = tuple[str, JsonObject]
"""A tool and its arguments."""

SMOKE_TIME = "15m"


@frozen
class Way:
    """A fit, and the change that a small test on this machine made necessary.

    Args:
        change: flags that differ from the fit's own.
        left: the permitted variations that were not yet used for that.
    """

    fit: Fit
    change: Parameters
    left: tuple[Parameters, ...]

    @property
    def job(self) -> JobSpec:
        """The job as it is asked for."""
        return self.fit.job

    @property
    def parameters(self) -> Parameters:
        """Its flags."""
        return {**self.job.parameters, **self.change}

    @property
    def smoke_parameters(self) -> Parameters:
        """The flags of its small test."""
        return {**self.fit.smoke_parameters, **self.change}


def way_tested(course: Course, fit: Fit) -> Way:
    """Return the way as it was last tested."""
    last = course.smokes[-1].parameters
    for place, change in enumerate(fit.job.variations):
        if last == {**fit.smoke_parameters, **change} != dict(fit.smoke_parameters):
            return Way(fit=fit, change=change, left=fit.job.variations[place + 1 :])
    return Way(fit=fit, change={}, left=fit.job.variations)


def way_asked_for(course: Course, book: RecipeBook, model: ModelFacts, data: DatasetFacts) -> Way:
    """Return the way as it was asked for. Recipes may have become others while people thought; what they approved has not."""
    job = _job_of(course.jobs[0].asked)
    try:
        fit = replace(book.fit(course.asked.wish, model, data), job=job)
    except ToolFailed:  # the recipe of today would not take it; its estimate alone is lost
        none = Decimal(0)
        fit = Fit(
            recipe="",
            files={},
            job=job,
            smoke_parameters={},
            reasons=(),
            estimate_minutes=none,
            estimate_memory_gb=none,
        )
    return Way(fit=fit, change={}, left=job.variations)


def _job_of(asked: JsonObject) -> JobSpec:
    """Read what `job_call` wrote."""
    variations = cast("Sequence[Parameters]", asked["variations"])
    return JobSpec(
        script=str(asked["script"]),
        parameters=dict(cast("Parameters", asked["parameters"])),
        variations=tuple(dict(one) for one in variations),
        flavor=str(asked["flavor"]),
        timeout_minutes=int(str(asked["timeout"]).removesuffix("m")),
        attempts=int(str(asked["attempts"])),
        dependencies=tuple(cast("Sequence[str]", asked["dependencies"])),
        model=str(asked["model"]),
        model_revision=str(asked["model_revision"]),
        dataset=str(asked["dataset"]),
        dataset_revision=str(asked["dataset_revision"]),
        output=str(asked["output"]),
    )


def smoke_call(way: Way) -> Wanted:
    return "smoke_test", {"script": way.job.script, "parameters": dict(way.smoke_parameters), "timeout": SMOKE_TIME}


def job_call(way: Way, parameters: Parameters) -> Wanted:
    job = way.job
    return "hf_create_job", {
        "script": job.script,
        "parameters": dict(parameters),
        "variations": [dict(one) for one in way.left],
        "flavor": job.flavor,
        "timeout": f"{job.timeout_minutes}m",
        "attempts": job.attempts,
        "dependencies": list(job.dependencies),
        "model": job.model,
        "model_revision": job.model_revision,
        "dataset": job.dataset,
        "dataset_revision": job.dataset_revision,
        "output": job.output,
        **({"work": asdict(job.work)} if job.work else {}),
    }
