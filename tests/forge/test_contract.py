"""The folder keeps what every forge promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from intern_action.core.types import Verdict
from intern_action.forge.local import OUR_NAME, LocalForge
from tests.fakes.git_world import ADA, GitWorld, copy_world
from tests.forge.conftest import PEOPLE
from tests.forge.promises import ForgePromises, There


class PeopleOfTheFolder:
    """Implements `promises.People`."""

    def __init__(self, forge: LocalForge, folder: Path) -> None:
        self._forge = forge
        self._folder = folder

    def issue(self, title: str, body: str, by: str) -> int:
        return self._forge.open_issue(title, body, by).number

    def say(self, number: int, text: str, by: str) -> str:
        return self._forge.comment(number, text, by).id

    def review(self, number: int, by: str, verdict: Verdict, body: str = "") -> str:
        return self._forge.review(number, by, verdict, body).id

    def dismiss(self, number: int, review: str, by: str) -> None:
        self._forge.dismiss(number, review, by)

    def merge(self, number: int, by: str) -> None:
        del by
        page = self._folder / f"pulls/{number}.md"
        page.write_text(page.read_text().replace("\nstate: open\n", "\nstate: merged\n", 1))

    def reactions(self, number: int, comment: str = "") -> list[str]:
        lines = (self._folder / f"issues/{number}.md").read_text().split("--- comment\n")
        part = next(one for one in lines if not comment or f"id: {comment}\n" in one)
        return [one.removeprefix("- ") for one in part.split("\n---\n")[0].splitlines() if one.startswith("- ")]


@pytest.fixture
def there(first_world: GitWorld, tmp_path: Path) -> There:
    git = copy_world(first_world, tmp_path)
    forge = LocalForge.create(tmp_path / "forge", git.bare, clock=git.clock, people=PEOPLE)
    git.push("mine", {"train.py": "1"}, by=ADA)
    people = PeopleOfTheFolder(forge, tmp_path / "forge")
    return There(forge=forge, ours=OUR_NAME, people=people, git=git, branch="mine")


class TestTheFolder(ForgePromises):
    """All of them, in a folder."""


def test_a_check_is_a_file_people_can_read(there: There, tmp_path: Path) -> None:
    from intern_action.core.types import Check, Conclusion

    head = there.pull().head_sha
    there.forge.keep_check(
        Check(name="the metrics", head_sha=head, title="worse", summary="0.9 < 0.95", conclusion=Conclusion.FAILURE)
    )
    assert (tmp_path / f"forge/checks/{head}-the-metrics.md").read_text() == (
        f"---\nname: the metrics\ncommit: {head}\ntitle: worse\nconclusion: failure\n---\n\n0.9 < 0.95\n"
    )
