"""The seams: what the house asks of the world. Adapters live in the layers above; `wiring` hands them over.

Paths cross these seams as `str`: core knows no file system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from intern_action.core.effects import Effect
from intern_action.core.events import Entry, Event
from intern_action.core.types import (
    Answer,
    Comment,
    Conversation,
    DatasetFacts,
    Fit,
    Flavor,
    JobRef,
    JobSpec,
    JobStatus,
    JsonObject,
    ModelFacts,
    Permission,
    PullRequest,
    Reply,
    Review,
    Thread,
    ToolResult,
    ToolSpec,
    Wish,
)


class Clock(Protocol):
    """Time. Nobody else asks the machine for it."""

    def now(self) -> datetime:
        """Return the aware time, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        ...

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class Model(Protocol):
    """Somebody who goes on from a conversation."""

    @property
    def name(self) -> str:
        """The name the user gave, e.g. `anthropic/claude-opus-4.8`."""
        ...

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the next reply; `hear` gets the text as it streams in.

        Raises:
            ModelError: one leaf for each fault; a reply whose finish reason never came is `ModelCut`, not a reply.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A process to run as the tool user.

    Args:
        argv: the command and its arguments, literally; no shell reads them.
        cwd: working folder.
        environment: added to the scrubbed environment (never a secret).
        stdin: what it reads.
        readable, writable: further paths the process needs (a cache, an output folder).
        memory_mb: address-space limit, none when None.
        spill: file that gets the whole output when it is longer than what is kept.
    """

    argv: tuple[str, ...]
    cwd: str
    timeout_seconds: float
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    stdin: bytes = b""
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    memory_mb: int | None = None
    spill: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a process ended.

    Args:
        exit_code: 128 + n for a death by signal n.
        output: standard output and error, as they came; ungoverned, but of bounded length: head and tail when it was more.
        spilled: it was more, and the command's spill file has the whole (up to the file's own limit).
        peak_mb: most memory that one of its processes had resident.
    """

    exit_code: int
    output: str
    seconds: float
    timed_out: bool = False
    spilled: bool = False
    peak_mb: int = 0


class Shell(Protocol):
    """Runs what the model steers: as another user, in its own process group, with a scrubbed environment."""

    def run(self, command: Command) -> Outcome:
        """Run to the end or to the time limit, at which the whole group is killed."""
        ...

    def detach(self, command: Command, *, pid_file: str, status_file: str) -> None:
        """Start a process that outlives us; a supervisor enforces its limits and writes its end to `status_file`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The checkout at one moment: a commit in our own GIT_DIR and its tree."""

    commit: str
    tree: str
    changed: bool


class Checkout(Protocol):
    """The work tree of a session and our git around it. The model reaches the files, never the git directory."""

    @property
    def path(self) -> str:
        """The work tree."""
        ...

    def snapshot(self, message: str) -> Snapshot:
        """Record the work tree as a commit on top of the last one; cheap when nothing has changed."""
        ...

    def restore(self, commit: str) -> None:
        """Make the work tree equal to a snapshot: files that are not in it are removed."""
        ...

    def tree(self) -> str:
        """Return the tree id of the work tree as it is now."""
        ...

    def bundle(self, target: str, commit: str) -> None:
        """Write a git bundle with `commit` and what it needs beyond the base commit."""
        ...


