"""Every name of the program stands in docs/, and what docs/ say holds: links, commands, requests, examples."""

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import click
import pytest
import typer
from jsonschema import Draft202012Validator
from tools.reference import commands_of, make_app

from belvedere.accounts.contracts import Role
from belvedere.accounts.permissions import OF_ONESELF, ROLE_PERMISSIONS, STAFF_ONLY, Permission
from belvedere.connectors.service import list_connectors, list_mappings
from belvedere.core.faults import KNOWN_POINTS
from belvedere.core.jobs import REGISTRY
from belvedere.core.settings import Settings
from belvedere.sandbox.faults import Mode, Target
from belvedere.sources.fetch import map_document
from belvedere.sources.mapping import COLUMN_OPTIONS, DATE_FORMATS, METRIC_OPTIONS, parse_mapping
from belvedere.watchtower.schemas import RuleCreate
from belvedere.watchtower.service import parse_book, run_tests
from belvedere.web.guide import PICTURES
from belvedere.wiring.modules import connect_modules
from tests.docs.pages import (
    DOCS,
    ROOT,
    Fence,
    all_text,
    anchors,
    code_spans,
    fences,
    links,
    names,
    pages,
    program_words,
    shell_lines,
)

API = "/api/v1"
PLACEHOLDER = re.compile(r"\$\w+")
SANDBOX_ADDRESSES = ("$SANDBOX", "http://127.0.0.1:8430")


def missing(words: Iterable[str]) -> list[str]:
    return sorted({word for word in words if not names(word)})


@pytest.fixture(scope="module")
def group() -> click.Group:
    from belvedere.cli.main import app

    return cast("click.Group", typer.main.get_command(app))


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return cast("dict[str, Any]", make_app().openapi())


def setting_names() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        choices = [str(choice) for choice in getattr(alias, "choices", ()) if str(choice) != name]
        yield from choices or [f"BELVEDERE_{name.upper()}"]


def test_every_setting_stands_in_the_docs():
    assert missing(setting_names()) == []


def test_every_command_stands_in_the_docs(group):
    assert missing(name for name, _ in commands_of(group, "belvedere")) == []


def test_every_job_stands_in_the_docs():
    connect_modules()
    assert REGISTRY
    assert missing(REGISTRY) == []


def test_every_route_stands_in_the_docs(description):
    assert missing(description["paths"]) == []


def test_every_event_schema_stands_in_the_docs():
    found = [path.parent.name for path in (ROOT / "src" / "belvedere" / "events").glob("*/v*.json")]
    assert found
    assert missing(found) == []


def test_every_error_code_has_its_heading():
    codes: set[str] = set()
    for path in (ROOT / "src" / "belvedere").rglob("*.py"):
        if "sandbox" not in path.parts:
            codes.update(
                re.findall(r'(?:(?<![\w.])code=|^    code = )"([a-z_]+)"', path.read_text(), re.MULTILINE)
            )
    assert sorted(codes - anchors(DOCS / "reference" / "errors.md")) == []


def test_every_fault_point_stands_in_the_docs():
    assert missing(KNOWN_POINTS) == []


def test_every_permission_and_role_stands_in_the_docs():
    assert missing([*Permission, *Role]) == []


def test_every_shipped_mapping_and_mapping_option_stands_in_the_docs():
    options = {name for found in COLUMN_OPTIONS.values() for name in found} | METRIC_OPTIONS | DATE_FORMATS
    assert missing([*list_mappings(), *options]) == []


def test_every_misbehaviour_and_target_of_the_sandbox_stands_in_the_docs():
    page = (DOCS / "howto" / "sandbox.md").read_text()
    assert [word for word in (*Mode, *Target) if f"`{word}`" not in page] == []


def test_every_setting_of_a_connector_stands_in_the_docs():
    fields = {name for each in list_connectors() for name in each.settings_model.model_fields}
    secrets = {field.name for each in list_connectors() for field in each.credential_fields}
    assert missing(fields | secrets) == []


def test_every_field_of_a_rule_stands_in_the_docs():
    assert missing(RuleCreate.model_fields) == []


