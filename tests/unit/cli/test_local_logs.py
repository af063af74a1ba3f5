import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from cli.local.logs import LogEvent, LogFollower, readable_lines


def event(message: str, *, at: int = 1_000, number: int = 1) -> LogEvent:
    return LogEvent(id=f"{at} {number}", milliseconds=at, message=message)


def shown(message: str) -> list[str]:
    """Without the time, which depends on where we are."""
    return [line[len("00:00:00 ") :] for line in readable_lines(event(message))]


@dataclass
class FakeLogGroup:
    events: list[LogEvent] = field(default_factory=list)

    def since(self, milliseconds: int) -> Iterator[LogEvent]:
        return (event for event in self.events if event.milliseconds >= milliseconds)


def test_a_structured_line_shows_level_function_message_and_details() -> None:
    message = {
        "level": "INFO",
        "location": "handler:12",
        "message": "webhook",
        "timestamp": "2026-01-01",
        "service": "signalbox",
        "function_name": "signalbox-local-githubWebhookFunction-0A1B",
        "outcome": "accepted",
        "tasks": 2,
    }

    lines = shown(json.dumps(message))

    assert lines == ["INFO    githubWebhook webhook outcome=accepted tasks=2"]


def test_a_line_that_names_no_function_shows_the_rest() -> None:
    lines = shown('{"level": "ERROR", "message": "request", "reason": "no secret"}')

    assert lines == ['ERROR   request reason="no secret"']


def test_an_exception_follows_line_by_line() -> None:
    message = {"level": "ERROR", "message": "failed", "exception": "Traceback:\n  boom"}

    lines = shown(json.dumps(message))

    assert lines == ["ERROR   failed", "Traceback:", "  boom"]


def test_plain_text_is_shown_as_it_is() -> None:
    assert shown("one\ntwo\n") == ["one", "two"]


def test_what_could_steer_the_terminal_is_not_shown() -> None:
    assert shown("red \x1b[31m") == ["red  [31m"]


def test_the_platform_and_metrics_are_not_shown() -> None:
    assert shown("START RequestId: 1 Version: $LATEST") == []
    assert shown("END RequestId: 1") == []
    assert shown("REPORT RequestId: 1\tDuration: 3 ms") == []
    assert shown('{"_aws": {"CloudWatchMetrics": []}, "Received": 1}') == []


def test_a_follower_yields_every_line_once_in_order_of_time() -> None:
    group = FakeLogGroup([event("second", at=2_000), event("first", at=1_000)])
    follower = LogFollower(source=group, since=0)

    first = [line[9:] for line in follower.new_lines()]
    group.events.append(event("third", at=2_000, number=2))
    second = [line[9:] for line in follower.new_lines()]

    assert first == ["first", "second"]
    assert second == ["third"]


def test_a_follower_begins_with_what_comes_after_it() -> None:
    follower = LogFollower(source=FakeLogGroup([event("long ago")]))

    assert list(follower.new_lines()) == []
