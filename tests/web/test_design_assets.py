"""What a first visit costs, and how assets are named."""

import gzip

from tests.web import samples
from tests.web.samples.morning import overview
from tests.web.samples.readings import RECORDS, snapshot

from belvedere.web.assets import CONTENT_SECURITY_POLICY, asset_named, assets, make_templates

KILO = 1024


def test_stylesheet_and_module_stay_inside_their_budgets():
    assert len(assets()["style"].gzipped) <= 12 * KILO
    assert len(assets()["module"].gzipped) <= 6 * KILO


def test_pages_stay_inside_their_budget():
    templates = make_templates()
    for name, (template, context) in samples.pages().items():
        html = templates.get_template(template).render(context)
        assert len(gzip.compress(html.encode(), 6)) <= 14 * KILO, name


def test_a_table_of_fifty_rows_stays_inside_its_budget():
    rows = [
        {**RECORDS[place % 7], "id": f"r{place}", "external_id": f"64f1a2c{place:04}"} for place in range(50)
    ]
    html = make_templates().get_template("snapshot.html").render(snapshot(rows=rows))
    assert len(gzip.compress(html.encode(), 6)) <= 20 * KILO


def test_a_first_visit_stays_under_sixty_kilobytes_and_five_requests():
    html = make_templates().get_template("overview.html").render(overview())
    loaded = [asset for asset in assets().values() if asset.url in html]
    assert len(loaded) + 1 <= 5
    assert sum(len(asset.gzipped) for asset in loaded) + len(gzip.compress(html.encode(), 6)) <= 60 * KILO


def test_an_asset_is_found_by_its_hashed_name_only():
    style = assets()["style"]
    assert asset_named(style.name) is style
    assert asset_named("belvedere.css") is None
    assert asset_named("../pyproject.toml") is None
    assert gzip.decompress(style.gzipped) == style.body


def test_the_content_policy_allows_no_inline_code():
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'self'" in CONTENT_SECURITY_POLICY
