from pydantic import JsonValue

from tests.e2e.installation import Installation, eventually


def figures(installation: Installation) -> dict[str, JsonValue]:
    answer = installation.ask("GET", "/api/v1/metrics")
    assert answer.status == 200, answer.body
    return answer.body


def outcomes(installation: Installation) -> dict[str, int]:
    """What became of the webhooks of GitHub, by now."""
    webhooks = figures(installation)["webhooks"]
    assert isinstance(webhooks, list)
    for webhook in webhooks:
        if isinstance(webhook, dict) and webhook["provider"] == "github":
            found = webhook["outcomes"]
            assert isinstance(found, dict)
            return {name: int(str(number)) for name, number in found.items()}
    return {}


def test_webhooks_are_counted_once_each(installation: Installation) -> None:
    before = outcomes(installation)
    installation.hook("/agent count me", "figures-1")
    installation.hook("/agent count me", "figures-1")
    installation.hook("/agent count me", "figures-2", secret="another")

    def counted() -> dict[str, int] | None:
        after = outcomes(installation)
        grown = {name: after[name] - before.get(name, 0) for name in after}
        return {name: by for name, by in grown.items() if by} if grown != {} else None

    expected = {"accepted": 1, "duplicate": 1, "signature_invalid": 1}
    assert eventually(lambda: counted() == expected)
    assert figures(installation)["complete"] is True


def test_the_description_is_served(installation: Installation) -> None:
    assert installation.ask("GET", "/openapi.json").body["openapi"] == "3.1.0"
