"""Check bodies against the JSON Schema of a source.

A schema is data of an operator, and bodies are foreign. So references stay within the schema and
nothing is fetched, patterns are run by RE2 in linear time, and a check ends after a number of
steps. This module is imported only for sources that have a schema. See
https://json-schema.org/draft/2020-12 and https://github.com/google/re2/wiki/Syntax.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import re2
from jsonschema import Draft7Validator, Draft201909Validator, Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from jsonschema_specifications import REGISTRY
from pydantic import JsonValue
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import specification_with

from signalbox.models.errors import SourceRuleFailed
from signalbox.models.frozen import frozen
from signalbox.models.json_schema import subschemas
from signalbox.models.text import one_line
from signalbox.models.validation_errors import json_path

MAX_SCHEMA_BYTES: Final = 16_384
"""How large a schema may be, as JSON."""

MAX_CHECK_STEPS: Final = 100_000
"""How many keywords are applied in one check."""

_DIALECT: Final = "$schema"
_DIALECTS: Final[Mapping[str, type[Validator]]] = {
    "https://json-schema.org/draft/2020-12/schema": Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": Draft201909Validator,
    "http://json-schema.org/draft-07/schema": Draft7Validator,
}
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_MAX_SHOWN: Final = 120
_CACHED: Final = 32

_Keyword = Callable[[Validator, Any, Any, Mapping[str, Any]], Iterator[ValidationError] | None]


class BodySchemaInvalid(ValueError):
    """A schema cannot be used; the message says why."""


@frozen
class BodyFault:
    """Where a body does not keep to a schema, and the keyword of the rule."""

    path: tuple[int | str, ...]
    rule: str


class _TooManySteps(Exception):
    pass


class _Steps:
    """Count the steps of the check that is made now."""

    def __init__(self) -> None:
        self.left = 0

    def take(self, number: int) -> None:
        self.left -= number
        if self.left < 0:
            raise _TooManySteps


class BodySchema:
    """A checked schema."""

    def __init__(self, schema: Mapping[str, JsonValue]) -> None:
        """Check a schema.

        Raises:
            BodySchemaInvalid: It is none, refers to another document, or has a keyword that cannot
                be applied in a limited time.
        """
        dialect = str(schema.get(_DIALECT, next(iter(_DIALECTS)))).removesuffix("#")
        if dialect not in _DIALECTS:
            raise BodySchemaInvalid(f"{_DIALECT} is none of {', '.join(_DIALECTS)}")
        base = _DIALECTS[dialect]
        try:
            base.check_schema(schema)
        except SchemaError as invalid:
            where = json_path([*invalid.absolute_path]) or "the schema"
            raise BodySchemaInvalid(one_line(f"{where}: {invalid.message}")) from None
        except RecursionError:
            raise BodySchemaInvalid("it is nested too deeply") from None
        self._steps = _Steps()
        self._names = frozenset(_property_names(schema))
        keywords = {**base.VALIDATORS, "pattern": _pattern}
        counted = {name: _counted(name, apply, self._steps) for name, apply in keywords.items()}
        self._validator = extend(base, counted)(schema, registry=REGISTRY)
        resource = specification_with(dialect).create_resource(schema)
        resolver = REGISTRY.resolver_with_root(resource)
        for problem in (*_problems(schema), *_reference_problems(schema, resolver.lookup)):
            raise BodySchemaInvalid(problem)

    def violation(self, body: JsonValue) -> str | None:
        """Return where a body does not keep to the schema and by which rule, without its values.

        Raises:
            SourceRuleFailed: The check does not end in the number of steps.
        """
        error = self._first_error(body)
        return self._described(error) if error else None

    def fault(self, body: JsonValue) -> BodyFault | None:
        """Return where a body does not keep to the schema and the keyword, None if it does.

        Raises:
            SourceRuleFailed: The check does not end in the number of steps.
        """
        error = self._first_error(body)
        return BodyFault(path=self._path(error), rule=str(error.validator)) if error else None

    def _first_error(self, body: JsonValue) -> ValidationError | None:
        self._steps.left = MAX_CHECK_STEPS
        try:
            return next(iter(self._validator.iter_errors(body)), None)
        except _TooManySteps:
            problem = f"it takes more than {MAX_CHECK_STEPS:,} steps"
        except RecursionError:
            problem = "it is nested too deeply"
        except Unresolvable:  # what was data until something referred to it is not checked before
            problem = "a reference has no target"
        except (ArithmeticError, TypeError, ValueError, re2.error):
            problem = "a rule does not take what it finds"
        raise SourceRuleFailed(f"body_schema cannot be applied: {problem}")

    def _described(self, error: ValidationError) -> str:
        steps = self._path(error)
        rule = json.dumps({str(error.validator): _rule_of(error)}, ensure_ascii=False)[1:-1]
        return f"{json_path(steps) or 'the body'} breaks the rule {one_line(rule, _MAX_SHOWN)}"

    def _path(self, error: ValidationError) -> tuple[int | str, ...]:
        # names that the schema does not have are data of the sender
        return tuple(
            step if isinstance(step, int) or step in self._names else "*"
            for step in error.absolute_path
        )


def body_schema(schema: Mapping[str, JsonValue]) -> BodySchema:
    """Return the schema, which is compiled once in a process.

    Raises:
        BodySchemaInvalid: It cannot be used.
    """
    return _compiled(json.dumps(schema, sort_keys=True))


@lru_cache(maxsize=_CACHED)
def _compiled(text: str) -> BodySchema:
    if len(text) > MAX_SCHEMA_BYTES:
        raise BodySchemaInvalid(f"it has more than {MAX_SCHEMA_BYTES:,} bytes")
    return BodySchema(json.loads(text))


@lru_cache(maxsize=_CACHED * 8)
def _regex(pattern: str) -> Any:  # noqa: ANN401  re2 has no types
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _pattern(
    validator: Validator, pattern: str, instance: JsonValue, _schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not _regex(pattern).search(instance):
        yield ValidationError("the text does not match")


def _counted(name: str, apply: _Keyword, steps: _Steps) -> _Keyword:
    """Return a keyword that takes a step, and one for each member that it looks at."""

    def counted(
        validator: Validator,
        value: JsonValue,
        instance: JsonValue,
        schema: Mapping[str, Any],
    ) -> Iterator[ValidationError]:
        size = len(instance) if isinstance(instance, list | dict) else 0
        steps.take(1 + size)
        if name == "uniqueItems" and isinstance(instance, list):
            simple = all(isinstance(item, str | int | float) for item in instance)
            steps.take(0 if simple else size * size // 2)  # each is compared with each
        yield from apply(validator, value, instance, schema) or ()

    return counted


def _rule_of(error: ValidationError) -> object:
    """Return the value of the keyword; of `required` only what is missing."""
    if error.validator == "required" and isinstance(error.instance, dict):
        return [name for name in error.validator_value if name not in error.instance][:1]
    return error.validator_value


def _parts(part: object) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and all those in it."""
    waiting = [part]
    while waiting:
        match waiting.pop():
            case dict() as found:
                yield found
                waiting += subschemas(found)
            case list() as items:
                waiting += items


