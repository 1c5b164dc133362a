"""A model made ready for the Hub: its files at the top, its origin in the card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from intern_action.core.errors import HubError
from intern_action.core.provenance import Provenance
from intern_action.hub.provenance import dress, files_of, layout, read_provenance, signed
from intern_action.settings.words import text

ORIGIN = Provenance(
    session="5e55",
    requester="ada",
    commit="c" * 40,
    tree="7" * 40,
    plan="d" * 64,
    approved_by=("grace", "joan"),
    backend="local",
    job="intern-1-1",
    launch_key="intern-1-1",
    model="ada/minilm",
    model_revision="1" * 40,
    dataset="data/mails",
    dataset_revision="",
)
CARD = "---\nlicense: apache-2.0\ntags:\n- spam\n---\n\n# Spam\n\nA *model*.\n"


def blank(origin: Provenance) -> str:
    """The words for a model without a card, as they stand in `configs/texts`."""
    return text("model-card", p=origin)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    (folder / "model").mkdir(parents=True)
    (folder / "model/README.md").write_text(CARD)
    (folder / "model/config.json").write_text("{}")
    (folder / "metrics.json").write_text("{}")
    (folder / "checkpoints/7").mkdir(parents=True)
    (folder / "checkpoints/7/optimizer.bin").write_bytes(b"\0")
    return folder


def dressed(output: Path) -> Path:
    return Path(dress(str(output), str(output.parent / "dressed"), ORIGIN, blank))


def test_the_model_lies_at_the_top_with_its_numbers_and_without_checkpoints(output: Path):
    target = dressed(output)
    names = {str(one.relative_to(target)) for one in target.rglob("*") if one.is_file()}
    assert names == {"README.md", "config.json", "metrics.json"}


def test_an_output_without_a_model_folder_goes_as_it_is():
    assert layout({"a.bin": 1, "deep/b.bin": 1}) == {"a.bin": "a.bin", "deep/b.bin": "deep/b.bin"}


def test_what_is_laid_out_is_the_same_each_time(output: Path):
    first = dressed(output).joinpath("README.md").read_text()
    assert dressed(output).joinpath("README.md").read_text() == first


def test_the_jobs_own_files_are_left_as_they_are(output: Path):
    dressed(output)
    assert (output / "model/README.md").read_text() == CARD


def test_the_card_keeps_its_head_and_words_and_tells_its_origin(output: Path):
    card = (dressed(output) / "README.md").read_text()
    head = yaml.safe_load(card.split("---")[1])
    assert (head["license"], head["tags"], head["base_model"]) == ("apache-2.0", ["spam"], "ada/minilm")
    assert card.endswith("\n# Spam\n\nA *model*.\n")
    assert read_provenance(card) == replace(ORIGIN, files=files_of(str(output.parent / "dressed")))


def test_a_changed_file_is_another_model(output: Path):
    target = dressed(output)
    before = files_of(str(target))
    (target / "README.md").write_text("other words")
    assert files_of(str(target)) == before
    (target / "config.json").unlink()
    (target / "config.json").write_text("{ }")
    assert files_of(str(target)) != before


def test_a_base_model_that_the_job_named_itself_stays():
    assert "base_model: other/one" in signed("---\nbase_model: other/one\n---\n", ORIGIN, blank)


def test_a_model_without_a_card_gets_one_that_says_what_is_not_known():
    card = signed("", ORIGIN, blank)
    assert "nothing is known here of how good it is" in card
    assert read_provenance(card) == ORIGIN


def test_a_head_that_cannot_be_read_stays_in_the_text():
    card = signed("---\na: [\n---\n# Spam\n", ORIGIN, blank)
    assert read_provenance(card) == ORIGIN
    assert card.endswith("---\na: [\n---\n# Spam\n")


@pytest.mark.parametrize(
    "card", ["", "# Spam", CARD, "---\nintern_action: yes\n---\n", "---\nintern_action: {session: a}\n---\n"]
)
def test_a_card_that_tells_no_whole_origin_tells_none(card: str):
    assert read_provenance(card) is None


def test_a_card_with_an_origin_that_has_strange_fields_tells_none():
    card = signed("", ORIGIN, blank).replace("  session:", "  spell: abracadabra\n  session:")
    assert read_provenance(card) is None


def test_a_link_in_the_output_is_not_uploaded(output: Path):
    (output / "model/secret").symlink_to("/etc/hostname")
    with pytest.raises(HubError, match="is a link"):
        dressed(output)


def test_an_output_with_nothing_but_a_card_is_no_model(tmp_path: Path):
    (tmp_path / "README.md").write_text(CARD)
    with pytest.raises(HubError, match="holds no files"):
        dress(str(tmp_path), str(tmp_path.parent / "dressed"), ORIGIN, blank)
