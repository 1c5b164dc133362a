"""The last look before anything leaves."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from intern_action.trace.canary import Canaries

REAL = "s3rvice/t0ken+that=is&random"
LOOK = Canaries(planted=["planted canary"], secrets=[REAL, "not-needed", "swordfish", "a-word-without-any-figure"])


@pytest.mark.parametrize(
    "spelt", [REAL, REAL[::-1], REAL.encode().hex(), quote(REAL, safe=""), base64.b64encode(REAL.encode()).decode()]
)
def test_a_real_secret_is_found_however_it_is_spelt(spelt: str):
    assert LOOK.found_in(f"x {spelt} y".encode())


def test_a_planted_one_is_found_whatever_it_looks_like():
    assert LOOK.found_in(b"here: planted canary")


@pytest.mark.parametrize("said", ["api_key = 'not-needed'", "swordfish", "a-word-without-any-figure", "pad_token", ""])
def test_what_stands_in_many_a_text_stops_nothing(said: str):
    assert not LOOK.found_in(said.encode())


def test_bytes_that_are_no_text_are_looked_through():
    assert LOOK.found_in(b"\xff\xfe" + REAL.encode() + b"\x00")
