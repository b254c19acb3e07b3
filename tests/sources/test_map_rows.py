"""Rows become exact typed values; a bad row is refused alone, with a reason a person can act on."""

import json
from datetime import UTC, datetime
from decimal import Context, Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from belvedere.core.errors import Invalid
from belvedere.sources.contracts import MetricDefinition
from belvedere.sources.documents import find_rows, guess_format, parse_json, read_document
from belvedere.sources.fetch import map_file
from belvedere.sources.map_rows import ReadingMapper, map_rows
from belvedere.sources.mapping import parse_mapping

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAPPING = parse_mapping(
    {
        "columns": {
            "external_id": "id",
            "name": "name",
            "status": {"path": "status", "lower": True},
            "tags": "tags",
            "amount": "amount",
            "quantity": "sent",
            "record_date": {"path": "date", "zone": "Europe/Vienna"},
        },
        "metrics": {
            "open_rate": {"path": "openRate", "unit": "percent"},
            "computed": {
                "ratio": ["opened", {"minus": ["sent", "bounced"]}],
                "times": 100,
                "unit": "percent",
                "name": "open_rate",
                "when_missing": "openRate",
            },
            "click_rate": {"path": "stats.click", "unit": "percent", "scale": "fraction"},
            "revenue": {"path": "revenue", "unit": "currency"},
        },
    }
)


def one(row, mapping=MAPPING, definitions=None):
    mapped = map_rows([row], mapping, definitions or {}, NOW)
    if mapped.rejects:
        return mapped.rejects[0]
    metrics = dict(mapped.frames.metrics.select("metric_name", "metric_value").iter_rows())
    return {**mapped.frames.records.row(0, named=True), "metrics": metrics}


def test_a_clean_row_is_mapped():
    row = one(
        {
            "id": "c1",
            "name": "Spring",
            "status": "SENT",
            "tags": ["a", "b"],
            "amount": 12.5,
            "sent": 10,
            "date": "2026-02-01T10:00:00Z",
            "openRate": 31.25,
            "stats": {"click": 0.0325, "depth": 2},
            "colour": "red",
        }
    )
    assert (row["external_id"], row["status"], row["tags"], row["quantity"]) == ("c1", "sent", ["a", "b"], 10)
    assert row["amount"] == Decimal("12.5000")
    assert row["record_date"] == datetime(2026, 2, 1, 10, tzinfo=UTC)
    assert row["metrics"] == {"open_rate": Decimal("31.25"), "click_rate": Decimal("3.25")}
    assert json.loads(row["extra"]) == {"colour": "red", "stats": {"depth": 2}}


def test_a_missing_number_is_absent_and_not_zero():
    assert one({"id": "a", "openRate": None, "revenue": ""})["metrics"] == {}


def test_a_ratio_is_exact_and_absent_on_a_zero_denominator():
    assert one({"id": "a", "opened": 1, "sent": 4, "bounced": 1})["metrics"] == {
        "open_rate": Decimal("33.333333")
    }
    assert one({"id": "a", "opened": 1, "sent": 4, "bounced": 4})["metrics"] == {}
    assert one({"id": "a", "opened": 1, "sent": 4})["metrics"] == {}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("0.0000005", "0.000000"),
        ("0.0000015", "0.000002"),
        ("0.00000050000000000000001", "0.000001"),
        ("12345678901234.123456", "12345678901234.123456"),
        ("90000000000000.004", "90000000000000.004000"),
        ("1e3", "1000"),
        ("-0.0", "0"),
    ],
)
def test_numbers_keep_their_digits(sent, stored):
    document = parse_json(f'[{{"id": "a", "revenue": {sent}}}]'.encode())
    assert one(document[0])["metrics"]["revenue"] == Decimal(stored)


