import pytest

from signalbox.services.gateway.fields import client_fields
from signalbox.services.gateway.own_cookies import without_own_cookies


@pytest.mark.parametrize(
    ("sent", "passed"),
    [
        ("a=1; b=2", "a=1; b=2"),
        ("a=1; __Host-signalbox=sbs_x; b=2", "a=1; b=2"),
        ("signalbox-local=sbs_x ;a=1", "a=1"),
        ("my-signalbox=1", "my-signalbox=1"),
        ("__Host-signalbox=sbs_x", None),
        (" __Host-signalbox =sbs_x; __Host-signalbox=sbs_y", None),
    ],
)
def test_a_service_does_not_get_a_session(sent: str, passed: str | None) -> None:
    fields = (("Cookie", sent), ("Accept", "*/*"))

    expected = [("Cookie", passed)] if passed else []
    assert list(without_own_cookies(fields)) == [*expected, ("Accept", "*/*")]


def test_a_service_does_not_set_a_session() -> None:
    own = (("Set-Cookie", "__Host-signalbox=sbs_x; Path=/"), ("set-cookie", "signalbox-local="))
    others = (("Set-Cookie", "session=1; Path=/"), ("set-cookie", "x=__Host-signalbox"))

    assert client_fields((*own, *others), with_length=False) == others
