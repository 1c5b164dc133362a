"""What the Hub says of a token, asked of a Hub that listens."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from intern_action.core.errors import HubError
from intern_action.hub.tokens import Grant, token_facts
from tests.hub_server import HubServer, Refuse
from tests.hub_server.accounts import Scope

STAGING = Scope(entity="mlteam", type="org", permissions=frozenset({"repo.content.read", "repo.write"}))
JOBS = Scope(entity="ada", type="user", permissions=frozenset({"job.write"}))


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubServer]:
    with HubServer(tmp_path / "hub") as hub:
        hub.accounts.add_user("ada", orgs={"mlteam": "write"})
        yield hub


def test_a_reading_token_changes_nothing(hub: HubServer):
    facts = token_facts(hub.url, hub.accounts.add_token("ada", "read"))
    assert (facts.name, facts.role, facts.organisations) == ("ada", "read", ("mlteam",))
    assert (facts.writes, facts.starts_jobs, facts.writes_in) == (False, False, ())


def test_a_writing_token_can_do_everything_everywhere(hub: HubServer):
    facts = token_facts(hub.url, hub.accounts.add_token("ada", "write"))
    assert (facts.writes, facts.starts_jobs, facts.writes_in) == (True, True, ("everywhere",))


def test_a_fine_grained_token_can_do_what_it_lists_where_it_lists_it(hub: HubServer):
    facts = token_facts(hub.url, hub.accounts.add_token("ada", "fineGrained", scopes=[STAGING]))
    assert facts.grants == (Grant(place="mlteam", permissions=("repo.content.read", "repo.write")),)
    assert (facts.writes, facts.starts_jobs, facts.writes_in) == (True, False, ("mlteam",))


def test_a_token_that_may_start_jobs_is_known_for_it(hub: HubServer):
    facts = token_facts(hub.url, hub.accounts.add_token("ada", "fineGrained", scopes=[STAGING, JOBS]))
    assert (facts.starts_jobs, facts.writes_in) == (True, ("ada", "mlteam"))


def test_a_token_that_only_reads_in_its_places_does_not_write(hub: HubServer):
    reading = Scope(entity="ada", permissions=frozenset({"repo.content.read"}))
    facts = token_facts(hub.url, hub.accounts.add_token("ada", "fineGrained", scopes=[reading]))
    assert not facts.writes


def test_a_token_that_asks_models_on_a_bill_changes_nothing_and_yet_does_more_than_read(hub: HubServer):
    asks = Scope(entity="ada", type="user", permissions=frozenset({"repo.content.read", "inference.serverless.write"}))
    facts = token_facts(hub.url, hub.accounts.add_token("ada", "fineGrained", scopes=[asks]))
    assert (facts.writes, facts.only_reads) == (False, False)
    assert token_facts(hub.url, hub.accounts.add_token("ada", "read")).only_reads
    assert not token_facts(hub.url, hub.accounts.add_token("ada", "write")).only_reads


def test_an_unknown_token_is_told_where_to_make_a_new_one(hub: HubServer):
    with pytest.raises(HubError, match=r"does not know this token \(401\); make a new one at http.*/settings/tokens"):
        token_facts(hub.url, "hf_nobodys")


def test_a_hub_that_fails_is_not_a_token_that_is_fine(hub: HubServer):
    token = hub.accounts.add_token("ada", "read")
    hub.fault("GET", "/api/whoami-v2", Refuse(status=500), times=None)
    with pytest.raises(HubError, match="failed \\(500\\)"):
        token_facts(hub.url, token)


def test_a_hub_that_is_not_there_is_said():
    with pytest.raises(HubError, match="could not be reached"):
        token_facts("http://127.0.0.1:9", "hf_whatever")
