"""JSON Schema as the Python package jsonschema reads it, with the regular expressions that JSON Schema means.

Python's own differ where it counts here: their `$` also stands before a last line feed.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft7Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from regress import Regex


@cache
def expression(pattern: str) -> Regex:
    return Regex(pattern, flags="u")


def matches(pattern: str, text: str) -> bool:
    return expression(pattern).find(text) is not None


def pattern(validator: Validator, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def pattern_properties(validator: Validator, patterns: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        for pattern, subschema in patterns.items():
            for key, value in instance.items():
                if matches(pattern, key):
                    yield from validator.descend(value, subschema, path=key, schema_path=pattern)


def additional_properties(validator: Validator, rest: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, value in instance.items():
        if key in properties or any(matches(pattern, key) for pattern in patterns):
            continue
        if rest is False:
            yield ValidationError(f"{key!r} is not allowed")
        elif rest is not True:
            yield from validator.descend(value, rest, path=key)


RULES = {
    "pattern": pattern,
    "patternProperties": pattern_properties,
    "additionalProperties": additional_properties,
}


def reader(schema: Any) -> Validator:
    """A validator of the schema, which is a schema itself by the rules of draft-07."""
    Draft7Validator.check_schema(schema)
    return extend(Draft7Validator, RULES)(schema)
