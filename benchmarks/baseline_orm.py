"""What most programs would do for the same list: ORM objects, a pydantic response model, one process of uvicorn."""

import os
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload
from sqlalchemy.types import Text


class Base(DeclarativeBase):
    pass


class Metric(Base):
    __tablename__ = "api_record_metrics"
    __table_args__ = {"schema": "watch"}  # noqa: RUF012 - SQLAlchemy's own way
    id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(ForeignKey("watch.api_records.id"))
    metric_name: Mapped[str]
    metric_value: Mapped[Decimal]
    metric_unit: Mapped[str | None]


class Record(Base):
    __tablename__ = "api_records"
    __table_args__ = {"schema": "watch"}  # noqa: RUF012 - SQLAlchemy's own way
    id: Mapped[UUID] = mapped_column(primary_key=True)
    snapshot_id: Mapped[UUID]
    client_id: Mapped[int]
    external_id: Mapped[str]
    name: Mapped[str | None]
    email: Mapped[str | None]
    status: Mapped[str | None]
    category: Mapped[str | None]
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    amount: Mapped[Decimal | None]
    quantity: Mapped[int | None]
    record_date: Mapped[datetime | None]
    extra: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    metrics: Mapped[list[Metric]] = relationship()


class MetricRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    metric_name: str
    metric_value: Decimal
    metric_unit: str | None


class RecordRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: UUID
    snapshot_id: UUID
    client_id: int
    external_id: str
    name: str | None
    email: str | None
    status: str | None
    category: str | None
    tags: list[str] | None
    amount: Decimal | None
    quantity: int | None
    record_date: datetime | None
    extra: dict[str, Any]
    created_at: datetime
    metrics: list[MetricRead]


app = FastAPI()
sessions = async_sessionmaker(
    create_async_engine(os.environ.get("BENCH_URL", "postgresql+psycopg://")), class_=AsyncSession
)


@app.get("/records")
async def list_records(snapshot_id: UUID, limit: int = 100) -> list[RecordRead]:
    async with sessions() as session:
        found = await session.scalars(
            select(Record).where(Record.snapshot_id == snapshot_id).order_by(Record.id).limit(limit)
            .options(selectinload(Record.metrics))
        )  # fmt: skip
        return [RecordRead.model_validate(record) for record in found]
