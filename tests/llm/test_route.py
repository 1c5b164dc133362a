"""From names and keys to the way a request goes. Nothing is opened here; `test_resolve` looks at the wire."""

from __future__ import annotations

import pytest

from intern_action.core.errors import Misconfigured, ModelAuth
from intern_action.llm.litellm_library import load
from intern_action.llm.providers import AMBIENT, HOSTED, LOCAL, litellm_providers
from intern_action.llm.route import BuiltIn, Direct, Route, Translated, default_name, route
from intern_action.llm.settings import ModelSettings

HF = {"HF_TOKEN": "hf_x"}
ROUTER = "https://router.huggingface.co/v1"


def _way(name: str, variables: dict[str, str] | None = None, base_urls: dict[str, str] | None = None) -> Route:
    return route(name, ModelSettings(variables=variables or {}, base_urls=base_urls or {}))


def _direct(name: str, variables: dict[str, str] | None = None, base_urls: dict[str, str] | None = None) -> Direct:
    way = _way(name, variables, base_urls)
    assert isinstance(way, Direct)
    return way


def _translated(name: str, variables: dict[str, str]) -> Translated:
    way = _way(name, variables)
    assert isinstance(way, Translated)
    return way


# --- the Hugging Face router --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "anthropic/claude-opus-4.8:fal-ai",
        "openai/gpt-5.5:fal-ai",
        "moonshotai/Kimi-K2.6",
        "openai/gpt-oss-120b",
        "x/y:auto",
    ],
)
def test_with_a_token_and_no_provider_key_a_model_goes_through_the_router_under_its_name(name: str):
    way = _direct(name, HF)

    assert (way.model, way.base_url, way.key, way.key_variable) == (name, ROUTER, "hf_x", "HF_TOKEN")


def test_the_router_can_be_asked_for_by_name_even_with_a_provider_key():
    way = _direct("huggingface/openai/gpt-5.5:fal-ai", {**HF, "OPENAI_API_KEY": "sk"})

    assert (way.model, way.base_url) == ("openai/gpt-5.5:fal-ai", ROUTER)


def test_the_router_bills_who_it_is_told_to():
    assert _direct("moonshotai/Kimi-K2.6", {**HF, "HF_BILL_TO": "our-team"}).headers == {"X-HF-Bill-To": "our-team"}


def test_the_routers_address_can_be_another():
    assert _direct("a/b", HF, {"huggingface": "http://127.0.0.1:1/v1"}).base_url == "http://127.0.0.1:1/v1"
    assert _direct("a/b", {**HF, "HF_BASE_URL": "http://127.0.0.1:2/v1/"}).base_url == "http://127.0.0.1:2/v1"


# --- providers with a key of their own ----------------------------------------------------------------------------------


def test_a_provider_key_wins_over_the_router_and_the_routers_suffix_is_left_out():
    way = _direct("openai/gpt-5.5:fal-ai", {**HF, "OPENAI_API_KEY": "sk"})

    assert (way.model, way.base_url, way.key_variable) == ("gpt-5.5", "https://api.openai.com/v1", "OPENAI_API_KEY")
    assert way.table_names == ("gpt-5.5",)


def test_anthropic_with_its_key_goes_through_litellm_under_its_makers_spelling():
    way = _translated("anthropic/claude-opus-4.8:fal-ai", {"ANTHROPIC_API_KEY": "sk-ant"})

    assert (way.model, way.arguments) == ("anthropic/claude-opus-4-8", {"api_key": "sk-ant"})


@pytest.mark.parametrize("name", ["openai/ft:gpt-4o:org::id", "openrouter/deepseek/deepseek-r1:free"])
def test_colons_that_belong_to_a_name_stay(name: str):
    way = _direct(name, {"OPENAI_API_KEY": "k", "OPENROUTER_API_KEY": "k"})

    assert way.model == name.partition("/")[2]


@pytest.mark.parametrize("provider", sorted(HOSTED))
def test_each_hosted_provider_takes_each_of_its_keys_and_addresses(provider: str):
    for key in HOSTED[provider].keys:
        for base in HOSTED[provider].bases:
            way = _direct(f"{provider}/m", {key: "k", base: "http://127.0.0.1:9/v1"})
            assert (way.key, way.key_variable, way.base_url) == ("k", key, "http://127.0.0.1:9/v1")


def test_gemini_takes_either_of_its_keys():
    assert _translated("gemini/gemini-3-pro", {"GOOGLE_API_KEY": "g"}).key_variable == "GOOGLE_API_KEY"


def test_a_providers_address_reaches_litellm():
    way = _translated("anthropic/m", {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})

    assert way.arguments["api_base"] == "http://127.0.0.1:9"


def test_credentials_of_several_parts_are_all_handed_over_and_colons_stay():
    way = _translated(
        "bedrock/anthropic.claude-opus-4-20250514-v1:0",
        {**HF, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION_NAME": "eu-west-1"},
    )

    assert way.model == "bedrock/anthropic.claude-opus-4-20250514-v1:0"
    assert way.arguments == {"aws_access_key_id": "id", "aws_secret_access_key": "s", "aws_region_name": "eu-west-1"}


# --- one's own server ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "model", "base_url"),
    [
        ("ollama/llama3.1:8b", "llama3.1:8b", "http://127.0.0.1:11434/v1"),
        ("vllm/meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", "http://127.0.0.1:8000/v1"),
        ("lm_studio/qwen", "qwen", "http://127.0.0.1:1234/v1"),
        ("llamacpp/any", "any", "http://127.0.0.1:8080/v1"),
    ],
)
def test_local_servers_are_looked_for_where_they_listen_and_need_no_key(name: str, model: str, base_url: str):
    way = _direct(name, {**HF, "OPENAI_API_KEY": "sk"})

    assert (way.model, way.base_url, way.key) == (model, base_url, "")


