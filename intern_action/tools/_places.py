"""Where a model may read and write files: the checkout and the scratch folder, nothing else."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import Desk
from intern_action.shell.beneath import Beneath, Outside
from intern_action.trace.redact import MASK


@contextmanager
def place(path: str, desk: Desk) -> Generator[tuple[Beneath, str]]:
    """Open the folder a path lies in, for the length of the block, with the path relative to it.

    A relative path is one of the checkout. What goes wrong with the file inside the block becomes the call's answer.

    Raises:
        ToolFailed: the path is elsewhere, is not there, or is not what it should be.
    """
    if not path or "\0" in path:
        raise ToolFailed("The path is empty or has a zero byte in it; write a path of the checkout")
    for root in (desk.checkout.path, desk.scratch):
        with Beneath(root) as folder:
            relative = folder.relative(path)
            if relative is None:
                continue
            with answered(path):
                yield folder, relative
            return
    raise ToolFailed(
        f"{path} is neither in the checkout ({desk.checkout.path}) nor in the scratch folder ({desk.scratch})"
    )


@contextmanager
def answered(path: str) -> Generator[None]:
    """Make what goes wrong with a file inside the block the call's answer."""
    try:
        yield
    except FileNotFoundError:
        raise ToolFailed(f"{path} is not there; read_file on its folder lists what is") from None
    except NotADirectoryError:
        raise ToolFailed(f"A part of {path} is a file, not a folder") from None
    except Outside as error:
        raise ToolFailed(f"Refused: {error.strerror}") from None
    except OSError as error:
        raise ToolFailed(f"{path}: {error.strerror}") from error


def refuse_secrets(text: str, path: str, desk: Desk) -> None:
    """Raise ToolFailed for a text that holds a secret: it was masked at the door and would be written masked, or it leaks."""
    if MASK in text or desk.redactor.finds(text):
        raise ToolFailed(
            f"{path} was not written: its content holds a secret value, or the mask of one. Name the environment variable "
            f"it comes from in the code, and let the code read it when it runs."
        )
