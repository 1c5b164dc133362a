"""The whole way to a served model on a Hub that listens: trained, uploaded, approved a second time, asked, swept at its cap."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.hub_jobs import PAYS, HubWorkshop
from tests.fakes.hub_story import ROOT, environment, hub_story, ledger, plan_of
from tests.fakes.starts import ran
from tests.hub_server.endpoints import Endpoints

TASK = "fine-tune ada/tiny on ada/words, push to ada/served and deploy it on intel-spr-x1 for 2h"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[HubWorkshop]:
    with hub_story(tmp_path) as made:
        yield made


def run(at: HubWorkshop, *words: str) -> str:
    """Run a program of ours, with a reading token beside control's."""
    told = {**environment(at), "HF_TOKEN": at.hub.accounts.add_token("ada", "read"), "HF_HUB_DISABLE_XET": "1"}
    done = ran("-m", *words, cwd=ROOT, env=told, timeout=110)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_a_model_is_trained_uploaded_and_served_under_two_approvals_and_stop_ends_it(at: HubWorkshop) -> None:
    out = at.place / "out"
    ended = json.loads(run(at, "tests.fakes.mortal", str(out), str(at.place / "repo"), "0", TASK))
    assert (ended["state"], ended["kinds"].count("planned")) == ("done", 2)
    (name, kept) = next(iter(at.hub.world.part(Endpoints).table.items()))
    assert name.startswith(f"{PAYS}/served-")
    assert kept.fields("model").text("repository") == "ada/served"
    (found,) = [json.loads(path.read_text()) for path in (out / "sessions").glob("*/result.json")]
    (endpoint,) = found["endpoints"]
    assert (endpoint["state"], "LABEL_0" in endpoint["answer"]) == ("serving", True)
    assert found["uploads"][0]["repository"] == "ada/served"
    digest = plan_of(at)
    assert ledger(at).held(digest) + ledger(at).captured(digest) == Decimal("0.07")
    assert "nothing to sweep" in run(at, "intern_action", "sweep", "--out", str(out))
    run(at, "intern_action", "stop", found["session"], "--out", str(out))
    assert list(at.hub.world.part(Endpoints).table.items()) == []
    view = ledger(at)
    assert (view.held(digest), view.captured(digest)) == (Decimal(0), Decimal("0.01"))
