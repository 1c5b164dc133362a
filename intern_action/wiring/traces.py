"""Traces on a branch of the repository: there as long as the repository is, and seen by whoever may see it, nobody else."""

from __future__ import annotations

from pathlib import Path

from intern_action.core.errors import OutsideError
from intern_action.git.branch import GitBranch
from intern_action.git.forgetting import forget_folder
from intern_action.git.remote import Remote
from intern_action.git.run import Git, make_git_dir
from intern_action.session.forgetting import Traces
from intern_action.wiring.homecoming import shelf_for
from intern_action.wiring.premises import Premises

FILES = ("trace.html", "trace.jsonl")
TRIES = 8
"""Sessions that end at the same moment write one after the other."""


def addresses(premises: Premises, session: str) -> tuple[str, str]:
    """Return where people see a session's HTML and JSONL, two times "" where nobody wants them there."""
    branch, ground = premises.settings.traces.branch, premises.ground
    if not branch:
        return "", ""
    html, jsonl = (f"{session}/{name}" for name in FILES)
    return ground.address(branch, html, raw=True), ground.address(branch, jsonl)


def publish(premises: Premises, session: str, folder: Path) -> None:
    """Put a session's trace, as it lies in a folder, on the branch. Redaction was at the door: nothing secret is in it.

    Raises:
        OutsideError: the branch could not be written; the next boundary tries again.
    """
    ground, at = premises.ground, premises.clock.now()
    place = str(premises.world.control / "traces.git")
    branch = GitBranch.at(place, ground.url, premises.settings.traces.branch, config=ground.git)
    files = {f"{session}/{name}": (folder / name).read_bytes() for name in FILES}
    for _ in range(TRIES):
        head = branch.head()
        if head is not None and all(branch.file(head, path) == content for path, content in files.items()):
            return  # an event that came again has nothing new to tell
        if branch.push(files, parent=head, message=f"trace of {session}\n", at=at) is not None:
            return
    raise OutsideError(
        f"the trace of {session} could not be written to {premises.settings.traces.branch}: others write there"
    )


class Kept:
    """Implements `session.forgetting.Traces`: everywhere that traces of these premises are, the Hub's data set and the branch."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self._shelf: Traces | None = shelf_for(premises)

    def drop(self, session: str) -> str:
        """Take a session's trace away, where most people see it first; return the places, "" when there was none."""
        hub = self._shelf.drop(session) if self._shelf else ""
        branch = self._premises.settings.traces.branch
        gone = bool(branch) and self._drop_from(branch, session)
        return " and ".join(place for place in (hub, f"the branch {branch}" if gone else "") if place)

    def _drop_from(self, branch: str, session: str) -> bool:
        ground, place = self._premises.ground, str(self._premises.world.control / "traces.git")
        make_git_dir(place)
        remote = Remote(git=Git(git_dir=place, config=ground.git), url=ground.url)
        message = f"traces without {session}\n"
        return forget_folder(remote, branch, session, message=message, at=self._premises.clock.now())
