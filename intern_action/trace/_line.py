"""The door of the journal: one line as pydantic takes it in. Imported only when a journal is read."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from intern_action.core.events import Event


class Line(BaseModel):
    """One line. The event is found by its `kind`; unknown kinds and fields are refused, nothing is converted."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, frozen=True)

    seq: int = Field(ge=0)
    at: AwareDatetime
    event: Annotated[Event, Field(discriminator="kind")]
    before: str = Field(pattern=r"^(|[0-9a-f]{64})$")
    hash: str
