"""Stored blobs: what goes in comes out, in the form of today and in the first one."""

import io
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from belvedere.sources.contracts import Frames
from belvedere.sources.frames import FIRST_FORMAT, RECORD_SCHEMA, decode, encode
from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import Entity

ENTITIES = [
    Entity("a", metrics={"open_rate": Decimal("12.5"), "roas": Decimal(-3)}),
    Entity("zwölf"),
    Entity("c", metrics={"roas": Decimal("0.000001")}),
]


def assert_same(given: Frames, told: Frames) -> None:
    assert_frame_equal(given.records, told.records.cast(RECORD_SCHEMA))
    assert_frame_equal(given.metrics, told.metrics)


@pytest.mark.parametrize("count", range(len(ENTITIES) + 1))
def test_what_goes_in_comes_out(count: int) -> None:
    frames = make_frames(ENTITIES[:count])
    assert_same(decode(*encode(frames)), frames)


def test_metrics_in_any_order_keep_their_records() -> None:
    frames = make_frames(ENTITIES)
    turned = Frames(frames.records.reverse(), frames.metrics)
    assert_same(decode(*encode(turned)), turned)


def test_the_first_form_is_still_read() -> None:
    frames = make_frames(ENTITIES)
    files = []
    for frame in (frames.records, frames.metrics):
        buffer = io.BytesIO()
        frame.write_ipc(buffer, compression="zstd")
        files.append(buffer.getvalue())
    assert_same(decode(*files, FIRST_FORMAT), frames)


def test_a_metric_of_no_record_and_an_unknown_form_are_refused() -> None:
    frames = make_frames(ENTITIES)
    with pytest.raises(ValueError, match="names a record that is not in this reading"):
        encode(Frames(frames.records.filter(pl.col("external_id") != "a"), frames.metrics))
    with pytest.raises(ValueError, match="cannot be read"):
        decode(*encode(frames), "arrow-ipc-zstd/9")
