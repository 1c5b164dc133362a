"""How long and how big a recipe's training will be: the work as `core.estimate` reckons it, on the hardware of the wish."""

from __future__ import annotations

from decimal import Decimal

from intern_action.core.estimate import estimate
from intern_action.core.types import Flavor, Wish, Work

SLOWEST = Flavor(name="local", title="", usd_per_hour=Decimal(0), memory_gb=Decimal(0), tflops=Decimal("0.3"))
"""What hardware nobody knows counts as."""


def minutes(work: Work, wish: Wish) -> Decimal:
    """Return minutes on the wish's hardware, start-up included."""
    return estimate(work, _known(wish)).minutes or Decimal(0)


def memory_gb(work: Work, wish: Wish) -> Decimal:
    """Return gigabytes for weights, gradients, optimiser, activations and the process itself."""
    return estimate(work, _known(wish)).memory_gb or Decimal(0)


def slow(wish: Wish) -> bool:
    """Whether the wish's hardware has no accelerator, or is not known."""
    return wish.hardware is None or not wish.hardware.accelerator


def _known(wish: Wish) -> Flavor:
    return wish.hardware if wish.hardware and wish.hardware.tflops else SLOWEST
