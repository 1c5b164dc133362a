"""What can go wrong, as a tree. Every leaf knows the exit code people's scripts see.

    InternError                1  our bug, unless a leaf says otherwise
    ├── Bug                    1  an invariant of ours is broken
    ├── Misconfigured          2  usage, settings, repository, data: the person can put it right
    ├── NotAllowed             3  policy, permission or gate says no
    ├── ToolFailed             -  a tool could not do it; becomes the call's answer, never an exit
    ├── ModelError             5
    │   ├── ModelAuth             no key, or the wrong one
    │   ├── ModelRateLimited      `retry_after_seconds` if the provider said
    │   ├── ModelUnreachable      no connection, time-out, 5xx, overload
    │   ├── ModelCut              the stream ended before a finish reason came
    │   ├── ModelRefused          bad request, unknown model
    │   ├── ModelFiltered         the provider's filter stopped question or answer
    │   ├── ContextOverflow       more tokens than the model can read
    │   └── ModelGarbled          an answer that cannot be read, or is empty
    ├── OutsideError           6  GitHub or the Hub failed
    │   ├── ForgeError
    │   ├── HubError
    │   └── LedgerError           broken chain, lost race that could not be decided again: fail closed
    ├── Stuck                  7
    ├── JobError               8
    └── Interrupted          130  SIGINT (143 for SIGTERM): state is saved

`NeedsAnswer` and the like are values (endings), not errors.
"""

from __future__ import annotations


class InternError(Exception):
    """The root. `str(error)` is one message: what happened, why, and the exact thing to change."""

    exit_code = 1


class Bug(InternError):
    """An invariant of ours is broken."""


class Misconfigured(InternError):
    """Usage, settings, repository or data are not right; the message names the exact thing to change."""

    exit_code = 2


class NotAllowed(InternError):
    """The policy, a permission or the gate says no."""

    exit_code = 3


class Spent(InternError):
    """Turns, money or time are exhausted."""

    exit_code = 4


class ToolFailed(InternError):
    """A tool could not do what it was asked. The message becomes the call's answer and the loop goes on."""


class ModelError(InternError):
    """The model's provider failed."""

    exit_code = 5


class ModelAuth(ModelError):
    """No key, or one the provider does not accept."""


class ModelRateLimited(ModelError):
    """The provider asks for patience."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ModelUnreachable(ModelError):
    """No connection, a time-out, a 5xx or an overload."""


class ModelCut(ModelError):
    """The stream ended before a finish reason came; what had come is discarded."""


class ModelRefused(ModelError):
    """The provider calls the request bad, or does not know the model."""


class ModelFiltered(ModelError):
    """The provider's content filter stopped what was asked, or what was answered."""


class ContextOverflow(ModelError):
    """The conversation has more tokens than the model reads. `window_tokens` is how many that are, 0 when nobody said."""

    def __init__(self, message: str, *, window_tokens: int = 0) -> None:
        super().__init__(message)
        self.window_tokens = window_tokens


class ModelGarbled(ModelError):
    """An answer that cannot be read, or that is empty."""


class OutsideError(InternError):
    """GitHub or the Hub failed."""

    exit_code = 6


class ForgeError(OutsideError):
    """The forge (GitHub, or the local folder) failed."""


class HubError(OutsideError):
    """The Hub failed."""


class LedgerError(OutsideError):
    """The ledger cannot be trusted or written: broken chain, unknown schema, endless races. Nothing is spent."""


class AtWork(OutsideError):
    """Another run works on this session; it takes in what was said to it at its next stop. Nothing was changed."""


class Stuck(InternError):
    """The agent repeats itself and cannot be brought out of it."""

    exit_code = 7


class JobError(InternError):
    """A job failed or could not be started."""

    exit_code = 8


class Interrupted(InternError):
    """A signal asked us to end; the state is saved."""

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
