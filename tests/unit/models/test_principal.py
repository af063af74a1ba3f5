import pytest
from pydantic import ValidationError

from signalbox.models.errors import Forbidden
from signalbox.models.principal import BUILT_IN_ROLES, Scope
from tests.builders import a_principal, an_api_key


def test_a_principal_may_do_what_its_scopes_say_and_no_more() -> None:
    reader = a_principal(Scope.TASKS_READ)

    reader.require(Scope.TASKS_READ)

    with pytest.raises(Forbidden, match="tasks:write"):
        reader.require(Scope.TASKS_WRITE)


def test_a_key_has_the_scopes_of_its_roles_and_its_own() -> None:
    key = an_api_key(roles=("worker",), scopes=(Scope.METRICS_READ,))

    assert key.granted() == BUILT_IN_ROLES["worker"] | {Scope.METRICS_READ}


def test_a_role_nobody_knows_grants_nothing() -> None:
    assert an_api_key(roles=("emperor",)).granted() == frozenset()


def test_admins_may_everything_and_only_they_may_make_keys() -> None:
    assert BUILT_IN_ROLES["admin"] == frozenset(Scope)
    assert [role for role, scopes in BUILT_IN_ROLES.items() if Scope.KEYS_WRITE in scopes] == [
        "admin"
    ]


def test_viewers_change_nothing() -> None:
    assert not [scope for scope in BUILT_IN_ROLES["viewer"] if not scope.endswith(":read")]


@pytest.mark.parametrize("digest", ["", "A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n", "g" * 64])
def test_only_a_digest_is_kept_of_a_key(digest: str) -> None:
    with pytest.raises(ValidationError):
        an_api_key(digest=digest)
