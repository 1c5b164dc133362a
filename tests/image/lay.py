"""Lays out a Docker engine, a Debian to build on, and the wheels of both images: `make engine`.

Nothing of it is installed: packages are unpacked into a folder, and the engine runs from there. Where a Docker engine answers
already, the tests use that one, and it finds base and wheels itself: then nothing is laid out.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.image.engine import PLACE, PROGRAMS, answering

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("docker.io", "containerd", "runc", "tini", "libseccomp2", "debootstrap", "debian-archive-keyring")
DEBIAN = "bookworm"

LEFT_OUT = ("doc", "groff", "info", "linda", "lintian", "locale", "man")
"""What Debian's own slim image leaves out of /usr/share, of what it holds and of what is installed later."""

CLEAN = """\
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
"""


def main() -> int:
    """Lay out what is not there yet."""
    if answering() is not None:
        print("a Docker engine answers, so the tests use that one")  # noqa: T201 -- a person reads it
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print("the tests need a Docker engine: start one, or be root on Debian or Ubuntu", file=sys.stderr)  # noqa: T201
        return 2
    PLACE.mkdir(parents=True, exist_ok=True)
    _once("programs", " ".join(PACKAGES), _programs)
    _once("base.tar", f"{DEBIAN} {LEFT_OUT} {CLEAN}", _base)
    _once("wheels", (ROOT / "train.lock").read_text(encoding="utf-8"), _wheels)
    return 0


def _once(name: str, what: str, make: Callable[[Path], Path]) -> None:
    """Make something that is not there or was made of something else; half of it never lies under its name."""
    digest = hashlib.sha256(what.encode()).hexdigest()
    target, stamp = PLACE / name, PLACE / f"{name}.made-of"
    if stamp.exists() and stamp.read_text() == digest:
        return
    print(f"laying out {name} in {PLACE.name}", flush=True)  # noqa: T201 -- it takes a while
    with tempfile.TemporaryDirectory(dir=PLACE, prefix="laying-") as folder:
        made = make(Path(folder))
        stamp.unlink(missing_ok=True)
        if target.is_dir():
            shutil.rmtree(target)
        made.replace(target)
    stamp.write_text(digest)


def _programs(folder: Path) -> Path:
    _run("apt-get", "update", "-qq")
    _run("apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *PACKAGES, folder=folder)
    unpacked = folder / "unpacked"
    for package in folder.glob("*.deb"):
        _run("dpkg-deb", "--extract", str(package), str(unpacked))
    return unpacked


def _base(folder: Path) -> Path:
    """Make a Debian like its slim image: the smallest set, without what nobody reads in a container."""
    share, system = PROGRAMS / "usr" / "share", folder / "system"
    keys = share / "keyrings" / "debian-archive-keyring.gpg"
    bootstrap = ["sh", str(PROGRAMS / "usr" / "sbin" / "debootstrap"), "--variant=minbase", f"--keyring={keys}"]
    _run("env", f"DEBOOTSTRAP_DIR={share / 'debootstrap'}", *bootstrap, DEBIAN, str(system), log=PLACE / "base.log")
    _slim(system)
    sources = system / "etc" / "apt" / "sources.list"
    mirror = sources.read_text().split()[1]
    more = f"deb {mirror} {DEBIAN}-updates main\ndeb {mirror}-security {DEBIAN}-security main\n"
    sources.write_text(sources.read_text() + more)
    _run("tar", "-C", str(system), "-cf", str(folder / "base.tar"), ".")
    return folder / "base.tar"


def _slim(system: Path) -> None:
    (system / "etc" / "apt" / "apt.conf.d" / "docker-clean").write_text(CLEAN)
    excluded = [f"path-exclude /usr/share/{name}/*\n" for name in LEFT_OUT]
    config = "".join([*excluded, "path-include /usr/share/doc/*/copyright\n"])
    (system / "etc" / "dpkg" / "dpkg.cfg.d" / "docker").write_text(config)
    for name in (*(f"usr/share/{name}" for name in LEFT_OUT), "var/cache/apt", "var/lib/apt/lists", "var/log"):
        for path in (system / name).rglob("*"):
            if not path.is_dir() and path.name != "copyright":
                path.unlink()


def _wheels(folder: Path) -> Path:
    """Fetch them as this machine's pip does, and say in a pip.conf where they are in the image that wheels are installed in."""
    found = folder / "found"
    pip = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
    lock = str(ROOT / "train.lock")
    _run(*pip, "--require-hashes", "--only-binary", ":all:", "--dest", str(found / "files"), "-r", lock)
    (found / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    return found


def _run(*command: str, folder: Path = ROOT, log: Path | None = None) -> None:
    if log is None:
        subprocess.run(command, cwd=folder, check=True)
        return
    with log.open("wb") as out:
        subprocess.run(command, cwd=folder, check=True, stdout=out, stderr=subprocess.STDOUT)


if __name__ == "__main__":
    sys.exit(main())
