"""Who serves models, and under which names their keys and addresses are set. Data; `resolve` makes something of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from intern_action.core.frozen import frozen
from intern_action.llm.prices import library_folder


@frozen
class Hosted:
    """A provider in the network whose endpoint has OpenAI's shape, spoken to directly.

    Args:
        url: its base URL.
        keys: variables its key may stand in, the usual one first.
        bases: variables that put another address in the place of `url`.
        table: prefix of its models in the price table.
    """

    url: str
    keys: tuple[str, ...]
    bases: tuple[str, ...] = ()
    table: str = ""


@frozen
class Local:
    """A server on one's own machine or network: no key is needed, one may be set."""

    url: str
    keys: tuple[str, ...]
    bases: tuple[str, ...]


ROUTER = Hosted(
    url="https://router.huggingface.co/v1",
    keys=("HF_TOKEN", "HUGGINGFACE_API_KEY", "HUGGING_FACE_HUB_TOKEN"),
    bases=("HF_BASE_URL", "HUGGINGFACE_BASE_URL", "HUGGINGFACE_API_BASE"),
)
"""The Hugging Face router. Source: https://huggingface.co/docs/inference-providers"""

# fmt: off
ROUTED_THROUGH = frozenset(
    (
        "auto",
        "baseten",
        "cerebras",
        "cheapest",
        "clarifai",
        "cohere",
        "deepinfra",
        "fal-ai",
        "fastest",
        "featherless-ai",
        "fireworks-ai",
        "groq",
        "hf-inference",
        "hyperbolic",
        "nebius",
        "novita",
        "nscale",
        "nvidia",
        "openai",
        "ovhcloud",
        "preferred",
        "publicai",
        "replicate",
        "sambanova",
        "scaleway",
        "together",
        "wavespeed",
        "zai-org",
    )
)
"""What the router takes after a colon. Only these are cut off for others: colons belong to many names (`llama3.1:8b`)."""

HOSTED: Mapping[str, Hosted] = {
    "openai": Hosted(
        url="https://api.openai.com/v1", keys=("OPENAI_API_KEY",), bases=("OPENAI_BASE_URL", "OPENAI_API_BASE")
    ),
    "openrouter": Hosted(
        url="https://openrouter.ai/api/v1",
        keys=("OPENROUTER_API_KEY",),
        bases=("OPENROUTER_BASE_URL", "OPENROUTER_API_BASE"),
        table="openrouter/",
    ),
    "deepseek": Hosted(
        url="https://api.deepseek.com/v1",
        keys=("DEEPSEEK_API_KEY",),
        bases=("DEEPSEEK_BASE_URL", "DEEPSEEK_API_BASE"),
        table="deepseek/",
    ),
    "groq": Hosted(
        url="https://api.groq.com/openai/v1",
        keys=("GROQ_API_KEY",),
        bases=("GROQ_BASE_URL", "GROQ_API_BASE"),
        table="groq/",
    ),
    "together_ai": Hosted(
        url="https://api.together.xyz/v1",
        keys=("TOGETHERAI_API_KEY", "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY"),
        bases=("TOGETHER_BASE_URL", "TOGETHER_AI_API_BASE"),
        table="together_ai/",
    ),
    "xai": Hosted(
        url="https://api.x.ai/v1", keys=("XAI_API_KEY",), bases=("XAI_BASE_URL", "XAI_API_BASE"), table="xai/"
    ),
    "moonshot": Hosted(
        url="https://api.moonshot.ai/v1",
        keys=("MOONSHOT_API_KEY",),
        bases=("MOONSHOT_BASE_URL", "MOONSHOT_API_BASE"),
        table="moonshot/",
    ),
    "fireworks_ai": Hosted(
        url="https://api.fireworks.ai/inference/v1",
        keys=("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"),
        bases=("FIREWORKS_BASE_URL", "FIREWORKS_API_BASE"),
        table="fireworks_ai/",
    ),
    "cerebras": Hosted(
        url="https://api.cerebras.ai/v1",
        keys=("CEREBRAS_API_KEY",),
        bases=("CEREBRAS_BASE_URL", "CEREBRAS_API_BASE"),
        table="cerebras/",
    ),
}

