"""The table browser of the API: whose rows it shows, what it refuses and how, paging, CSV."""

import csv
import io

import pytest
from tests.people import BRANDT, MARLOW

TABLES = "/api/v1/tables"
BUILT_IN = {
    "Credential is about to end",
    "Source fails",
    "Source is late",
    "Source is suspiciously empty",
    "Percents turned to fractions",
}
"""Rules of the agency that come with the program."""


async def get(house, who: str, path: str, *filters: str, **query):
    async with house.caller(who) as caller:
        params = [
            *((name, str(value)) for name, value in query.items()),
            *(("filter", word) for word in filters),
        ]
        return await caller.get(f"{TABLES}{path}", params=params)


async def rows(house, who: str, table: str, *filters: str, **query) -> list[dict]:
    answer = await get(house, who, f"/{table.replace('.', '/')}/rows", *filters, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_tables_are_listed_for_staff_alone(house):
    answer = await get(house, "viewer", "")
    assert answer.status_code == 200
    found = {f"{row['schema']}.{row['name']}": row for row in answer.json()["data"]}
    assert found["watch.api_records"]["comment"]
    assert found["core.creds_meta"]["readable"] is False
    assert (await get(house, "client 1", "")).status_code == 403
    assert (await get(house, "owner at 2", "")).status_code == 403
    assert (await get(house, "anonymous", "")).status_code == 401
    hits = (await get(house, "viewer", "", q="judged snapshot", schema="watch")).json()["data"]
    assert [row["name"] for row in hits] == ["rule_evaluations"]
    assert (
        (await get(house, "viewer", "", schema="watc")).json()["errors"][0]["detail"].endswith("mean watch?")
    )


async def test_one_table_says_all_of_itself(house):
    found = (await get(house, "viewer", "/watch/watchtower_rules")).json()
    assert found["ddl"].startswith("CREATE TABLE watch.watchtower_rules (")
    assert {policy["name"] for policy in found["policies"]} >= {"person_select", "service_update"}
    problem = await get(house, "viewer", "/watch/watchtower_rule")
    assert problem.status_code == 404
    assert "watch.watchtower_rules" in problem.json()["detail"]
    assert (await get(house, "viewer", "/jobs/procrastinate_jobs")).status_code == 404
    assert (await get(house, "viewer", "/pg_catalog/pg_authid")).status_code == 404


async def test_everybody_sees_the_rows_of_their_own_clients(filled):
    names = {row["client_id"] for row in await rows(filled, "owner", "watch.watchtower_rules")}
    assert names in ({0, BRANDT, MARLOW}, {None, BRANDT, MARLOW})
    for who in ("viewer", "operator", "analyst"):
        found = await rows(filled, who, "watch.watchtower_rules")
        assert {row["client_id"] for row in found} - {0} == {BRANDT}, who
        assert await rows(filled, who, "watch.watchtower_rules", f"client_id:eq:{MARLOW}") == []


async def test_a_closed_table_says_so(filled):
    for who in ("owner", "viewer"):
        answer = await get(filled, who, "/core/creds_meta/rows")
        assert answer.status_code == 403
        assert answer.json()["code"] == "table_closed"
        assert "core.creds_meta" in answer.json()["detail"]
        assert (await get(filled, who, "/core/creds_meta/rows.csv")).status_code == 403


async def test_secret_columns_are_left_out_and_named(filled):
    table = (await get(filled, "owner", "/core/users")).json()
    assert next(c for c in table["columns"] if c["name"] == "password_hash")["readable"] is False
    (row, *_) = await rows(filled, "owner", "core.users")
    assert "password_hash" not in row
    answer = await get(filled, "owner", "/core/users/rows", columns="email,password_hash")
    assert answer.status_code == 422
    assert "may not read core.users.password_hash" in answer.json()["detail"]
    for word in ("password_hash:is_null:false", "password_hash:starts:$argon2"):
        assert (await get(filled, "owner", "/core/users/rows", word)).status_code == 422
    assert (await get(filled, "owner", "/core/users/rows", sort="password_hash")).status_code == 422


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("status:eq:completed", 4), ("status:ne:completed", 0), ("total_records:ge:1", 4), ("total_records:lt:1", 0),
        ("total_records:in:1, 2", 4), ("created_at:lt:2030-01-01", 4), ("created_at:gt:2030-01-01T00:00:00Z", 0),
        ("error_message:is_null:true", 2), ("error_message:is_null:no", 2), ("status:starts:comp", 4),
        ("status:contains:PLET", 4), ("status:in:completed,failed", 4), ("checksum:is_null:false", 4),
        ("lease_token:eq:00000000-0000-4000-8000-000000000000", 0), ("status:contains:%", 0), ("status:eq:'; DROP TABLE x", 0),
    ],
)  # fmt: skip
async def test_filters_by_every_operator(filled, word, count):
    assert len(await rows(filled, "owner", "watch.api_snapshots", word)) == count


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"filter": "statu:eq:x"}, "Did you mean status"),
        ({"filter": "status:like:x"}, "it takes eq, ne"),
        ({"filter": "total_records:eq:many"}, "not a whole number"),
        ({"filter": "total_records:eq:99999999999999999999"}, "not a whole number"),
        ({"filter": "created_at:gt:yesterday"}, "not a time such as"),
        ({"filter": "id:eq:7"}, "not a UUID"),
        ({"filter": "checksum:eq:x"}, "it takes is_null"),
        ({"filter": "error_message:is_null:perhaps"}, "not true or false"),
        ({"filter": "status:in:"}, "Name 1 to 200 values"),
        ({"filter": "status"}, "column:operator:value"),
        ({"sort": "checksum"}, "cannot be sorted by"),
        ({"sort": "-nothing"}, "has no column 'nothing'"),
        ({"columns": "id,nothing"}, "has no column 'nothing'"),
        ({"cursor": "bm90IG91cnM"}, "not one of this list"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_fix(house, query, said):
    answer = await get(house, "owner", "/watch/api_snapshots/rows", **query)
    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert answer.json()["errors"]


async def test_several_wrong_filters_are_each_named(house):
    answer = await get(
        house, "owner", "/watch/api_snapshots/rows", "id:eq:7", "status:eq:open", "nothing:eq:1"
    )
    assert [error["pointer"] for error in answer.json()["errors"]] == ["query/filter/0", "query/filter/2"]


@pytest.mark.parametrize(
    "sort", ["", "name", "-name", "description", "-description", "created_at", "-is_active"]
)
async def test_pages_show_every_row_once_in_order(house, sort):
    for number in range(23):
        house.admin.execute(
            "INSERT INTO watch.watchtower_rules (client_id, name, description, field_name, condition) VALUES (1, %s, %s, 'x', 'changed')",
            [f"Rule {number % 7}", None if number % 3 else f"note {number % 5}"],
        )
    whole = [row["id"] for row in await rows(house, "owner", "watch.watchtower_rules", sort=sort, limit=100)]
    assert len(set(whole)) == 23 + len(BUILT_IN)
    seen, cursor = [], None
    while True:
        query = {"cursor": cursor} if cursor else {}
        answer = await get(house, "owner", "/watch/watchtower_rules/rows", sort=sort, limit=5, **query)
        seen += [row["id"] for row in answer.json()["data"]]
        meta = answer.json()["meta"]
        cursor = meta["next_cursor"]
        if cursor is None:
            break
        assert meta["estimated_rows"] >= 5
    assert seen == whole


async def test_a_cursor_of_another_table_is_refused(house):
    for number in range(3):
        house.admin.execute(
            "INSERT INTO watch.watchtower_rules (client_id, name, field_name, condition) VALUES (1, %s, 'x', 'changed')",
            [f"Rule {number}"],
        )
    page = (await get(house, "owner", "/watch/watchtower_rules/rows", limit=1)).json()
    answer = await get(house, "owner", "/core/clients/rows", cursor=page["meta"]["next_cursor"])
    assert answer.status_code == 422


async def test_views_are_read_page_by_page_too(house):
    views = [
        row
        for row in (await get(house, "owner", "")).json()["data"]
        if row["kind"] == "view" and row["readable"]
    ]
    for view in views:
        answer = await get(house, "owner", f"/{view['schema']}/{view['name']}/rows", limit=2)
        assert answer.status_code == 200, (view["name"], answer.text)


async def test_every_table_answers_rows_or_says_why_not(house):
    for row in (await get(house, "owner", "")).json()["data"]:
        answer = await get(house, "owner", f"/{row['schema']}/{row['name']}/rows")
        assert answer.status_code == (200 if row["readable"] else 403), (row["name"], answer.text)


async def test_csv_holds_every_row_and_no_formula(house):
    for name in ("=HYPERLINK(1)", "+1", "-1", "@x", "\tx", 'quoted "well", with commas', "Ærø ☕"):
        house.admin.execute(
            "INSERT INTO watch.watchtower_rules (client_id, name, field_name, condition) VALUES (1, %s, 'x', 'changed')",
            [name],
        )
    house.admin.execute(
        "INSERT INTO watch.metric_definitions (metric_name, display_name, min_value) VALUES ('loss', 'Loss', -5)"
    )
    answer = await get(
        house, "owner", "/watch/watchtower_rules/rows.csv", columns="name,position", sort="name"
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="watch.watchtower_rules.csv"' in answer.headers["content-disposition"]
    head, *lines = csv.reader(io.StringIO(answer.content.decode()))
    assert head == ["name", "position"]
    assert {line[0] for line in lines} - BUILT_IN == {
        "'=HYPERLINK(1)", "'+1", "'-1", "'@x", "'\tx", 'quoted "well", with commas', "Ærø ☕",
    }  # fmt: skip
    numbers = await get(
        house, "owner", "/watch/metric_definitions/rows.csv", "metric_name:eq:loss", columns="min_value"
    )
    assert numbers.text.split() == ["min_value", "-5.000000"]


async def test_csv_of_many_rows_is_whole(house):
    house.admin.execute(
        "INSERT INTO watch.watchtower_rules (client_id, name, field_name, condition)"
        " SELECT 1, 'Rule ' || n, 'x', 'changed' FROM generate_series(1, 2345) n"
    )
    answer = await get(house, "viewer", "/watch/watchtower_rules/rows.csv", columns="name")
    assert len(answer.text.splitlines()) == 2346 + len(BUILT_IN)
    assert (await get(house, "client 1", "/watch/watchtower_rules/rows.csv")).status_code == 403


async def test_values_stand_whole_and_exact(house):
    long = "x" * 20_000
    house.admin.execute(
        "INSERT INTO watch.watchtower_rules (client_id, name, description, field_name, condition)"
        " VALUES (1, 'Long', %s, 'x', 'changed')",
        [long],
    )
    (row,) = await rows(house, "owner", "watch.watchtower_rules", "name:eq:Long")
    assert row["description"] == long
    assert row["notify_time"] is None
    assert row["created_at"].endswith("+00:00")
