"""From a name to the bytes on the wire: what a real server sees of each of the names the house promises."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal

import pytest

from intern_action.core.errors import Misconfigured, ModelAuth
from intern_action.core.types import Reply
from intern_action.llm.litellm_library import litellm_environment
from intern_action.llm.narrow import as_list, as_object
from intern_action.llm.prices import TokenPrices
from intern_action.llm.replay import Replay
from intern_action.llm.resolve import resolve
from intern_action.llm.retry import Stamina
from intern_action.llm.settings import ModelSettings
from tests.fakes.model_server import Fail, ModelServer, Say, Seen
from tests.fakes.models import HandClock, ScriptedModel, conversation


@pytest.fixture(scope="session", autouse=True)
def _litellm_stays_here() -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in litellm_environment().items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def server() -> Generator[ModelServer]:
    with ModelServer([Say(text="ok", input_tokens=1000, output_tokens=100)], loop=True) as server:
        yield server


def _ask(name: str, settings: ModelSettings) -> Reply:
    model = resolve(name, settings, clock=HandClock(), built_in={})
    try:
        return model.answer(conversation())
    finally:
        assert model.name == name
        model.close()


def _seen(server: ModelServer) -> tuple[Seen, str, str]:
    (seen,) = server.seen
    return seen, seen.path, str(seen.json["model"])


@pytest.mark.parametrize("name", ["anthropic/claude-opus-4.8:fal-ai", "openai/gpt-5.5:fal-ai", "moonshotai/Kimi-K2.6"])
@pytest.mark.parametrize("stream", [True, False])
def test_with_a_hugging_face_token_the_router_gets_the_whole_name(server: ModelServer, name: str, stream: bool):
    settings = ModelSettings(
        variables={"HF_TOKEN": "hf_abc"}, base_urls={"huggingface": server.base_url}, stream=stream
    )

    assert _ask(name, settings).text == "ok"

    seen, path, model = _seen(server)
    assert (path, model, seen.headers["authorization"]) == ("/v1/chat/completions", name, "Bearer hf_abc")
    assert [as_object(as_object(tool)["function"])["name"] for tool in as_list(seen.json["tools"])] == ["read_file"]
    assert seen.json.get("stream", False) is stream
    assert seen.json.get("stream_options") == ({"include_usage": True} if stream else None)


@pytest.mark.parametrize(
    ("name", "variable", "model"),
    [
        ("ollama/llama3.1:8b", "OLLAMA_BASE_URL", "llama3.1:8b"),
        ("ollama/llama3.1:8b", "OLLAMA_API_BASE", "llama3.1:8b"),
        ("vllm/meta-llama/Llama-3.1-8B-Instruct", "VLLM_BASE_URL", "meta-llama/Llama-3.1-8B-Instruct"),
        ("vllm/meta-llama/Llama-3.1-8B-Instruct", "LOCAL_LLM_BASE_URL", "meta-llama/Llama-3.1-8B-Instruct"),
        ("lm_studio/qwen", "LM_STUDIO_BASE_URL", "qwen"),
        ("llamacpp/any", "LLAMACPP_BASE_URL", "any"),
        ("local", "LOCAL_LLM_BASE_URL", "local"),
        ("local/my/model:q4", "LOCAL_LLM_BASE_URL", "my/model:q4"),
    ],
)
@pytest.mark.parametrize("suffix", ["", "/v1", "/v1/"])
def test_ones_own_server_gets_its_own_name_and_no_key(
    server: ModelServer, name: str, variable: str, model: str, suffix: str
):
    _ask(name, ModelSettings(variables={variable: server.root + suffix, "HF_TOKEN": "hf_abc", "OPENAI_API_KEY": "sk"}))

    seen, path, wire_model = _seen(server)
    assert (path, wire_model) == ("/v1/chat/completions", model)
    assert "authorization" not in seen.headers
    assert as_list(seen.json["tools"])


def test_ones_own_server_gets_the_key_that_was_set_for_it(server: ModelServer):
    _ask("local/m", ModelSettings(variables={"LOCAL_LLM_BASE_URL": server.root, "LOCAL_LLM_API_KEY": "mine"}))

    assert server.seen[0].headers["authorization"] == "Bearer mine"


def test_a_key_of_openai_goes_to_openai_without_the_routers_suffix(server: ModelServer):
    variables = {"OPENAI_API_KEY": "sk-o", "OPENAI_BASE_URL": server.base_url, "HF_TOKEN": "hf_abc"}
    _ask("openai/gpt-5.5:fal-ai", ModelSettings(variables=variables))

    seen, path, model = _seen(server)
    assert (path, model, seen.headers["authorization"]) == ("/v1/chat/completions", "gpt-5.5", "Bearer sk-o")


@pytest.mark.parametrize("stream", [True, False])
def test_a_key_of_anthropic_goes_to_anthropic_in_its_own_shape(server: ModelServer, stream: bool):
    variables = {"ANTHROPIC_API_KEY": "sk-ant", "ANTHROPIC_BASE_URL": server.root, "HF_TOKEN": "hf_abc"}
    _ask("anthropic/claude-opus-4.8:fal-ai", ModelSettings(variables=variables, stream=stream))

    seen, path, model = _seen(server)
    assert (path, model, seen.headers["x-api-key"]) == ("/v1/messages", "claude-opus-4-8", "sk-ant")
    assert [as_object(tool)["name"] for tool in as_list(seen.json["tools"])] == ["read_file"]
    assert as_object(as_list(seen.json["system"])[0])["cache_control"] == {"type": "ephemeral"}
    assert "authorization" not in seen.headers
    assert b"hf_abc" not in seen.body


def test_another_provider_of_litellms_is_reached_with_its_key(server: ModelServer):
    variables = {"MISTRAL_API_KEY": "m-key", "MISTRAL_API_BASE": server.base_url}
    assert _ask("mistral/mistral-large-latest", ModelSettings(variables=variables)).text == "ok"

    seen, path, model = _seen(server)
    assert (path, model, seen.headers["authorization"]) == (
        "/v1/chat/completions",
        "mistral-large-latest",
        "Bearer m-key",
    )


def test_a_model_that_resolves_opens_nothing_before_it_is_asked():
    resolve("openai/m", ModelSettings(variables={"OPENAI_API_KEY": "k"}), clock=HandClock(), built_in={}).close()


def test_an_address_that_is_none_is_said_before_anything_is_asked():
    settings = ModelSettings(variables={"LOCAL_LLM_BASE_URL": "localhost:8000"})

    with pytest.raises(Misconfigured, match="http://127.0.0.1:8000/v1"):
        resolve("local/m", settings, clock=HandClock(), built_in={})


def test_models_of_the_house_are_made_by_their_makers():
    made: list[str] = []

    def make(rest: str) -> Replay:
        made.append(rest)
        return Replay([], name=f"replay:{rest}")

    model = resolve("replay:a/b.jsonl", ModelSettings(), clock=HandClock(), built_in={"replay": make})

    assert (model.name, made) == ("replay:a/b.jsonl", ["a/b.jsonl"])


def test_only_what_wiring_brought_along_is_a_model_of_the_house():
    with pytest.raises(Misconfigured):
        resolve("replay:x", ModelSettings(), clock=HandClock(), built_in={"recipes": lambda _: ScriptedModel([])})


def test_what_comes_out_is_patient_and_tells():
    told: list[str] = []
    clock = HandClock()
    with ModelServer([Fail(status=429, headers={"Retry-After": "3"}), Fail(status=500), Say(text="ok")]) as server:
        settings = ModelSettings(variables={"LOCAL_LLM_BASE_URL": server.root})
        model = resolve("local/m", settings, clock=clock, built_in={}, tell=told.append, stamina=Stamina())

        assert model.answer(conversation()).text == "ok"
        model.close()

    assert len(server.seen) == 3
    assert len({seen.body for seen in server.seen}) == 1, "the same question, byte for byte"
    assert clock.waits[0] >= 3
    assert "answered 429" in told[0]
    assert "answered 500" in told[1]


def test_a_wrong_key_is_not_tried_twice_and_names_its_variable():
    with ModelServer([Fail(status=401, words="Invalid token")], loop=True) as server:
        settings = ModelSettings(variables={"HF_TOKEN": "hf_abc"}, base_urls={"huggingface": server.base_url})
        with pytest.raises(ModelAuth, match="Check HF_TOKEN"):
            _ask("moonshotai/Kimi-K2.6", settings)

    assert len(server.seen) == 1


# --- prices -------------------------------------------------------------------------------------------------------------


def test_a_price_in_the_table_is_a_cost(server: ModelServer):
    variables = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.base_url}

    assert _ask("openai/gpt-4o", ModelSettings(variables=variables)).usage.cost_usd == Decimal("0.0035")


def test_the_router_and_ones_own_server_have_no_known_price_which_is_not_zero(server: ModelServer):
    router = ModelSettings(variables={"HF_TOKEN": "k"}, base_urls={"huggingface": server.base_url})
    own = ModelSettings(variables={"LOCAL_LLM_BASE_URL": server.root})

    assert _ask("openai/gpt-4o", router).usage.cost_usd is None
    assert _ask("local/gpt-4o", own).usage.cost_usd is None


def test_a_configured_price_counts_even_when_it_is_nothing(server: ModelServer):
    free = TokenPrices(input_usd=Decimal(0), output_usd=Decimal(0))
    settings = ModelSettings(variables={"LOCAL_LLM_BASE_URL": server.root}, prices={"local/": free})

    assert _ask("local/m", settings).usage.cost_usd == 0
