"""How much memory a model takes, by method, and which hardware has that much.

    inference   2 bytes a weight (16-bit numbers)
    full        16 bytes a weight: weight, gradient and AdamW's two moments of 4 bytes each (arXiv:1910.02054, section 3.1)
    lora        2 bytes a weight, and 16 bytes for each weight of the adapter, taken as one in a hundred (arXiv:2106.09685)
    qlora       4.127 bits a weight: NF4 with its constants quantised again (arXiv:2305.14314, section 3), and the adapter

and a fifth on top for buffers. Activations depend on batch and length and are not in it: with a batch of 8 x 512 tokens they are
about as much again for small models and little for large ones. A gigabyte is 10^9 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from intern_action.core.types import Flavor

_ADAPTER_SHARE = Decimal("0.01")
_TRAINED_BYTES = Decimal(16)
_HALF_BYTES = Decimal(2)
_NF4_BYTES = Decimal("4.127") / 8
_BUFFERS = Decimal("1.2")
_GIGA = Decimal(10**9)

BYTES_A_WEIGHT: Mapping[str, Decimal] = {
    "inference": _HALF_BYTES,
    "full": _TRAINED_BYTES,
    "lora": _HALF_BYTES + _ADAPTER_SHARE * _TRAINED_BYTES,
    "qlora": _NF4_BYTES + _ADAPTER_SHARE * _TRAINED_BYTES,
}


def memory_gb(parameters: int) -> Mapping[str, Decimal]:
    """Return gigabytes by method, at least 0.1 each; nothing for a model whose size is not known."""
    if parameters <= 0:
        return {}
    least = Decimal("0.1")
    return {
        method: max(least, (parameters * each * _BUFFERS / _GIGA).quantize(least))
        for method, each in BYTES_A_WEIGHT.items()
    }


def fitting(needed_gb: Decimal, flavors: Mapping[str, Flavor]) -> list[Flavor]:
    """Return the hardware with that much memory (the accelerator's where there is one), cheapest first."""
    return sorted(
        (flavor for flavor in flavors.values() if (flavor.accelerator_memory_gb or flavor.memory_gb) >= needed_gb),
        key=lambda flavor: (flavor.usd_per_hour, flavor.name),
    )