@pytest.mark.parametrize(
    "link", sorted(set(links()), key=str), ids=lambda link: f"{link.page.name}>{link.target}"
)
def test_a_link_leads_somewhere(link):
    path, _, anchor = link.target.partition("#")
    target = (link.page.parent / path).resolve() if path else link.page
    assert target.is_relative_to(ROOT), f"{link.target} leads out of the repository"
    assert link.page.name == "README.md" or target.is_relative_to(DOCS), (
        f"{link.target} has no page in the program"
    )
    if target.is_relative_to(DOCS) and target.exists():
        assert target.suffix in {".md", *PICTURES}, f"the program shows no {target.suffix} files"
    assert target.exists(), f"{link.page.relative_to(ROOT)} links to {link.target}, which is not there"
    if anchor:
        assert anchor in anchors(target), f"{target.name} has no heading for #{anchor}"


def test_every_page_is_reached_from_the_index():
    linked = {(link.page.parent / link.target.partition("#")[0]).resolve() for link in links()}
    assert [page for page in pages() if page not in linked | {DOCS / "index.md", ROOT / "README.md"}] == []


def resolve(group: click.Group, words: list[str]) -> tuple[click.Command, str, list[str]]:
    """The command that words name, and the rest of them."""
    command: Any = group
    name = "belvedere"
    while hasattr(command, "commands"):
        if not words and command.invoke_without_command:
            break
        assert words, f"`{name}` needs a subcommand"
        assert words[0] in command.commands, f"`{name} {words[0]}` is no command"
        command, name, words = command.commands[words[0]], f"{name} {words[0]}", words[1:]
    return command, name, words


def shell_fences() -> list[Fence]:
    return list(fences("sh", "bash", "shell", "console"))


@pytest.mark.parametrize("fence", shell_fences(), ids=lambda fence: fence.place)
def test_every_command_line_names_a_command_and_its_options(fence, group):
    for words in shell_lines(fence):
        given = program_words(words)
        if given is None:
            continue
        command, name, rest = resolve(group, given)
        # Parsing only: nothing runs. A wrong option, choice or count raises.
        command.make_context(name, list(rest))


@pytest.mark.parametrize("fence", shell_fences(), ids=lambda fence: fence.place)
def test_every_dev_target_exists(fence):
    targets = set(re.findall(r"^  (\w+)", (ROOT / "dev").read_text(), re.MULTILINE))
    assert [words for words in shell_lines(fence) if words[0] == "./dev" and words[1] not in targets] == []


def test_every_command_named_in_a_sentence_exists(group):
    for page, span in code_spans():
        words = span.split()
        if words[:1] != ["belvedere"] or words[1:] in ([], ["…"]):
            continue
        command, name, rest = resolve(group, words[1:])
        known = {option for parameter in command.params for option in getattr(parameter, "opts", [])}
        wrong = [word for word in rest if word.startswith("--") and word not in known]
        assert wrong == [], f"{page.name}: {name} has no option {wrong}"


@pytest.mark.parametrize("fence", list(fences("json")), ids=lambda fence: fence.place)
def test_json_examples_parse(fence):
    json.loads(fence.text)


def yaml_fences(*, of_rules: bool) -> list[Fence]:
    return [
        fence
        for fence in fences("yaml")
        if of_rules == bool(re.search(r"^(rules|clients|tests):", fence.text, re.MULTILINE))
    ]


@pytest.mark.parametrize("fence", yaml_fences(of_rules=False), ids=lambda fence: fence.place)
def test_yaml_examples_are_mappings(fence):
    parse_mapping(fence.text)


@pytest.mark.parametrize("fence", yaml_fences(of_rules=True), ids=lambda fence: fence.place)
def test_examples_of_rules_do_what_they_say(fence):
    book = parse_book({fence.place: fence.text})
    assert [line for outcome in run_tests(book) for line in outcome.failures] == []


def test_the_documents_example_maps_as_the_page_says():
    page = DOCS / "howto" / "ingest-files.md"
    mapping = parse_mapping(next(f for f in fences("yaml") if f.page == page).text)
    document = next(f for f in fences("json") if f.page == page).text.encode()
    mapped = map_document(document, "json", mapping, {}, datetime(2026, 11, 20, tzinfo=UTC))
    assert mapped.rejects == []
    (record,) = mapped.frames.records.to_dicts()
    assert record["tags"] == ["advent", "regulars"]
    assert (record["amount"], record["status"]) == (Decimal("1849.2000"), "sent")
    assert record["record_date"] == datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
    assert json.loads(record["extra"])["subject"] == "Four weeks to go"
    metrics = {row["metric_name"]: row["metric_value"] for row in mapped.frames.metrics.to_dicts()}
    assert metrics == {"open_rate": Decimal("11.8"), "bounce_rate": 2, "click_rate": 5, "sent_count": 1000}


