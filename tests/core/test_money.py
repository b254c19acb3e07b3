import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.core.currencies import CURRENCIES
from belvedere.core.errors import Invalid
from belvedere.core.money import (
    Money,
    check_currency,
    from_minor,
    minor_digits,
    parse_money,
    round_money,
    to_minor,
)
from belvedere.core.numerals import machine_number, parse_number, parse_quantity
from belvedere.core.percents import Scale, fraction_note, parse_percent, to_fraction, to_percent

D = Decimal
AMOUNTS = st.decimals(-(10**15), 10**15, places=4)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1,200", "1200"),
        ("1 200.50", "1200.50"),
        ("1\u00a0200.50", "1200.50"),
        ("1\u202f200", "1200"),
        ("1'200", "1200"),
        ("1\u2019200\u2019300", "1200300"),
        ("−3", "-3"),
        ("- 3", "-3"),
        ("+0.15", "0.15"),
        (".5", "0.5"),
        ("1.125", "1.125"),
        (" 42 ", "42"),
        ("0012", "12"),
    ],
)
def test_numbers_that_people_type_are_read(typed, value):
    assert parse_number(typed) == D(value)


@pytest.mark.parametrize(
    "typed",
    [
        "1,20",
        "1.200,50",
        "1,2345",
        "1,200 300",
        "1.200.300",
        "12,00,000",
        "0,200",
        "1,,200",
        ",5",
        "1200,300",
    ],
)
def test_numbers_that_can_be_read_in_two_ways_are_refused(typed):
    with pytest.raises(Invalid) as caught:
        parse_number(typed, pointer="/threshold_value")
    assert caught.value.errors[0].pointer == "/threshold_value"
    assert typed in caught.value.detail


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "–",
        "abc",
        "1e5",
        "0x10",
        "NaN",
        "Infinity",
        "1_000",
        "--3",
        "5.",
        "١٢",
        "1" * 65,
        "3 %",
        "\x00",
        "1\n2",
    ],
)
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(Invalid):
        parse_number(typed)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_a_grouped_number_reads_back_as_itself(value):
    assert parse_number(f"{value:,f}") == value
    assert parse_number(f"{value:,f}".replace(",", " ")) == value
    assert parse_number(f"{value:f}") == value


@given(st.text(max_size=20))
def test_any_text_is_a_finite_number_or_a_refusal(text):
    with contextlib.suppress(Invalid):
        assert parse_quantity(text).value.is_finite()


@pytest.mark.parametrize(
    ("typed", "value", "unit"),
    [
        ("15 %", "15", "%"),
        ("15%", "15", "%"),
        ("$40", "40", "$"),
        ("-€3.50", "-3.50", "€"),
        ("€-3.50", "-3.50", "€"),
        ("− $40", "-40", "$"),
        ("40 USD", "40", "USD"),
        ("40 eur", "40", "EUR"),
        ("EUR 1,200.50", "1200.50", "EUR"),
        ("US$ 7", "7", "US$"),
        ("1 200 €", "1200", "€"),
        ("12", "12", ""),
    ],
)
def test_a_quantity_keeps_the_unit_that_was_typed(typed, value, unit):
    quantity = parse_quantity(typed)
    assert (quantity.value, quantity.unit) == (D(value), unit)


@pytest.mark.parametrize("typed", ["$40 USD", "-€-3", "40 abc", "% 15", "$", "15 % %", "X$4"])
def test_a_quantity_with_two_units_two_signs_or_an_unknown_unit_is_refused(typed):
    with pytest.raises(Invalid):
        parse_quantity(typed)


@pytest.mark.parametrize(("text", "value"), [("12.50", "12.50"), ("-3", "-3"), ("1e3", "1000"), (" 7 ", "7")])
def test_numbers_of_programs_are_read(text, value):
    assert machine_number(text) == D(value)


@pytest.mark.parametrize("text", ["1,200", "15 %", "", "nan", "1 2", "0x1", "1e9999", "+3", "9" * 65])
def test_other_text_in_data_stays_text(text):
    assert machine_number(text) is None


def test_minor_units_follow_iso_4217():
    assert (minor_digits("EUR"), minor_digits("JPY"), minor_digits("kwd"), minor_digits("CLF")) == (
        2,
        0,
        3,
        4,
    )
    assert to_minor(D("12.345"), "USD") == 1234
    assert to_minor(D("12.355"), "USD") == 1236
    assert to_minor(D("1.0005"), "KWD") == 1000
    assert to_minor(D("-2.5"), "JPY") == -2
    assert str(from_minor(1234, "USD")) == "12.34"
    assert str(from_minor(1234, "JPY")) == "1234"


@given(st.integers(-(10**30), 10**30), st.sampled_from(sorted(CURRENCIES)))
def test_minor_units_survive_the_way_there_and_back(minor, currency):
    assert to_minor(from_minor(minor, currency), currency) == minor


@given(AMOUNTS, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_rounding_moves_an_amount_by_half_a_minor_unit_at_most(amount, currency):
    half = D(5).scaleb(-minor_digits(currency) - 1)
    assert abs(round_money(amount, currency) - amount) <= half


@pytest.mark.parametrize("value", [1.5, True, "1"])
def test_floats_never_become_money(value):
    with pytest.raises(TypeError):
        to_minor(value, "EUR")


def test_money_that_is_not_a_number_is_refused():
    with pytest.raises(ValueError, match="finite"):
        round_money(D("NaN"), "EUR")


def test_money_takes_its_currency_from_the_text_or_from_the_account():
    assert parse_money("$40", "CAD") == Money(D("40.00"), "CAD")
    assert parse_money("€1,200.5") == Money(D("1200.50"), "EUR")
    assert parse_money("40", "jpy") == Money(D(40), "JPY")
    assert parse_money("40 KWD").minor == 40_000


@pytest.mark.parametrize(
    ("typed", "currency", "code"),
    [
        ("$40", None, "currency_missing"),
        ("40", None, "currency_missing"),
        ("€40", "USD", "wrong_currency"),
        ("40 %", "USD", "not_money"),
        ("40.001", "USD", "too_many_decimals"),
        ("40.5", "JPY", "too_many_decimals"),
        ("40", "XXX", "unknown_currency"),
    ],
)
def test_unclear_money_is_refused_with_a_reason(typed, currency, code):
    with pytest.raises(Invalid) as caught:
        parse_money(typed, currency)
    assert caught.value.code == code


def test_a_currency_code_is_checked():
    assert check_currency(" eur ") == "EUR"
    with pytest.raises(Invalid):
        check_currency("EURO")


def test_percents_are_read_on_the_percent_scale_and_never_guessed():
    assert parse_percent("15 %") == D(15)
    assert parse_percent("15") == D(15)
    assert parse_percent("0.15") == D("0.15")
    with pytest.raises(Invalid):
        parse_percent("$15")


def test_a_percent_that_looks_like_a_fraction_earns_a_question():
    assert fraction_note(D("0.15")) == "0.15% is less than one percent. Did you mean 15%?"
    assert fraction_note(D(15)) is None
    assert fraction_note(D(0)) is None


@given(AMOUNTS, st.sampled_from(Scale))
def test_scales_convert_exactly(value, scale):
    assert to_percent(to_fraction(value, scale), Scale.FRACTION) == to_percent(value, scale)
    assert to_percent(value, Scale.PERCENT) == value
    assert to_percent(value, Scale.FRACTION) == value * 100