def test_long_numbers_stay_whole_in_extra():
    document = parse_json(b'[{"id": "a", "x": [1.2345678901234567890123, 123456789012345678901234567890]}]')
    assert "1.2345678901234567890123,123456789012345678901234567890" in one(document[0])["extra"]


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"name": "x"}, "missing_external_id", "external_id"),
        ({"id": "  "}, "missing_external_id", "external_id"),
        ({"id": "x" * 256}, "value_too_long", "external_id"),
        ({"id": "a", "status": "x" * 51}, "value_too_long", "status"),
        ({"id": "a", "amount": 100_000_000_000}, "out_of_range", "amount"),
        ({"id": "a", "amount": "12,50"}, "not_a_number", "amount"),
        ({"id": "a", "amount": True}, "not_a_number", "amount"),
        ({"id": "a", "sent": 2_147_483_648}, "out_of_range", "quantity"),
        ({"id": "a", "sent": 1.5}, "not_whole", "quantity"),
        ({"id": "a", "revenue": 10**14}, "out_of_range", "revenue"),
        ({"id": "a", "revenue": Decimal("1e9999999")}, "out_of_range", "revenue"),
        ({"id": "a", "date": "31-08-2023"}, "bad_date", "record_date"),
        ({"id": "a", "date": "2023-02-30T10:00:00Z"}, "bad_date", "record_date"),
        ({"id": "a", "name": "x\x00y"}, "nul_byte", "name"),
        ({"id": "a", "deep": {"list": ["\x00"]}}, "nul_byte", "deep.list"),
        ({"id": "a", "tags": ["\x00"]}, "nul_byte", "tags"),
        ({"id": "a", "name": "\ud800"}, "invalid_text", "name"),
        ({"id": "a", "other": "x" * (10 * 1024 * 1024 + 1)}, "field_too_large", "other"),
        ({"id": "a", "tags": {"a": 1}}, "not_a_list", "tags"),
        ("text", "not_an_object", None),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(row, code, field):
    good = {"id": "good", "openRate": 10}
    mapped = map_rows([good, row, {**good, "id": "also"}], MAPPING, {}, NOW)
    assert mapped.frames.records["external_id"].to_list() == ["good", "also"]
    (reject,) = mapped.rejects
    assert (reject.code, reject.field, reject.row_number) == (code, field, 2)
    assert "\x00" not in reject.payload
    assert len(reject.detail) > 20
    assert mapped.received == 3


def test_a_deeply_nested_row_is_refused():
    deep = value = {}
    for _ in range(2000):
        value["x"] = value = {}
    assert one({"id": "a", "deep": deep}).code == "too_deep"


@pytest.mark.parametrize("rate", [100.5, -1])
def test_a_metric_out_of_its_bounds_is_left_out_and_told_and_its_record_stays(rate):
    row = {"id": "a", "name": "Sale", "openRate": rate, "revenue": 12}
    mapped = map_rows([{"id": "good", "openRate": 10}, row], MAPPING, {}, NOW)
    assert mapped.frames.records["external_id"].to_list() == ["good", "a"]
    assert mapped.frames.records["name"].to_list() == [None, "Sale"]
    kept = mapped.frames.metrics.select("metric_name", "metric_value").rows()
    assert kept == [("open_rate", Decimal(10)), ("revenue", Decimal(12))]
    (reject,) = mapped.rejects
    assert (reject.code, reject.field, reject.row_number) == ("out_of_bounds", "open_rate", 2)
    assert "kept without it" in reject.detail
    assert mapped.received == 2


def test_a_definition_sets_the_bounds():
    definition = MetricDefinition("revenue", "Revenue", None, "currency", Decimal(0), Decimal(1000), None)
    mapped = map_rows([{"id": "a", "revenue": -1}], MAPPING, {"revenue": definition}, NOW)
    assert [reject.code for reject in mapped.rejects] == ["out_of_bounds"]
    growth = MetricDefinition("open_rate", "Growth", None, "percent", Decimal(-100), None, None)
    assert one({"id": "a", "openRate": 250}, definitions={"open_rate": growth})["metrics"]["open_rate"] == 250


def test_a_time_without_zone_belongs_to_the_mapping_zone_also_when_the_clock_changes():
    assert one({"id": "a", "date": "2026-01-15T12:00:00"})["record_date"] == datetime(
        2026, 1, 15, 11, tzinfo=UTC
    )
    skipped = one({"id": "a", "date": "2026-03-29T02:30:00"})["record_date"]
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    twice = one({"id": "a", "date": "2026-10-25T02:30:00"})["record_date"]
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("layout", "sent", "read"),
    [
        ("%d-%m-%Y", "31-08-2023", datetime(2023, 8, 31, tzinfo=UTC)),
        ("epoch_seconds", 1621295008, datetime(2021, 5, 17, 23, 43, 28, tzinfo=UTC)),
        ("epoch_ms", "1621295008250", datetime(2021, 5, 17, 23, 43, 28, 250000, tzinfo=UTC)),
    ],
)
def test_other_date_formats_are_read(layout, sent, read):
    mapping = parse_mapping(
        {"columns": {"external_id": "id", "record_date": {"path": "d", "format": layout}}}
    )
    assert one({"id": "a", "d": sent}, mapping)["record_date"] == read