@pytest.mark.parametrize("provider", sorted(LOCAL))
def test_each_local_server_takes_its_own_address_then_the_common_one(provider: str):
    common = {"LOCAL_LLM_BASE_URL": "http://10.0.0.1:7/v1", "LOCAL_LLM_API_KEY": "k"}

    assert _direct(f"{provider}/m", common).base_url == "http://10.0.0.1:7/v1"
    assert _direct(f"{provider}/m", common).key == "k"
    for variable in LOCAL[provider].bases:
        assert _direct(f"{provider}/m", {**common, variable: "http://10.0.0.2:8/v1"}).base_url == "http://10.0.0.2:8/v1"


@pytest.mark.parametrize(("name", "model"), [("local", "local"), ("local/qwen/q3:4b", "qwen/q3:4b")])
def test_local_goes_to_the_common_address(name: str, model: str):
    way = _direct(name, {"LOCAL_LLM_BASE_URL": "http://10.0.0.1:7"})

    assert (way.model, way.base_url) == (model, "http://10.0.0.1:7/v1")


def test_a_path_that_somebody_wrote_is_kept():
    assert _direct("local", {"LOCAL_LLM_BASE_URL": "http://h:1/api/v3/"}).base_url == "http://h:1/api/v3"


def test_local_without_an_address_says_which_variable_to_set():
    with pytest.raises(Misconfigured, match="LOCAL_LLM_BASE_URL"):
        _way("local/x")


# --- models of the house ------------------------------------------------------------------------------------------------


def test_recipes_and_replay_are_the_houses_own():
    assert _way("recipes") == BuiltIn(name="recipes", maker="recipes")
    assert _way("replay:/a:b.jsonl") == BuiltIn(name="replay:/a:b.jsonl", maker="replay", rest="/a:b.jsonl")


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({}, "recipes"),
        ({"HF_TOKEN": "  "}, "recipes"),
        (HF, "moonshotai/Kimi-K2.6"),
        ({"OPENAI_API_KEY": "k", **HF}, "openai/gpt-5.5"),
        ({"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"}, "anthropic/claude-opus-4.8"),
        ({"LOCAL_LLM_BASE_URL": "http://h:1"}, "local"),
    ],
)
def test_without_a_name_the_keys_decide_and_recipes_needs_none(variables: dict[str, str], name: str):
    settings = ModelSettings(variables=variables)

    assert default_name(settings) == name
    route(name, settings)


# --- names that lead nowhere --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("anthropic/claude-opus-4.8", "Set ANTHROPIC_API_KEY or HF_TOKEN"),
        ("openai/gpt-5.5:fal-ai", "Set OPENAI_API_KEY or HF_TOKEN"),
        ("gemini/x", "Set GEMINI_API_KEY or HF_TOKEN"),
        ("mistral/x", "Set MISTRAL_API_KEY or HF_TOKEN"),
        ("moonshotai/Kimi-K2.6", "Set HF_TOKEN,"),
        ("huggingface/a/b", "Set HF_TOKEN,"),
        ("anthropc/claude", "did you mean `anthropic`"),
        ("gpt-5.5", "is not a model's name"),
        ("recipe", "did you mean `recipes`"),
        ("", "is not a model's name"),
        ("openai/", "is not a model's name"),
        ("/x", "is not a model's name"),
        ("ollama", "write ollama/NAME"),
        ("vllm/", "write vllm/NAME"),
    ],
)
def test_a_name_that_leads_nowhere_gets_one_message_with_what_to_do(name: str, says: str):
    with pytest.raises((Misconfigured, ModelAuth)) as raised:
        _way(name)

    assert says in str(raised.value)


def test_a_missing_key_is_the_providers_matter_and_a_misspelt_name_the_persons():
    with pytest.raises(ModelAuth):
        _way("openai/gpt-5.5")
    with pytest.raises(Misconfigured):
        _way("anthropc/claude")


def test_no_key_is_shown_when_a_route_is_printed():
    secrets = {
        "OPENAI_API_KEY": "sk-very-secret",
        "ANTHROPIC_API_KEY": "sk-very-secret",
        "LOCAL_LLM_API_KEY": "sk-very-secret",
    }
    settings = ModelSettings(variables=secrets)

    for name in ("openai/m", "anthropic/m", "ollama/m"):
        assert "very-secret" not in repr(route(name, settings))
    assert "very-secret" not in repr(settings)


def test_the_providers_are_all_that_litellm_knows():
    """Read from its source without importing it; here it is imported, to compare."""
    import litellm

    load()

    assert litellm_providers() == {getattr(provider, "value", provider) for provider in litellm.provider_list}
    assert set(AMBIENT) <= litellm_providers()
    assert {"anthropic", "gemini", "mistral"} <= litellm_providers()
