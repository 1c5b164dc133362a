"""The nouns everybody shares: what is said, what is asked for, what it costs.

Everything here is frozen and compares by value. Money is `Decimal` United States dollars, times are aware, units stand in
the names. Text from outside becomes one of these types once, at a door, and is trusted afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias

from intern_action.core.frozen import frozen
from intern_action.core.later import LATER

JsonObject: TypeAlias = Mapping[str, object]
"""A decoded JSON object. Values are narrowed where they are used."""

EMPTY: JsonObject = {}


class FinishReason(StrEnum):
    """Why a model stopped talking. Every provider's word is mapped to one of these at the wire."""

    STOP = "stop"
    CALLS = "calls"
    LENGTH = "length"
    FILTER = "filter"


@frozen
class Usage:
    """What one model answer used. `cost_usd` is None when no price is known: unknown is never free."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: Decimal | None = None


@frozen
class Thought:
    """A reasoning block, kept exactly as the provider sent it: its signature is void if one byte changes.

    Args:
        text: what people may read of it (may be empty when the provider hides it).
        block: the provider's own JSON, returned unchanged on tool turns.
    """

    text: str
    block: JsonObject = field(default_factory=dict[str, object])


@frozen
class Call:
    """One tool call as the model wrote it, with an id that is unique in the session.

    `flaw` says what is wrong with arguments that were not a JSON object; such a call is answered, never run.
    """

    id: str
    name: str
    arguments: JsonObject = field(default_factory=dict[str, object])
    flaw: str | None = None


@frozen
class Reply:
    """One whole answer of a model."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    thoughts: tuple[Thought, ...] = ()
    finish: FinishReason = FinishReason.STOP
    usage: Usage = Usage()
    model: str = ""


@frozen
class ToolResult:
    """What a tool answers.

    Args:
        text: what a model reads; has passed the output governor.
        data: typed facts for machines (`recipes`, gate, report); journaled, never cut.
        failed: the call did not do what it was asked.
    """

    text: str
    data: JsonObject = field(default_factory=dict[str, object])
    failed: bool = False


@frozen
class ToolSpec:
    """What a model is told of a tool: name, purpose, and the JSON Schema of its arguments."""

    name: str
    description: str
    parameters: JsonObject


# --- the conversation, as a model is shown it ---------------------------------------------------------------------


@frozen
class Words:
    """Something a person (or the task) said."""

    by: str
    text: str


@frozen
class Note:
    """Something the house says to the model. Never shown as if a person had said it."""

    text: str


@frozen
class Answer:
    """A tool's answer to one call of an earlier reply."""

    call: Call
    result: ToolResult


Turn: TypeAlias = Words | Note | Reply | Answer


@frozen
class Conversation:
    """What the model is asked to go on from.

    `turns` only ever grows while `epoch` stays the same; a fold (compaction) starts a new epoch. So an adapter may keep
    the bytes it has already written for `(epoch, len(turns))` and append. `heard` counts all replies of the session, those
    that were folded away as well.
    """

    system: str
    tools: tuple[ToolSpec, ...]
    turns: tuple[Turn, ...] | list[Turn]
    epoch: int = 0
    heard: int = 0


# --- jobs ----------------------------------------------------------------------------------------------------------

Parameters: TypeAlias = Mapping[str, str]
"""Command-line flags of a script without the dashes, as they will stand on its command line. A value "true" is a bare flag."""


@frozen
class Work:
    """How much there is to do in a job, as far as its time and memory depend on it.

    Args:
        parameters: weights of the model.
        method: all weights learn, an adapter on 16- or 32-bit weights does, one on 4-bit weights does, or nothing.
        train_tokens, read_tokens: tokens learned from (all epochs) and only read (evaluation), in all.
        sequence_length, batch_size: what is in memory at once, on each device.
        precision: how weights are held. optimizer: what is kept for each weight that learns.
        checkpointing: activations are computed twice instead of kept.
        layers, width, vocabulary: the model's shape; 0 for "guess" and, of the vocabulary, for "no words are predicted".
    """

    parameters: int
    method: Literal["full", "lora", "qlora", "inference"] = "full"
    train_tokens: int = 0
    read_tokens: int = 0
    sequence_length: int = 512
    batch_size: int = 8
    precision: Literal["float32", "bfloat16"] = "float32"
    optimizer: Literal["adamw", "adamw-8bit", "sgd"] = "adamw"
    checkpointing: bool = False
    layers: int = 0
    width: int = 0
    vocabulary: int = 0


