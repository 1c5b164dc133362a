"""The Hub of the tests, judged by official clients: two versions of huggingface_hub, JavaScript, datasets, transformers.

`make judges` lays the clients out that are not in our own environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.hub_server import HubServer

JUDGES = Path(__file__).parent / "hub_judges"
PLACES = Path(__file__).parent.parent.parent / ".cache" / "judges"

ROWS = [{"text": f"mail {n}", "label": n % 2} for n in range(50)]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "mail"]

LOADS = """
from datasets import load_dataset
whole = load_dataset("ada/mails", "rows")
assert {name: part.num_rows for name, part in whole.items()} == {"train": 50, "test": 10}, whole
assert whole["train"][3] == {"text": "mail 3", "label": 1}
assert load_dataset("ada/table", split="train").num_rows == 50
assert load_dataset("ada/lines", split="train", revision="%s")[7]["text"] == "mail 7"
streamed = load_dataset("ada/mails", "rows", split="train", streaming=True)
assert next(iter(streamed))["text"] == "mail 0"
print("judged")
"""

LEARNS = """
from transformers import AutoConfig, AutoModel, AutoTokenizer
assert AutoConfig.from_pretrained("ada/tiny").hidden_size == 8
words = AutoTokenizer.from_pretrained("ada/tiny")
assert words.tokenize("a mail") == ["a", "mail"]
model = AutoModel.from_config(AutoConfig.from_pretrained("ada/tiny"))
model.push_to_hub("ada/pushed", private=True)
words.push_to_hub("ada/pushed")
again = AutoModel.from_pretrained("ada/pushed")
assert sum(one.numel() for one in again.parameters()) == sum(one.numel() for one in model.parameters())
print("judged")
"""


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        server.accounts.add_user("eve")
        server.world.in_parts_above = 300_000
        yield server


def verdict(hub: HubServer, home: Path, *command: str, **more: str) -> str:
    """Run a judge in an environment that knows nothing but this Hub; return what it said last."""
    environment = {
        "PATH": os.environ["PATH"],  # noqa: TID251 -- node has to be found
        "HOME": str(home),
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": hub.token,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "STRANGER": hub.accounts.add_token("eve"),
        "READER": hub.accounts.add_token("ada", "read"),
    }
    ended = subprocess.run(
        command, env={**environment, **more}, cwd=home, capture_output=True, text=True, check=False, timeout=400
    )
    return (ended.stdout.strip().splitlines() or [""])[-1] + ended.stderr[-3000:] * (ended.returncode != 0)


@pytest.mark.parametrize("python", [sys.executable, str(PLACES / "python" / "bin" / "python")], ids=["ours", "next"])
def test_whole_flows_of_huggingface_hub_come_out_as_on_the_real_one(
    hub: HubServer, tmp_path: Path, python: str
) -> None:
    assert verdict(hub, tmp_path, python, str(JUDGES / "python_client.py")) == "judged"


def test_the_two_versions_of_huggingface_hub_are_two(tmp_path: Path) -> None:
    program = "import huggingface_hub; print(huggingface_hub.__version__)"
    pythons = (sys.executable, str(PLACES / "python" / "bin" / "python"))
    versions = [
        subprocess.run([one, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
        for one in pythons
    ]
    assert [one.partition(".")[0] for one in versions] == ["1", "2"]


def test_whole_flows_of_the_javascript_client_come_out_as_on_the_real_one(hub: HubServer, tmp_path: Path) -> None:
    judge = str(JUDGES / "javascript_client.mjs")
    assert verdict(hub, tmp_path, "node", judge, MODULES=str(PLACES / "node")) == "judged"


def test_datasets_loads_what_lies_there(hub: HubServer, tmp_path: Path) -> None:
    hub.add("dataset", "ada/mails", {"README.md": CARD.encode(), **parquet(tmp_path)}, private=True)
    hub.add("dataset", "ada/table", {"table.csv": ("text,label\n" + "mail,1\n" * 50).encode()})
    sha = hub.add(
        "dataset", "ada/lines", {"lines.jsonl": "".join(f'{{"text": "mail {n}"}}\n' for n in range(9)).encode()}
    )
    hub.add("dataset", "ada/lines", {"lines.jsonl": b'{"text": "newer"}'})
    assert verdict(hub, tmp_path, sys.executable, "-c", LOADS % sha) == "judged"


CARD = """---
configs:
- config_name: rows
  data_files:
  - split: train
    path: rows/train-*.parquet
  - split: test
    path: rows/test.parquet
---
"""


def parquet(folder: Path) -> dict[str, bytes]:
    """Return the rows as two files."""
    found: dict[str, bytes] = {}
    for name, rows in {"train-00000-of-00001": ROWS, "test": ROWS[:10]}.items():
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), folder / "one.parquet")
        found[f"rows/{name}.parquet"] = (folder / "one.parquet").read_bytes()
    return found


def test_transformers_reads_and_pushes_a_model(hub: HubServer, tmp_path: Path) -> None:
    config = (
        '{"model_type": "bert", "vocab_size": 7, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,'
        ' "intermediate_size": 8}'
    )
    files = {
        "config.json": config.encode(),
        "vocab.txt": "\n".join(VOCABULARY).encode(),
        "tokenizer_config.json": b'{"tokenizer_class": "BertTokenizer"}',
    }
    hub.add("model", "ada/tiny", files)
    assert verdict(hub, tmp_path, sys.executable, "-c", LEARNS) == "judged"
    assert hub.read("model", "ada/pushed", "model.safetensors")
