"""The schema to which the bodies of a source must keep."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import JsonValue

from signalbox.models.errors import SourceRuleFailed
from signalbox.services.deliveries.body_schema import (
    MAX_CHECK_STEPS,
    BodySchemaInvalid,
    body_schema,
)

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
ISSUE: Mapping[str, JsonValue] = {
    "type": "object",
    "required": ["issue"],
    "properties": {
        "action": {"enum": ["opened", "closed"]},
        "issue": {"$ref": "#/$defs/issue"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}},
    },
    "$defs": {
        "issue": {
            "type": "object",
            "required": ["number"],
            "properties": {"number": {"type": "integer"}, "key": {"pattern": "^[A-Z]+-[0-9]+$"}},
        }
    },
}


@pytest.mark.parametrize(
    ("body", "violation"),
    [
        ({"issue": {"number": 7}}, None),
        ({"issue": {"number": 7, "key": "ABC-1"}, "tags": ["a"], "more": 1}, None),
        ([], 'the body breaks the rule "type": "object"'),
        ({}, 'the body breaks the rule "required": ["issue"]'),
        ({"issue": {}}, 'issue breaks the rule "required": ["number"]'),
        ({"issue": {"number": "S3CRET"}}, 'issue.number breaks the rule "type": "integer"'),
        (
            {"issue": {"number": 1, "key": "S3CRET"}},
            'issue.key breaks the rule "pattern": "^[A-Z]+-[0-9]+$"',
        ),
        (
            {"issue": {"number": 1}, "action": "S3CRET"},
            'action breaks the rule "enum": ["opened", "closed"]',
        ),
        (
            {"issue": {"number": 1}, "tags": ["a", "S3CRET"]},
            'tags[1] breaks the rule "maxLength": 5',
        ),
    ],
)
def test_a_violation_names_the_place_and_the_rule_and_no_value(
    body: JsonValue, violation: str | None
) -> None:
    assert body_schema(ISSUE).violation(body) == violation


def test_names_that_the_schema_does_not_have_are_not_shown() -> None:
    schema = body_schema({"additionalProperties": {"type": "string"}})

    assert schema.violation({"ada@example.com": 1}) == '* breaks the rule "type": "string"'


@pytest.mark.parametrize(
    ("schema", "body", "keeps"),
    [
        ({"prefixItems": [{"type": "string"}]}, [1], False),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"const": 1}]},
            [2],
            False,
        ),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"const": 1}]},
            [1],
            True,
        ),
        ({"unevaluatedProperties": False, "properties": {"a": {}}}, {"b": 1}, False),
        ({"propertyNames": {"pattern": "^x-"}}, {"y": 1}, False),
        ({"uniqueItems": True}, [{"a": 1}, {"a": 1}], False),
        ({"properties": {"pattern": {"type": "string"}}}, {"pattern": "("}, True),
        ({"const": {"pattern": "("}}, {"pattern": "("}, True),
        ({"format": "email"}, "no address", True),
        ({"properties": {"$id": {"type": "string"}}}, {"$id": 1}, False),
        ({"properties": {"patternProperties": {"type": "object"}}}, {}, True),
        ({"$defs": {"default": {"const": 1}}, "$ref": "#/$defs/default"}, 2, False),
    ],
)
def test_schemas_are_those_of_2020_12_unless_they_name_another_dialect(
    schema: dict[str, Any], body: JsonValue, *, keeps: bool
) -> None:
    assert (body_schema(schema).violation(body) is None) is keeps


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "objekt"}, "type: 'objekt' is not valid"),
        ({"properties": {"a": {"minLength": "1"}}}, "properties.a.minLength: '1' is not of type"),
        ({"$schema": "https://example.com/schema"}, "$schema is none of https://json-schema.org"),
        ({"$ref": "https://example.com/a"}, "$ref refers to another document"),
        ({"items": {"$ref": "other.json#/a"}}, "$ref refers to another document"),
        ({"$ref": "#/$defs/none"}, "$ref refers to #/$defs/none, which the schema does not have"),
        ({"$dynamicRef": "#none"}, "$dynamicRef refers to #none, which the schema does not have"),
        (
            {"properties": {"default": {"$ref": "#/$defs/none"}}},
            "$ref refers to #/$defs/none, which the schema does not have",
        ),
        ({"$defs": {"enum": {"pattern": "(?=a)"}}}, "the pattern (?=a) is none of RE2"),
        ({"dependentSchemas": {"const": {"pattern": "(?=a)"}}}, "is none of RE2"),
        ({"items": {"$id": "https://example.com/b"}}, "$id is only for the whole schema"),
        ({"pattern": "(?=a)"}, "the pattern (?=a) is none of RE2"),
        ({"pattern": "(a)\\1"}, "is none of RE2"),
        ({"pattern": "("}, "is not a 'regex'"),
        ({"patternProperties": {"^a": {}}}, "patternProperties is not supported"),
        ({"description": "x" * 16_384}, "it has more than 16,384 bytes"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any], reason: str) -> None:
    with pytest.raises(BodySchemaInvalid) as refused:
        body_schema(schema)

    assert reason in str(refused.value)


def test_a_pattern_that_would_backtrack_without_end_is_applied_in_linear_time() -> None:
    schema = body_schema({"pattern": "^(a+)+$"})

    violation = schema.violation("a" * 50_000 + "!")

    assert violation == 'the body breaks the rule "pattern": "^(a+)+$"'


NESTED: JsonValue = 1
for _ in range(3_000):
    NESTED = [NESTED]

DOUBLING = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)}


@pytest.mark.parametrize(
    ("schema", "body", "problem"),
    [
        ({"items": {"type": "integer"}}, [1] * (MAX_CHECK_STEPS + 1), "more than 100,000 steps"),
        ({"uniqueItems": True}, [{"a": n} for n in range(1_000)], "more than 100,000 steps"),
        (
            {"$ref": "#/$defs/a0", "$defs": {**DOUBLING, "a40": {}}},
            1,
            "more than 100,000 steps",
        ),
        ({"items": {"$ref": "#"}}, NESTED, "nested too deeply"),
        ({"$ref": "#"}, 1, "nested too deeply"),
        ({"pattern": "a"}, "\ud800", "a rule does not take what it finds"),
        ({"$ref": "#/default", "default": {"pattern": "(?=a)"}}, "a", "a rule does not take"),
        ({"$ref": "#/default", "default": {"$ref": "#/none"}}, 1, "a reference has no target"),
    ],
)
def test_a_check_that_does_not_end_soon_fails(
    schema: dict[str, Any], body: JsonValue, problem: str
) -> None:
    with pytest.raises(SourceRuleFailed, match=problem):
        body_schema(schema).violation(body)


def test_the_names_of_properties_are_shown_and_their_schemas_are_not() -> None:
    schema = body_schema({"properties": {"properties": {"additionalProperties": {"type": "null"}}}})

    violation = schema.violation({"properties": {"additionalProperties": 1}})

    assert violation == 'properties.* breaks the rule "type": "null"'


def test_a_check_after_one_that_did_not_end_has_all_its_steps() -> None:
    schema = body_schema({"items": {"type": "integer"}})
    with pytest.raises(SourceRuleFailed):
        schema.violation([1] * (MAX_CHECK_STEPS + 1))

    assert schema.violation([1, 2]) is None
