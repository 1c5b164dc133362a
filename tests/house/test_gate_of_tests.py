"""The rules that hold for every test are rules: each is shown by a small run that breaks it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent.parent / "conftest.py"

SKIPS = {
    "mark": "import pytest\n@pytest.mark.skip(reason='lazy')\ndef test_it(): pass",
    "condition": "import pytest\n@pytest.mark.skipif(True, reason='lazy')\ndef test_it(): pass",
    "call": "import pytest\ndef test_it(): pytest.skip('lazy')",
    "fixture": "import pytest\n@pytest.fixture\ndef x(): pytest.skip('lazy')\ndef test_it(x): pass",
    "module": "import pytest\npytest.skip('lazy', allow_module_level=True)\ndef test_it(): pass",
    "import": "import pytest\npytest.importorskip('lazy_module')\ndef test_it(): pass",
    "xfail": "import pytest\n@pytest.mark.xfail(reason='lazy')\ndef test_it(): assert False",
    "late_xfail": "import pytest\ndef test_it(): pytest.xfail('lazy')",
    "unittest": "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.skipTest('lazy')",
    "subtest": "def test_it(subtests):\n    import pytest\n    with subtests.test('x'): pytest.skip('lazy')",
}

REACHES_OUT = """
import socket
def test_it():
    with socket.socket() as plug:
        plug.settimeout(0.2)
        try: plug.connect(("192.0.2.1", 80))
        except OSError: pass
"""

STAYS = """
import socket
def test_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the short line that pytest closes with for each test file that did not hold."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    tests = {f"skip_{name}": test for name, test in SKIPS.items()} | {"reaches_out": REACHES_OUT, "stays": STAYS}
    for name, test in tests.items():
        (folder / f"test_{name}.py").write_text(test, encoding="utf-8")
    command: list[str | Path] = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "--tb=line"]
    command += ["--continue-on-collection-errors", "--rootdir", folder, folder]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=60)
    assert "skipped" not in ended.stdout.splitlines()[-1], ended.stdout
    assert "xfailed" not in ended.stdout.splitlines()[-1], ended.stdout
    lines = [line for line in ended.stdout.splitlines() if line.startswith(("FAILED", "ERROR", "PASSED"))]
    return {name: "\n".join(line for line in lines if f"test_{name}.py" in line) for name in tests} | {
        "all": ended.stdout
    }


@pytest.mark.parametrize("name", SKIPS)
def test_what_is_skipped_has_failed(told: dict[str, str], name: str) -> None:
    assert told[f"skip_{name}"].startswith(("FAILED", "ERROR")), told["all"]


def test_a_skip_says_why(told: dict[str, str]) -> None:
    assert told["all"].count("promises nothing") >= len(SKIPS)


def test_leaving_this_machine_is_a_failure_even_where_network_errors_are_caught(told: dict[str, str]) -> None:
    assert told["reaches_out"].startswith("FAILED")
    assert "loopback only, not 192.0.2.1" in told["all"]


def test_a_server_on_this_machine_can_be_reached(told: dict[str, str]) -> None:
    assert told["stays"].startswith("PASSED")
