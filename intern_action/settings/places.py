"""Where what comes with the package lies: beside it in a checkout, inside it when it was installed."""

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


def hub_server() -> Path:
    """Return the folder that holds the package `hub_server`.

    Raises:
        Misconfigured: neither place has it.
    """
    for folder in (_PACKAGE / "_hub", _PACKAGE.parent / "tests"):
        if (folder / "hub_server" / "__main__.py").is_file():
            return folder
    raise Misconfigured(f"hub_server is neither in {_PACKAGE} nor beside it; install intern-action again")
