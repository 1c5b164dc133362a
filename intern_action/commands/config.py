"""`intern-action config`: each setting with where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from intern_action.settings.load import load
from intern_action.settings.show import render


def config(environment: Mapping[str, str], repo: str) -> int:
    """Print the settings as they hold in `repo`; secrets are masked."""
    loaded = load({}, environment, Path(repo).absolute(), home_of(environment))
    click.echo(render(loaded))
    return 0


def home_of(environment: Mapping[str, str]) -> Path:
    """Return the user's home folder; a folder that is nowhere when there is none."""
    return Path(environment.get("HOME") or "/nonexistent")
