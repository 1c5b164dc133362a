"""The hardware that jobs, spaces and endpoints run on, with its price by the minute, in the Hub's own words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """The graphics processors of a machine."""

    model: str
    quantity: int
    vram: str
    kind: str = "gpu"
    manufacturer: str = "Nvidia"

    def shown(self) -> dict[str, object]:
        """Return it as the Hub shows it: every value is a string there."""
        return {
            "type": self.kind,
            "model": self.model,
            "quantity": str(self.quantity),
            "vram": self.vram,
            "manufacturer": self.manufacturer,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """One flavor."""

    name: str
    title: str
    cpu: str
    ram: str
    disk: str
    usd_per_hour: Decimal
    accelerator: Accelerator | None = None

    def shown(self) -> dict[str, object]:
        """Return it as the Hub shows it: the price is by the minute, in dollars and in millionths of them."""
        micro = round(self.usd_per_hour * 1_000_000 / 60)
        return {
            "name": self.name,
            "prettyName": self.title,
            "cpu": self.cpu,
            "ram": self.ram,
            "ephemeralStorage": self.disk,
            "accelerator": self.accelerator.shown() if self.accelerator else None,
            "unitCostMicroUSD": micro,
            "unitCostUSD": micro / 1_000_000,
            "unitLabel": "minute",
        }


# Name, title, processors, memory, disk, dollars an hour; then the graphics processors: model, how many, memory of all together.
# Prices as https://huggingface.co/docs/hub/jobs-pricing had them on 2026-11-23.
_TABLE = """
cpu-basic        | CPU Basic              |   2 |   16 |    50 |  0.01
cpu-upgrade      | CPU Upgrade            |   8 |   32 |    50 |  0.03
cpu-xl           | CPU XL                 |  16 |  124 |  1000 |  1.00
cpu-performance  | CPU Performance        |  32 |  256 |  1000 |  1.90
t4-small         | Nvidia T4 - small      |   4 |   15 |    50 |  0.40 | T4           | 1 |   16
t4-medium        | Nvidia T4 - medium     |   8 |   30 |   100 |  0.60 | T4           | 1 |   16
l4x1             | 1x Nvidia L4           |   8 |   30 |   400 |  0.80 | L4           | 1 |   24
l4x4             | 4x Nvidia L4           |  48 |  186 |  3200 |  3.80 | L4           | 4 |   96
l40sx1           | 1x Nvidia L40S         |   8 |   62 |   380 |  1.80 | L40S         | 1 |   48
l40sx4           | 4x Nvidia L40S         |  48 |  382 |  3200 |  8.30 | L40S         | 4 |  192
l40sx8           | 8x Nvidia L40S         | 192 | 1534 |  6500 | 23.50 | L40S         | 8 |  384
a10g-small       | Nvidia A10G - small    |   4 |   15 |   110 |  1.00 | A10G         | 1 |   24
a10g-large       | Nvidia A10G - large    |  12 |   46 |   200 |  1.50 | A10G         | 1 |   24
a10g-largex2     | 2x Nvidia A10G - large |  24 |   92 |  1000 |  3.00 | A10G         | 2 |   48
a10g-largex4     | 4x Nvidia A10G - large |  48 |  184 |  2000 |  5.00 | A10G         | 4 |   96
a100-large       | Nvidia A100 - large    |  12 |  142 |  1000 |  2.50 | A100         | 1 |   80
a100x4           | 4x Nvidia A100         |  48 |  568 |  4000 | 10.00 | A100         | 4 |  320
a100x8           | 8x Nvidia A100         |  96 | 1136 |  8000 | 20.00 | A100         | 8 |  640
h200             | Nvidia H200            |  23 |  256 |  3000 |  5.00 | H200         | 1 |  141
h200x2           | 2x Nvidia H200         |  46 |  512 |  6000 | 10.00 | H200         | 2 |  282
h200x4           | 4x Nvidia H200         |  92 | 1024 | 12000 | 20.00 | H200         | 4 |  564
h200x8           | 8x Nvidia H200         | 184 | 2048 | 24000 | 40.00 | H200         | 8 | 1128
rtx-pro-6000     | Nvidia RTX PRO 6000    |  22 |  240 |  1000 |  2.70 | RTX PRO 6000 | 1 |   96
rtx-pro-6000x2   | 2x Nvidia RTX PRO 6000 |  44 |  480 |  2000 |  5.40 | RTX PRO 6000 | 2 |  192
rtx-pro-6000x4   | 4x Nvidia RTX PRO 6000 |  88 |  960 |  4000 | 10.80 | RTX PRO 6000 | 4 |  384
rtx-pro-6000x8   | 8x Nvidia RTX PRO 6000 | 176 | 1920 |  8000 | 21.60 | RTX PRO 6000 | 8 |  768
"""


def _flavor(line: str) -> Hardware:
    name, title, cpu, ram, disk, usd, *cards = (cell.strip() for cell in line.split("|"))
    card = Accelerator(model=cards[0], quantity=int(cards[1]), vram=f"{cards[2]} GB") if cards else None
    return Hardware(
        name=name,
        title=title,
        cpu=f"{cpu} vCPU",
        ram=f"{ram} GB",
        disk=f"{disk} GB",
        usd_per_hour=Decimal(usd),
        accelerator=card,
    )


FLAVORS = tuple(_flavor(line) for line in _TABLE.strip().splitlines())


class PriceList:
    """The flavors of one server; a test may raise a price between two looks."""

    def __init__(self) -> None:
        self._flavors = {flavor.name: flavor for flavor in FLAVORS}

    def find(self, name: str) -> Hardware | None:
        """Return a flavor, None where there is none of this name."""
        return self._flavors.get(name)

    def set_price(self, name: str, usd_per_hour: Decimal) -> None:
        """Change the price of a flavor from now on."""
        self._flavors[name] = replace(self._flavors[name], usd_per_hour=usd_per_hour)

    def remove(self, name: str) -> None:
        """Take a flavor off the list: jobs asked on it are refused."""
        del self._flavors[name]

    def shown(self) -> list[dict[str, object]]:
        """Return the list as the Hub shows it."""
        return [flavor.shown() for flavor in self._flavors.values()]