class Publisher(Protocol):
    """Control's git: imports bundles, makes the commits people see, pushes. Never checks anything out."""

    def take_in(self, bundle: str, commit: str, *, base_sha: str) -> str:
        """Import a git bundle with object checks; return the tree of `commit`.

        Raises:
            NotAllowed: symlinks that leave the tree, submodules, `.github/**`, oversized blobs; the message names
            the path.
        """
        ...

    def publish(self, branch: str, tree: str, *, base_sha: str, message: str, co_author: str) -> str:
        """Commit `tree` on `branch` (made from `base_sha` if new), push it, return the head.

        An equal tree makes no new commit.
        """
        ...

    def head(self, branch: str) -> str | None:
        """Return the branch's live head on the remote, None if there is none."""
        ...

    def tree_of(self, commit: str) -> str:
        """Return a commit's tree id."""
        ...

    def merge_base(self, base: str, head_sha: str) -> str:
        """Return the merge base of the live base branch and a commit."""
        ...

    def blob(self, branch: str, path: str) -> tuple[str, bytes] | None:
        """Return blob id and bytes of a file on the live branch, None when it is not there."""
        ...

    def changes(self, base_sha: str, head_sha: str) -> str:
        """Return the unified diff stat of what a reviewer would see."""
        ...

    def archive(self, commit: str, target: str) -> None:
        """Write `git archive` (tar) of a commit."""
        ...

    def save_journal(self, session: str, lines: bytes, *, expected_head: str) -> str:
        """Store a journal under `refs/intern/sessions/<id>`, by compare-and-swap on the commit last seen.

        Returns:
            the new commit.
        """
        ...

    def load_journal(self, session: str) -> tuple[str, bytes] | None:
        """Return (commit, journal lines), None for an unknown session."""
        ...

    def sessions(self) -> tuple[str, ...]:
        """Return the ids of all stored sessions, oldest first."""
        ...


class Forge(Protocol):
    """Where people talk and review: GitHub, or a folder."""

    def thread(self, number: int) -> Thread:
        """Return an issue with its comments."""
        ...

    def comment(self, number: int, text: str) -> Comment:
        """Add a comment."""
        ...

    def keep_comment(self, number: int, *, marker: str, text: str) -> Comment:
        """Make or renew the one comment of ours that carries the hidden `marker`."""
        ...

    def open_pull_request(self, *, title: str, body: str, head: str, base: str) -> PullRequest:
        """Open a draft, or return the open one of this head and renew its title and body."""
        ...

    def describe_pull_request(self, number: int, *, title: str, body: str) -> None:
        """Renew title and body."""
        ...

    def ready(self, number: int) -> None:
        """Take a pull request out of draft."""
        ...

    def close_pull_request(self, number: int) -> None:
        """Close it without a merge."""
        ...

    def pull_request(self, number: int) -> PullRequest:
        """Return it as it is now."""
        ...

    def open_pull_requests(self, *, head_sha: str) -> tuple[PullRequest, ...]:
        """Return every open pull request whose head is this commit."""
        ...

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Return all reviews, oldest first; complete, or an error."""
        ...

    def permission(self, person: str) -> Permission:
        """Return what a person may do *now*."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSnapshot:
    """A repository of the Hub at one revision, as files on this machine that the tool user can read."""

    id: str
    kind: Literal["model", "dataset"]
    revision: str
    path: str
    licence: str = ""
    gated: bool = False
    card: str = ""


class HubReader(Protocol):
    """Reads the Hub (or a folder in its layout) into a shared, read-only cache.

    The cache has huggingface_hub's own layout.
    """

    @property
    def cache(self) -> str:
        """The folder to name as HF_HUB_CACHE."""
        ...

    def fetch(self, kind: Literal["model", "dataset"], repository: str, revision: str = "") -> HubSnapshot:
        """Return the snapshot; no remote code, no pickles.

        Raises:
            ToolFailed: not there, gated, too big; the message says what to change and names near misses.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What an upload made."""

    repository: str
    revision: str
    url: str


