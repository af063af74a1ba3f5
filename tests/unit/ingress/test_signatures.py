import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.ingress.signatures import verified_by
from signalbox.models.errors import SignatureInvalid, Unavailable

_ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


def plain(secret: str) -> str:
    return f"signed with {secret}"


@pytest.mark.parametrize(("given_", "index"), [("a", 0), ("b", 1), ("c", 2)])
def test_the_place_of_the_right_secret_is_told(given_: str, index: int) -> None:
    assert verified_by(["a", "b", "c"], [plain(given_)], plain) == index


def test_of_several_signatures_one_must_be_right() -> None:
    assert verified_by(["a", "b"], ["nonsense", plain("b"), "é"], plain) == 1


def test_every_secret_is_tried_even_after_a_match() -> None:
    tried: list[str] = []

    def expected(secret: str) -> str:
        tried.append(secret)
        return plain(secret)

    verified_by(["a", "b", "c"], [plain("a")], expected)

    assert tried == ["a", "b", "c"]


def test_of_two_secrets_alike_the_first_is_told() -> None:
    assert verified_by(["a", "a"], [plain("a")], plain) == 0


def test_no_signature_at_all_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        verified_by(["a"], [], plain)


@pytest.mark.parametrize("secrets", [[], [""], [" ", "\t"], ["changeme", "CHANGE-ME", "todo"]])
def test_without_a_secret_even_a_right_signature_is_unavailable(secrets: list[str]) -> None:
    with pytest.raises(Unavailable):
        verified_by(secrets, [plain(secret) for secret in secrets], plain)


def test_a_placeholder_beside_a_secret_is_never_tried() -> None:
    with pytest.raises(SignatureInvalid):
        verified_by(["", "changeme", "a"], [plain(""), plain("changeme")], plain)


@given(text=_ANY_TEXT)
def test_any_header_is_refused_in_our_words(text: str) -> None:
    with pytest.raises(SignatureInvalid):
        verified_by(["a", "b"], [text], plain)
