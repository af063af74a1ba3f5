from signalbox.providers.github.signature import SCHEME, signature
from tests.fakes.clock import FakeClock
from tests.samples import request_of

_BODY = b"Hello, World!"
_SECRET = "It's a Secret to Everybody"


def test_the_signature_is_the_one_in_the_documentation() -> None:
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert signature(_SECRET, _BODY) == expected


def test_only_the_header_of_the_newer_signature_is_looked_at() -> None:
    headers = {
        "X-Hub-Signature": "sha1=0000000000000000000000000000000000000000",
        "X-Hub-Signature-256": signature(_SECRET, _BODY),
    }
    request = request_of("github", headers, _BODY)

    assert SCHEME.verify(request, [_SECRET], FakeClock()) == 0