@frozen
class JobSpec:
    """A training or evaluation job, pinned enough to be priced, approved and repeated.

    Args:
        script: path of the Python file inside the repository.
        parameters: its flags.
        variations: other values for some flags which an approval also covers (batch size x accumulation, checkpointing).
        flavor: hardware name from the price table.
        timeout_minutes: hard limit of one attempt.
        attempts: how often it may be started under one approval, variations included.
        dependencies: pinned requirements beyond the image's, `name==version`.
        model, model_revision, dataset, dataset_revision: what goes in, for provenance and the digest.
        output: folder the script writes to, relative to the job's own working folder.
        work: how much there is to do, for the estimate; None when nobody said.
    """

    script: str
    parameters: Parameters = field(default_factory=dict[str, str])
    variations: tuple[Parameters, ...] = ()
    flavor: str = "local-cpu"
    timeout_minutes: int = 30
    attempts: int = 3
    dependencies: tuple[str, ...] = ()
    model: str = ""
    model_revision: str = ""
    dataset: str = ""
    dataset_revision: str = ""
    output: str = "output"
    work: Work | None = field(default=None, metadata=LATER)


@frozen
class LeaseSpec:
    """An isolated machine for a while, pinned enough to be priced and approved.

    Args:
        flavor: hardware name from the price table.
        minutes: how long it is wanted at most.
        cap_usd: the most it may cost; where that pays for less time, it is had for less. None is what the time costs.
        purpose: what it is for, in words for a reviewer.
    """

    flavor: str
    minutes: int
    cap_usd: Decimal | None
    purpose: str


class JobStage(StrEnum):
    """Where a started job is, in the words of the job backends. All but the first two are final."""

    SCHEDULING = "scheduling"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self not in {JobStage.SCHEDULING, JobStage.RUNNING}


@frozen
class JobRef:
    """A started job: which backend, its id there, and the launch key it carries as a label."""

    backend: str
    id: str
    launch_key: str


@frozen
class JobStatus:
    """What a backend says of a job.

    Args:
        ref: which one.
        stage: where it is.
        message: that in words.
        exit_code: the script's.
        started_at, finished_at: what is billed lies between them.
        output_dir: where collected files lie once it is final (a path on this machine).
        checkpoint: it left one that another attempt can go on from.
    """

    ref: JobRef
    stage: JobStage
    message: str = ""
    exit_code: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    output_dir: str = ""
    checkpoint: bool = False

    @property
    def seconds(self) -> float:
        """Billed seconds so far; 0 before the start."""
        if self.started_at is None or self.finished_at is None:
            return 0.0
        return (self.finished_at - self.started_at).total_seconds()


@frozen
class Flavor:
    """One kind of hardware with its price.

    Args:
        memory_gb: of the machine. accelerator_memory_gb: of all its accelerators together.
        devices: how many accelerators work side by side, 1 where the processor does.
        tflops: what they do together by the data sheet, in 10^12 operations a second; 0 is not known.
        live_at: when the price was read; None means the table in the configuration.
        listed_on: the day of the table's price (`2026-11-23`), "" when nobody wrote it down.
    """

    name: str
    title: str
    usd_per_hour: Decimal
    memory_gb: Decimal
    accelerator: str = ""
    accelerator_memory_gb: Decimal = Decimal(0)
    devices: int = field(default=1, metadata=LATER)
    tflops: Decimal = field(default=Decimal(0), metadata=LATER)
    live_at: datetime | None = None
    listed_on: str = field(default="", metadata=LATER)


@frozen
class Quote:
    """The most a plan may cost: price x time limit x attempts, capped by `cap_usd`.

    Args:
        flavor: the hardware and its price at the time of the quote.
        ceiling_usd: price per hour x hours x attempts.
        estimate_usd, estimate_minutes, estimate_memory_gb: what it will probably take; None when not known.
        sure: how sure the estimate is: measured (from a smoke test), modelled (from sizes), unknown.
    """

    flavor: Flavor
    timeout_minutes: int
    attempts: int
    ceiling_usd: Decimal
    estimate_usd: Decimal | None = None
    estimate_minutes: Decimal | None = None
    estimate_memory_gb: Decimal | None = None
    sure: Literal["measured", "modelled", "unknown"] = "unknown"
    quoted_at: datetime | None = None


class Expense(StrEnum):
    """What money is spent on; a budget counts each apart."""

    JOBS = "jobs"
    SANDBOXES = "sandboxes"
    ENDPOINTS = "endpoints"
    MODEL = "model"


