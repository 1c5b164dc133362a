"""What the Hub's hardware costs: asked live, else what was kept of the last answer, else the table in the configuration.

    live     the Hub answered: its list is the truth, and what it no longer offers is not to be had
    kept     it did not, and the file holds a list of it that is young enough: the same list, with the time it was read
    table    neither: `configs/flavors.yaml`, with `live_at` None, as the billing rounds it (whole micro-dollars a minute)

Hardware whose price cannot be read, or is zero, is left out: unknown is never free.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from intern_action.core.errors import HubError
from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock
from intern_action.core.types import Flavor
from intern_action.hub.client import hub_client

KEPT_FOR = timedelta(days=1)

_MICRO = Decimal("0.000001")
_UNITS_PER_HOUR: Mapping[str, int] = {"second": 3600, "minute": 60, "hour": 1}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([GT])i?B\s*", re.IGNORECASE)
_MOST_BYTES = 1 << 20


class Offer(BaseModel):
    """One kind of hardware as the Hub lists it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=100)
    title: str = ""
    memory: str = ""
    devices: int = Field(default=0, ge=0)
    accelerator: str = ""
    accelerator_memory: str = ""
    unit_cost_micro_usd: int = Field(gt=0)
    unit: Literal["second", "minute", "hour"]


class _Kept(BaseModel):
    """The file: which Hub said it, when, and what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    read_at: AwareDatetime
    offers: tuple[Offer, ...]


@frozen
class Prices:
    """Hardware of one Hub with prices.

    Args:
        source: the Hub's address; a list that another one gave does not count.
        fetch: asks the Hub for its list; raises HubError.
        kept: the file.
        table: what the configuration says, by name.
        clock: what tells the time.
        kept_for: how old a list from the file may be.
        tell: gets a line when the Hub could not be asked, and when the list could not be kept.
    """

    source: str
    fetch: Callable[[], Sequence[Offer]]
    kept: Path
    table: Mapping[str, Flavor]
    clock: Clock
    kept_for: timedelta = KEPT_FOR
    tell: Callable[[str], None] = lambda _line: None

    def flavors(self) -> Mapping[str, Flavor]:
        """Return the hardware by name. Never raises for a Hub that is away; `live_at` says how old each price is."""
        now = self.clock.now()
        last = self._ask(now) or self._read(now)
        if last is None:
            return MappingProxyType({name: _as_billed(flavor) for name, flavor in self.table.items()})
        return MappingProxyType({offer.name: self._flavor(offer, last.read_at) for offer in last.offers})

    def _ask(self, now: datetime) -> _Kept | None:
        try:
            offers = tuple(self.fetch())
        except HubError as error:
            self.tell(f"live prices cannot be read: {error}")
            return None
        if not offers:
            self.tell(f"live prices cannot be read: {self.source} lists no hardware with a price")
            return None
        fresh = _Kept(source=self.source, read_at=now, offers=offers)
        self._keep(fresh)
        return fresh

    def _read(self, now: datetime) -> _Kept | None:
        """Return the list on file, None when there is none of this Hub, it is too old, or from a time still to come."""
        try:
            with self.kept.open("rb") as file:
                found = _Kept.model_validate_json(file.read(_MOST_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            self.tell(f"{self.kept} is not read: {str(error).splitlines()[0]}")
            return None
        usable = found.source == self.source and found.offers and timedelta(0) <= now - found.read_at <= self.kept_for
        return found if usable else None

    def _keep(self, fresh: _Kept) -> None:
        try:
            _write_whole(self.kept, fresh.model_dump_json())
        except OSError as error:
            self.tell(f"the prices cannot be kept in {self.kept}: {error.strerror}")

    def _flavor(self, offer: Offer, read_at: datetime) -> Flavor:
        """Return one row: price and sizes are the Hub's; what only the table knows, such as speed, is the table's."""
        known = self.table.get(offer.name)
        usual = known or Flavor(name=offer.name, title="", usd_per_hour=Decimal(0), memory_gb=Decimal(0))
        return replace(
            usual,
            title=offer.title or usual.title,
            usd_per_hour=offer.unit_cost_micro_usd * _MICRO * _UNITS_PER_HOUR[offer.unit],
            memory_gb=_gigabytes(offer.memory, usual.memory_gb),
            accelerator=_accelerator(offer) or usual.accelerator,
            accelerator_memory_gb=_gigabytes(offer.accelerator_memory, usual.accelerator_memory_gb),
            devices=offer.devices or usual.devices,
            live_at=read_at,
        )


def hub_offers(endpoint: str, token: str) -> Callable[[], Sequence[Offer]]:
    """Return what asks a Hub through its own client: one GET of `/api/jobs/hardware`.

    Args:
        endpoint: the Hub's address.
        token: a token, "" to ask without: the list is public.
    """

    def fetch() -> Sequence[Offer]:
        import httpx
        from huggingface_hub import errors

        api = hub_client(endpoint, token)
        try:
            rows = api.list_jobs_hardware()
        except errors.HfHubHTTPError as error:
            raise HubError(f"{endpoint} answered {error.response.status_code}") from error
        except (httpx.HTTPError, errors.OfflineModeIsEnabled) as error:
            raise HubError(f"{endpoint} could not be reached ({type(error).__name__})") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:  # the client reads the answer unchecked
            raise HubError(f"{endpoint} answered with something that is no price list") from error
        return [offer for row in rows if (offer := _offer(vars(row)))]

    return fetch


def _offer(row: Mapping[str, object]) -> Offer | None:
    """Return a row of the client's, None when its price cannot be read: such hardware is not offered."""
    accelerator = row["accelerator"]
    device: Mapping[str, object] = vars(accelerator) if accelerator else {}
    quantity = str(device.get("quantity", ""))
    try:
        return Offer.model_validate(
            {
                "name": row["name"],
                "title": str(row["pretty_name"] or ""),
                "memory": str(row["ram"] or ""),
                "devices": int(quantity) if quantity.isascii() and quantity.isdecimal() else 0,
                "accelerator": str(device.get("model") or ""),
                "accelerator_memory": str(device.get("vram") or ""),
                "unit_cost_micro_usd": row["unit_cost_micro_usd"],
                "unit": row["unit_label"],
            }
        )
    except ValidationError:
        return None


def _accelerator(offer: Offer) -> str:
    return f"{offer.devices}x {offer.accelerator}" if offer.accelerator and offer.devices > 1 else offer.accelerator


def _gigabytes(text: str, otherwise: Decimal) -> Decimal:
    """Return `16 GB` as 16, and what is known otherwise for anything else."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return otherwise
    return Decimal(found[1]) * (1000 if found[2].upper() == "T" else 1)


def _as_billed(flavor: Flavor) -> Flavor:
    """Round a price of the table up to whole micro-dollars a minute, so that the live one of the same hardware is no dearer."""
    a_minute = (flavor.usd_per_hour / 60).quantize(_MICRO, ROUND_UP)
    return replace(flavor, usd_per_hour=a_minute * 60)


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(fresh).replace(path)
    finally:
        Path(fresh).unlink(missing_ok=True)
