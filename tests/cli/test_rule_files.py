"""Rules in files from the shell: exit codes for scripts, refusals with lines, a plan before anything moves."""

import json

from tests.cli.conftest import Home

FILE = """\
# ours
rules:
  theme-gone:
    name: Theme gone
    field_name: status
    condition: removed
tests:
  - name: gone
    steps:
      - {records: [{external_id: a, status: live}, {external_id: b, status: live}], expect: {}}
      - {records: [{external_id: b, status: live}], expect: {opened: {theme-gone: [a]}}}
"""


def test_plan_apply_export_and_nothing_left_to_do(filled: Home):
    file = filled.folder / "ours.yaml"
    file.write_text(FILE)
    planned = filled.shell.run("rules", "plan", str(file))
    told = "note: theme-gone: All channels are off: alerts stand in the list, nobody is told.\n"
    assert (planned.code, planned.err) == (2, told)
    assert "+ theme-gone  Theme gone" in planned.out
    assert filled.shell.run("rules", "apply", str(file), stdin="n\n").code == 1
    assert filled.shell.run("rules", "plan", str(file)).code == 2
    applied = filled.shell.run("rules", "apply", str(file), "--yes", "--json")
    assert applied.json["create"] == 1
    assert filled.shell.run("rules", "plan", str(file)).code == 0
    assert "theme-gone:" in filled.shell.run("rules", "export").out
    exported = filled.folder / "all.yaml"
    exported.write_text("# kept\nrules: {}\n")
    assert filled.shell.run("rules", "export", "--into", str(exported)).code == 0
    assert exported.read_text().startswith("# kept")
    assert filled.shell.run("rules", "plan", str(exported)).code == 0


def test_a_file_that_does_not_hold_ends_with_1_and_its_line(home: Home):
    file = home.folder / "wrong.yaml"
    file.write_text(FILE.replace("condition:", "conditon:"))
    done = home.shell.run("rules", "plan", str(file))
    assert done.code == 1
    assert "wrong.yaml, line 6: a rule has no key conditon. Did you mean condition?" in done.err
    assert "Traceback" not in done.err


def test_tests_of_rules_need_no_installation_and_fail_with_1(home: Home):
    file = home.folder / "tested.yaml"
    file.write_text(FILE)
    passed = home.shell.run("rules", "test", str(file))
    assert (passed.code, passed.out.splitlines()[-1]) == (0, "1 passed, 0 failed.")
    file.write_text(FILE.replace("theme-gone: [a]", "theme-gone: [b]"))
    failed = home.shell.run("rules", "test", str(file))
    assert failed.code == 1
    assert "- opened: theme-gone on b was expected and did not come." in failed.out


def test_the_schema_is_a_schema(home: Home):
    assert json.loads(home.shell.run("rules", "schema").out)["title"] == "Rules of the watch tower"


def test_packs_are_listed_shown_and_installed_once(filled: Home):
    assert [pack["name"] for pack in filled.shell.run("rules", "packs", "--json").json] == [
        "ads", "communication", "email-marketing", "shop",
    ]  # fmt: skip
    assert "ads-spend-zero:" in filled.shell.run("rules", "packs", "show", "ads").out
    filled.shell.run("rules", "packs", "show", "seo").refused(2, "There are: ads")
    install = ("rules", "packs", "install", "communication", "--client", "kaffeehaus-brandt")
    assert filled.shell.run(*install, "--json").json["create"] == 2
    again = filled.shell.run(*install, "--json").json
    assert (again["create"], again["unchanged"]) == (0, 2)
