import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.connectors.file import csv_reader
from belvedere.connectors.file.reader import read_file
from belvedere.connectors.file.settings import FileFormat, FileSettings, guess_format


def read(data, **settings):
    text = data.encode() if isinstance(data, str) else data
    chunks = list(read_file(io.BytesIO(text), FileSettings(**settings)))
    rows = [row for chunk in chunks for row in chunk.as_rows()]
    numbers = [number for chunk in chunks for number in chunk.row_numbers]
    assert len(rows) == len(numbers)
    return rows, numbers, [problem for chunk in chunks for problem in chunk.problems]


# CSV


def test_a_plain_table_comes_with_its_line_numbers():
    rows, numbers, problems = read("a,b\n1,x\n2,\n", format="csv")
    assert rows == [{"a": "1", "b": "x"}, {"a": "2", "b": None}]
    assert numbers == [2, 3]
    assert problems == []


@pytest.mark.parametrize("line", ["1", "1,2,3", "1,2,3,4"])
def test_a_line_with_too_few_or_many_cells_is_one_problem(line):
    _, numbers, problems = read(f"a,b\n1,x\n{line}\n3,y\n", format="csv")
    assert numbers == [2, 4]
    assert [(p.row_number, p.code) for p in problems] == [(3, "wrong_cell_count")]
    assert problems[0].payload == line


def test_a_short_and_a_long_line_do_not_cancel_out():
    rows, _, problems = read("a,b\n1\n1,2,3\n3,y\n", format="csv")
    assert rows == [{"a": "3", "b": "y"}]
    assert [p.row_number for p in problems] == [2, 3]


def test_quoted_cells_keep_delimiters_and_line_breaks():
    rows, numbers, problems = read('a,b\n"1,5","two\nlines"\n2,"say ""hi"""\n', format="csv")
    assert rows == [{"a": "1,5", "b": "two\nlines"}, {"a": "2", "b": 'say "hi"'}]
    assert numbers == [2, 4]
    assert problems == []


def test_a_lost_quote_costs_its_line_only():
    _, numbers, problems = read('a,b\n1,x\n2,"open\n3,y\n4,z\n', format="csv")
    assert numbers == [2, 4, 5]
    assert [(p.row_number, p.code) for p in problems] == [(3, "wrong_csv")]
    assert "opens a quote" in problems[0].detail


def test_text_after_a_closing_quote_is_refused():
    rows, _, problems = read('a,b\n"1"2,x\n3,y\n', format="csv")
    assert rows == [{"a": "3", "b": "y"}]
    assert "not valid CSV" in problems[0].detail


def test_a_byte_order_mark_and_windows_line_ends_are_no_data():
    rows, _, problems = read(b"\xef\xbb\xbfa;b\r\n1;2\r\n", format="csv", delimiter=";")
    assert rows == [{"a": "1", "b": "2"}]
    assert problems == []


def test_blank_lines_are_no_rows():
    _, numbers, problems = read("a,b\n\n1,2\n\n\n3,4\n\n", format="csv")
    assert numbers == [3, 6]
    assert problems == []


@pytest.mark.parametrize(
    ("encoding", "codec"), [("cp1252", "cp1252"), ("latin-1", "latin-1"), ("utf-16", "utf-16")]
)
def test_a_declared_encoding_is_read(encoding, codec):
    rows, _, problems = read("name,b\nMüller,2\n".encode(codec), format="csv", encoding=encoding)
    assert rows == [{"name": "Müller", "b": "2"}]
    assert problems == []


def test_a_line_in_another_encoding_is_one_problem():
    _, numbers, problems = read(b"a,b\n1,x\nM\xfcller,2\n3,y\n", format="csv")
    assert numbers == [2, 4]
    assert [(p.row_number, p.code) for p in problems] == [(3, "wrong_encoding")]


def test_a_wrongly_declared_encoding_ends_the_reading_with_words():
    rows, _, problems = read(b"a,b\n1,2\n3", format="csv", encoding="utf-16")
    assert rows == []
    assert problems[-1].ends_reading
    assert "utf-16" in problems[-1].detail


def test_a_nul_character_is_one_problem():
    _, numbers, problems = read(b"a,b\n1,x\n2,y\x00z\n3,y\n", format="csv")
    assert numbers == [2, 4]
    assert (problems[0].code, problems[0].field) == ("nul_byte", "b")
    assert "\x00" not in problems[0].payload


def test_a_field_of_ten_megabytes_is_one_problem():
    big = "x" * (10 * 1024 * 1024)
    _, numbers, problems = read(f"a,b\n1,{big}\n3,y\n", format="csv")
    assert numbers == [3]
    assert (problems[0].code, problems[0].field) == ("field_too_long", "b")
    assert "10,485,760 bytes" in problems[0].detail
    assert len(problems[0].payload) <= 4096


def test_an_endless_line_is_skipped_without_being_held():
    _, numbers, problems = read("a,b\n1,x\n" + "y" * 5000 + "\n3,z\n", format="csv", max_row_bytes=1000)
    assert numbers == [2, 4]
    assert problems[0].code == "row_too_long"


def test_a_heading_that_stands_twice_ends_the_reading():
    rows, _, problems = read("a,b,a\n1,2,3\n", format="csv")
    assert rows == []
    assert problems[0].ends_reading
    assert "“a”" in problems[0].detail


def test_a_heading_without_a_name_gets_one():
    rows, _, _ = read(",b\n1,2\n", format="csv")
    assert rows == [{"column_1": "1", "b": "2"}]


def test_an_empty_file_has_no_rows():
    assert read("", format="csv") == ([], [], [])
    assert read("a,b\n", format="csv") == ([], [], [])


