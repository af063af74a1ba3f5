import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from cli.errors import CommandError, Unreachable, explain_error
from signalbox.models.errors import NotFound, Unavailable


def refused(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ExpiredToken", "Message": message}}, "GetItem")


def because(cause: Exception) -> Unavailable:
    error = Unavailable("the table did not answer")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words", "code"),
    [
        (CommandError("no"), "no", 1),
        (Unreachable("away"), "away", 3),
        (NotFound("there is no such thing"), "there is no such thing", 1),
        (NoCredentialsError(), "Unable to locate credentials", 3),
        (refused("it is old"), "it is old", 3),
        (because(refused("it is old")), "the table did not answer: ", 3),
    ],
)
def test_what_can_be_explained_has_a_line_and_an_exit_code(
    error: Exception, words: str, code: int
) -> None:
    problem = explain_error(error)

    assert problem is not None
    assert words in str(problem)
    assert problem.exit_code == code


def test_what_aws_says_is_shown_without_its_secrets() -> None:
    problem = explain_error(because(refused("token=AKIAABCDEFGHIJKLMNOP is old")))

    assert "AKIA" not in str(problem)


def test_a_bug_is_not_explained_away() -> None:
    assert explain_error(KeyError("x")) is None
