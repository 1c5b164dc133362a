"""How long and how big a training will be, reckoned from sizes: pure arithmetic, meant to be right within a factor of three.

Memory of one process, in bytes, for P weights of which a share learns:

    weights       P x 4, 2 or 0.516 for numbers of 32, 16 or 4 bits (NF4, constants quantised too: arXiv:2305.14314, section 3)
    gradients     4 for each weight that learns
    optimiser     8 for AdamW's two moments, 2 where they are kept in 8 bits (arXiv:2110.02861), 0 for plain descent; so all of
                  a model in full precision takes 16 a weight (Rajbhandari et al., arXiv:1910.02054, section 3.1)
    an adapter    is one weight in a hundred (arXiv:2106.09685), with its own 4 bytes, gradients and moments
    activations   for each token and layer of width h, heads of 64 and texts of s tokens: h (34 + 5 s / 64) in 16 bits, twice that
                  in 32 (Korthikanti et al., arXiv:2205.05198, section 4.1); with gradient checkpointing 2 h, and one layer whole.
                  Accelerators compute in 16 bits whatever holds the weights (autocast), but for those before bfloat16
    predictions   8 for each token and word of the vocabulary, where a language model is trained
    the process   0.9 GB for the interpreter, the libraries and their buffers

Layers and width are guessed from P where nobody says them, as P = 12 h^2 layers with h = 64 layers.

Time: 6 operations for each weight and token that is learned from, 4 and the adapter's where only an adapter learns, 2 more with
checkpointing, 2 for each token that is only read (Kaplan et al., arXiv:2001.08361, section 2.1); at `UTILISATION` of what the
data sheet promises (large runs reach 0.2 to 0.5: arXiv:2204.02311, section 4.1), and a start of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from intern_action.core.frozen import frozen
from intern_action.core.types import Flavor, Work

UTILISATION = 0.3
ADAPTER_SHARE = Decimal("0.01")
BYTES: Mapping[str, Decimal] = {"float32": Decimal(4), "bfloat16": Decimal(2), "nf4": Decimal("4.127") / 8}
"""Of one stored weight."""

OPTIMISER_BYTES: Mapping[str, Decimal] = {"adamw": Decimal(8), "adamw-8bit": Decimal(2), "sgd": Decimal(0)}

_GRADIENT, _OWN = Decimal(4), Decimal(4)
_HEAD = 64
_PROCESS_GB = 0.9
_GIGA = 10**9
_LOCAL_START, _REMOTE_START = 20, 180
"""Seconds until the first step: loading here; elsewhere also an image, packages and a model to fetch."""

_TENTH = Decimal("0.1")
_WITHOUT_BFLOAT16 = ("T4", "V100", "P100")


@frozen
class Estimate:
    """What a job will probably take: minutes of one attempt and memory in GB, with how sure that is."""

    minutes: Decimal | None = None
    memory_gb: Decimal | None = None
    sure: Literal["measured", "modelled", "unknown"] = "unknown"


UNKNOWN = Estimate()


@frozen
class Measured:
    """What a smoke test showed of this very work on the machine it ran on.

    Args:
        seconds: of its steps, without the start.
        tokens: it learned from in these seconds.
        memory_gb: the most it held.
    """

    seconds: float
    tokens: int
    memory_gb: Decimal


def estimate(work: Work | None, flavor: Flavor, measured: Measured | None = None) -> Estimate:
    """Return what the work will take on this hardware.

    A measurement speaks for the machine that was measured (`local-…`) and for no other; unknown work or speed stays unknown.
    """
    if work is None or work.parameters <= 0:
        return UNKNOWN
    if measured is not None and is_local(flavor) and measured.tokens > 0 and measured.seconds > 0:
        speed = learning_operations(work) * measured.tokens / measured.seconds
        return Estimate(minutes=_minutes(work, flavor, speed), memory_gb=_up(measured.memory_gb), sure="measured")
    speed = float(flavor.tflops) * 1e12 * UTILISATION
    minutes = _minutes(work, flavor, speed) if speed > 0 else None
    return Estimate(minutes=minutes, memory_gb=memory_gb(work, narrow=computes_narrow(flavor)), sure="modelled")


def computes_narrow(flavor: Flavor) -> bool:
    """Whether activations take 16 bits on this hardware: on every accelerator that knows bfloat16."""
    return bool(flavor.accelerator) and not any(name in flavor.accelerator.split() for name in _WITHOUT_BFLOAT16)


def fits(needed_gb: Decimal, flavor: Flavor) -> bool:
    """Whether each device has that much memory: side by side, every one of them holds the whole model."""
    return device_memory_gb(flavor) >= needed_gb


def device_memory_gb(flavor: Flavor) -> Decimal:
    """Return the memory of one accelerator, or the machine's where there is none."""
    return flavor.accelerator_memory_gb / flavor.devices if flavor.accelerator_memory_gb else flavor.memory_gb


