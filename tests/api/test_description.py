"""The description of the API says all that a caller meets."""

import json
import re

import pytest
from fastapi import FastAPI
from tools.reference import make_app

from belvedere.accounts.door import doors_of
from belvedere.accounts.permissions import Permission
from belvedere.api.description import TAGS, sentence
from belvedere.watchtower.schemas import RuleCreate


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return make_app()


@pytest.fixture(scope="module")
def document(app):
    return app.openapi()


@pytest.fixture(scope="module")
def operations(document):
    return [
        (path, verb.upper(), operation)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    ]


def test_every_operation_says_what_it_does_and_where_it_belongs(operations):
    for path, verb, operation in operations:
        assert operation["summary"], (verb, path)
        assert len(operation["tags"]) == 1, (verb, path)
        assert set(operation["tags"]) <= set(TAGS), (verb, path)


def test_operation_ids_are_one_each_and_short(operations):
    names = [operation["operationId"] for _, _, operation in operations]
    assert sorted(set(names)) == sorted(names)
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z_]{1,40}", name)] == []


def test_every_guarded_operation_names_its_permission_and_its_problems(app, operations):
    doors = {(door.path, method): door for door in doors_of(app) for method in door.methods}
    for path, verb, operation in operations:
        door = doors.get((path, verb))
        if door is None or door.permission is None:
            assert operation["security"] == [], (verb, path)
            continue
        assert {"token": []} in operation["security"], (verb, path)
        assert f"`{Permission(door.permission)}`" in operation["description"], (verb, path)
        assert {"401", "403", "404", "422", "429"} <= set(operation["responses"]), (verb, path)


def test_every_refusal_is_a_problem(document, operations):
    for path, verb, operation in operations:
        for status, answer in operation["responses"].items():
            if int(status) < 400 or path == "/health":
                continue
            target = answer["$ref"].rsplit("/", 1)[-1]
            content = document["components"]["responses"][target]["content"]
            assert list(content) == ["application/problem+json"], (verb, path, status)


def test_every_changing_operation_takes_an_idempotency_key(operations):
    for path, verb, operation in operations:
        if verb == "GET" or path.startswith("/api/v1/hooks"):
            continue
        assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]], (verb, path)


def test_the_examples_of_a_rule_are_rules(document):
    content = document["paths"]["/api/v1/rules"]["post"]["requestBody"]["content"]["application/json"]
    assert content["examples"]
    for example in content["examples"].values():
        RuleCreate.model_validate_json(json.dumps(example["value"])).draft()


def test_every_reference_leads_somewhere(document):
    for found in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        place = document
        for part in found.split("/"):
            place = place[part]


def test_the_description_is_the_same_every_time(app, document):
    assert app.openapi() is document
    assert make_app().openapi() == document


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("List Clients", "List clients"),
        ("Alerts, newest first", "Alerts, newest first"),
        ("Upload", "Upload"),
    ],
)
def test_summaries_are_sentences(given, wanted):
    assert sentence(given) == wanted