class HubWriter(Protocol):
    """Writes the Hub; control alone holds one."""

    def head(self, kind: Literal["model", "dataset"], repository: str) -> str | None:
        """Return the revision that stands there, None for a new repository."""
        ...

    def upload(
        self, kind: Literal["model", "dataset"], repository: str, folder: str, *, message: str, parent: str | None
    ) -> Uploaded:
        """Upload a folder as one commit on top of `parent`; HubError when something else stands there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """What a backend is asked to start: the approved spec on the approved tree, once.

    Args:
        archive: tar of the approved commit, made by control.
        tree: its tree id; checked in the job.
        labels: session, requester and the like.
        timeout_minutes: the quote's limit for this attempt.
    """

    spec: JobSpec
    launch_key: str
    archive: str
    tree: str
    timeout_minutes: int
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


class JobReader(Protocol):
    """What the agent half may ask of a backend."""

    def status(self, ref: JobRef) -> JobStatus:
        """Return where the job is."""
        ...

    def logs(self, ref: JobRef) -> str:
        """Return everything it has printed so far."""
        ...


class Jobs(JobReader, Protocol):
    """A backend, as control sees it."""

    @property
    def name(self) -> str:
        """The backend's name, as in a `JobRef`."""
        ...

    def flavors(self) -> Mapping[str, Flavor]:
        """Return hardware with prices, by name."""
        ...

    def find(self, launch_key: str) -> JobRef | None:
        """Return the job that carries this key, if there is one."""
        ...

    def launch(self, order: JobOrder) -> JobRef:
        """Start it. Called once per launch key; the caller has looked with `find` first.

        Raises:
            JobError: it was certainly not started.
            OutsideError: nobody knows; the caller looks again, never launches again.
        """
        ...

    def cancel(self, ref: JobRef) -> None:
        """End it; no error when it has ended."""
        ...

    def collect(self, ref: JobRef) -> JobStatus:
        """Return the final status with `output_dir` on this machine. May be repeated."""
        ...