def _problems(schema: Mapping[str, JsonValue]) -> Iterator[str]:
    for part in _parts(schema):
        if part is not schema and isinstance(part.get("$id"), str):
            yield "$id is only for the whole schema"
        if isinstance(part.get("patternProperties"), dict):
            yield "patternProperties is not supported; propertyNames can have a pattern"
        pattern = part.get("pattern")
        if isinstance(pattern, str):
            try:
                _regex(pattern)
            except re2.error as invalid:
                yield one_line(f"the pattern {pattern} is none of RE2: {invalid}")


def _reference_problems(
    schema: Mapping[str, JsonValue], lookup: Callable[[str], object]
) -> Iterator[str]:
    for part in _parts(schema):
        for keyword in _REFERENCES:
            reference = part.get(keyword)
            if not isinstance(reference, str):
                continue
            if not reference.startswith("#"):
                yield f"{keyword} refers to another document, and nothing is fetched"
                continue
            try:
                lookup(reference)
            except (Unresolvable, NoSuchResource):
                yield one_line(f"{keyword} refers to {reference}, which the schema does not have")


def _property_names(schema: Mapping[str, JsonValue]) -> Iterator[str]:
    for part in _parts(schema):
        properties = part.get("properties")
        if isinstance(properties, dict):
            yield from properties
