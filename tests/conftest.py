"""What holds for every test: a skip is a failure, nothing is reached but this machine, made-up data is the same each time."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Generator

import hypothesis
import pytest

hypothesis.settings.register_profile("house", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("house")


pytest.register_assert_rewrite("tests.forge.promises")


class ReachedOut(BaseException):
    """A test tried to leave this machine. Not an `OSError`, which the code under test would take for a bad network."""


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    match arguments:
        case (_, (str(host), int(), *_)) if not _is_this_machine(host):
            raise ReachedOut(f"a test may reach loopback only, not {host}")
        case _:
            return  # loopback, or a socket that is a file


sys.addaudithook(_guard)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a test that was skipped, or expected to fail, into a failed one."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"a skipped test promises nothing: {_reason(report)}"
        vars(report).pop("wasxfail", None)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a module that skips itself as a whole into a failed one."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"a skipped module promises nothing: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    expected = vars(report).get("wasxfail")
    if expected is not None:
        return f"expected to fail: {expected}"
    match report.longrepr:
        case (_, _, str(reason)):
            return reason
        case other:
            return str(other)