# --- people and threads ----------------------------------------------------------------------------------------------


class Permission(StrEnum):
    """What a person may do in the repository, in GitHub's words."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    @property
    def writes(self) -> bool:
        """Whether the person may push."""
        return self in {Permission.WRITE, Permission.ADMIN}


@frozen
class Comment:
    """One comment of a thread. `edited_at` is when its words were last changed, None for never."""

    id: str
    by: str
    text: str
    at: datetime
    edited_at: datetime | None = None


@frozen
class Thread:
    """An issue, with its comments in order. `edited_at` is when title or text were last changed, None for never or not known."""

    number: int
    title: str
    body: str
    by: str
    open: bool = True
    comments: tuple[Comment, ...] = ()
    url: str = ""
    edited_at: datetime | None = None


class Verdict(StrEnum):
    """What a review says, in GitHub's words of the REST API, lower case."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


@frozen
class Review:
    """One review of a pull request, pinned to the commit it was given on."""

    id: str
    by: str
    verdict: Verdict
    body: str
    commit_sha: str
    submitted_at: datetime
    by_a_person: bool = True


class Reaction(StrEnum):
    """What we answer somebody's words with when no words are needed, in GitHub's names."""

    EYES = "eyes"
    ROCKET = "rocket"
    CONFUSED = "confused"


class Conclusion(StrEnum):
    """How a check ended, in GitHub's words; the ones that mean something here."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    CANCELLED = "cancelled"
    ACTION_REQUIRED = "action_required"


@frozen
class LineComment:
    """Somebody's words on a line of a pull request. `conversation` is the id of the comment that began it."""

    id: str
    by: str
    text: str
    at: datetime
    conversation: str
    path: str
    line: int
    commit: str
    machine: bool = False


@frozen
class Check:
    """What stands beside a commit: one line, and more for who opens it. Without a conclusion it still runs."""

    name: str
    head_sha: str
    title: str
    summary: str
    conclusion: Conclusion | None = None
    url: str = ""


@frozen
class PullRequest:
    """A pull request as the forge has it *now*."""

    number: int
    title: str
    body: str
    by: str
    open: bool
    draft: bool
    base: str
    base_sha: str
    head: str
    head_sha: str
    same_repository: bool = True
    pushed_at: datetime | None = None
    commit_authors: tuple[str, ...] = ()
    url: str = ""


class Standing(StrEnum):
    """What became of a pull request. One that was merged was taken, one that was closed without that was withdrawn."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


# --- the checklist -----------------------------------------------------------------------------------------------------


@frozen
class Step:
    """One line of the checklist people see."""

    text: str
    state: Literal["todo", "doing", "done", "dropped"] = "todo"


# --- recipes ----------------------------------------------------------------------------------------------------------


@frozen
class ModelFacts:
    """What a model *is*, as `hf_model_load` found it."""

    id: str
    revision: str
    path: str
    architecture: str
    task: str
    parameters: int
    licence: str = ""
    gated: bool = False
    max_length: int = 0
    memory_gb: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    problems: tuple[str, ...] = ()


@frozen
class ColumnFacts:
    """One column: its type (string, int, float, bool, list, object) and what its values look like."""

    name: str
    kind: str
    distinct: int
    empty: int
    mean_chars: float = 0.0
    top_values: tuple[str, ...] = ()


@frozen
class DatasetFacts:
    """What a data set *is*, as `hf_dataset_load` found it."""

    id: str
    revision: str
    path: str
    splits: Mapping[str, int]
    columns: tuple[ColumnFacts, ...]
    licence: str = ""
    problems: tuple[str, ...] = ()


@frozen
class Fit:
    """A recipe's answer to "can you take this model, this data, this wish": the files to write and the job to ask for."""

    recipe: str
    files: Mapping[str, str]
    job: JobSpec
    smoke_parameters: Parameters
    reasons: tuple[str, ...]
    estimate_minutes: Decimal
    estimate_memory_gb: Decimal


@frozen
class Wish:
    """What a person asked of a recipe: train or evaluate, on what, with which settings (`with epochs=3, lora`).

    `hardware` is what the flavor's name means here, None when nobody knows; whoever owns the book of recipes fills it in.
    """

    verb: Literal["train", "evaluate"]
    model: str
    dataset: str
    settings: Parameters = field(default_factory=dict[str, str])
    flavor: str = "local-cpu"
    timeout_minutes: int = 30
    hardware: Flavor | None = None
