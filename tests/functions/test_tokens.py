from signalbox.models.issuer import Issuer
from tests.fakes.tokens import an_issuer, claims, ec, rsa, signed
from tests.functions.system import System

TASKS = "/api/v1/tasks"


def asked(system: System, token: str, issuer: Issuer | None = None) -> int:
    """The status of a list that is asked for with a token."""
    if issuer:
        system.wiring.config.put(issuer)
    return system.ask("GET", TASKS, headers={"authorization": f"Bearer {token}"}).status


def test_a_token_of_a_configured_issuer_is_worth_what_its_claims_say(system: System) -> None:
    admin = signed(rsa(), claims(roles=["admins"]))
    nobody = signed(ec(), claims(roles=["guests"]), kid="second")

    assert asked(system, admin, an_issuer()) == 200
    assert asked(system, nobody) == 403


def test_a_token_of_anybody_else_is_refused(system: System) -> None:
    system.wiring.config.put(an_issuer())

    assert asked(system, signed(rsa("another"))) == 401
    assert asked(system, signed(rsa(), claims(aud="somebody else"))) == 401


def test_without_an_issuer_no_token_is_believed(system: System) -> None:
    assert asked(system, signed(rsa())) == 401
