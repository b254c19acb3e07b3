"""What the command line says of an option that does not fit."""

import pytest
from pydantic import ValidationError

from belvedere.cli.rule_adding import word_misfit
from belvedere.watchtower.schemas import RuleCreate


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"condition": "wrong"}, "--condition: “wrong” is not known. Choose one of: equals, greater_than,"),
        ({"severity": "loud"}, "--severity: “loud” is not known. Choose one of: info, warning, critical."),
        ({"name": ""}, "--name: This is empty. Write something."),
    ],
)
def test_an_option_that_does_not_fit_is_answered_in_our_words(given, says):
    with pytest.raises(ValidationError) as caught:
        RuleCreate.model_validate({"name": "x", "field_name": "y", "condition": "changed", **given})
    assert word_misfit(caught.value.errors()[0]).startswith(says)