LOCAL: Mapping[str, Local] = {
    "ollama": Local(
        url="http://127.0.0.1:11434/v1", keys=("OLLAMA_API_KEY",), bases=("OLLAMA_BASE_URL", "OLLAMA_API_BASE")
    ),
    "vllm": Local(
        url="http://127.0.0.1:8000/v1",
        keys=("VLLM_API_KEY", "HOSTED_VLLM_API_KEY"),
        bases=("VLLM_BASE_URL", "VLLM_API_BASE", "HOSTED_VLLM_API_BASE"),
    ),
    "lm_studio": Local(
        url="http://127.0.0.1:1234/v1",
        keys=("LM_STUDIO_API_KEY", "LMSTUDIO_API_KEY"),
        bases=("LM_STUDIO_BASE_URL", "LM_STUDIO_API_BASE", "LMSTUDIO_BASE_URL"),
    ),
    "llamacpp": Local(
        url="http://127.0.0.1:8080/v1",
        keys=("LLAMACPP_API_KEY", "LLAMA_CPP_API_KEY"),
        bases=("LLAMACPP_BASE_URL", "LLAMACPP_API_BASE", "LLAMA_CPP_BASE_URL"),
    ),
}
"""Servers at the ports they listen on when nobody says otherwise. `LOCAL_LLM_BASE_URL` and `LOCAL_LLM_API_KEY` speak for all."""

OWN_KEYS: Mapping[str, tuple[str, ...]] = {
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "cohere_chat": ("COHERE_API_KEY", "CO_API_KEY"),
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "nvidia_nim": ("NVIDIA_NIM_API_KEY", "NVIDIA_API_KEY"),
    "azure_ai": ("AZURE_AI_API_KEY",),
    "huggingface": ROUTER.keys,
}
"""Keys of providers behind litellm that are not called `<PROVIDER>_API_KEY`."""

AMBIENT: Mapping[str, Mapping[str, str]] = {
    "azure": {"AZURE_API_KEY": "api_key", "AZURE_API_BASE": "api_base", "AZURE_API_VERSION": "api_version"},
    "bedrock": {
        "AWS_ACCESS_KEY_ID": "aws_access_key_id",
        "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key",
        "AWS_SESSION_TOKEN": "aws_session_token",
        "AWS_REGION_NAME": "aws_region_name",
        "AWS_BEDROCK_RUNTIME_ENDPOINT": "aws_bedrock_runtime_endpoint",
    },
    "vertex_ai": {
        "VERTEXAI_PROJECT": "vertex_project",
        "VERTEXAI_LOCATION": "vertex_location",
        "GOOGLE_APPLICATION_CREDENTIALS": "vertex_credentials",
    },
    "sagemaker": {"AWS_REGION_NAME": "aws_region_name"},
    "watsonx": {"WATSONX_API_KEY": "api_key", "WATSONX_URL": "api_base", "WATSONX_PROJECT_ID": "project_id"},
    "databricks": {"DATABRICKS_API_KEY": "api_key", "DATABRICKS_API_BASE": "api_base"},
}
"""Providers whose credentials are more than one key: each variable with litellm's argument for it. What is not set here litellm's
own credential chain may still find (an instance role, a configuration file), so a missing one is the provider's to refuse."""

_PROVIDER_CLASS = re.compile(r"class LlmProviders\(str, Enum\):\n(?P<body>(?:    .*\n|\n)*)")
_MEMBER = re.compile(r"^    [A-Z0-9_]+ = \"(?P<name>[^\"]+)\"", re.MULTILINE)


@cache
def litellm_providers() -> frozenset[str]:
    """Return the names of all providers litellm knows, read from its source: importing it would take a second."""
    folder = library_folder()
    if folder is None:
        return frozenset()
    source = (folder / "types" / "utils.py").read_text(encoding="utf-8")
    found = _PROVIDER_CLASS.search(source)
    return frozenset(member["name"] for member in _MEMBER.finditer(found["body"])) if found is not None else frozenset()
