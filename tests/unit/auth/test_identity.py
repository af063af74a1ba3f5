import json

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from signalbox.auth.identity import IdentitySigner, new_identity_key
from signalbox.auth.identity_keys import rotate_identity_keys
from signalbox.models.principal import Principal
from tests.builders import NOW
from tests.fakes.clock import FakeClock

ADA = Principal(name="jwt:corp/ada", scopes=frozenset(), roles=("devs",))


def signer(*keys: str) -> IdentitySigner:
    return IdentitySigner(keys=lambda: keys, issuer="signalbox", clock=FakeClock())


def test_a_token_names_caller_and_service_for_a_minute() -> None:
    sign = signer(new_identity_key())

    token = jwt.decode(sign(ADA, "orders", "req_1"), KeySet.import_key_set(json.loads(sign.jwks())))

    issued = int(NOW.timestamp())
    assert token.claims == {
        "iss": "signalbox",
        "sub": "jwt:corp/ada",
        "aud": "orders",
        "iat": issued,
        "exp": issued + 60,
        "jti": "req_1",
        "roles": ["devs"],
    }
    assert token.header["alg"] == "ES256"


def test_every_key_is_published_without_its_private_part() -> None:
    stored = rotate_identity_keys([new_identity_key()], new_identity_key(), NOW)
    keys = json.loads(signer(*stored).jwks())["keys"]

    assert len({key["kid"] for key in keys}) == 2
    for key in keys:
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_a_token_of_another_key_does_not_verify() -> None:
    own, other = signer(new_identity_key()), signer(new_identity_key())
    (own_key,), (other_key,) = (json.loads(each.jwks())["keys"] for each in (own, other))
    alike = {**other_key, "kid": own_key["kid"]}

    with pytest.raises(BadSignatureError):
        jwt.decode(own(ADA, "orders", "req_1"), KeySet.import_key_set({"keys": [alike]}))