def requests(fence: Fence) -> Iterator[tuple[str, str, str | None, bool]]:
    """Verb, path, JSON body and whether a form is sent, of every curl line that asks Belvedere."""
    for words in shell_lines(fence):
        if words[0] not in ("curl", "call"):
            continue
        address = next((w for w in words[1:] if w.startswith(("http://", "$BELVEDERE", "$SANDBOX"))), "")
        if not address or address.startswith(SANDBOX_ADDRESSES):
            continue
        body = next((words[at + 1] for at, word in enumerate(words) if word == "-d"), None)
        form = "-F" in words
        verb = words[words.index("-X") + 1] if "-X" in words else "POST" if body or form else "GET"
        path = re.sub(r"^(\$BELVEDERE|http://127\.0\.0\.1:8420/api/v1)", API, address).partition("?")[0]
        yield verb.lower(), path, body, form


def operation(description: dict[str, Any], verb: str, path: str) -> dict[str, Any]:
    """What the API says of a path with example values in it."""
    for template, verbs in description["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", r"(?:\\$\\w+|[\\w-]+)", re.escape(template))
        if re.fullmatch(pattern, path) and verb in verbs:
            return cast("dict[str, Any]", verbs[verb])
    raise AssertionError(f"the API has no {verb.upper()} {path}")


@pytest.mark.parametrize("fence", shell_fences(), ids=lambda fence: fence.place)
def test_every_request_fits_the_api(fence, description):
    for verb, path, body, form in requests(fence):
        found = operation(description, verb, path)
        assert form == ("multipart/form-data" in found.get("requestBody", {}).get("content", {})), path
        if body is None:
            continue
        value = json.loads(PLACEHOLDER.sub(str(uuid.UUID(int=7)), body))
        schema = found["requestBody"]["content"]["application/json"]["schema"]
        problems = list(
            Draft202012Validator({**schema, "components": description["components"]}).iter_errors(value)
        )
        assert problems == [], f"{path}: {problems[0].message}"


def test_every_address_named_in_a_sentence_exists(description):
    known = {*description["paths"], "/api/openapi.json", API}
    for page, span in code_spans():
        found = re.fullmatch(r"(?:(GET|POST|PUT|PATCH|DELETE) )?(/api/\S*|/health|/metrics)", span)
        if found is None or found[2] in known:
            continue
        assert operation(description, (found[1] or "get").lower(), found[2].partition("?")[0]), (
            f"{page.name}: {span}"
        )


def test_the_matrix_of_permissions_is_that_of_the_program():
    page = (DOCS / "howto" / "people-and-roles.md").read_text()
    rows = {
        cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
        for line in page.splitlines()
        if line.startswith("| `") and len(cells := line.strip("|").split("|")) == 7
    }
    for word in Permission:
        own = word in OF_ONESELF
        by_role = ["yes" if own or word in ROLE_PERMISSIONS[role] else "–" for role in Role]
        assert rows[word.value] == [*by_role, "no" if word in STAFF_ONLY else "by role"], word
    assert set(rows) == {word.value for word in Permission}


def test_the_python_example_signs_a_push_that_is_taken():
    from belvedere.connectors.webhook.signature import verify

    (example,) = fences("python")
    signing = example.text.replace("import httpx\n", "").partition("print(")[0]
    names_of: dict[str, Any] = {}
    exec(compile(signing, example.place, "exec"), names_of)
    verify([names_of["SECRET"]], names_of["headers"], names_of["body"], datetime.now(UTC))


def test_the_shell_example_signs_a_push_that_is_taken():
    import shutil
    import subprocess

    from belvedere.connectors.webhook.signature import verify

    bash = shutil.which("bash")
    if bash is None or shutil.which("openssl") is None:
        pytest.skip("bash and openssl are needed to run the page's own lines")
    example = next(fence for fence in shell_fences() if "openssl dgst" in fence.text)
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\nSECRET={secret}\nURL=http://localhost\n{example.text}"
    done = subprocess.run([bash, "-euc", script], capture_output=True, text=True, check=True)
    words = done.stdout.split("\0")
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    body = words[words.index("--data-binary") + 1].encode()
    verify([secret], headers, body, datetime.now(UTC))


def test_pages_hold_no_local_paths_and_no_open_ends():
    text = all_text() + (ROOT / "README.md").read_text()
    found = re.findall(
        r"(?<![\w.:~$}])/(?:home|root|tmp|Users)/\S*|\bTODO\b|\bFIXME\b|\bTBD\b|^(?:ROTATE|RELEASE|MATRIX)$",
        text,
        re.MULTILINE,
    )
    assert found == []
