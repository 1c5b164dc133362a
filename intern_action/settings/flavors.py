"""The price tables: kinds of hardware with what an hour costs, from `configs/flavors.yaml` and `configs/endpoints.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from intern_action.core.errors import Misconfigured
from intern_action.core.types import Flavor
from intern_action.settings.document import Written, read_document
from intern_action.settings.places import configs
from intern_action.settings.settings import MoneyUsd

_NAME = "configs/flavors.yaml"
_DAY = "listed_on"


class _Row(BaseModel):
    """One kind of hardware as the file has it."""

    model_config = ConfigDict(extra="forbid")

    title: str
    usd_per_hour: MoneyUsd
    memory_gb: Decimal = Field(gt=0)
    accelerator: str = ""
    accelerator_memory_gb: Decimal = Field(default=Decimal(0), ge=0)
    devices: int = Field(default=1, ge=1)
    tflops: Decimal = Field(default=Decimal(0), ge=0)


def load_flavors(*, local_usd_per_hour: Decimal | None = None) -> Mapping[str, Flavor]:
    """Return the hardware by name.

    Args:
        local_usd_per_hour: what an hour of the `local-…` flavors costs here (`jobs.local.usd_per_hour`), None for the table's.

    Raises:
        Misconfigured: the table has a wrong value; names file and line.
    """
    table = parse_flavors((configs() / "flavors.yaml").read_bytes(), _NAME)
    return MappingProxyType(
        {
            name: _here(flavor, local_usd_per_hour) if name.startswith("local-") else flavor
            for name, flavor in table.items()
        }
    )


def load_endpoint_flavors() -> Mapping[str, Flavor]:
    """Return the machines of inference endpoints by name.

    Raises:
        Misconfigured: the table has a wrong value; names file and line.
    """
    return parse_flavors((configs() / "endpoints.yaml").read_bytes(), "configs/endpoints.yaml")


def parse_flavors(content: bytes, name: str) -> Mapping[str, Flavor]:
    """Read a price table: one section a flavor, and `listed_on`, the day of its prices."""
    rows: dict[str, dict[str, Written]] = {}
    values = dict(read_document(content, name).values)
    day = _day(values.pop(_DAY, None), name)
    for path, written in values.items():
        flavor, _, field = path.partition(".")
        rows.setdefault(flavor, {})[field] = written
    return MappingProxyType({flavor: _flavor(flavor, fields, name, day) for flavor, fields in rows.items()})


def _day(written: Written | None, name: str) -> str:
    """Return the day of the prices, "" when the table does not say it."""
    if written is None:
        return ""
    try:
        return date.fromisoformat(str(written.value)).isoformat()
    except ValueError:
        raise Misconfigured(
            f"{name}:{written.line}: `{_DAY}`: {written.value} is not a day; write it as 2026-11-23"
        ) from None


def _flavor(flavor: str, fields: Mapping[str, Written], name: str, day: str) -> Flavor:
    try:
        row = _Row.model_validate({field: written.value for field, written in fields.items()})
    except ValidationError as error:
        flaw = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = str(flaw["loc"][0])
        line = fields.get(field, next(iter(fields.values()))).line
        raise Misconfigured(f"{name}:{line}: `{flavor}.{field}`: {flaw['msg'].removeprefix('Value error, ')}") from None
    return Flavor(
        name=flavor,
        title=row.title,
        usd_per_hour=row.usd_per_hour,
        memory_gb=row.memory_gb,
        accelerator=row.accelerator,
        accelerator_memory_gb=row.accelerator_memory_gb,
        devices=row.devices,
        tflops=row.tflops,
        listed_on=day,
    )


def _here(flavor: Flavor, usd_per_hour: Decimal | None) -> Flavor:
    """Return this machine: its price is what somebody set, here or in the table, and ages with no list."""
    return replace(flavor, usd_per_hour=flavor.usd_per_hour if usd_per_hour is None else usd_per_hour, listed_on="")
