"""What machines of inference endpoints cost, as the Hub lists it: one GET through its own client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from pydantic import ValidationError

from intern_action.hub._endpoint_account import EndpointAccount, looking
from intern_action.hub.prices import Offer

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub._inference_endpoints import InferenceEndpointHardware

_HAD = frozenset({"available", "low_availability", "reserved"})
_MILLION = 1_000_000


def endpoint_offers(api: Callable[[], HfApi], account: EndpointAccount) -> Callable[[], Sequence[Offer]]:
    """Return what asks for the machines of one vendor and region that are to be had now."""

    def fetch() -> Sequence[Offer]:
        with looking("read the prices of inference endpoints", account):
            rows = api().list_inference_endpoints_hardware(namespace=account.namespace or None)
        here = (row for row in rows if (row.vendor, row.region) == (account.vendor, account.region))
        return [offer for row in here if row.status in _HAD and (offer := _offer(row)) is not None]

    return fetch


def _offer(row: InferenceEndpointHardware) -> Offer | None:
    """Return a row of the client's, None when its price cannot be read: such a machine is not offered."""
    gpu = row.accelerator != "cpu"
    try:
        micro = Decimal(str(row.price_per_hour)) * _MILLION
        return Offer(
            name=f"{row.instance_type}-{row.instance_size}",
            title=row.architecture,
            memory=f"{row.memory_gb} GB",
            devices=row.num_accelerators if gpu else 0,
            accelerator=row.architecture if gpu else "",
            accelerator_memory=f"{row.gpu_memory_gb} GB" if row.gpu_memory_gb else "",
            unit_cost_micro_usd=int(micro.to_integral_value(ROUND_UP)),
            unit="hour",
        )
    except (ValidationError, ArithmeticError, ValueError):
        return None
