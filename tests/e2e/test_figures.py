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

    def grown() -> dict[str, int]:
        after = outcomes(installation)
        by = {name: number - before.get(name, 0) for name, number in after.items()}
        return {name: number for name, number in by.items() if number}

    expected = {"accepted": 1, "duplicate": 1, "signature_invalid": 1}
    assert eventually(lambda: grown() == expected)
    assert figures(installation)["complete"] is True


def test_the_description_is_served(installation: Installation) -> None:
    assert installation.ask("GET", "/openapi.json").body["openapi"] == "3.1.0"
