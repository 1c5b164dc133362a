"""What litellm reads in and a call of ours never touches: the names of its parts, for `_standins`.

These are this version's: a new one is a new look, and `tests/llm/test_litellm_parts.py` says where to look.
"""

from __future__ import annotations

UNTOUCHED = (
    # What is asked for other things than a chat.
    "litellm.anthropic_interface",
    "litellm.assistants",
    "litellm.batch_completion",
    "litellm.batches",
    "litellm.containers",
    "litellm.embeddings",
    "litellm.evals",
    "litellm.files",
    "litellm.fine_tuning",
    "litellm.images",
    "litellm.interactions",
    "litellm.litellm_core_utils.audio_utils",
    "litellm.messages",
    "litellm.ocr",
    "litellm.rag",
    "litellm.realtime_api",
    "litellm.rerank_api",
    "litellm.sandbox",
    "litellm.search",
    "litellm.skills",
    "litellm.systemone",
    "litellm.types.agents",
    "litellm.types.containers",
    "litellm.types.interactions",
    "litellm.types.videos",
    "litellm.vector_store_files",
    "litellm.vector_stores",
    "litellm.videos",
    # Providers: whichever is asked is read in.
    "litellm.llms",
    # What makes several calls of one.
    "litellm.budget_manager",
    "litellm.router",
    "litellm.scheduler",
    "litellm.tool_loop",
    # Who keeps logs, and the server that it can be for others.
    "litellm.integrations",
    "litellm.litellm_core_utils.cli_token_utils",
    "litellm.proxy",
)
"""Parts that are only named at its front page, or in functions that we do not call."""

TOUCHED = (
    "litellm.integrations",
    "litellm.integrations.anthropic_cache_control_hook",
    "litellm.integrations.custom_guardrail",
    "litellm.integrations.custom_logger",
    "litellm.integrations.custom_prompt_management",
    "litellm.integrations.prompt_management_base",
    "litellm.llms",
    "litellm.llms.anthropic",
    "litellm.llms.anthropic.chat",
    "litellm.llms.anthropic.chat.handler",
    "litellm.llms.anthropic.chat.transformation",
    "litellm.llms.anthropic.common_utils",
    "litellm.llms.azure_ai",
    "litellm.llms.azure_ai.common_utils",
    "litellm.llms.base",
    "litellm.llms.base_llm",
    "litellm.llms.base_llm.base_model_iterator",
    "litellm.llms.base_llm.base_utils",
    "litellm.llms.base_llm.bridges",
    "litellm.llms.base_llm.bridges.completion_transformation",
    "litellm.llms.base_llm.chat",
    "litellm.llms.base_llm.chat.transformation",
    "litellm.llms.custom_httpx",
    "litellm.llms.custom_httpx.async_client_cleanup",
    "litellm.llms.custom_httpx.http_handler",
    "litellm.llms.custom_httpx.llm_http_handler",
    "litellm.llms.litellm_proxy",
    "litellm.llms.litellm_proxy.chat",
    "litellm.llms.litellm_proxy.chat.transformation",
    "litellm.llms.openai",
    "litellm.llms.openai.chat",
    "litellm.llms.openai.chat.gpt_5_transformation",
    "litellm.llms.openai.chat.gpt_audio_transformation",
    "litellm.llms.openai.chat.gpt_transformation",
    "litellm.llms.openai.chat.o_series_transformation",
    "litellm.llms.openai.common_utils",
    "litellm.llms.openai.cost_calculation",
    "litellm.llms.openai.data_residency",
    "litellm.llms.openai.openai",
    "litellm.llms.openai_like",
    "litellm.llms.openai_like.json_loader",
    "litellm.llms.vertex_ai",
    "litellm.llms.vertex_ai.vertex_ai_partner_models",
    "litellm.llms.vertex_ai.vertex_ai_partner_models.anthropic",
    "litellm.llms.vertex_ai.vertex_ai_partner_models.anthropic.transformation",
    "litellm.proxy",
    "litellm.proxy.spend_tracking",
    "litellm.proxy.spend_tracking.cold_storage_handler",
)
"""What lies below those and is used nevertheless, by what is read in."""

OTHERS = ("aiohttp",)
"""A library of others that it names for calls that are awaited. Whoever imports it at the same moment gets the stand-in, so it
has to be one that nothing else in our processes uses."""
