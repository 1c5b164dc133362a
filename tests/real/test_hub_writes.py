"""What a session writes to a Hub that listens, read back by the official clients: a data set, proposals, a served model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from intern_action.core.entries import LedgerView
from intern_action.core.errors import OutsideError
from intern_action.core.states import State
from intern_action.core.types import Reply
from intern_action.hub._endpoint_account import EndpointAccount
from intern_action.hub.endpoints import HubEndpoints
from intern_action.hub.huggingface_writer import HuggingFaceWriter
from intern_action.session.report import Links, gather
from intern_action.session.retiring import sweep
from intern_action.session.stopping import stop
from intern_action.settings.flavors import load_endpoint_flavors
from intern_action.settings.words import text
from intern_action.trace import result
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done
from tests.fakes.hub_client import HubClient
from tests.fakes.thinking import calls
from tests.hub_server.accounts import Scope
from tests.hub_server.endpoints import Endpoints
from tests.hub_server.faults import Lost, Refuse
from tests.hub_server.job_runs import Jobs
from tests.hub_server.server import HubServer

ROWS = "".join(f"win money {number},spam\nhello ada {number},ham\n" for number in range(50))
DATA = calls(("w", "write_file", {"path": "data/train.csv", "content": f"text,label\n{ROWS}"}))
CARD = calls(("c", "write_file", {"path": "data/README.md", "content": "---\nlicense: mit\n---\n# Mails\n"}))
DEPLOY = calls(
    (
        "d",
        "deploy_endpoint",
        {
            "repository": "lab/spam",
            "flavor": "intel-spr-x1",
            "lifetime": "10h",
            "purpose": "to show it",
            "smoke_input": "win money",
        },
    )
)


@dataclass
class At:
    """A Hub, a house beside it, and who asks."""

    hub: HubServer
    house: StoryHouse
    place: Path
    token: str

    @property
    def client(self) -> HubClient:
        """The official client in a process of its own."""
        return HubClient(endpoint=self.hub.url, token=self.token, home=self.place / "client")

    def writes(self, *, proposing: bool = False) -> StoryHouse:
        """Let the house write this Hub, from its next process on."""
        self.house.writer = HuggingFaceWriter(endpoint=self.hub.url, token=self.token, pull_request=proposing)
        return self.house.anew()

    def serves(self, **changes: str) -> StoryHouse:
        """Let it have endpoints there, too."""
        told = {
            "token": self.hub.accounts.add_token("ada"),
            "asking_token": self.hub.accounts.add_token("ada", "read"),
            **changes,
        }
        account = EndpointAccount(
            hub=self.hub.url,
            namespace="lab",
            home="test",
            refusal=partial(text, "endpoint-refusals"),
            **told,
        )
        self.house.served = HubEndpoints(
            account, table=load_endpoint_flavors(), kept=self.place / "prices.json", clock=self.house.clock
        )
        return self.writes()

    @property
    def living(self) -> list[str]:
        """The names of the endpoints that are there."""
        return [name for name, _ in self.hub.world.part(Endpoints).table.items()]

    def made(self) -> int:
        """How many endpoints were really made."""
        posts = [one for one in self.hub.requests if one.method == "POST" and one.path == "/v2/endpoint/lab"]
        return sum(1 for one in posts if one.status in {0, 200})


@pytest.fixture
def at(tmp_path: Path) -> Iterator[At]:
    with HubServer(tmp_path / "hub") as hub, StoryHouse(make_world(tmp_path / "world")) as house:
        hub.accounts.add_user("ada", orgs={"lab": "admin"})
        hub.add("model", "lab/spam", {"config.json": b"{}"})
        yield At(hub=hub, house=house, place=tmp_path, token=hub.accounts.add_token("ada"))


def upload(repository: str = "ada/mails", *, over: bool = False) -> Reply:
    return calls(("u", "hf_upload_dataset", {"repository": repository, "source": "data", "overwrite": over}))


# --- a data set ------------------------------------------------------------------------------------------------------


def test_an_uploaded_data_set_is_loaded_back_by_datasets_with_its_card(at: At) -> None:
    house = at.writes().script(DATA, CARD, upload(), done()).ask()
    assert house.state is State.DONE
    told = at.client("""
    import datasets
    rows = datasets.load_dataset("ada/mails", split="train")
    card = DatasetCard.load("ada/mails")
    info = api.dataset_info("ada/mails")
    tell(rows=len(rows), columns=rows.column_names, first=rows[0], license=card.data.license,
         session=card.data.to_dict()["intern_action"]["session"], private=info.private,
         says=api.list_repo_commits("ada/mails", repo_type="dataset")[0].message.splitlines()[-1])
    """)
    assert told["rows"] == 100
    assert told["first"] == {"text": "win money 0", "label": "spam"}
    assert (told["license"], told["private"]) == ("mit", True)
    assert told["session"] == house.present.began.session
    assert str(told["says"]).startswith("Intern-Action-Call: ")


def test_over_a_data_set_that_stands_there_only_what_was_approved_is_written(at: At) -> None:
    at.hub.add("dataset", "ada/mails", {"old.csv": b"a\n1\n"})
    house = at.writes().script(DATA, upload(over=True), done()).ask()
    assert house.state is State.AWAITING_REVIEW
    house.approve()
    assert house.state is State.DONE
    told = at.client('tell(files=api.list_repo_files("ada/mails", repo_type="dataset"))')
    assert set(told["files"]) - {".gitattributes"} == {"README.md", "train.csv"}  # pyright: ignore[reportArgumentType]


def test_a_data_set_that_somebody_changed_meanwhile_is_not_written_over(at: At) -> None:
    at.hub.add("dataset", "ada/mails", {"old.csv": b"a\n1\n"})
    house = at.writes().script(DATA, upload(over=True), done()).ask()
    at.client("""
    api.upload_file(path_or_fileobj=b"mine", path_in_repo="mine.txt", repo_id="ada/mails", repo_type="dataset")
    """)
    house.approve()
    assert house.state is State.AWAITING_REVIEW
    told = at.client('tell(files=api.list_repo_files("ada/mails", repo_type="dataset"))')
    assert "mine.txt" in told["files"]  # pyright: ignore[reportOperatorIssue]


# --- proposals -------------------------------------------------------------------------------------------------------


def proposals(at: At) -> list[object]:
    api = HfApi(endpoint=at.hub.url, token=at.token)
    return [
        (one.num, one.title, one.status)
        for one in api.get_repo_discussions("ada/mails", repo_type="dataset", discussion_type="pull_request")
    ]


def test_where_uploads_are_proposed_one_pull_request_is_opened_and_people_are_led_to_it(at: At) -> None:
    house = at.writes(proposing=True).script(DATA, upload(), done()).ask()
    assert house.state is State.DONE
    assert proposals(at) == [(1, "Upload mails", "open")]
    (one,) = result.of(gather(house.present, Links(), version="test")).uploads
    assert one.url == f"{at.hub.url}/datasets/ada/mails/discussions/1"
    assert (one.proposed, one.kind) == (True, "dataset")
    told = at.client("""
    before = api.list_repo_files("ada/mails", repo_type="dataset")
    api.merge_pull_request("ada/mails", 1, repo_type="dataset")
    tell(before=before, after=api.list_repo_files("ada/mails", repo_type="dataset"))
    """)
    assert told["before"] == [".gitattributes"]
    assert "train.csv" in told["after"]  # pyright: ignore[reportOperatorIssue]


def test_a_proposal_whose_answer_was_lost_is_adopted_and_there_is_no_second_one(at: At) -> None:
    at.hub.fault("POST", "/api/datasets/ada/mails/commit/*", Lost(), times=1)
    house = at.writes(proposing=True).script(DATA, upload(), done()).ask()
    assert house.state is State.DONE
    assert len(proposals(at)) == 1
    (one,) = [done for done in house.present.memory.published if done.what == "hub-dataset"]
    assert one.data["proposed"] == "true"


def test_a_refused_write_says_what_a_person_can_do(at: At) -> None:
    at.hub.fault("POST", "/api/datasets/ada/mails/commit/*", Refuse(status=403), times=9)
    house = at.writes().script(DATA, upload(), done()).ask()
    why = house.present.memory.published[-1].data["why"]
    assert "does not let control's token write ada/mails" in why
    assert "set HF_WRITE_TOKEN to it" in why


# --- a served model --------------------------------------------------------------------------------------------------


def money(view: LedgerView, digest: str) -> tuple[Decimal, Decimal]:
    return view.held(digest), view.captured(digest)


def test_an_endpoint_is_approved_made_once_asked_sleeps_and_ends_at_its_cap(at: At) -> None:
    at.hub.world.part(Endpoints).settings.initializing_seconds = 2
    house = at.serves().script(DEPLOY, done()).ask()
    assert house.state is State.AWAITING_REVIEW
    assert at.living == []
    house.approve()
    assert house.state is State.AWAITING_JOB
    at.hub.world.part(Endpoints).settings.initializing_seconds = 0
    house.anew().go_on()
    assert house.state is State.DONE
    assert at.made() == 1
    (one,) = result.of(gather(house.present, Links(), version="test")).endpoints
    assert (one.state, one.asked, "LABEL_0" in one.answer) == ("serving", "win money", True)
    told = at.client("""
    from huggingface_hub import constants
    constants.INFERENCE_ENDPOINTS_ENDPOINT = f"{constants.ENDPOINT}/v2"
    one, = api.list_inference_endpoints(namespace="lab")
    tell(scaling=one.raw["compute"]["scaling"], revision=one.revision == api.model_info("lab/spam").sha)
    """)
    assert told["revision"] is True
    assert json.loads(json.dumps(told["scaling"]))["minReplica"] == 0
    assert money(house.ledger, house.digest) == (Decimal("0.33"), Decimal(0))
    assert sweep(house.office) == ()
    house.clock.wait(20 * 3600)
    assert len(sweep(house.anew().office)) == 1
    assert at.living == []
    assert money(house.ledger, house.digest) == (Decimal(0), Decimal("0.33"))
    (ended,) = result.of(gather(house.present, Links(), version="test")).endpoints
    assert (ended.state, ended.cost_usd) == ("ended", Decimal("0.33"))


def test_a_lost_answer_makes_no_second_endpoint(at: At) -> None:
    at.hub.fault("POST", "/v2/endpoint/lab", Lost(), times=1)
    house = at.serves().script(DEPLOY, done()).ask()
    with pytest.raises(OutsideError, match="could not be asked to make the inference endpoint spam-"):
        house.approve()
    house.anew().go_on()
    assert house.state is State.DONE
    assert (at.made(), len(at.living)) == (1, 1)


def test_stop_takes_it_away(at: At) -> None:
    house = at.serves().script(DEPLOY, done()).ask().approve()
    assert len(at.living) == 1
    stop(house.present, by="ada")
    assert at.living == []
    assert house.ledger.held(house.digest) == 0


def test_without_credit_nothing_is_made_nothing_is_held_and_the_words_say_what_to_do(at: At) -> None:
    at.hub.world.part(Jobs).settings.without_credit.add("lab")
    house = at.serves().script(DEPLOY, done()).ask().approve()
    assert house.state is State.DONE
    said = house.present.memory.past("deploy_endpoint")[0].result.text
    assert "lab has no credit or means of payment for inference endpoints (402)" in said
    assert f"{at.hub.url}/settings/billing" in said
    assert money(house.ledger, house.digest) == (Decimal(0), Decimal(0))


def test_with_a_token_that_may_not_the_words_say_which_right_it_needs(at: At) -> None:
    narrow = at.hub.accounts.add_token(
        "ada",
        "fineGrained",
        scopes=[Scope(entity="lab", type="org", permissions=frozenset({"inference.endpoints.read"}))],
    )
    house = at.serves(token=narrow).script(DEPLOY, done()).ask().approve()
    said = house.present.memory.past("deploy_endpoint")[0].result.text
    assert "HF_WRITE_TOKEN needs the right to manage inference endpoints of lab" in said
    assert at.living == []
