"""`intern-action dev`: a world of one's own to try things in, without an account."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from intern_action.settings.places import hub_server
from intern_action.settings.words import text


def hub(*, port: int, root: str) -> int:
    """Be a Hugging Face Hub until Ctrl-C; what was put there is there again the next time."""
    folder = Path(root).absolute()
    click.echo(text("dev-hub", folder=str(folder)), err=True)
    sys.path.append(str(hub_server()))
    return import_module("hub_server.__main__").main(["--port", str(port), "--root", str(folder)])
