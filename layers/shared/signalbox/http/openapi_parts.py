"""Small parts of a description that all operations share."""

from collections.abc import Iterable
from http import HTTPStatus

from pydantic import JsonValue

Json = dict[str, JsonValue]


def problem_refs(codes: Iterable[int]) -> Json:
    """The answers to these errors, as an operation speaks of them."""
    return {
        str(code): {"$ref": f"#/components/responses/{name_of_status(code)}"}
        for code in sorted(codes)
    }


def name_of_status(code: int) -> str:
    """The name of the answer to an error, such as NotFound."""
    return HTTPStatus(code).phrase.title().replace(" ", "").replace("-", "")
