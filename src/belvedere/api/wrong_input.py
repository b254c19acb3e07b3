"""What is wrong with one value of a request, and what to write instead, in our own words."""

from collections.abc import Mapping
from typing import Any

SAID: dict[str, str] = {
    "missing": "This is missing. Send a value.",
    "extra_forbidden": "There is no such field. Leave it out, or look at its spelling.",
    "json_invalid": "This is not JSON. Look at quotes and commas.",
    "model_attributes_type": "Send a JSON object.",
    "dict_type": "Send a JSON object.",
    "list_type": "Send a list, even for one value.",
    "tuple_type": "Send a list, even for one value.",
    "string_type": "Write text in quotes.",
    "string_unicode": "Write plain text; this has half a character.",
    "string_pattern_mismatch": "Write it in this shape: {pattern}",
    "string_too_long": "Write at most {max_length} characters.",
    "string_too_short": "Write at least {min_length} characters.",
    "too_long": "Name at most {max_length}.",
    "too_short": "Name at least {min_length}.",
    "enum": "Write one of {expected}.",
    "literal_error": "Write one of {expected}.",
    "bool_parsing": "Write true or false.",
    "bool_type": "Write true or false.",
    "int_parsing": "Write a whole number.",
    "int_type": "Write a whole number.",
    "int_from_float": "Write a whole number, without a fraction.",
    "int_parsing_size": "Write a smaller number.",
    "float_parsing": "Write a number.",
    "float_type": "Write a number.",
    "decimal_parsing": "Write a number.",
    "decimal_type": "Write a number.",
    "decimal_max_digits": "Write at most {max_digits} digits.",
    "decimal_max_places": "Write at most {decimal_places} places after the point.",
    "decimal_whole_digits": "Write at most {whole_digits} digits before the point.",
    "finite_number": "Write a finite number.",
    "greater_than_equal": "Write {ge} or more.",
    "less_than_equal": "Write {le} or less.",
    "greater_than": "Write more than {gt}.",
    "less_than": "Write less than {lt}.",
    "uuid_parsing": "Write an id, such as 018f2a4e-7c1d-7b3a-9e55-0c2d4f6a8b10.",
    "uuid_type": "Write an id, such as 018f2a4e-7c1d-7b3a-9e55-0c2d4f6a8b10.",
    "timezone_aware": "Say the time with its zone, such as 2026-03-01T09:00:00Z or 2026-03-01T09:00:00+01:00.",
    "datetime_parsing": "Write a time with its zone, such as 2026-03-01T09:00:00Z.",
    "datetime_from_date_parsing": "Write a time with its zone, such as 2026-03-01T09:00:00Z.",
    "datetime_type": "Write a time with its zone, such as 2026-03-01T09:00:00Z.",
    "datetime_object_invalid": "Write a time with its zone, such as 2026-03-01T09:00:00Z.",
    "date_parsing": "Write a day, such as 2026-03-01.",
    "date_from_datetime_parsing": "Write a day, such as 2026-03-01.",
    "date_type": "Write a day, such as 2026-03-01.",
    "time_parsing": "Write a time of day, such as 09:00.",
    "time_type": "Write a time of day, such as 09:00.",
}


def said_of(problem: Mapping[str, Any]) -> str:
    """The sentence for one problem as pydantic found it."""
    context = problem.get("ctx") or {}
    kind = str(problem["type"])
    if kind in ("value_error", "assertion_error") and "error" in context:
        said = str(context["error"])
        return said[:1].upper() + said[1:] + ("" if said.endswith((".", "…")) else ".")
    if kind == "string_too_short" and context.get("min_length") == 1:
        return "This is empty. Write something."
    words = SAID.get(kind)
    if words is None:
        return str(problem["msg"])
    try:
        return words.format(**context)
    except KeyError:
        return str(problem["msg"])
