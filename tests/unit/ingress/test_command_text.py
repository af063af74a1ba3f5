import pytest

from signalbox.ingress.command_text import bounded, is_own


@pytest.mark.parametrize("text", ["<!-- signalbox:task=tsk_1 -->", "Done.\n<!-- signalbox:x -->"])
def test_a_text_with_our_marker_is_our_own(text: str) -> None:
    assert is_own(text)


@pytest.mark.parametrize("text", [None, "", "signalbox", "<!-- other:task=1 -->"])
def test_any_other_text_is_not(text: str | None) -> None:
    assert not is_own(text)


def test_a_text_is_cut_to_what_is_read() -> None:
    assert bounded(None) == ""
    assert len(bounded("x" * 300_000)) == 262_144
