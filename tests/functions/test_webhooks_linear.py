from signalbox.providers.linear.provider import Linear
from signalbox.runtime.webhook import webhook
from tests.functions.system import SECRET, ApiResponse, Context, System, as_response, event
from tests.samples import request_of, sample


def sent(system: System, name: str) -> ApiResponse:
    """The response to a sample, as Linear signs and sends it."""
    system.wiring.secrets.put("sources/linear/default", [SECRET])
    provider = Linear(clock=system.clock)
    recorded = sample("linear", name)
    request = provider.sign(request_of("linear", recorded.headers, recorded.raw), SECRET)
    called = event("POST", request.path, request.headers, request.body)
    return as_response(webhook(provider, system.wiring)(called, Context()))


def test_a_command_a_duplicate_and_what_is_ignored_are_all_answered_with_200(
    system: System,
) -> None:
    first, again, ignored = (
        sent(system, name) for name in ("comment.create", "comment.create", "reaction.create")
    )

    assert [response.status for response in (first, again, ignored)] == [200, 200, 200]
    [task] = system.tasks_of(first)
    assert (task.kind, task.repository) == ("agent", "RAIL")
    assert (first.json_body["duplicate"], again.json_body["duplicate"]) == (False, True)
    assert again.json_body["task_ids"] == first.json_body["task_ids"]
    assert ignored.word("status") == "ignored"
