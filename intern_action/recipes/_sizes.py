"""How long and how big a training will be, reckoned from sizes: pure arithmetic, meant to be right within a factor of two.

Sources: six floating point operations for each weight and token of a training step, two for reading alone (Kaplan et al.,
arXiv:2001.08361, section 2.1); sixteen bytes for each trained weight with AdamW in single precision (Rajbhandari et al.,
arXiv:1910.02054, section 3.1: weight, gradient and two moments of four bytes each). The speeds are what such scripts reach in
practice, well below the data sheets.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

from intern_action.core.frozen import frozen

_START_SECONDS = 20
_PROCESS_GB = 0.9
_SLOWEST_TFLOPS = 0.08
_TFLOPS = {
    "local-cpu": 0.2,
    "cpu-basic": 0.2,
    "cpu-upgrade": 0.5,
    "cpu-xl": 1.0,
    "cpu-performance": 1.5,
    "t4": 8.0,
    "l4x": 25.0,
    "l40s": 80.0,
    "a10g": 30.0,
    "a100": 110.0,
    "h100": 220.0,
    "h200": 250.0,
}


@frozen
class Load:
    """The work of a training.

    Args:
        parameters: weights of the model.
        trained_share: part of them that learns, 0 to 1.
        train_tokens, read_tokens: tokens that are learned from and tokens that are only read (evaluation), in all.
        batch_tokens: tokens that are in memory at once.
        checkpointing: activations are computed twice instead of kept.
    """

    parameters: int
    trained_share: float
    train_tokens: int
    read_tokens: int
    batch_tokens: int
    checkpointing: bool = False


def minutes(load: Load, flavor: str) -> Decimal:
    """Return minutes on a flavor, start-up included. An unknown flavor counts as slow."""
    backward = (2 + 2 * load.trained_share) * (4 / 3 if load.checkpointing else 1)
    operations = load.parameters * ((2 + backward) * load.train_tokens + 2 * load.read_tokens)
    return Decimal(round((_START_SECONDS + operations / (tflops(flavor) * 1e12)) / 60, 1)).quantize(Decimal("0.1"))


def memory_gb(load: Load) -> Decimal:
    """Return gigabytes for weights, gradients, optimiser, activations and the process itself.

    The shape is guessed from the size, as transformers usually are (layers x 64 wide); 40 bytes an activation cover
    attention scores and copies.
    """
    layers = max(1.0, (load.parameters / (12 * 64**2)) ** (1 / 3))
    kept = math.sqrt(layers) if load.checkpointing else layers
    activations = load.batch_tokens * kept * (64 * layers) * 40
    weights = load.parameters * (4 + 12 * load.trained_share)
    return Decimal((weights + activations) / 1e9 + _PROCESS_GB).quantize(Decimal("0.1"))


def tflops(flavor: str) -> float:
    """Return how many million million operations a flavor does in a second, all its devices together."""
    devices = re.search(r"x(\d+)$", flavor)
    speed = next((speed for name, speed in _TFLOPS.items() if flavor.startswith(name)), _SLOWEST_TFLOPS)
    return speed * int(devices[1] if devices else 1)


def slow(flavor: str) -> bool:
    """Whether a flavor has no accelerator."""
    return tflops(flavor) <= _TFLOPS["cpu-performance"]