def is_local(flavor: Flavor) -> bool:
    """Whether it is this machine."""
    return flavor.name.startswith("local")


def learning_operations(work: Work) -> float:
    """Return operations for one token that is learned from."""
    if work.method == "inference":
        return 2.0 * work.parameters
    share = 1.0 if work.method == "full" else float(ADAPTER_SHARE)
    return work.parameters * (4 + 2 * share + (2 if work.checkpointing else 0))


def memory_gb(work: Work, *, narrow: bool = False) -> Decimal:
    """Return gigabytes (10^9 bytes) that one process of it holds at most, rounded up to a tenth.

    Args:
        work: what is learned from what.
        narrow: whether activations take 16 bits even where weights take 32.
    """
    each = bytes_a_weight(work.method, work.precision, work.optimizer)
    total = float(each) * work.parameters + _activation_bytes(work, narrow=narrow) + _prediction_bytes(work)
    return _up(Decimal(total / _GIGA + _PROCESS_GB))


def bytes_a_weight(method: str, precision: str, optimizer: str = "adamw") -> Decimal:
    """Return bytes for each weight of the model: itself, and what learning adds for the part that learns."""
    learning = _GRADIENT + OPTIMISER_BYTES[optimizer]
    match method:
        case "full":
            return _OWN + learning  # with 16 bits too: then the weights are held twice, once in 32
        case "lora" | "qlora":
            return BYTES["nf4" if method == "qlora" else precision] + ADAPTER_SHARE * (_OWN + learning)
        case _:
            return BYTES[precision]


def _minutes(work: Work, flavor: Flavor, speed: float) -> Decimal:
    operations = learning_operations(work) * work.train_tokens + 2.0 * work.parameters * work.read_tokens
    start = _LOCAL_START if is_local(flavor) else _REMOTE_START
    return _up(Decimal((start + operations / speed) / 60))


def _activation_bytes(work: Work, *, narrow: bool) -> float:
    layers, width = _shape(work)
    wide = 2 if work.precision == "float32" and not narrow else 1
    tokens = work.batch_size * work.sequence_length
    a_layer = tokens * width * (34 + 5 * work.sequence_length / _HEAD) * wide
    if work.method == "inference":
        return a_layer
    return tokens * 2 * width * wide * layers + a_layer if work.checkpointing else a_layer * layers


def _prediction_bytes(work: Work) -> float:
    return 8.0 * work.batch_size * work.sequence_length * work.vocabulary


def _shape(work: Work) -> tuple[float, float]:
    """Return layers and width, as transformers of that size usually have them when they are not known."""
    guessed = max(1.0, (work.parameters / (12 * _HEAD**2)) ** (1 / 3))
    layers = work.layers or guessed
    return layers, work.width or math.sqrt(work.parameters / (12 * layers))


def _up(value: Decimal) -> Decimal:
    tenths = math.ceil(value / _TENTH)
    return max(1, tenths) * _TENTH
