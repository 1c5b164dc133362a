"""Where settings come from, which word is the strongest, and what is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.errors import Misconfigured
from intern_action.settings.document import read_document
from intern_action.settings.keys import REPOSITORY_MAY, setting_paths, variables
from intern_action.settings.load import Loaded, load
from intern_action.settings.places import configs
from intern_action.settings.secret_names import holds_secret, secrets_in
from intern_action.settings.show import MASK, render

REPOSITORY_FILE = ".github/intern.yml"
HOME_FILE = ".config/intern-action/config.yaml"


@dataclass
class Machine:
    """A home and a repository on a disk, and an environment."""

    folder: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/bin:/bin:/usr/local/bin"})

    @property
    def repo(self) -> Path:
        return self.folder / "repo"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def write(self, name: str, text: str) -> None:
        """Write a file of the home (`~/…`) or the repository."""
        path = self.home / name[2:] if name.startswith("~/") else self.repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *words: str) -> None:
        self.repo.mkdir(exist_ok=True)
        subprocess.run(["git", "-C", str(self.repo), *words], check=True, capture_output=True)

    def load(self, **flags: object) -> Loaded:
        return load(
            {name.replace("__", "."): value for name, value in flags.items()}, self.environment, self.repo, self.home
        )

    def refuses(self, said: str, **flags: object) -> None:
        with pytest.raises(Misconfigured, match=said):
            self.load(**flags)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- who is heard ------------------------------------------------------------------------------------------------------


def test_every_knob_has_its_default_in_the_file_and_nowhere_else():
    written = read_document((configs() / "default.yaml").read_bytes(), "configs/default.yaml").values
    assert set(written) == setting_paths()


def test_without_anything_the_defaults_hold_and_say_that_they_do(machine: Machine):
    loaded = machine.load()
    assert (loaded.settings.max_turns, loaded.settings.fallbacks, loaded.settings.model) == (300, (), "")
    assert loaded.settings.jobs.timeout == timedelta(minutes=30)
    assert loaded.settings.keys == {}
    assert all(origin.startswith("configs/default.yaml:") for origin in loaded.origins.values())


SOURCES = ["home", "repository", "env file", "environment", "flag"]
NUMBERS = {"home": 11, "repository": 12, "env file": 13, "environment": 14, "flag": 15}
ORIGINS = {
    "home": "~/.config/intern-action/config.yaml:2",
    "repository": ".github/intern.yml:1",
    "env file": ".env:2 INTERN_ACTION_MAX_TURNS",
    "environment": "INTERN_ACTION_MAX_TURNS in the environment",
    "flag": "--max-turns on the command line",
}


def _say(machine: Machine, source: str) -> Mapping[str, object]:
    """Let one source say its number of turns; return the flags."""
    match source:
        case "home":
            machine.write(f"~/{HOME_FILE}", "# mine\nmax_turns: 11\n")
        case "repository":
            machine.write(REPOSITORY_FILE, "max_turns: 12\n")
        case "env file":
            machine.write(".env", "# more\nINTERN_ACTION_MAX_TURNS=13\n")
        case "environment":
            machine.environment["INTERN_ACTION_MAX_TURNS"] = "14"
        case _:
            return {"max_turns": 15}
    return {}


@pytest.mark.parametrize("stronger", range(1, len(SOURCES)))
@pytest.mark.parametrize("weaker", range(len(SOURCES)))
def test_the_stronger_source_is_heard_and_named(machine: Machine, weaker: int, stronger: int):
    both = [SOURCES[weaker], SOURCES[stronger]]
    flags = {**_say(machine, both[0]), **_say(machine, both[1])}
    strongest = max(both, key=SOURCES.index)
    loaded = machine.load(**flags)
    assert loaded.settings.max_turns == NUMBERS[strongest]
    assert loaded.origins["max_turns"] == ORIGINS[strongest]


def test_of_a_section_each_key_is_heard_by_itself(machine: Machine):
    machine.write(f"~/{HOME_FILE}", "budget:\n  month_usd: 7\n  session_usd: 8\n")
    machine.write(REPOSITORY_FILE, "budget:\n  month_usd: $9\n")
    budget = machine.load().settings.budget
    assert (budget.month_usd, budget.session_usd, budget.requester_usd) == (Decimal(9), Decimal(8), None)


def test_a_flag_that_was_not_given_and_an_empty_variable_say_nothing(machine: Machine):
    machine.environment["INTERN_ACTION_MAX_TURNS"] = ""
    assert machine.load(max_turns=None).settings.max_turns == 300


def test_a_variable_is_read_as_people_write_values(machine: Machine):
    machine.environment |= {
        "INTERN_ACTION_FALLBACKS": "openai/gpt-5.5, ollama/llama3.1:8b",
        "INTERN_ACTION_STREAM": "false",
        "INTERN_ACTION_MAX_COST_USD": "$2.50",
        "INTERN_ACTION_JOBS_LOCAL_TIMEOUT": "1h30m",
        "INTERN_ACTION_JOBS_LOCAL_PYTHON": "/opt/python",
    }
    settings = machine.load().settings
    assert settings.fallbacks == ("openai/gpt-5.5", "ollama/llama3.1:8b")
    assert settings.stream is False
    assert settings.max_cost_usd == Decimal("2.50")
    assert (settings.jobs.local.timeout, settings.jobs.local.python) == (timedelta(minutes=90), "/opt/python")


def test_no_two_knobs_share_a_variable():
    assert len(variables()) == len(setting_paths())


def test_money_is_exact_however_it_is_written(machine: Machine):
    machine.write(f"~/{HOME_FILE}", "max_cost_usd: 0.10\nbudget: {month_usd: '1,000.10 USD'}\n")
    settings = machine.load().settings
    assert (settings.max_cost_usd, settings.budget.month_usd) == (Decimal("0.10"), Decimal("1000.10"))


# --- keys and addresses ------------------------------------------------------------------------------------------------


def test_the_worlds_own_names_for_keys_and_addresses_are_understood(machine: Machine):
    machine.environment |= {
        "HF_TOKEN": "hf_1",
        "ANTHROPIC_API_KEY": "sk-1",
        "LOCAL_LLM_API_KEY": "local-1",
        "LOCAL_LLM_BASE_URL": "http://127.0.0.1:8000/v1",
        "OLLAMA_BASE_URL": "http://127.0.0.1:11434",
        "OLLAMA_UNRELATED": "x",
        "HF_ENDPOINT": "http://127.0.0.1:9",
    }
    machine.write(
        ".env", "OPENAI_API_KEY='sk-2'\nHF_TOKEN=weaker\nUNRELATED=1\nexport LM_STUDIO_BASE_URL=http://127.0.0.1:1\n"
    )
    loaded = machine.load()
    keys = {name: key.get_secret_value() for name, key in loaded.settings.keys.items()}
    assert keys == {
        "HF_TOKEN": "hf_1",
        "ANTHROPIC_API_KEY": "sk-1",
        "LOCAL_LLM_API_KEY": "local-1",
        "OPENAI_API_KEY": "sk-2",
    }
    assert loaded.settings.models.base_urls == {
        "local": "http://127.0.0.1:8000/v1",
        "ollama": "http://127.0.0.1:11434",
        "lm_studio": "http://127.0.0.1:1",
    }
    assert loaded.settings.hub.endpoint == "http://127.0.0.1:9"
    assert loaded.origins["keys.OPENAI_API_KEY"] == ".env:1 OPENAI_API_KEY"


@pytest.mark.parametrize(
    "name", ["HF_TOKEN", "WANDB_API_KEY", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "SLACK_WEBHOOK_URL", "TOKEN"]
)
def test_such_names_hold_secrets(name: str):
    assert holds_secret(name)


@pytest.mark.parametrize("name", ["PATH", "TOKENIZERS_PARALLELISM", "KEYBOARD", "MAX_TOKENS", "HOME"])
def test_such_names_do_not(name: str):
    assert not holds_secret(name)


def test_a_secret_with_an_innocent_name_can_be_named(machine: Machine):
    machine.write(f"~/{HOME_FILE}", "secrets: {names: [MY_THING, MY_OTHER, MISSING]}\n")
    machine.write(".env", "MY_OTHER=quiet\nMY_THING=weaker\n")
    machine.environment["MY_THING"] = "hush"
    loaded = machine.load()
    assert {name: key.get_secret_value() for name, key in loaded.settings.keys.items()} == {
        "MY_THING": "hush",
        "MY_OTHER": "quiet",
    }
    assert loaded.origins["keys.MY_OTHER"] == "MY_OTHER in .env"


def test_secrets_are_never_shown(machine: Machine):
    machine.environment |= {"HF_TOKEN": "hf_bait", "OLLAMA_BASE_URL": "http://me:bait@host/v1"}
    machine.write(f"~/{HOME_FILE}", "redaction:\n  values: [bait-one, bait-two]\nkeys: {OPENAI_API_KEY: bait}\n")
    loaded = machine.load()
    shown = render(loaded)
    assert "bait" not in shown
    assert "bait" not in repr((loaded.settings.keys, loaded.settings.redaction))
    assert f"http://{MASK}@host/v1" in shown
    assert [value.get_secret_value() for value in loaded.settings.redaction.values] == ["bait-one", "bait-two"]


def test_the_table_is_aligned_and_names_every_origin(machine: Machine):
    machine.write(REPOSITORY_FILE, "max_turns: 5\njobs:\n  timeout: 90 minutes\n")
    lines = render(machine.load(model="recipes")).splitlines()
    rows = {line.split()[0]: line for line in lines}
    assert rows["model"].split(maxsplit=2) == ["model", "recipes", "--model on the command line"]
    assert rows["max_turns"].endswith("  .github/intern.yml:1")
    assert rows["jobs.timeout"].split() == ["jobs.timeout", "1h30m", ".github/intern.yml:3"]
    assert rows["budget.month_usd"].split()[1] == "$100"
    assert len({line.index(line.split()[1]) for line in lines}) == 1


# --- ${…} --------------------------------------------------------------------------------------------------------------


def test_variables_are_filled_in_from_environment_and_env_file(machine: Machine):
    machine.write(".env", "WHERE=from-env-file\nBOTH=weaker\n")
    machine.environment["BOTH"] = "stronger"
    machine.write(
        f"~/{HOME_FILE}",
        "model: ${WHERE}/${BOTH}\nout: ${NO:-a-default}\nfallbacks: ['x/${BOTH}', '${NO:-}']\n",
    )
    settings = machine.load().settings
    assert settings.model == "from-env-file/stronger"
    assert settings.out == "a-default"
    assert settings.fallbacks == ("x/stronger", "")


def test_a_number_can_be_filled_in(machine: Machine):
    machine.write(f"~/{HOME_FILE}", "max_turns: ${TURNS:-17}\n")
    assert machine.load().settings.max_turns == 17


def test_a_missing_variable_is_refused_with_file_and_line(machine: Machine):
    machine.write(f"~/{HOME_FILE}", "\nmodel: ${NOWHERE}\n")
    machine.refuses(
        r"~/.config/intern-action/config.yaml:2: NOWHERE is not set; set it, or write `\$\{NOWHERE:-default\}`"
    )


@pytest.mark.parametrize("text", ["${", "${A B}", "${A:-${B}}", "${1}"])
def test_a_broken_place_is_refused_with_file_and_line(machine: Machine, text: str):
    machine.write(f"~/{HOME_FILE}", f"model: '{text}'\n")
    machine.refuses(r"config.yaml:1: .* correct it")


def test_nothing_is_filled_into_keys_and_what_was_filled_in_is_not_filled_again(machine: Machine):
    machine.environment |= {"A": "${B}", "B": "x"}
    machine.write(f"~/{HOME_FILE}", "model: ${A}\n")
    assert machine.load().settings.model == "${B}"
    machine.write(f"~/{HOME_FILE}", "${B}: 1\n")
    machine.refuses(r"config.yaml:1: `\$\{B\}` cannot be a key")


# --- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [f"~/{HOME_FILE}", REPOSITORY_FILE])
def test_an_unknown_key_is_refused_with_file_line_and_near_miss(machine: Machine, name: str):
    machine.write(name, "model: recipes\nbudget:\n  mounth_usd: 5\n")
    machine.refuses(rf"{name}:3: there is no key `budget.mounth_usd`; did you mean `budget.month_usd`\?")


def test_an_unknown_variable_of_ours_is_refused_with_its_near_miss(machine: Machine):
    machine.environment["INTERN_ACTION_MAX_TURN"] = "5"
    machine.refuses(r"INTERN_ACTION_MAX_TURN in the environment: .*did you mean `INTERN_ACTION_MAX_TURNS`\?")


def test_an_unknown_variable_of_ours_in_the_env_file_is_refused_with_its_line(machine: Machine):
    machine.write(".env", "\n\nINTERN_ACTION_MODLE=x\n")
    machine.refuses(r"\.env:3 INTERN_ACTION_MODLE: .*did you mean `INTERN_ACTION_MODEL`\?")


def test_the_variable_for_the_place_of_work_is_no_setting_and_no_error(machine: Machine):
    machine.environment["INTERN_ACTION_WORK"] = "/somewhere"
    assert machine.load().settings.max_turns == 300


def test_an_unknown_flag_is_refused_with_its_near_miss(machine: Machine):
    machine.refuses(r"there is no setting `max_turn`; did you mean `max_turns`\?", max_turn=5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_turns: lots\n", r"config.yaml:1: `max_turns`: Input should be a valid integer"),
        ("max_turns: 0\n", r"config.yaml:1: `max_turns`: .*greater than or equal to 1"),
        ("log_level: loud\n", r"config.yaml:1: `log_level`: .*'debug'"),
        ("jobs:\n  timeout: 30\n", r"config.yaml:2: `jobs.timeout`: 30 is not a length of time; write a unit"),
        ("jobs:\n  timeout: 1:30\n", r"config.yaml:2: `jobs.timeout`: '1:30' is not a length of time"),
        ("fallbacks: [a, [b]]\n", r"config.yaml:1: a list holds plain values"),
        ("fallbacks: [a, 5]\n", r"config.yaml:1: `fallbacks.1`"),
        ("budget: 5\n", r"config.yaml:1: `budget` is a section"),
        ("keys: [a]\n", r"config.yaml:1: `keys` is a section"),
        ("model:\n  name: x\n", r"config.yaml:2: there is no key `model.name`; `model` takes a value"),
        ("model: [\n", r"config.yaml:\d: not valid YAML"),
        ("model: a\nmodel: b\n", r"config.yaml:2: `model` stands here a second time"),
        ("<<: {model: a}\n", r"config.yaml:1: `<<` cannot be a key"),
        ("a.b: c\n", r"config.yaml:1: `a.b` cannot be a key"),
        ("? [a]\n: b\n", r"config.yaml:1: `` cannot be a key"),
        ("just words\n", r"config.yaml:1: a configuration is a list of `key: value` lines"),
        ("budget: &b {month_usd: 1}\nwaiting: *b\n", r"config.yaml:2: `\*b` is an alias"),
    ],
)
def test_what_is_not_as_it_should_be_is_said_with_file_and_line(machine: Machine, text: str, said: str):
    machine.write(f"~/{HOME_FILE}", text)
    machine.refuses(said)


def test_all_wrong_values_are_said_at_once(machine: Machine):
    machine.write(f"~/{HOME_FILE}", "max_turns: lots\n")
    machine.write(REPOSITORY_FILE, "jobs: {attempts: 99}\n")
    machine.refuses(r"config.yaml:1: `max_turns`.*; .github/intern.yml:1: `jobs.attempts`")


def test_a_file_that_is_not_text_or_far_too_big_is_refused(machine: Machine):
    machine.write(f"~/{HOME_FILE}", "")
    (machine.home / HOME_FILE).write_bytes(b"model: \xff\n")
    machine.refuses("config.yaml is not UTF-8")
    machine.write(f"~/{HOME_FILE}", "#" * 300_000)
    machine.refuses("has 300000 bytes; a configuration has at most")


def test_a_folder_in_the_place_of_a_file_is_refused(machine: Machine):
    (machine.repo / REPOSITORY_FILE).mkdir(parents=True)
    machine.refuses(r"\.github/intern\.yml cannot be read")


def test_a_line_of_the_env_file_that_says_nothing_is_refused(machine: Machine):
    machine.write(".env", "A=1\n=2\n")
    machine.refuses(r"\.env:2: this is no `NAME=value`")


# --- strangers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(setting_paths() - REPOSITORY_MAY))
def test_a_repository_may_not_say_where_secrets_go_or_what_is_run(machine: Machine, path: str):
    section, _, key = path.rpartition(".")
    lines = "".join(f"{'  ' * depth}{name}:\n" for depth, name in enumerate(section.split("."))) if section else ""
    indent = "  " * (section.count(".") + 1) if section else ""
    machine.write(REPOSITORY_FILE, f"{lines}{indent}{key}: x\n")
    machine.refuses(rf"\.github/intern\.yml:\d: a repository may not set `{path}`")


@pytest.mark.parametrize(
    "text",
    [
        "models: {base_urls: {anthropic: 'http://evil.example'}}\n",
        "keys: {OPENAI_API_KEY: theirs}\n",
        "hub: {endpoint: 'http://evil.example'}\n",
        "jobs: {local: {python: ./evil}}\n",
        "out: /etc\n",
        "approvals: {policy: other.yml}\n",
        "sandbox_tools: false\n",
    ],
)
def test_the_attacks_by_a_repositorys_file_are_refused(machine: Machine, text: str):
    machine.write(REPOSITORY_FILE, text)
    machine.refuses("a repository may not set")


@pytest.mark.parametrize("name", ["HF_TOKEN", "HOME", "DATABASE_URL", "INTERN_ACTION_MODEL"])
def test_a_repositorys_file_cannot_carry_a_variable_out(machine: Machine, name: str):
    machine.environment[name] = "bait" if name == "HF_TOKEN" else "recipes"
    machine.write(REPOSITORY_FILE, f"model: ollama/${{{name}}}\n")
    machine.refuses(rf"\.github/intern\.yml:1: a repository's file may not read \$\{{{name}\}}")


def test_a_repositorys_file_may_read_what_somebody_named_for_it(machine: Machine):
    machine.environment["INTERN_VAR_MODEL"] = "openai/gpt-5.5"
    machine.write(REPOSITORY_FILE, "model: ${INTERN_VAR_MODEL}\nlog_level: ${INTERN_VAR_LEVEL:-debug}\n")
    settings = machine.load().settings
    assert (settings.model, settings.log_level) == ("openai/gpt-5.5", "debug")


def test_what_the_file_says_to_the_gate_is_no_setting_and_no_error(machine: Machine):
    machine.write(REPOSITORY_FILE, "enabled: true\napprovals:\n  people: [ada]\n  expire_after: 1 day\nbudget:\n")
    assert machine.load().settings.approvals.expire_after == timedelta(days=1)


BAIT = "HF_ENDPOINT=http://evil.example\nOPENAI_BASE_URL=http://evil.example\nOPENAI_API_KEY=theirs\nINTERN_ACTION_MAX_TURNS=9\n"


def test_an_env_file_that_git_tracks_cannot_redirect_a_token_and_that_is_said(machine: Machine):
    machine.git("init", "-q")
    machine.write(".env", BAIT)
    machine.git("add", ".env")
    loaded = machine.load()
    assert loaded.settings.hub.endpoint == "https://huggingface.co"
    assert (loaded.settings.models.base_urls, loaded.settings.keys) == ({}, {})
    assert loaded.settings.max_turns == 9
    assert len(loaded.notes) == 3
    assert loaded.notes[0].startswith(".env:1 HF_ENDPOINT is not heeded: git tracks .env")
    assert "note: .env:1 HF_ENDPOINT" in render(loaded)


def test_nothing_of_a_tracked_env_file_is_filled_into_other_files(machine: Machine):
    machine.git("init", "-q")
    machine.write(".env", "WHERE=http://evil.example\nMY_THING=theirs\n")
    machine.git("add", ".env")
    machine.write(f"~/{HOME_FILE}", "hub: {endpoint: '${WHERE:-https://hub.example}'}\nsecrets: {names: [MY_THING]}\n")
    settings = machine.load().settings
    assert (settings.hub.endpoint, settings.keys) == ("https://hub.example", {})


def test_ones_own_env_file_in_a_git_repository_is_heeded(machine: Machine):
    machine.git("init", "-q")
    machine.write(".env", BAIT)
    loaded = machine.load()
    assert loaded.settings.hub.endpoint == "http://evil.example"
    assert loaded.notes == ()


def test_an_env_file_outside_of_git_is_heeded(machine: Machine):
    machine.write(".env", BAIT)
    assert machine.load().settings.hub.endpoint == "http://evil.example"


@pytest.mark.parametrize("path", ["/nonexistent", ""])
def test_where_git_cannot_be_asked_the_env_file_is_not_trusted(machine: Machine, path: str):
    machine.git("init", "-q")
    machine.write(".env", BAIT)
    machine.environment["PATH"] = path
    assert machine.load().settings.hub.endpoint == "https://huggingface.co"


def test_a_broken_repository_is_not_trusted(machine: Machine):
    machine.write(".git/HEAD", "nonsense")
    machine.write(".env", BAIT)
    assert machine.load().settings.hub.endpoint == "https://huggingface.co"


# --- robustness --------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_no_file_whatsoever_breaks_the_reader(content: bytes):
    with suppress(Misconfigured):
        read_document(content, "any.yml")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_yaml_whatsoever_breaks_the_reader(value: object):
    import yaml

    with suppress(Misconfigured):
        read_document(yaml.safe_dump(value).encode(), "any.yml")


def test_the_secrets_of_an_environment_are_told_by_name_and_by_our_settings_there():
    environment = {
        "PATH": "/bin",
        "INPUT_HF_TOKEN": "one",
        "OPENAI_API_KEY": "two",
        "DATABASE": "three",
        "INTERN_ACTION_SECRETS_NAMES": "DATABASE, ELSEWHERE",
        "INTERN_ACTION_REDACTION_VALUES": "four,five",
    }
    assert sorted(secrets_in(environment).values()) == ["five", "four", "one", "three", "two"]
