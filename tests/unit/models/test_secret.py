import pytest

from signalbox.models.secret import SecretInvalid, checked_secret


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "secret_empty"),
        ("\r\n", "secret_empty"),
        ("  \n", "secret_empty"),
        (" secret", "secret_blanks"),
        ("secret \n", "secret_blanks"),
        ("\tsecret", "secret_blanks"),
        ("\u00a0secret", "secret_blanks"),
        ("se\0cret", "secret_nul"),
        ("ChangeMe\n", "secret_placeholder"),
    ],
)
def test_a_secret_that_would_never_fit_is_refused(text: str, code: str) -> None:
    with pytest.raises(SecretInvalid) as invalid:
        checked_secret(text)

    assert invalid.value.code == code


@pytest.mark.parametrize("text", ["s3 cr3t", "s3 cr3t\n", "s3 cr3t\r\n\n"])
def test_the_line_end_behind_a_secret_is_no_part_of_it(text: str) -> None:
    assert checked_secret(text) == "s3 cr3t"
