"""Files that GitHub runs or obeys are not published unseen: a workflow runs with the repository's own secrets."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from intern_action.core.effects import Effect, Pushes
from intern_action.core.judgement import ApprovalPolicy


def workflow_files(effects: Sequence[Effect], _policy: ApprovalPolicy) -> str | None:
    """Hold a push that touches `.github/**`, however the path is written."""
    paths = {
        path for effect in effects if isinstance(effect, Pushes) for path in effect.paths if _is_workflow_file(path)
    }
    return f"it changes {', '.join(sorted(paths))}, which GitHub itself obeys" if paths else None


def _is_workflow_file(path: str) -> bool:
    """Whether the path lies under `.github`; some file systems do not tell upper from lower case."""
    plain = posixpath.normpath(path.replace("\\", "/")).lstrip("/").casefold()
    return plain.split("/")[0] == ".github"


RULE = workflow_files
