"""Bringing home what a job made: its files are a stranger's, so plain files are copied and nothing else."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path, PurePosixPath

from intern_action.git.publisher import GitPublisher
from intern_action.session.office import Case


def bring_home(case: Case, target: Path) -> Path | None:
    """Copy the newest trained model of a session to `target`; return where it lies, None when there is none."""
    output = newest_output(case)
    if output is None:
        return None
    mark = target / ".from"
    if mark.exists() and mark.read_text(encoding="utf-8") == str(output):
        return target
    shutil.rmtree(target, ignore_errors=True)
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    copy_plain(output, fresh)
    (fresh / ".from").write_text(str(output), encoding="utf-8")
    fresh.rename(target)
    return target


def export(publisher: GitPublisher, commit: str, folder: str, target: Path) -> str:
    """Write one folder of a commit below `target`, links left out; return where it lies, "" when there is no such folder."""
    inside = PurePosixPath(folder)
    if inside.is_absolute() or ".." in inside.parts:
        return ""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    archive = target / "commit.tar"
    publisher.archive(commit, str(archive))
    with tarfile.open(archive) as tar:
        files = [member for member in tar if member.isfile() and PurePosixPath(member.name).is_relative_to(inside)]
        tar.extractall(target / "tree", members=files, filter="data")
    archive.unlink()
    return str(target / "tree" / inside) if files else ""


def newest_output(case: Case) -> Path | None:
    """Return the folder of the newest job that completed."""
    for answer in reversed(case.memory.past("hf_create_job")):
        match answer.result.data:
            case {"state": "completed", "output": str(output)} if output and Path(output).is_dir():
                return Path(output)
            case _:
                pass
    return None


def copy_plain(source: Path, target: Path) -> None:
    """Copy folders and plain files; links, sockets and the like are left where they are."""

    def others(folder: str, names: list[str]) -> list[str]:
        place = Path(folder)
        return [name for name in names if (place / name).is_symlink() or not _plain(place / name)]

    shutil.copytree(source, target, ignore=others, symlinks=True)


def _plain(path: Path) -> bool:
    return path.is_file() or path.is_dir()
