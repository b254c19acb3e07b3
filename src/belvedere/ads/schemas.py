"""Shapes of requests; field names are those of the tables."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class InboxRemark(BaseModel):
    """A word why."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=4000)] | None = None
