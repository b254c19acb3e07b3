"""The table browser of the pages: whose rows it shows, filters without a script, what it says of what is closed."""

import re

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser


@pytest.fixture
async def olga(filled):
    async with await filled.signed_in(filled.people.olga) as browser:
        yield browser


async def page(browser, path: str, status: int = 200) -> HTMLParser:
    answer = await browser.get(path)
    assert answer.status_code == status, answer.text[:2000]
    return HTMLParser(answer.text)


async def test_every_table_is_listed_and_found_by_its_words(filled, olga):
    found = await page(olga, "/tables")
    assert {"/tables/watch/api_records", "/tables/core/clients"} <= {
        a.attributes["href"] for a in found.css("th a.name")
    }
    assert found.css_first('nav.rail a[href="/tables"]').attributes["aria-current"] == "page"
    found = await page(olga, "/tables?q=judged+snapshot")
    assert [a.text() for a in found.css("th a.name")] == ["rule_evaluations"]
    assert "No table matches" in (await page(olga, "/tables?q=zzzz")).text()


async def test_client_people_neither_see_nor_reach_it(filled):
    async with await filled.signed_in(filled.people.alice) as alice:
        assert (await alice.get("/tables")).status_code == 403
        assert (await alice.get("/tables/watch/api_records?tab=rows")).status_code == 403
        assert 'href="/tables"' not in (await alice.get("/")).text


async def test_each_part_of_a_table_is_shown(filled, olga):
    assert "gen_random_uuid()" in (await page(olga, "/tables/watch/api_snapshots")).text()
    keys = (await page(olga, "/tables/watch/api_snapshots?tab=keys")).text()
    assert "fk_api_snapshots_account" in keys
    assert "authenticated" in keys
    drawn = await page(olga, "/tables/watch/api_snapshots?tab=diagram")
    assert {"api_sources", "api_records", "api_snapshots"} <= {
        text.text() for text in drawn.css(".er svg text")
    }
    assert (
        "CREATE TABLE watch.api_snapshots ("
        in (await page(olga, "/tables/watch/api_snapshots?tab=sql")).text()
    )
    assert (await page(olga, "/tables/watch")).css_first(".er svg") is not None


async def test_every_table_and_view_opens_in_every_tab(filled, olga):
    for schema in ("core", "watch"):
        listed = await page(olga, f"/tables/{schema}")
        for link in listed.css("th a.name"):
            for tab in ("columns", "rows", "keys", "diagram", "sql"):
                answer = await olga.get(f"{link.attributes['href']}?tab={tab}")
                assert answer.status_code == 200, (link.text(), tab)


async def test_filters_are_plain_fields_and_stay_in_the_address(filled, olga):
    address = "/tables/watch/api_snapshots?tab=rows&c0=total_records&o0=ge&v0=1&c1=status&o1=contains&v1=PLET&sort=-created_at"
    found = await page(olga, address)
    assert len(found.css("tbody tr")) > 0
    assert found.css_first("#v0").attributes["value"] == "1"
    assert found.css_first("#c1 option[selected]").text() == "status"
    assert found.css_first("th[aria-sort=descending]").text().startswith("created_at")
    assert "filter=total_records%3Age%3A1" in found.css_first("a[download]").attributes["href"]
    csv = await olga.get(found.css_first("a[download]").attributes["href"])
    assert csv.status_code == 200
    assert len(csv.text.splitlines()) == len(found.css("tbody tr")) + 1
    nothing = await page(olga, "/tables/watch/api_snapshots?tab=rows&c0=total_records&o0=gt&v0=99999")
    assert "No row matches" in nothing.text()


async def test_a_wrong_value_is_named_beside_its_field(filled, olga):
    found = await page(olga, "/tables/watch/api_snapshots?tab=rows&c2=total_records&o2=eq&v2=many", 422)
    assert "not a whole number" in found.css_first("#v2-error").text()
    assert found.css_first("#v2").attributes["aria-invalid"] == "true"
    assert found.css_first("#v2").attributes["value"] == "many"
    for query, said in (("c0=nothing", "has no column"), ("sort=nothing", "has no column"), ("c0=checksum&o0=eq&v0=1", "it takes"),
                        ("cursor=abc", "not one of this list"), ("c0=name%00&v0=1", "has no column")):  # fmt: skip
        assert said in (await page(olga, f"/tables/watch/api_snapshots?tab=rows&{query}", 422)).text(), query


async def test_pages_go_on_where_the_last_ended(filled, olga):
    filled.admin.execute(
        "INSERT INTO watch.watchtower_rules (client_id, name, field_name, condition)"
        " SELECT 1, 'Rule ' || n, 'x', 'changed' FROM generate_series(1, 120) n"
    )
    seen, address = [], "/tables/watch/watchtower_rules?tab=rows&sort=name"
    while address:
        found = await page(olga, address)
        seen += [row.css("td")[0].text() for row in found.css("tbody tr")]
        following = found.css_first("a[rel=next]")
        address = following.attributes["href"] if following else None
    assert len(seen) == len(set(seen)) == filled.one("SELECT count(*) FROM watch.watchtower_rules")


async def test_the_chosen_client_narrows_the_rows(filled, olga):
    answer = (await page(olga, "/tables/watch/watchtower_rules?tab=rows&client=2")).text()
    assert "No row yet" in answer
    assert len((await page(olga, "/tables/watch/watchtower_rules?tab=rows&client=1")).css("tbody tr")) == 1


async def test_closed_tables_and_columns_say_so(filled, olga):
    closed = await page(olga, "/tables/core/creds_meta?tab=rows")
    assert "People may not read rows of core.creds_meta" in closed.text()
    assert closed.css_first("a[download]") is None
    users = await page(olga, "/tables/core/users?tab=rows")
    assert "Not readable, so not shown: password_hash." in re.sub(r"\s+", " ", users.text())
    assert "$argon2" not in users.html


async def test_names_that_do_not_stand_lead_to_the_nearest(filled, olga):
    assert "watch.api_records" in (await page(olga, "/tables/watch/api_record", 404)).text()
    assert "Did you mean watch?" in (await page(olga, "/tables/watc", 404)).text()
    assert (await olga.get("/tables/pg_catalog/pg_authid")).status_code == 404


async def test_long_values_are_cut_and_text_stays_text(filled, olga):
    filled.admin.execute(
        "INSERT INTO watch.watchtower_rules (client_id, name, description, field_name, condition)"
        " VALUES (1, '<script>x</script>', %s, 'x', 'changed')",
        ["y" * 5000],
    )
    found = await page(olga, "/tables/watch/watchtower_rules?tab=rows&c0=name&o0=contains&v0=script")
    assert "<script>x" not in found.html
    assert "y" * 61 not in found.text()


async def test_the_guide_shows_the_diagram_of_a_schema(filled, olga):
    found = await page(olga, "/docs/reference/schema/watch")
    (picture,) = found.css(".prose img")
    answer = await olga.get(picture.attributes["src"])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert found.css_first('.prose a[href="/docs/reference/schema/watch.svg"]') is not None
    assert "<!--" not in found.css_first(".prose").text()
    assert found.css_first("h1").text().strip() == "Schema watch"
    assert (await page(olga, "/docs/reference/schema")).css_first(".prose table") is not None
