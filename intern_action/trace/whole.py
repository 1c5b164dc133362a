"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from intern_action.core.errors import Misconfigured


def write_whole(path: Path, text: str) -> None:
    """Write a file beside its place and move it there; it is on the disk when this returns.

    Raises:
        Misconfigured: the folder cannot be written to, or the disk is full. The old file, if there was one, is untouched.
    """
    fresh = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).chmod(0o644)
        Path(fresh).replace(path)
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be written: {error.strerror}. Make room, or name a folder you may write to with `--out DIR`."
        ) from error
    finally:
        if fresh:
            Path(fresh).unlink(missing_ok=True)
