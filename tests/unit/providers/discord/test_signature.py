from datetime import UTC, datetime

import pytest

from signalbox.models.errors import Conflict, SecretMissing, SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.discord.provider import Discord
from tests.fakes.clock import FakeClock
from tests.samples import request_of

_SEED = bytes(range(32)).hex()
_KEY = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
_AT = 1_700_000_000
_SIGNATURE = (  # made with two other implementations
    "c1098e97d711377f30225d53d94b89d43537f92e5b3afaddc590781b1f9f9d4b"
    "2eeab335d370be3b9a090bc61a85b86448bc140dcd195f1569c2bff181257607"
)


def request(signature: str = _SIGNATURE, timestamp: str = str(_AT)) -> InboundRequest:
    headers = {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": timestamp}
    return request_of("discord", headers, b'{"type":1}')


def discord(seconds: int = 0) -> Discord:
    return Discord(clock=FakeClock(datetime.fromtimestamp(_AT + seconds, UTC)))


def test_a_signature_that_others_made_is_accepted() -> None:
    assert discord().verify(request(), [_KEY]) == 0


def test_a_sample_is_signed_as_discord_would_and_the_time_is_added() -> None:
    unsigned = request_of("discord", {}, b'{"type":1}')

    assert discord().sign(unsigned, _SEED).headers == request().headers
    assert discord().verification_secret(_SEED) == _KEY


@pytest.mark.parametrize("key", [_KEY.upper(), f" {_KEY[:32]} {_KEY[32:]}\n"])
def test_a_key_may_be_written_in_upper_case_and_with_blanks(key: str) -> None:
    assert discord().verify(request(), [key]) == 0


@pytest.mark.parametrize(
    "signature", [_SIGNATURE[:-1] + "8", "0" * 128, "f" * 128, _SIGNATURE[:64] + "f" * 64]
)
def test_a_signature_that_discord_spoils_on_purpose_is_refused(signature: str) -> None:
    with pytest.raises(SignatureInvalid):
        discord().verify(request(signature), [_KEY])


@pytest.mark.parametrize("key", ["0" * 64, "f" * 64, "01" + "0" * 62])
def test_a_key_that_is_no_point_or_of_low_order_verifies_nothing(key: str) -> None:
    with pytest.raises(SignatureInvalid):
        discord().verify(request(), [key])


def test_the_timestamp_is_signed() -> None:
    with pytest.raises(SignatureInvalid, match="key of our application"):
        discord().verify(request(timestamp=str(_AT + 1)), [_KEY])


def test_it_is_refused_when_it_is_sent_again_after_five_minutes() -> None:
    with pytest.raises(SignatureInvalid, match="the timestamp is more than"):
        discord(seconds=301).verify(request(), [_KEY])


@pytest.mark.parametrize("seed", ["", "a secret", "f" * 63])
def test_what_is_no_private_key_signs_nothing(seed: str) -> None:
    with pytest.raises(SecretMissing, match="64 hexadecimal digits"):
        discord().sign(request(), seed)
    with pytest.raises(SecretMissing, match="64 hexadecimal digits"):
        discord().verification_secret(seed)


@pytest.mark.parametrize("secret", ["a secret", "f" * 63, "f" * 65, _SIGNATURE, "g" * 64])
def test_a_secret_that_is_no_public_key_is_refused_when_it_is_set(secret: str) -> None:
    with pytest.raises(Conflict, match="the public key of the application"):
        discord().check_secret(secret)


def test_a_public_key_can_be_set() -> None:
    discord().check_secret(_KEY)
