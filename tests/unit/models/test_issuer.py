"""An issuer's settings say what they mean, or are refused."""

import json

import pytest
from pydantic import ValidationError

from signalbox.models.issuer import Algorithm, Grant, Issuer
from signalbox.models.principal import Scope
from tests.fakes.tokens import JWKS_URL, an_issuer, ec, public


@pytest.mark.parametrize(
    "changes",
    [
        {"jwks": None},
        {"jwks_url": JWKS_URL},
        {"shared_secret": True},
        {"jwks": None, "jwks_url": JWKS_URL, "shared_secret": True},
        {"jwks": ""},
        {"jwks": None, "jwks_url": "http://id.example.com/keys"},
        {"jwks": None, "jwks_url": "http://127.0.0.1.example.com/keys"},
        {"jwks": None, "jwks_url": "ftp://id.example.com/keys"},
        {"issuer": ""},
        {"audience": ""},
        {"name": "Corp/1"},
        {"algorithms": ("none",)},
        {"grants": {"admins": {"roles": ["No Role"]}}},
        {"unknown": 1},
    ],
)
def test_settings_that_do_not_fit_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        an_issuer(**changes)


def test_the_keys_may_be_given_as_a_set() -> None:
    keys = {"keys": [public(ec(), kid="second")]}

    issuer = an_issuer(jwks=keys)

    assert json.loads(issuer.jwks or "") == keys
    assert Issuer.model_validate_json(issuer.model_dump_json()) == issuer


def test_every_role_that_its_tokens_may_have_is_told() -> None:
    issuer = an_issuer(
        grants={"ops": Grant(roles=("operator",))}, everybody=Grant(roles=("viewer",))
    )

    assert issuer.roles == {"operator", "viewer"}


def test_a_shared_secret_allows_no_other_algorithm() -> None:
    shared = an_issuer(jwks=None, shared_secret=True)

    assert shared.allowed == {Algorithm.HS256}
    assert shared.secret == "issuers/corp"


def test_public_keys_never_allow_a_shared_secret() -> None:
    every = an_issuer(algorithms=tuple(Algorithm))

    assert every.allowed == {Algorithm.RS256, Algorithm.ES256}


def test_settings_are_read_from_json() -> None:
    text = (
        '{"name": "ci", "issuer": "https://ci.example", "audience": "us",'
        ' "jwks_url": "https://ci.example/keys", "claim": ["repository"],'
        ' "grants": {"octo/hello": {"scopes": ["tasks:write"]}}}'
    )

    issuer = Issuer.model_validate_json(text)

    assert issuer.granted({"repository": "octo/hello"}) == Grant(scopes=(Scope.TASKS_WRITE,))
    assert issuer.granted({"repository": "octo/other"}) == Grant()


def test_the_same_value_twice_is_worth_what_it_is_worth_once() -> None:
    role_scopes = an_issuer().granted({"roles": ["admins", "admins"]})

    assert role_scopes.roles == ("admin",)
