"""Where the files of `configs/` lie: beside the package in a checkout, inside it when it was installed."""

from __future__ import annotations

from pathlib import Path

from intern_action.core.errors import Misconfigured

_PACKAGE = Path(__file__).resolve().parent.parent


def configs() -> Path:
    """Return the folder.

    Raises:
        Misconfigured: neither place has it.
    """
    for folder in (_PACKAGE / "_configs", _PACKAGE.parent / "configs"):
        if (folder / "default.yaml").is_file():
            return folder
    raise Misconfigured(f"configs/default.yaml is neither in {_PACKAGE} nor beside it; install intern-action again")
