"""Every page renders from its sample context and keeps the house rules for HTML."""

import os
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from tests.web import samples
from tests.web.samples.common import ui
from tests.web.samples.readings import RECORDS, snapshot

from belvedere.web.assets import assets, make_templates

PAGES = samples.pages()
NO_LABEL_NEEDED = {"hidden", "submit"}


@pytest.fixture(scope="module")
def rendered():
    templates = make_templates()
    return {
        name: templates.get_template(template).render(context) for name, (template, context) in PAGES.items()
    }


@pytest.fixture(params=PAGES)
def page(request, rendered):
    return HTMLParser(rendered[request.param])


def named(control):
    attributes = control.attributes
    return attributes.get("id") or attributes.get("aria-label")


def test_every_template_has_a_sample():
    folder = Path(__file__).parents[2] / "src" / "belvedere" / "web" / "templates"
    layouts = {"base.html", "shell.html", "door.html"}
    assert {path.name for path in folder.glob("*.html")} - layouts == {
        template for template, _ in PAGES.values()
    }


def test_pages_can_be_written_to_a_folder_to_look_at(rendered, tmp_path):
    folder = Path(os.environ.get("BELVEDERE_PAGES_TO", tmp_path))
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    for asset in assets().values():
        (folder / "assets" / asset.name).write_bytes(asset.body)
    for name, html in rendered.items():
        (folder / f"{name}.html").write_text(html, "utf-8")
    assert len(list(folder.glob("*.html"))) == len(PAGES)


def test_page_has_one_title_one_main_heading_and_a_main_landmark(page):
    assert page.css_first("title").text().endswith(" · Belvedere")
    assert len(page.css("h1")) == 1
    assert page.css_first("h1").text(strip=True)
    assert len(page.css("main#main")) == 1
    assert page.css_first("a.skip").attributes["href"] == "#main"


def test_page_loads_nothing_from_another_host(page):
    for node in page.css("[src], link[href], [action]"):
        address = node.attributes.get("src") or node.attributes.get("href") or node.attributes.get("action")
        assert address.startswith("/"), node.html
    assert not [link.html for link in page.css("a[href]") if "://" in link.attributes["href"]]


def test_page_holds_no_inline_script_or_style(page):
    assert not page.css("style, [style]")
    assert not [script.html for script in page.css("script") if not script.attributes.get("src")]
    for node in page.css("body *"):
        assert not [name for name in node.attributes if name.startswith("on")], node.html


def test_every_control_has_a_label(page):
    labelled = {label.attributes.get("for") for label in page.css("label")}
    for control in page.css("input, select, textarea"):
        if control.attributes.get("type") in NO_LABEL_NEEDED:
            continue
        assert control.attributes.get("aria-label") or control.attributes.get("id") in labelled, control.html


def test_every_link_and_button_says_something(page):
    for node in page.css("a[href], button, summary"):
        if "data-news-for" in node.attributes:
            continue
        assert node.text(strip=True) or node.attributes.get("aria-label"), node.html


def test_ids_are_unique_and_references_point_to_them(page):
    ids = [node.attributes["id"] for node in page.css("[id]")]
    assert len(ids) == len(set(ids)), sorted(name for name in ids if ids.count(name) > 1)
    for node in page.css("[aria-describedby], [aria-labelledby], label[for]"):
        attributes = node.attributes
        for name in ("aria-describedby", "aria-labelledby", "for"):
            assert set((attributes.get(name) or "").split()) <= set(ids), node.html


def test_forms_that_change_something_carry_the_form_token(page):
    for form in page.css("form[method=post]"):
        assert form.css_first("input[name=csrf]"), form.html
    assert all("csrf" not in (node.attributes.get("href") or "") for node in page.css("a"))


def test_forms_do_not_stand_inside_forms(rendered):
    for name, html in rendered.items():
        depth = 0
        for part in html.replace("</form", "\n</form").replace("<form", "\n<form").splitlines():
            depth += part.startswith("<form") - part.startswith("</form")
            assert depth <= 1, name


def test_tables_name_their_columns_and_themselves(page):
    for table in page.css("table"):
        assert table.css_first("caption").text(strip=True)
        assert all(cell.attributes.get("scope") for cell in table.css("th")), table.html


def test_pictures_say_what_they_show_or_are_hidden(page):
    for picture in page.css("svg"):
        inside = picture.parent is not None and picture.parent.tag == "svg"
        attributes = picture.attributes
        assert inside or attributes.get("aria-hidden") == "true" or attributes.get("aria-label"), picture.html


def test_an_undefined_name_is_an_error():
    with pytest.raises(Exception, match="undefined"):
        make_templates().get_template("error.html").render(ui=ui())


def test_text_from_outside_is_escaped():
    rows = [{**RECORDS[0], "name": "<script>alert(1)</script>"}]
    html = make_templates().get_template("snapshot.html").render(snapshot(rows=rows))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_someone_who_may_not_act_sees_no_button_for_it(rendered):
    page = HTMLParser(rendered["alerts_viewer"])
    assert not page.css("form[action*=acknowledge]")
    assert "look at alerts, not change them" in page.text()


def test_links_keep_the_query_and_drop_the_cursor():
    templates = make_templates()
    page = templates.from_string("{{ link(sort='-name') }} {{ link(status=none) }} {{ link(cursor='abc') }}")
    html = page.render(ui=ui("/records", "status=sent&cursor=xyz"))
    assert html.split() == [
        "/records?status=sent&amp;sort=-name",
        "/records",
        "/records?status=sent&amp;cursor=abc",
    ]
