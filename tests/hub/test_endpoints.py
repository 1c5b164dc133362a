"""Inference endpoints through the official client, against a Hub that listens: made once, asked, and taken away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from intern_action.core.endpoint import EndpointSpec
from intern_action.core.errors import HubError, JobError, NotAllowed, OutsideError
from intern_action.core.ports import EndpointOrder, EndpointStage
from intern_action.core.types import JobRef
from intern_action.hub._endpoint_account import EndpointAccount
from intern_action.hub.endpoints import HubEndpoints, name_of
from intern_action.hub.no_endpoints import NoEndpoints
from intern_action.settings.flavors import load_endpoint_flavors
from intern_action.settings.words import text
from tests.fakes.local_jobs import MachineClock
from tests.hub_server.endpoints import Endpoints
from tests.hub_server.faults import Lost, Refuse
from tests.hub_server.job_runs import Jobs
from tests.hub_server.server import HubServer

KEY = "intern-0123456789abcdef01234567-1"
PAYS = "lab"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        server.accounts.add_user("ada", orgs={PAYS: "admin"})
        server.add("model", "lab/spam", {"config.json": b"{}"})
        yield server


def endpoints(hub: HubServer, place: Path, **changes: object) -> HubEndpoints:
    account = EndpointAccount(
        hub=hub.url,
        token=hub.accounts.add_token("ada"),
        asking_token=hub.accounts.add_token("ada", "read"),
        refusal=partial(text, "endpoint-refusals"),
        namespace=PAYS,
        home="test",
    )
    return HubEndpoints(
        replace(account, **changes),
        table=load_endpoint_flavors(),
        kept=place / "prices.json",
        clock=MachineClock(),
    )


def order(**changes: object) -> EndpointOrder:
    asked = EndpointSpec(repository="lab/spam", flavor="intel-spr-x1", minutes=60, purpose="to look")
    return EndpointOrder(endpoint=replace(asked, **changes), revision="main", launch_key=KEY, labels={"session": "s1"})


def pinned(hub: HubServer, **changes: object) -> EndpointOrder:
    return replace(order(**changes), revision=head(hub))


def head(hub: HubServer) -> str:
    from tests.hub_server.repositories import repositories

    found = repositories(hub.world).find("model", "lab/spam")
    assert found is not None
    return repositories(hub.world).revision(found, "main").id


def made(hub: HubServer) -> int:
    """How many endpoints the Hub was asked to make."""
    return sum(1 for one in hub.requests if one.method == "POST" and one.path == f"/v2/endpoint/{PAYS}")


def test_one_is_made_found_asked_paused_and_taken_away(hub: HubServer, tmp_path: Path) -> None:
    ours = endpoints(hub, tmp_path)
    ref = ours.create(pinned(hub))
    assert ours.find(KEY) == ref == ours.own()[0]
    status = ours.status(ref)
    assert (status.stage, status.made_at is not None) == (EndpointStage.READY, True)
    assert "LABEL_0" in (ours.ask(ref, "win money") or "")
    ours.pause(ref)
    assert ours.status(ref).stage is EndpointStage.PAUSED
    ours.pause(ref)
    ours.delete(ref)
    assert ours.status(ref).stage is EndpointStage.GONE
    ours.pause(ref)
    ours.delete(ref)
    assert ours.own() == ()


def test_it_sleeps_when_nobody_asks_and_only_tokens_may_ask(hub: HubServer, tmp_path: Path) -> None:
    ref = endpoints(hub, tmp_path).create(pinned(hub))
    kept = hub.world.part(Endpoints).table.get(f"{PAYS}/{ref.id}")
    assert kept is not None
    scaling = kept.fields("compute").fields("scaling")
    assert (scaling.number("minReplica", 9), scaling.number("maxReplica", 9)) == (0, 1)
    assert scaling.number("scaleToZeroTimeout", 0) == 15
    assert kept.text("type") == "authenticated"
    assert kept.fields("model").text("revision") == head(hub)


def test_one_that_is_kept_awake_has_no_bedtime(hub: HubServer, tmp_path: Path) -> None:
    ref = endpoints(hub, tmp_path).create(pinned(hub, min_replica=1))
    kept = hub.world.part(Endpoints).table.get(f"{PAYS}/{ref.id}")
    assert kept is not None
    assert kept.fields("compute").fields("scaling").number("minReplica", 9) == 1


def test_it_is_asked_with_the_reading_token_and_never_with_controls(hub: HubServer, tmp_path: Path) -> None:
    ours = endpoints(hub, tmp_path, asking_token="hf_nobody")
    with pytest.raises(JobError, match="answered the first request with 401"):
        ours.ask(ours.create(pinned(hub)), "win money")


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://abc.us-east-1.aws.endpoints.huggingface.cloud", True),
        ("https://api.endpoints.huggingface.cloud/x", True),
        ("http://abc.us-east-1.aws.endpoints.huggingface.cloud", False),
        ("https://endpoints.huggingface.cloud.evil.example", False),
        ("https://evilendpoints.huggingface.cloud", False),
        ("https://evil.example", False),
    ],
)
def test_a_token_is_shown_to_the_hubs_own_addresses_alone(url: str, *, trusted: bool) -> None:
    account = EndpointAccount(hub="https://huggingface.co", token="a", asking_token="b", refusal=str)
    assert account.may_see_the_token(url) is trusted


def test_what_comes_up_is_waited_for_and_what_sleeps_is_woken(hub: HubServer, tmp_path: Path) -> None:
    hub.world.part(Endpoints).settings.initializing_seconds = 1
    ours = endpoints(hub, tmp_path)
    ref = ours.create(pinned(hub))
    assert (ours.status(ref).stage, ours.ask(ref, "a")) == (EndpointStage.STARTING, None)
    time.sleep(1.1)
    assert ours.status(ref).stage is EndpointStage.READY
    hub.world.part(Endpoints).settings.initializing_seconds = 0
    ours._api.scale_to_zero_inference_endpoint(ref.id, namespace=PAYS)  # as the Hub does by itself
    assert ours.status(ref).stage is EndpointStage.READY
    assert ours.ask(ref, "a") is not None


def test_one_that_fails_says_so(hub: HubServer, tmp_path: Path) -> None:
    hub.world.part(Endpoints).settings.fails = True
    ours = endpoints(hub, tmp_path)
    status = ours.status(ours.create(pinned(hub)))
    assert (status.stage, status.message) == (EndpointStage.FAILED, "Endpoint failed to start")


# --- once ------------------------------------------------------------------------------------------------------------


def test_a_lost_answer_leaves_one_endpoint_which_is_found(hub: HubServer, tmp_path: Path) -> None:
    ours = endpoints(hub, tmp_path)
    hub.fault("POST", f"/v2/endpoint/{PAYS}", Lost(), times=1)
    with pytest.raises(OutsideError):
        ours.create(pinned(hub))
    assert ours.find(KEY) is not None
    assert ours.create(pinned(hub)) == ours.find(KEY)
    assert len(ours.own()) == 1


def test_many_who_make_the_same_one_make_one(hub: HubServer, tmp_path: Path) -> None:
    wanted, found = pinned(hub), list[JobRef]()
    ours = endpoints(hub, tmp_path)
    makers = [threading.Thread(target=lambda: found.append(ours.create(wanted))) for _ in range(6)]
    for one in makers:
        one.start()
    for one in makers:
        one.join()
    assert len(set(found)) == 1
    assert len(found) == 6
    assert len(ours.own()) == 1


def test_a_strangers_endpoint_of_that_name_is_not_taken_for_ours(hub: HubServer, tmp_path: Path) -> None:
    hub.add("model", "lab/other", {"config.json": b"{}"})
    ours = endpoints(hub, tmp_path)
    ours._api.create_inference_endpoint(  # as a person does
        name_of(order()),
        repository="lab/other",
        framework="pytorch",
        task="text-classification",
        accelerator="cpu",
        instance_size="x1",
        instance_type="intel-spr",
        region="us-east-1",
        vendor="aws",
        namespace=PAYS,
    )
    with pytest.raises(JobError, match="serves something else"):
        ours.create(pinned(hub))
    assert ours.own() == ()


def test_endpoints_of_another_home_are_not_ours(hub: HubServer, tmp_path: Path) -> None:
    endpoints(hub, tmp_path, home="another").create(pinned(hub))
    assert endpoints(hub, tmp_path).own() == ()


# --- names and prices ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("lab/spam", "spam-01234567"),
        ("lab/Qwen2.5_7B.Instruct", "qwen2-5-7b-instruct-01234567"),
        ("lab/" + "very-long-" * 9, "very-long-very-long-ver-01234567"),
        ("lab/___", "model-01234567"),
    ],
)
def test_a_name_says_the_model_and_the_plan_and_fits(repository: str, name: str) -> None:
    assert name_of(order(repository=repository)) == name
    assert len(name) <= 32


def test_prices_are_the_hubs_of_now_and_of_the_table_when_it_is_silent(hub: HubServer, tmp_path: Path) -> None:
    live = endpoints(hub, tmp_path).flavors()
    assert live["nvidia-t4-x1"].usd_per_hour == Decimal("0.5")
    assert live["nvidia-t4-x1"].live_at is not None
    hub.fault("GET", f"/v2/provider/{PAYS}", Refuse(status=503), times=9)
    table = endpoints(hub, tmp_path / "elsewhere").flavors()
    assert Decimal("0.5") <= table["nvidia-t4-x1"].usd_per_hour < Decimal("0.501")
    assert (table["nvidia-t4-x1"].live_at, table["nvidia-t4-x1"].listed_on) == (None, "2026-11-26")


def test_every_machine_of_the_table_has_a_price() -> None:
    assert all(flavor.usd_per_hour > 0 for flavor in load_endpoint_flavors().values())


# --- refused ---------------------------------------------------------------------------------------------------------


def test_without_credit_the_words_say_where_to_add_some(hub: HubServer, tmp_path: Path) -> None:
    hub.world.part(Jobs).settings.without_credit.add(PAYS)
    with pytest.raises(JobError, match=r"lab has no credit or means of payment.*settings/billing"):
        endpoints(hub, tmp_path).create(pinned(hub))
    assert made(hub) == 1


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, JobError, "does not know the token"),
        (403, JobError, "needs the right to manage inference endpoints of lab"),
        (429, OutsideError, "asks for patience"),
        (500, OutsideError, "refused to make the inference endpoint spam-01234567"),
    ],
)
def test_a_refusal_says_what_to_do(
    hub: HubServer, tmp_path: Path, status: int, kind: type[Exception], words: str
) -> None:
    ours = endpoints(hub, tmp_path)
    hub.fault("POST", f"/v2/endpoint/{PAYS}", Refuse(status=status), times=9)
    with pytest.raises(kind, match=words):
        ours.create(pinned(hub))


@pytest.mark.parametrize("verb", ["status", "pause", "delete", "own"])
def test_a_question_that_is_refused_may_be_asked_again(hub: HubServer, tmp_path: Path, verb: str) -> None:
    ours = endpoints(hub, tmp_path)
    ref = ours.create(pinned(hub))
    hub.fault("*", f"/v2/endpoint/{PAYS}*", Refuse(status=403), times=9)
    deeds = {
        "status": lambda: ours.status(ref),
        "pause": lambda: ours.pause(ref),
        "delete": lambda: ours.delete(ref),
        "own": ours.own,
    }
    with pytest.raises(HubError, match="needs the right"):
        deeds[verb]()


def test_where_a_token_is_missing_the_words_say_which() -> None:
    none = NoEndpoints(lambda: text("no-endpoints", missing="HF_TOKEN"))
    ref = JobRef(backend="hf-endpoints", id="spam", launch_key=KEY)
    with pytest.raises(NotAllowed, match="set HF_TOKEN"):
        none.flavors()
    with pytest.raises(JobError, match="set HF_TOKEN"):
        none.create(order())
    for deed in (
        lambda: none.status(ref),
        lambda: none.pause(ref),
        lambda: none.delete(ref),
        lambda: none.ask(ref, ""),
    ):
        with pytest.raises(HubError, match="spam cannot be reached"):
            deed()
    assert (none.find(KEY), none.own()) == (None, ())
