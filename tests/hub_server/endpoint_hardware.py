"""The machines that inference endpoints run on, with their price by the hour."""

from __future__ import annotations

# Instance type and size: accelerator, how many, processors, gigabytes of memory, of graphics memory, dollars an hour.
COMPUTE: dict[tuple[str, str], tuple[str, int, int, int, int, float]] = {
    ("intel-spr", "x1"): ("cpu", 1, 1, 2, 0, 0.033),
    ("intel-spr", "x4"): ("cpu", 1, 4, 8, 0, 0.134),
    ("nvidia-t4", "x1"): ("gpu", 1, 3, 15, 14, 0.5),
    ("nvidia-l4", "x1"): ("gpu", 1, 7, 30, 24, 0.8),
    ("nvidia-a10g", "x1"): ("gpu", 1, 6, 30, 24, 1.0),
    ("nvidia-a100", "x1"): ("gpu", 1, 11, 145, 80, 2.5),
    ("nvidia-h200", "x1"): ("gpu", 1, 23, 256, 141, 5.0),
}


def shown_machine(kind: str, size: str) -> dict[str, object]:
    """Return a machine as the Hub shows it."""
    accelerator, quantity, processors, memory, cards, price = COMPUTE[kind, size]
    return {
        "id": f"aws-us-east-1-{kind}-{size}",
        "accelerator": accelerator,
        "instanceType": kind,
        "instanceSize": size,
        "architecture": kind,
        "numAccelerators": quantity,
        "numCpus": processors,
        "memoryGb": memory,
        "gpuMemoryGb": cards or None,
        "pricePerHour": price,
        "status": "available",
        "quota": {"maxAccelerators": 8, "usedAccelerators": 0},
    }
