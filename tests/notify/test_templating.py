"""Templates of messages: what they can say, what they cannot do, and that nothing is lost when they fail."""

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belvedere.notify import templating
from belvedere.notify.message_preview import preview_message
from belvedere.notify.template_facts import SAMPLE, VARIABLES, plain_facts
from belvedere.notify.templating import (
    MAX_OUTPUT,
    TemplateRefused,
    check_template,
    render,
    render_or_words,
)

WORDS = ("Built-in title", "Built-in text")


def said(template, facts=SAMPLE):
    return render(None, template, facts)[1]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ client.name }}: {{ field }} {{ value|percent }}", "Kaffeehaus Brandt: Open rate 11.8%"),
        ("{{ value|round(0) }} of {{ limit }}", "12 of 15"),
        ("{{ change|number(1) }} since {{ previous|percent }}", "−4.4 since 16.2%"),
        ("{{ 1234.5|money(client.currency) }}", "€1,234.50"),
        ("{{ first_seen|ago(now) }}", "2 h 41 min"),
        ("{{ first_seen|date }}", "20 Nov 2026"),
        ("{% if value < limit %}low{% else %}fine{% endif %}", "low"),
        ("{% for c in conditions %}{{ loop.index }}. {{ c.label }}{% endfor %}", "1. Open rate"),
        ("{{ conditions|join(', ', 'label') }}", "Open rate"),
        ("{{ entity.name|upper|truncate(6) }}", "ADVEN…"),
        ("{{ nothing|default('none') }}", "none"),
        ("{{ (value / limit * 100)|round(1) }} % of the limit", "78.7 % of the limit"),
        ("{{ 'a' ~ occurrences }}", "a3"),
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
        ("{{ alert.number }} {{ url }}", "17 https://belvedere.example/alerts/17"),
        ("{{ client.name if severity == 'warning' else '' }}", "Kaffeehaus Brandt"),
    ],
)
def test_a_template_says(template, text):
    assert said(template).replace("\u00a0", " ") == text
    assert check_template(template) is None


@pytest.mark.parametrize(
    "template",
    [
        "{{ unknown }}",
        "{{ client.unknown }}",
        "{{ client.items() }}",
        "{{ client.items }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ self.__init__ }}",
        "{{ value.__class__ }}",
        "{{ value.real }}",
        "{{ client['__class__'] }}",
        "{{ lipsum(9) }}",
        "{{ cycler() }}",
        "{{ namespace(a=1) }}",
        "{{ range(9999) }}",
        "{{ range(10)|join|upper() }}{{ dict() }}",
        "{% set x = 1 %}",
        "{% macro a() %}{% endmacro %}",
        "{% include 'a' %}",
        "{% import 'a' as b %}",
        "{% extends 'a' %}",
        "{{ 2 ** 9 }}",
        "{{ 'a' * 999999999 }}",
        "{{ [1] * 999999999 }}",
        "{{ '%99999999d' % 1 }}",
        "{{ 'a'|center(99999) }}",
        "{{ 'a'.format(1) }}",
        "{{ 'abc'[0:2] }}",
        "{{ value|attr('real') }}",
        "{% for a in range(9) %}{% for b in range(9) %}{% for c in range(9) %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in text %}{{ a }}{% endfor %}",
        "{{ 1 / 0 }}",
        "{{ value|money('NOPE!') }}",
        "{% if %}",
        "{{ value",
        "{{ _each }}",
        "   ",
        "x" * 8001,
        "{{ 9|round(99) }}",
        "{{ 'aaaa'|replace('a', text)|replace('a', text)|replace('e', text)|replace('e', text)|replace('i', text) }}",
    ],
)
def test_a_template_may_not(template):
    assert check_template(template)