def test_blocks_and_chunks_do_not_change_what_is_read(monkeypatch):
    lines = [f'{n},"q{n}"' if n % 7 == 0 and n > 500 else f"{n},v{n}" for n in range(2000)]
    text = "id,v\n" + "\n".join(lines)
    whole = read(text, format="csv")
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 64)
    assert read(text, format="csv", chunk_rows=13) == whole
    assert len(whole[0]) == 2000
    assert whole[1] == list(range(2, 2002))


CELLS = st.text(st.characters(blacklist_characters="\x00\r", blacklist_categories=["Cs"]), max_size=8)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=12))
def test_what_the_csv_module_writes_is_read_back(table):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["a", "b", "c"], *table])
    rows, _, problems = read(out.getvalue(), format="csv")
    assert problems == []
    assert rows == [dict(zip("abc", [cell or None for cell in line], strict=True)) for line in table]


@given(st.binary(max_size=300), st.sampled_from(list(FileFormat)))
def test_no_file_makes_the_reader_fail(data, file_format):
    for head in (b"", b"a,b\n", b'{"a":1}\n', b'[{"a":1},'):
        rows, _, problems = read(head + data, format=file_format, max_row_bytes=100, max_field_bytes=50)
        assert all(isinstance(row, dict) for row in rows)
        assert all(problem.detail for problem in problems)


# NDJSON


def test_one_bad_json_line_is_one_problem_with_its_number():
    rows, numbers, problems = read('{"a":1}\n{"a":\n[1]\n\n{"a":null}\n', format="ndjson")
    assert rows == [{"a": 1}, {"a": None}]
    assert numbers == [1, 5]
    assert [(p.row_number, p.code) for p in problems] == [(2, "wrong_json"), (3, "not_an_object")]


def test_absent_and_null_stay_different():
    rows, _, _ = read('{"a":null}\n{"b":1}', format="ndjson")
    assert rows == [{"a": None}, {"b": 1}]


def test_nul_and_large_fields_are_found_inside_nested_objects():
    big = "x" * 2000
    text = f'{{"a":{{"b":["\\u0000"]}}}}\n{{"a":{{"b":"{big}"}}}}\n{{"a":1}}\n'
    _, numbers, problems = read(text, format="ndjson", max_field_bytes=1000)
    assert numbers == [3]
    assert [(p.code, p.field) for p in problems] == [("nul_byte", "a.b"), ("field_too_long", "a.b")]


def test_nan_is_no_json():
    for file_format in ("ndjson", "json"):
        rows, _, problems = read('{"a":NaN}', format=file_format)
        assert rows == []
        assert problems[0].code == "wrong_json"


# JSON


def test_a_list_is_read_element_by_element():
    rows, numbers, problems = read('\ufeff [ {"a": 1}, 5, {"b": [1, {"c": 2}]} ] ', format="json")
    assert rows == [{"a": 1}, {"b": [1, {"c": 2}]}]
    assert numbers == [1, 3]
    assert problems[0].row_number == 2


def test_the_list_stands_where_the_path_says():
    text = '{"paging": {"campaigns": [9]}, "data": {"campaigns": [{"a": 1}, {"a": 2}]}, "more": 1}'
    rows, _, problems = read(text, format="json", records_path=["campaign", "data.campaigns"])
    assert rows == [{"a": 1}, {"a": 2}]
    assert problems == []


def test_a_missing_list_is_said_with_its_path():
    _, _, problems = read('{"x": []}', format="json", records_path=["campaign", "campaigns"])
    assert problems[0].ends_reading
    assert "campaign or campaigns" in problems[0].detail


def test_a_document_that_breaks_off_keeps_what_stands_before():
    rows, _, problems = read('[{"a": 1}, {"a": 2}, {"a": ', format="json")
    assert rows == [{"a": 1}, {"a": 2}]
    assert problems[-1].ends_reading
    assert "after element 2" in problems[-1].detail


def test_half_a_character_is_one_problem():
    rows, _, problems = read('[{"a": "\\ud83d"}, {"a": "\\ud83d\\ude00"}, {"\\udc00": 1}]', format="json")
    assert rows[0] == {"a": "😀"}
    assert [(p.row_number, p.code) for p in problems] == [(1, "wrong_text"), (3, "wrong_text")]


def test_text_after_the_end_is_refused():
    _, _, problems = read('[{"a": 1}] tail', format="json")
    assert "after the end" in problems[0].detail


def test_deep_nesting_is_a_problem_and_no_crash():
    _, _, problems = read("[" * 100_000, format="json")
    assert problems[-1].ends_reading


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**50), 2**50)
    | st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text("abcé€"), JSON, max_size=4), max_size=8))
def test_any_list_of_objects_is_read_back(rows):
    for text in (json.dumps(rows), json.dumps(rows, ensure_ascii=False, indent=1)):
        assert read(text, format="json")[0] == rows
        assert read(json.dumps({"x": {"y": 1}, "z": rows}), format="json", records_path=["z"])[0] == rows


def test_elements_across_block_borders_are_whole(monkeypatch):
    from belvedere.connectors.file import json_reader

    monkeypatch.setattr(json_reader, "_BLOCK", 7)
    rows = [{"id": n, "name": "Größe €" * (n % 5), "v": n / 7} for n in range(300)]
    assert read(json.dumps(rows, ensure_ascii=False), format="json")[0] == rows
    assert read("[12345, 67]", format="json")[2][0].payload == "12345"


def test_formats_follow_the_ending():
    assert guess_format("A/B.JSONL") is FileFormat.NDJSON
    assert guess_format("x.csv") is FileFormat.CSV
    assert guess_format("x.xlsx") is None
