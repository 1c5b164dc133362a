"""The section `mcp`: who may name a tool server, what it may be, and that its headers are secrets."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.settings.load import Loaded, load
from intern_action.settings.show import MASK, render
from intern_action.wiring.parts import canaries_for, redactor_for

HOME_FILE = ".config/intern-action/config.yaml"
TOKEN = "t0ken-of-the-docs-4711"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "home/.config/intern-action").mkdir(parents=True)
    (tmp_path / "repo/.github").mkdir(parents=True)
    return tmp_path / "repo"


def loaded(repo: Path, home_file: str = "", **environment: str) -> Loaded:
    home = repo.parent / "home"
    (home / HOME_FILE).write_text(home_file)
    return load({}, {"PATH": "/usr/bin:/bin", **environment}, repo, home)


SERVERS = """\
docs:
  url: https://docs.example.com/mcp
  headers: {Authorization: "Bearer ${DOCS_PASS}"}
  timeout: 20 seconds
  tools: [search reads, publish]
own:
  command: my-server
  args: [--quiet]
"""


def indented(text: str) -> str:
    return "mcp:\n" + "".join(f"  {line}\n" for line in text.splitlines())


@pytest.mark.parametrize("place", ["home", "environment", ".env"])
def test_a_server_is_named_in_the_home_or_in_a_variable(repo: Path, place: str):
    match place:
        case "home":
            given = loaded(repo, indented(SERVERS), DOCS_PASS=TOKEN)
        case "environment":
            given = loaded(repo, DOCS_PASS=TOKEN, INTERN_ACTION_MCP=SERVERS)
        case _:
            one_line = '{docs: {url: "https://docs.example.com/mcp", headers: {Authorization: "Bearer ${DOCS_PASS}"}'
            rest = ", timeout: 20 seconds, tools: [search reads, publish]}, own: {command: my-server, args: [--quiet]}}"
            (repo / ".env").write_text(f"INTERN_ACTION_MCP='{one_line}{rest}'\nDOCS_PASS={TOKEN}\n")
            subprocess.run(["git", "-C", str(repo), "init", "--quiet"], check=True)  # which has the file not
            given = loaded(repo)
    docs, own = given.settings.mcp["docs"], given.settings.mcp["own"]
    assert docs.url == "https://docs.example.com/mcp"
    assert docs.headers["Authorization"].get_secret_value() == f"Bearer {TOKEN}"
    assert docs.timeout == timedelta(seconds=20)
    assert docs.reads == {"search": True, "publish": False}
    assert (own.command, own.args, own.timeout) == ("my-server", ("--quiet",), None)


def test_without_any_there_is_none(repo: Path):
    assert loaded(repo).settings.mcp == {}


# --- attacks -----------------------------------------------------------------------------------------------------------


def test_a_repository_may_name_no_server(repo: Path):
    (repo / ".github/intern.yml").write_text(indented("evil:\n  command: steal\n"))
    with pytest.raises(Misconfigured, match=r"intern.yml:3: a repository may not set `mcp.evil.command`"):
        loaded(repo)


def test_a_repository_may_not_turn_a_server_to_another_address(repo: Path):
    (repo / ".github/intern.yml").write_text(indented("docs:\n  url: https://evil.example.com\n"))
    with pytest.raises(Misconfigured, match=r"may not set `mcp.docs.url`"):
        loaded(repo, indented(SERVERS), DOCS_PASS=TOKEN)


def test_an_env_file_that_git_tracks_names_no_server(repo: Path):
    (repo / ".env").write_text("INTERN_ACTION_MCP='{evil: {command: steal}}'\n")
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", "-C", str(repo), *words], check=True)
    assert loaded(repo).settings.mcp == {}


def test_a_header_is_masked_wherever_it_could_be_seen(repo: Path):
    given = loaded(repo, indented(SERVERS), DOCS_PASS=TOKEN)
    assert TOKEN not in render(given) + repr(given.settings)
    row = next(row for row in render(given).splitlines() if row.startswith("mcp.docs.headers.Authorization"))
    assert row.split()[1] == MASK
    assert TOKEN not in redactor_for(given.settings).text(f"the server says: {TOKEN}")
    assert canaries_for(given.settings).found_in(f"leaked {TOKEN}".encode())


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("{command: a, url: 'https://x.org'}", "either a `command` or a `url`"),
        ("{timeout: 1 minute}", "either a `command` or a `url`"),
        ("{command: ./server}", "lies in whatever folder is open"),
        ("{command: tools/server}", "lies in whatever folder is open"),
        ("{command: a, headers: {X: y}}", "gets no secret"),
        ("{url: 'http://x.org'}", "only this machine itself"),
        ("{url: 'http://127.0.0.1.x.org'}", "only this machine itself"),
        ("{url: 'https://me:pass@x.org'}", "holds no password"),
        ("{url: 'file:///etc/passwd'}", "no address of a server"),
        ("{url: 'https://x.org', tools: [search writes]}", "`search writes` is no tool"),
        ("{url: 'https://x.org', tools: [search, search reads]}", "`search` stands there twice"),
        ("{url: 'https://x.org', colour: red}", "there is no key `mcp.docs.colour`"),
        ("{url: 'https://x.org', headers: {X: '${NOT_SET}'}}", "NOT_SET is not set"),
    ],
)
def test_what_a_server_may_not_be_is_refused_with_its_line(repo: Path, server: str, said: str):
    with pytest.raises(Misconfigured, match=said) as refused:
        loaded(repo, f"mcp:\n  docs: {server}\n")
    assert "config.yaml:2" in str(refused.value)


@pytest.mark.parametrize("name", ["a__b", "B", "a_", "_a", "bash!", "a" * 25])
def test_a_name_that_could_be_taken_for_another_is_refused(repo: Path, name: str):
    with pytest.raises(Misconfigured, match="mcp"):
        loaded(repo, f"mcp:\n  '{name}': {{command: x}}\n")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/mcp", "http://[::1]:8000/", "http://localhost/mcp", "https://x.org"]
)
def test_this_machine_may_be_spoken_to_without_encryption(repo: Path, url: str):
    assert loaded(repo, f"mcp:\n  docs: {{url: '{url}'}}\n").settings.mcp["docs"].url == url
