import pytest
from pydantic import JsonValue

from cli.admin.manifest_variables import fill_in_variables

ENVIRONMENT = {"URL": "https://a.example.com", "HOST": "b.example.com", "EMPTY": ""}


def a_document(url: JsonValue) -> dict[str, JsonValue]:
    return {"services": [{"name": "orders", "instances": [{"id": "a", "url": url}]}]}


@pytest.mark.parametrize(
    ("url", "filled"),
    [
        ("${URL}", "https://a.example.com"),
        ("https://${HOST}:8443/base", "https://b.example.com:8443/base"),
        ("https://${HOST}/${HOST}", "https://b.example.com/b.example.com"),
        ("https://c.example.com/$HOST", "https://c.example.com/$HOST"),
        ("https://c.example.com", "https://c.example.com"),
        (7, 7),
    ],
)
def test_variables_in_the_url_of_an_instance_are_filled_in(
    url: JsonValue, filled: JsonValue
) -> None:
    document = a_document(url)

    errors = fill_in_variables(document, ENVIRONMENT)

    assert (errors, document) == ((), a_document(filled))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("${MISSING}", "the environment variable MISSING is not set"),
        ("${EMPTY}", "the environment variable EMPTY is not set"),
        ("${URL:-https://c.example.com}", "has a variable that is not written as ${NAME}"),
        ("${1}", "has a variable that is not written as ${NAME}"),
        ("${", "has a variable that is not written as ${NAME}"),
    ],
)
def test_what_cannot_be_filled_in_is_an_error_with_its_place(url: str, reason: str) -> None:
    (error,) = fill_in_variables(a_document(url), ENVIRONMENT)

    assert (error.path, error.reason) == ("services[0].instances[0].url", reason)


def test_the_value_of_a_variable_is_not_filled_in_again() -> None:
    document = a_document("${URL}")

    fill_in_variables(document, {"URL": "${HOST}", "HOST": "b"})

    assert document == a_document("${HOST}")


def test_instances_of_versions_have_variables_too() -> None:
    document: JsonValue = {"services": [{"versions": {"v2": [{"url": "${MISSING}"}]}}]}

    (error,) = fill_in_variables(document, ENVIRONMENT)

    assert error.path == "services[0].versions.v2[0].url"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"services": {}},
        {"services": ["${URL}"]},
        {"services": [{"instances": "${URL}", "versions": ["${URL}"]}]},
        {"services": [{"instances": ["${URL}"], "name": "${URL}"}]},
        {"connections": [{"id": "a", "settings": {"url": "${URL}"}}]},
    ],
)
def test_nothing_else_is_filled_in(document: JsonValue) -> None:
    before = repr(document)

    assert fill_in_variables(document, ENVIRONMENT) == ()
    assert repr(document) == before
