from pydantic import JsonValue

from signalbox.models.source import Source
from signalbox.providers.trello.provider import Trello
from signalbox.runtime.webhook import webhook
from tests.functions.system import SECRET, ApiResponse, Context, System, as_response, event
from tests.samples import request_of, sample

_CALLBACK = "https://hooks.example.com/trello"


def sent(system: System, source: str, provider: Trello) -> ApiResponse:
    """The response to a comment on a card that is signed for this provider's callback URL."""
    recorded = sample("trello", "commentCard")
    unsigned = request_of("trello", {**recorded.headers, "Host": "api.example.com"}, recorded.raw)
    request = provider.sign(unsigned, SECRET)
    called: dict[str, JsonValue] = event("POST", request.path, request.headers, request.body)
    called["pathParameters"] = {"source": source}
    return as_response(webhook(Trello(), system.wiring)(called, Context()))


def test_the_test_of_a_callback_url_is_answered_with_200_and_leaves_nothing(
    system: System,
) -> None:
    called = event("HEAD", "/api/v1/webhooks/trello", {"host": "api.example.com"}, b"")

    response = as_response(webhook(Trello(), system.wiring)(called, Context()))

    assert (response.status, response.text) == (200, "")
    assert "x-signalbox-delivery" not in response.headers


def test_a_source_may_have_another_callback_url(system: System) -> None:
    system.wiring.config.put(
        Source(provider="trello", name="proxied", settings={"callback_url": _CALLBACK})
    )
    system.wiring.secrets.put("sources/trello/proxied", [SECRET])
    proxied = Trello().with_settings({"callback_url": _CALLBACK})

    first, direct, again = (
        sent(system, "proxied", provider) for provider in (proxied, Trello(), proxied)
    )

    assert [response.status for response in (first, direct, again)] == [202, 401, 202]
    [task] = system.tasks_of(first)
    assert (task.kind, task.repository) == ("agent", "Railway")
    assert again.json_body["duplicate"] is True
