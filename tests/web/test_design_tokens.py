"""Contrast is read from the stylesheet itself, so that a changed token fails here and not on a screen."""

import re

import pytest

from belvedere.web.assets import stylesheet_source

PAIR = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\)", re.IGNORECASE)
SURFACES = ("surface", "canvas", "rail")
TEXT = ("ink", "ink-2", "ink-3", "accent", "critical", "warning", "good", "info")
MARKS = (
    "critical-solid",
    "warning-solid",
    "good-solid",
    "info-solid",
    "control",
    *(f"c{number}" for number in range(1, 7)),
)


def tokens():
    root = stylesheet_source().split("@media", 1)[0]
    return {name: (light, dark) for name, light, dark in PAIR.findall(root)}


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("surface", [*SURFACES, "sunken", "hover", "accent-tint"])
@pytest.mark.parametrize("token", TEXT)
def test_text_is_readable_on_every_surface(token, surface, theme):
    found = tokens()
    assert contrast(found[token][theme], found[surface][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("token", ["accent", "critical", "warning", "good", "info"])
def test_chip_text_is_readable_on_its_own_tint(token, theme):
    found = tokens()
    assert contrast(found[token][theme], found[f"{token}-tint"][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("token", MARKS)
def test_marks_edges_and_chart_colours_can_be_seen(token, theme):
    found = tokens()
    assert contrast(found[token][theme], found["surface"][theme]) >= 3


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_filled_button_is_readable_also_when_pressed(theme):
    found = tokens()
    for ground in ("accent-solid", "accent-press"):
        assert contrast(found["on-accent"][theme], found[ground][theme]) >= 4.5


def test_no_colour_stands_outside_the_tokens():
    body = stylesheet_source().split("body {", 1)[1]
    left = re.findall(r"#[0-9A-Fa-f]{3,8}\b(?!\w)", body)
    known = {colour for pair in tokens().values() for colour in pair}
    assert [colour for colour in left if colour not in known] in ([], ["#00000047"])


def test_the_stylesheet_respects_the_readers_settings():
    css = stylesheet_source()
    for wish in (
        "prefers-reduced-motion",
        "prefers-contrast",
        "forced-colors",
        "@media print",
        ":focus-visible",
    ):
        assert wish in css