def test_equal_repeats_are_kept_once_and_different_ones_refused():
    row = {"id": "a", "openRate": 10, "extra": 1}
    mapped = map_rows([row, {"id": "b"}, dict(row), {"id": "b", "name": "other"}], MAPPING, {}, NOW)
    assert mapped.frames.records["external_id"].to_list() == ["a", "b"]
    assert mapped.frames.metrics.height == 1
    assert [(reject.row_number, reject.code) for reject in mapped.rejects] == [(4, "duplicate_external_id")]


def test_where_takes_only_the_rows_it_names():
    mapping = parse_mapping({"where": {"stream": "reports"}, "columns": {"external_id": "data.id"}})
    rows = [{"stream": "campaigns", "data": {"id": 1}}, {"stream": "reports", "data": {"id": 2}}]
    mapped = map_rows(rows, mapping, {}, NOW)
    assert mapped.frames.records["external_id"].to_list() == ["2"]
    assert mapped.received == 1


def test_a_broken_line_is_refused_and_its_neighbours_load():
    mapper = ReadingMapper(MAPPING, {})
    for batch in read_document(b'{"id": 1}\nnot json\n\n{"id": 2}', "ndjson", MAPPING):
        for problem in batch.problems:
            mapper.refuse(problem)
        mapper.add(batch.rows, first_row=batch.first_row)
    mapped = mapper.finish(NOW)
    assert mapped.frames.records["external_id"].to_list() == ["1", "2"]
    assert [(reject.row_number, reject.code) for reject in mapped.rejects] == [(2, "invalid_json")]


def test_a_csv_with_mark_and_ragged_line_is_read():
    data = "\ufeffid;name;sent\n1;Äpfel;\n2;x\n3;;7\n".encode()
    batches = list(read_document(data, guess_format("x.csv", data), MAPPING))
    rows = [row for batch in batches for row in batch.rows]
    assert rows == [{"id": "1", "name": "Äpfel", "sent": None}, {"id": "3", "name": None, "sent": "7"}]
    assert [problem.code for batch in batches for problem in batch.problems] == ["wrong_cell_count"]


numbers = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**16), 10**16),
    st.integers(-5, 200),
    st.decimals(-1000, 1000, places=7).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-100, 100, places=9),
    st.decimals(-1000, 1000, places=3).map(str),
    st.sampled_from(["", " 5 ", "1e3", "x", "0.0000005", "12.5", "1,5", "٣", "\u00a07"]),
)
texts = st.one_of(
    st.none(), st.text(max_size=60), st.integers(), st.floats(allow_nan=False), st.booleans(), st.just([1])
)
dates = st.one_of(
    st.none(),
    st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)).map(datetime.isoformat),  # noqa: DTZ001
    st.datetimes(min_value=datetime(1900, 1, 1)).map(lambda moment: moment.isoformat() + "Z"),  # noqa: DTZ001
    st.sampled_from(
        ["", "2023-02-30T10:00:00Z", "2023-01-01T24:00:00Z", "2023-01-01T10:00:60Z", "2023-01-04", 5]
    ),
)
rows_strategy = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(0, 10**9).map(str)},
        optional={
            "name": texts,
            "status": texts,
            "tags": st.one_of(
                st.none(), st.lists(st.one_of(st.text(max_size=5), st.none()), max_size=3), texts
            ),
            "amount": numbers,
            "sent": numbers,
            "bounced": numbers,
            "opened": numbers,
            "openRate": numbers,
            "revenue": numbers,
            "stats": st.one_of(texts, st.fixed_dictionaries({"click": numbers})),
            "date": dates,
            "more": st.recursive(
                texts, lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=2)
            ),
        },
    ),
    max_size=8,
)


@given(rows_strategy)
@example([{"id": "0", "tags": "\x1f"}])
@example([{"id": "0", "tags": "a\x1fb"}, {"id": "1", "tags": ["a\x1f"]}, {"id": "2", "tags": "c"}])
@settings(max_examples=400, deadline=None)
def test_columns_and_single_rows_agree(rows):
    fast = map_rows(rows, MAPPING, {}, NOW)
    slow = map_rows(rows, MAPPING, {}, NOW, exact_only=True)
    assert fast.rejects == slow.rejects
    assert canonical(fast.frames) == canonical(slow.frames)
    assert fast.rounded == slow.rounded


def canonical(frames):
    names = dict(zip(frames.records["id"], frames.records["external_id"], strict=True))
    records = [
        {**row, "extra": json.loads(row["extra"], parse_float=Decimal)}
        for row in frames.records.drop("id").iter_rows(named=True)
    ]
    metrics = {(names[record], *rest) for record, *rest in frames.metrics.iter_rows()}
    return records, metrics


