"""How much memory a model takes, by method, and which hardware has that much.

The weights are held in 16 bits, with QLoRA in 4, and learn with AdamW; the bytes of each and their sources stand in
`core.estimate`. A fifth is added for buffers. Activations depend on batch and length and are not in it: with a batch of 8 x 512
tokens they are about as much again for small models and little for large ones. A gigabyte is 10^9 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from intern_action.core.estimate import bytes_a_weight
from intern_action.core.types import Flavor

_BUFFERS = Decimal("1.2")
_GIGA = Decimal(10**9)

BYTES_A_WEIGHT: Mapping[str, Decimal] = {
    method: bytes_a_weight(method, "bfloat16") for method in ("inference", "full", "lora", "qlora")
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
