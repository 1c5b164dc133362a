"""The images that are shipped: built from our Dockerfile on a real engine, small, quick to begin, and heeding signals."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from intern_action import __version__
from tests.fakes.git_world import make_repository
from tests.fakes.model_server import Ask, ModelServer, Say
from tests.image.engine import Docker, docker_engine
from tests.image.images import built

MOST_BYTES = 350_000_000
BEGINS_WITHIN_SECONDS = 10
"""With everything else that runs beside it; alone it takes less than one."""


@pytest.fixture(scope="module")
def docker() -> Generator[Docker]:
    with docker_engine() as found:
        yield found


@pytest.fixture(scope="module")
def image(docker: Docker) -> str:
    return built(docker, "intern")


def python(docker: Docker, image: str, program: str) -> str:
    entry = ("--entrypoint", "/opt/intern-action/venv/bin/python")
    return docker("run", "--rm", "--network", "none", *entry, image, "-c", program).stdout


# --- what is in it -----------------------------------------------------------------------------------------------------


def test_it_is_small(docker: Docker, image: str, record_property: Callable[[str, object], None]):
    size = int(docker("image", "inspect", "--format", "{{.Size}}", image).stdout)
    record_property("bytes", size)
    assert size < MOST_BYTES


def test_it_says_its_version_soon_after_it_was_started(
    docker: Docker, image: str, record_property: Callable[[str, object], None]
):
    began = time.monotonic()
    said = docker("run", "--rm", "--network", "none", image, "--version").stdout
    record_property("seconds_to_first_line", round(time.monotonic() - began, 2))
    assert said == f"intern-action, version {__version__}\n"
    assert time.monotonic() - began < BEGINS_WITHIN_SECONDS


def test_nothing_that_trains_is_in_it(docker: Docker, image: str):
    names = ["accelerate", "datasets", "numpy", "pandas", "pip", "pyarrow", "torch", "transformers"]
    program = f"from importlib.util import find_spec\nprint([name for name in {names} if find_spec(name)])"
    assert python(docker, image, program) == "[]\n"


def test_everything_in_it_is_compiled(docker: Docker, image: str):
    program = (
        "import importlib.util as u, pathlib, sysconfig\n"
        "place = pathlib.Path(sysconfig.get_path('purelib'))\n"
        "compiled = lambda path: pathlib.Path(u.cache_from_source(path)).exists() or path.with_suffix('.pyc').exists()\n"
        "found = [path for path in place.rglob('*.py') if not compiled(path)]\n"
        "print(len(found), len(list(place.rglob('*.pyc'))) > 3000)"
    )
    assert python(docker, image, program) == "0 True\n"


def test_what_was_made_smaller_still_loads(docker: Docker, image: str):
    program = (
        "import os\n"
        "from intern_action.llm.litellm_library import litellm_environment, load\n"
        "os.environ.update(litellm_environment())\n"
        "load()\n"
        "import boto3, cryptography.hazmat.bindings._rust, github, hf_xet, huggingface_hub.hf_api, mcp, nacl.bindings\n"
        "for service in ('bedrock-runtime', 'sts'):\n"
        "    print(boto3.Session().client(service, region_name='eu-west-1').meta.service_model.service_name)\n"
    )
    assert python(docker, image, program) == "bedrock-runtime\nsts\n"


def test_of_litellm_little_is_read_in_and_all_that_it_names_is_there(docker: Docker, image: str):
    program = (
        "import os, sys\n"
        "from intern_action.llm._standins import _Later, _Made\n"
        "from intern_action.llm.litellm_library import litellm_environment, load\n"
        "os.environ.update(litellm_environment())\n"
        "load()\n"
        "ours = [one for name, one in list(sys.modules.items()) if name.startswith('litellm')]\n"
        "print(sum(name.startswith('openai.types') for name in sys.modules) < 400)\n"
        "names = [one for module in ours for one in vars(module).values() if isinstance(one, (_Later, _Made))]\n"
        "print(len(names) > 100, len([one.it() for one in names]) == len(names))\n"
    )
    assert python(docker, image, program) == "True\nTrue True\n"


def test_parquet_and_arrow_are_read_in_it(docker: Docker, image: str, tmp_path: Path):
    table = pa.Table.from_pylist([{"text": "buy now", "label": 1}])
    parquet.write_table(table, tmp_path / "a.parquet")
    with ipc.new_file(str(tmp_path / "a.arrow"), table.schema) as sink:
        sink.write_table(table)
    program = (
        "from intern_action.tools._arrow import arrow_rows, parquet_rows\n"
        "print(list(parquet_rows(open('/d/a.parquet', 'rb'))) + list(arrow_rows(open('/d/a.arrow', 'rb'))))"
    )
    entry = ("--entrypoint", "/opt/intern-action/venv/bin/python", "--volume", f"{tmp_path}:/d:ro")
    said = docker("run", "--rm", "--network", "none", *entry, image, "-c", program).stdout
    assert said == f"{table.to_pylist() * 2}\n"


# --- how it runs ---------------------------------------------------------------------------------------------------------


class Place:
    """A workspace as a runner hands it over, a model that this machine serves, and containers on both."""

    def __init__(self, docker: Docker, image: str, folder: Path, model: ModelServer) -> None:
        self.docker, self.folder, self.model = docker, folder, model
        folder.chmod(0o755)
        make_repository(folder / "repo", {"README.md": "# mails\n"})
        self._image = image

    def run(self, *words: str, detached: bool = False) -> str:
        environment = {
            "OPENAI_BASE_URL": self.model.base_url,
            "OPENAI_API_KEY": "sk-of-the-tests",
            "INTERN_ACTION_WORK": "/place/work",
            "HOME": "/place/home",
        }
        told = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        place = ("--network", "host", "--volume", f"{self.folder}:/place", "--workdir", "/place/repo")
        how = ("--detach",) if detached else ("--rm",)
        return self.docker("run", *how, *place, *told, self._image, *words).stdout.strip()

    def began(self) -> bool:
        return any(self.folder.glob("work/**/begun"))


def test_a_stopped_container_saves_its_state_and_another_one_goes_on(docker: Docker, image: str, tmp_path: Path):
    steps = [
        Say(calls=(Ask(name="bash", arguments={"command": "id -u > begun; sleep 300"}),)),
        Say(text="Nothing to do."),
    ]
    with ModelServer(steps, loop=True) as model:
        place = Place(docker, image, tmp_path, model)
        container = place.run("local", "look around", "--out", "/place/out", "--model", "openai/any", detached=True)
        try:
            wait_for(place.began)
            docker("stop", "--time", "30", container)
            log = docker("logs", container)
            state = json.loads(docker("inspect", "--format", "{{json .State}}", container).stdout)
        finally:
            docker("rm", "--force", container)
        assert state["ExitCode"] == 143, log.stderr
        assert "the state is saved" in log.stderr
        (begun,) = tmp_path.glob("work/**/begun")
        assert int(begun.read_text()) >= 60_000
        said = place.run("resume", "--out", "/place/out")
    assert said.startswith("done")
    assert model.seen[-1].messages[-1]["role"] == "tool"


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


# --- the other one -------------------------------------------------------------------------------------------------------


def test_the_image_that_trains_has_what_a_small_test_needs(docker: Docker):
    trains = built(docker, "train")
    program = (
        "import torch, transformers, datasets, peft, accelerate\n"
        "print(torch.__version__, float(torch.ones(2, 2).sum()))"
    )
    assert python(docker, trains, program) == "2.13.0+cpu 4.0\n"
    assert docker("run", "--rm", "--network", "none", trains, "--version").stdout.startswith("intern-action, version")