def test_a_problem_names_the_variable_that_is_not_there():
    assert "unknwon" in (check_template("{{ client.unknwon }}") or "")
    assert "valeu" in (check_template("{{ valeu }}") or "")


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(200) %}{% for b in range(200) %}{{ a * b }}{% endfor %}{% endfor %}",
        "{% for a in range(200) %}{% for b in range(200) %}{% if a * b > 99999 %}x{% endif %}{% endfor %}{% endfor %}",
        "{{ " + " * ".join(["999999999"] * 500) + " }}",
        "{{ " + " ~ ".join(["text"] * 1000) + " }}",
        "{% if " + "not " * 700 + "a %}{% endif %}",
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
    ],
)
def test_a_template_ends_soon(template):
    began = time.process_time()
    try:
        found = said(template)
    except TemplateRefused:
        found = ""
    assert len(found) <= MAX_OUTPUT
    assert time.process_time() - began < 5


def test_an_output_too_long_is_cut_and_sent():
    found = said("{% for n in range(200) %}{{ text }}{% endfor %}")
    assert len(found) == MAX_OUTPUT
    assert found.endswith("…")


def test_a_title_stays_one_short_line():
    title, _ = render("{{ client.name }}\n is\n low" + " x" * 300, None, SAMPLE)
    assert title is not None
    assert title.startswith("Kaffeehaus Brandt is low x")
    assert len(title) <= 200


def test_a_failing_template_falls_back_and_says_why_and_loses_nothing():
    found = render_or_words("{{ missing }}", "{{ value|percent }}", SAMPLE, WORDS)
    assert (found.title, found.text) == ("Built-in title", "11.8%")
    assert "missing" in (found.problem or "")
    assert render_or_words(None, None, SAMPLE, WORDS) == templating.Rendered(*WORDS)
    assert render_or_words("{{ '' }}", None, SAMPLE, WORDS).title == "Built-in title"


def test_every_variable_is_there_and_described():
    assert set(VARIABLES) == set(SAMPLE)
    for name in VARIABLES:
        assert check_template(f"a{{{{ {name} }}}}") is None


def test_facts_are_plain():
    class Sly:
        def __str__(self) -> str:
            return "sly"

    facts = plain_facts(
        {"a": Sly(), "b": {"c": [Sly()]}, "d": datetime(2026, 1, 1, tzinfo=UTC), "e": Decimal(1)}
    )
    assert facts == {"a": "sly", "b": {"c": ["sly"]}, "d": "2026-01-01T00:00:00+00:00", "e": Decimal(1)}


PIECES = st.sampled_from(
    ["{{", "}}", "{%", "%}", " for ", " in ", " if ", " endfor ", " endif ", "value", "client", ".name", "|", "percent",
     "range(", ")", "(", "*", "~", "+", "text", "members", "'a'", "[0]", "not ", "loop.index", "a", "\n", "1", "%", "-"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_whatever_is_typed_a_message_comes_out(template):
    found = render_or_words(template, template, SAMPLE, WORDS)
    assert found.title
    assert found.text
    assert len(found.text) <= MAX_OUTPUT


def test_a_preview_shows_every_receiver_and_why_a_template_fails():
    made = preview_message("{{ client.name }} low", "{{ value|percent }}")
    assert (made.title, made.text, made.problem) == ("Kaffeehaus Brandt low", "11.8%", None)
    assert made.discord["embeds"][0]["title"] == "Kaffeehaus Brandt low"
    assert made.mail_subject == "Kaffeehaus Brandt low · Kaffeehaus Brandt"
    assert "11.8%" in made.mail_text
    assert "11.8%" in made.mail_html
    assert "nothere" in (preview_message("{{ nothere }}", None).problem or "")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ 1 / 0 }}", "it divides by zero"),
        ("{{ 0.0 // 0 }}", "it divides by zero"),
        ("{{ 5 % 0 }}", "it divides by zero"),
        ("{{ 'a' < 1 }}", "it uses a value of the wrong kind"),
        ("{{ 1|money('EUR', 3, 4) }}", "it uses a value of the wrong kind"),
        ("{{ range(1, 2, 0) }}", "a value does not fit"),
        ("{{ client.colour }}", "there is no “colour” here"),
    ],
)
def test_a_failing_template_says_why_in_plain_words(template, said):
    problem = check_template(template) or ""
    assert problem.startswith(f"The message template fails: {said}")
    for word in ("<class", "decimal", "dict object", "positional", "()"):
        assert word not in problem
