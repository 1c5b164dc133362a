"""A script's parameters as the words of a command line; the same in a smoke test and in a job."""

from __future__ import annotations

import re

from intern_action.core.types import Parameters

_FLAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def flags(parameters: Parameters) -> tuple[str, ...]:
    """Return one word a flag (`--name=value`), so that a value may begin with a dash; "true" is a bare flag, "false" none.

    Raises:
        ValueError: a name that is no flag, or a value that no command line can hold.
    """
    for name, value in parameters.items():
        if not _FLAG.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a flag; use letters, digits, dashes and underscores")
        if "\0" in value:
            raise ValueError(f"the value of --{name} holds a zero byte, which no command line can carry")
    return tuple(
        f"--{name}" if value == "true" else f"--{name}={value}"
        for name, value in parameters.items()
        if value != "false"
    )