PRICES = parse_mapping({
    "name": "prices",
    "columns": {"external_id": "id", "amount": {"path": "cents", "times": "0.01"}},
    "metrics": {"cpc": "cpc", "share": {"ratio": ["cpc", "cents"]}},
})  # fmt: skip


@pytest.mark.parametrize("exact_only", [False, True])
def test_numbers_that_lose_digits_are_counted_by_field(exact_only):
    rows = [
        {"id": "a", "cpc": 0.1234567, "cents": 1234},
        {"id": "b", "cpc": "0.12345678901234567890", "cents": 12.345},
        {"id": "c", "cpc": 0.123456, "cents": 3},
        {"id": "d", "cpc": None},
        {"id": "e", "cpc": "1.2300000000", "cents": 1},
    ]
    mapped = map_rows(rows, PRICES, {}, NOW, exact_only=exact_only)
    assert (mapped.rejects, dict(mapped.rounded)) == ([], {"cpc": 2, "amount": 1})


written_numbers = st.from_regex(
    r"-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?", fullmatch=True
)


@given(written_numbers, st.sampled_from(["%s", '"%s"']))
@settings(max_examples=600, deadline=None)
def test_a_written_number_is_stored_as_it_was_written(written, form):
    document = parse_json(f'[{{"id": "a", "revenue": {form % written}}}]'.encode())
    exact = Decimal(written).quantize(Decimal("0.000001"), context=Context(prec=200))
    found = one(document[0])
    if abs(exact) >= Decimal(10) ** 14:
        assert found.code == "out_of_range"
    else:
        assert found["metrics"] == {"revenue": exact}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"id,a,a\n1,2,3\n", "column_twice"),
        (b"id,name\n1,\x00\n", None),
        (b'id\n"1\n', None),
    ],
)
def test_a_csv_that_cannot_be_read_says_why(data, code):
    if code is None:
        assert list(read_document(data, "csv", MAPPING))
        return
    with pytest.raises(Invalid) as caught:
        list(read_document(data, "csv", MAPPING))
    assert caught.value.code == code


WITH_PATH = parse_mapping(
    {"records_path": ["campaign", "campaigns"], "columns": {"external_id": "campaignID"}}
)
ONLY_REPORTS = parse_mapping({"where": {"stream": "reports"}, "columns": {"external_id": "data.id"}})


def test_a_document_that_is_itself_a_record_is_one_row():
    assert find_rows({"campaignID": "a"}, WITH_PATH) == [{"campaignID": "a"}]
    with pytest.raises(Invalid, match="no list at campaign or campaigns"):
        find_rows({"error": "none"}, WITH_PATH)


@pytest.mark.parametrize(
    ("data", "form", "mapping", "words"),
    [
        (b"a,b\n1,2\n", "csv", MAPPING, ["column id,", "The file has: a, b."]),
        (b"a;b\n", "csv", MAPPING, ["column id,", "The file has: a, b."]),
        (b'[{"ID": 1}, {"x": 2}]', "json", MAPPING, ["column id,", "The file has: ID, x."]),
        (b'{"ID": 1}\n{"x": 2}', "ndjson", MAPPING, ["column id,", "The file has: ID, x."]),
        (b'[{"stream": "a"}, {}]', "json", ONLY_REPORTS, ["2 rows, none matched where stream is reports"]),
        (b'[{"stream": "reports", "data": {}}]', "json", ONLY_REPORTS, ["column data.id,", "stream, data."]),
        (b"stream\nx\n", "csv", ONLY_REPORTS, ["1 row, none matched"]),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_is_missing(data, form, mapping, words):
    with pytest.raises(Invalid) as refused:
        map_file(data, form, mapping, {}, NOW)
    assert all(word in refused.value.detail for word in words), refused.value.detail


@pytest.mark.parametrize(
    ("data", "form", "rejects"),
    [(b"[]", "json", 0), (b"id,name\n", "csv", 0), (b"", "ndjson", 0), (b'[{"id": null}]', "json", 1)],
)
def test_a_file_without_rows_or_with_bad_ones_is_no_other_kind(data, form, rejects):
    mapped = map_file(data, form, MAPPING, {}, NOW)
    assert (mapped.frames.records.height, len(mapped.rejects)) == (0, rejects)


def test_many_columns_are_not_all_listed():
    data = (",".join(f"c{n}" for n in range(30)) + "\n").encode()
    with pytest.raises(Invalid, match="c19 and 10 more"):
        map_file(data, "csv", MAPPING, {}, NOW)