class RecipeCard(Protocol):
    """One vetted recipe: the constant `CARD` of a folder in `recipes/`. Pure, and cheap to import."""

    @property
    def name(self) -> str:
        """The folder's name."""
        ...

    def objections(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> tuple[str, ...]:
        """Return why it cannot take these, each with what to change; empty when it can."""
        ...

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        """Return files and job. Asked only when there are no objections.

        Raises:
            ToolFailed: a setting of the wish is unknown or out of range.
        """
        ...


class RecipeBook(Protocol):
    """The vetted recipes."""

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        """Choose by what model and data *are*.

        Raises:
            ToolFailed: none fits; the message says why for each.
        """
        ...


class Redactor(Protocol):
    """Takes secrets out of what comes in at the door."""

    def text(self, text: str) -> str:
        """Return the text with every known secret and token pattern masked."""
        ...

    def data(self, data: JsonObject) -> JsonObject:
        """The same for nested data, keys included."""
        ...

    def finds(self, text: str) -> bool:
        """Whether the text holds a secret."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLimits:
    """How much a tool's answer may be, and how long a call may take.

    Args:
        output_chars: of one answer as a model reads it; the rest goes to a spill file.
        spill_bytes: the most such a file holds.
        timeout_seconds: of a call that says nothing else.
        longest_timeout_seconds: the most a call may ask for.
    """

    output_chars: int = 12_000
    spill_bytes: int = 64 << 20
    timeout_seconds: float = 120
    longest_timeout_seconds: float = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a tool has at hand in the agent half. No token that writes or spends is in it.

    Args:
        checkout: the work tree.
        scratch: a folder outside of the checkout for outputs and spill files; the tool user may write there.
        past: earlier answers of one tool, oldest first.
        flavors: hardware with prices as the plan will quote them.
        environment: what jobs and smoke tests get besides (offline cache and the like), never a secret.
        python: interpreter for smoke tests.
    """

    checkout: Checkout
    scratch: str
    shell: Shell
    hub: HubReader
    jobs: JobReader
    recipes: RecipeBook
    redactor: Redactor
    clock: Clock
    flavors: Mapping[str, Flavor]
    past: Callable[[str], Sequence[Answer]]
    python: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    limits: ToolLimits = ToolLimits()
    progress: Callable[[str], None] = lambda _line: None


class Tool(Protocol):
    """One thing the model can do: the constant `TOOL` of a module in `tools/`."""

    @property
    def spec(self) -> ToolSpec:
        """Name, words and schema."""
        ...

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names it answers to."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether running it again after a crash does no harm."""
        ...

    @property
    def parallel(self) -> bool:
        """Whether it may run beside other calls: it reads only."""
        ...

    def effects(self, arguments: JsonObject) -> tuple[Effect, ...]:
        """Return what the call would do beyond the checkout; pure.

        Raises:
            ToolFailed: the arguments do not fit the schema.
        """
        ...

    def run(self, arguments: JsonObject, desk: Desk) -> ToolResult:
        """Do it (never called for held calls; for queued ones it validates and answers "queued")."""
        ...


class JournalFile(Protocol):
    """Where the entries of a running half are kept, durable after each append."""

    def append(self, event: Event) -> Entry:
        """Write one event and return its entry; on disk when this returns."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Read everything again, oldest first."""
        ...


class ControlJournal(JournalFile, Protocol):
    """A session's journal in control's hands."""

    @property
    def head(self) -> Entry | None:
        """The newest entry, None for a new session."""
        ...

    def extend(self, segment: Sequence[Entry]) -> None:
        """Take in a segment that extends the head; entries that are already there are skipped.

        Raises:
            NotAllowed: it extends something else.
        """
        ...

    def save(self) -> None:
        """Store it where another machine finds it (`refs/intern/sessions/<id>`)."""
        ...


class JournalStore(Protocol):
    """All journals of control."""

    def open(self, session: str) -> ControlJournal:
        """Return a session's journal, a new one for a new session. One process at a time."""
        ...


class Workplace(Protocol):
    """Where the agent half works on one session."""

    @property
    def checkout(self) -> Checkout:
        """The work tree."""
        ...

    @property
    def fresh(self) -> bool:
        """Whether it was made anew just now: scratch files and processes of earlier runs are gone."""
        ...

    def segment(self, head: Entry) -> JournalFile:
        """Return the segment that extends `head`: the one an earlier, killed run left, or a new one."""
        ...

    def desk(self, past: Callable[[str], Sequence[Answer]]) -> Desk:
        """Return what the tools have at hand."""
        ...

    def commits(self, commit: str) -> str:
        """Write a git bundle with a snapshot commit; return its path."""
        ...


class Branch(Protocol):
    """A branch of a remote that only ever grows by children of what was read: what the ledger is kept on."""

    def head(self) -> str | None:
        """Return where the branch is on the remote now, None when there is none.

        Raises:
            OutsideError: the remote cannot be asked, or its history is no longer the one seen before (on this machine).
        """
        ...

    def file(self, commit: str, path: str) -> bytes | None:
        """Return a file of a commit that `head` named, None when it is not there."""
        ...

    def push(self, files: Mapping[str, bytes], *, parent: str | None, message: str, at: datetime) -> str | None:
        """Push a child of `parent` (None: a new branch) that holds these files besides its parent's; never forced.

        Returns:
            the new head, None when somebody else moved the branch first.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One line of a branch's log on the remote: it was moved to `sha` at `at`, says whoever moved it."""

    sha: str
    at: datetime


class Commits(Protocol):
    """What a local forge asks of the bare repository it speaks for."""

    def head(self, branch: str) -> str | None:
        """Return a branch's head, None when there is none."""
        ...

    def authors(self, base: str, head_sha: str) -> tuple[tuple[str, str], ...]:
        """Return name and e-mail of each author of `base..head_sha`, each pair once."""
        ...

    def pushes(self, branch: str) -> tuple[Push, ...]:
        """Return every move of a branch since it was made, oldest first."""
        ...


class Watcher(Protocol):
    """Somebody who shows a running session to people: a bar on a terminal, quiet lines in CI."""

    def happened(self, event: Event) -> None:
        """One event was taken in."""
        ...

    def streamed(self, text: str) -> None:
        """A piece of the model's text came."""
        ...
