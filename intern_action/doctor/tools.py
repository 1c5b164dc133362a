"""Whether what a model runs has a user of its own here."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator

from intern_action.core.errors import InternError
from intern_action.doctor._check import Check, Finding, care, fine, wrong
from intern_action.doctor._site import Site
from intern_action.shell.tool_shell import make_shell

SUBJECT = "tools"


def look(_site: Site) -> Iterator[Finding]:
    """Build the walls, as a session does."""
    with (
        tempfile.TemporaryDirectory() as home,
        make_shell(session="doctor", home=home, python=sys.executable) as shell,
    ):
        try:
            words = shell.protection
        except InternError as error:
            yield wrong(SUBJECT, "unbuilt", said=str(error))
            return
        yield care(SUBJECT, "bare", said=words) if shell.uid is None else fine(SUBJECT, said=words)


CHECK = Check(name="tools", subject=SUBJECT, look=look)
