import pytest
from pydantic import JsonValue, TypeAdapter, ValidationError

from signalbox.models.expressions import (
    MAX_STEPS,
    Expression,
    ExpressionFailed,
    evaluate,
    header_names,
    is_true,
    root_names,
    search,
)

ADAPTER = TypeAdapter[str](Expression)
DOCUMENT: JsonValue = {"headers": {"x-event": "build"}, "body": {"a": [1, "b"], "n": None}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('headers."x-event"', "build"),
        ("body.a[1]", "b"),
        ("body.missing || 'default'", "default"),
        ("'literal'", "literal"),
        ("join('/', [headers.\"x-event\", body.a[1]])", "build/b"),
        ("not_null(body.n, body.a)", [1, "b"]),
    ],
)
def test_an_expression_yields_a_part_of_the_document(expression: str, value: JsonValue) -> None:
    assert search(ADAPTER.validate_python(expression), DOCUMENT) == value


@pytest.mark.parametrize(
    "expression",
    ["length(body.n)", "join('/', body.a)", "to_number(body.a)", "sum(body.a)", "body.x.y[0]"],
)
def test_a_function_that_does_not_take_what_it_finds_yields_nothing(expression: str) -> None:
    assert search(ADAPTER.validate_python(expression), DOCUMENT) is None


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "is no JMESPath expression"),
        ("body..a", "is no JMESPath expression, at character 6"),
        ("body.a b", "is no JMESPath expression, at character 8"),
        ("'open", "is no JMESPath expression, at character 1"),
        ("(" * 390, "is no JMESPath expression, at character 391"),
        ("lower(body.a)", "calls lower(), which JMESPath does not have"),
        ("body.a | [0].foo(@)", "calls foo(), which JMESPath does not have"),
        ("join('/')", "calls join() with 1 arguments, not 2"),
        ("length(body.a, body.b)", "calls length() with 2 arguments, not 1"),
        ("[not_null()]", "calls not_null() with 0 arguments, not 1"),
        ('headers."X-Event"', "names the header X-Event, which is written x-event here"),
        ("!body.a", "write !(a.b), not !a.b"),
        ("x" * 401, "at most 400 characters"),
        ("join(body.a, body.b)", "calls join() with something else than a text of 10 at most"),
        ("join('12345678901', body.b)", "calls join() with something else than a text"),
        ("[@, @] | " * 7 + "@", "can yield more than 64 times what it is run over"),
        ("{a: @, b: @}." * 6 + "[a, b] == `1`", "can yield more than 64 times"),
        ("map(&[@, @, @, @, @], [@, @, @, @, @][].[@, @, @])", "can yield more than 64 times"),
    ],
)
def test_a_wrong_expression_is_refused_with_what_is_wrong(expression: str, reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ADAPTER.validate_python(expression)

    assert reason in str(refused.value)


def checked_below(calls: int, expression: str) -> str:
    """The expression, checked below this many calls."""
    return checked_below(calls - 1, expression) if calls else ADAPTER.validate_python(expression)


def searched_below(calls: int, expression: str) -> JsonValue:
    """What the expression yields below this many calls."""
    return searched_below(calls - 1, expression) if calls else search(expression, DOCUMENT)


def test_an_expression_that_python_cannot_follow_is_refused_or_yields_nothing() -> None:
    with pytest.raises(ValidationError, match="nested too deeply"):
        checked_below(600, "!" * 399 + "a")

    assert searched_below(600, "@" + ".a" * 190) is None


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("body.a", set()),
        ('headers."ce-id" || body.id', {"ce-id"}),
        ("join('/', [headers.host, headers.\"x-a\".b])", {"host", "x-a"}),
        ("body[?x == headers.a].b", {"a"}),
        ("{a: headers.b}", {"b"}),
        ("keys(headers)", set()),
    ],
)
def test_the_headers_that_an_expression_names_are_known(expression: str, names: set[str]) -> None:
    assert header_names(expression) == names


def test_an_expression_over_a_large_payload_ends_after_a_number_of_steps() -> None:
    document: JsonValue = {"body": [1] * (MAX_STEPS + 1)}

    with pytest.raises(ExpressionFailed, match="it takes more than 200,000 steps"):
        evaluate("body[?@ == `2`]", document)


def test_a_failure_of_an_expression_does_not_show_the_document() -> None:
    with pytest.raises(ExpressionFailed) as failed:
        evaluate("length(body.a[0])", DOCUMENT)

    assert str(failed.value) == "length() does not take what it finds"
    assert failed.value.__context__ is None


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_what_is_empty_does_not_count_as_true(value: JsonValue) -> None:
    assert is_true(value) is False


@pytest.mark.parametrize("value", [0, True, "no", [0], {"a": None}])
def test_everything_else_counts_as_true(value: JsonValue) -> None:
    assert is_true(value) is True


def test_the_members_that_an_expression_names_are_known() -> None:
    expression = "(a.b.c || d) && contains(e[?f == g].h, 'x') && !(i) && map(&j, k.l) | m"

    assert set(root_names(expression)) == {
        *[("a", "b"), ("d", None), ("e", None), ("i", None), ("k", "l")]
    }
