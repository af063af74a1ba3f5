"""A configuration that could never do what it says is refused, with the word that was meant."""

from typing import Any

import pytest

from signalbox.models.event_vocabulary import ANY_EVENT
from signalbox.models.task import ChangeType, TaskStatus
from signalbox.providers.github.provider import GitHub
from signalbox.services.config.rules import rule_violations
from tests.builders import a_connection, a_source, a_subscription

KNOWN = {"github": GitHub.events}


def found(thing: object) -> list[tuple[str, str]]:
    return [(flaw.path, flaw.reason) for flaw in rule_violations(thing, KNOWN)]


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        (
            {"events": ("push", "workflow_run.complted:failure")},
            "events[1]",
            'matches no event that github sends; did you mean "workflow_run.completed:failure"?',
        ),
        (
            {"events": ("workflow_run.completed:failed",)},
            "events[0]",
            "workflow_run.completed:fail",
        ),
        ({"events": ("issue.opened",)}, "events[0]", 'did you mean "issues.opened"?'),
        ({"events": ("workflow_run",)}, "events[0]", "matches no event"),
        ({"commands": ("/deploy",)}, "commands[0]", 'did you mean "deploy"?'),
        ({"commands": ("ask", "deploy_web")}, "commands[1]", 'did you mean "deploy-web"?'),
        ({"commands": ("a" * 33,)}, "commands[0]", "matches no command"),
        ({"authors": ("@ada",)}, "authors[0]", "without @"),
        ({"bots": ("renovate bot",)}, "bots[0]", "without blanks"),
        ({"body_schema": {"type": "objekt"}}, "body_schema", "type: 'objekt' is not valid"),
        ({"body_schema": {"pattern": "(?=a)"}}, "body_schema", "is none of RE2"),
        ({"filter": "event.title =="}, "filter", "is no JMESPath expression"),
        ({"filter": "lower(event.title)"}, "filter", "calls lower(), which JMESPath does not have"),
        ({"filter": "action == 'opened'"}, "filter", "is it payload.action, or"),
        ({"filter": "event.titel"}, "filter", 'did you mean "title"?'),
        ({"filter": 'headers."X-Event"'}, "filter", "which is written x-event here"),
        ({"filter": "payload.a && !payload.b"}, "filter", "write !(a.b)"),
        ({"transform": {"title": "[@, @] | " * 9 + "@"}}, "transform.title", "64 times"),
        ({"transform": {"priority": "'urgent'"}}, "transform.priority", "is high, normal or low"),
        (
            {"transform": {"group": "'a'", "group_policy": "latest"}},
            "transform.group_policy",
            "is it payload.latest, or text: 'latest'?",
        ),
        (
            {"transform": {"group": "'a'", "group_policy": "'last'"}},
            "transform.group_policy",
            "yields no policy of a group, which is queue or latest",
        ),
        ({"transform": {"group": "''"}}, "transform.group", "yields no text"),
        (
            {"transform": {"group_policy": "'latest'"}},
            "transform.group_policy",
            "expects transform.group beside it",
        ),
        (
            {"transform": {"cancel_running": "`true`"}},
            "transform.cancel_running",
            "expects transform.group beside it",
        ),
        (
            {"transform": {"group": "'a'", "cancel_running": "`true`"}},
            "transform.cancel_running",
            "expects transform.group_policy beside it",
        ),
        (
            {"transform": {"group": "'a'", "group_policy": "'latest'", "cancel_running": "true"}},
            "transform.cancel_running",
            "is it payload.true, or the literal `true`?",
        ),
    ],
)
def test_a_source_names_what_github_sends(fields: dict[str, Any], path: str, reason: str) -> None:
    [(where, why)] = found(a_source(**fields))

    assert where == path
    assert reason in why


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({"changes": ()}, "changes", "nothing would ever be sent"),
        ({"providers": ("githb",)}, "providers[0]", 'did you mean "github"? allowed: api, github'),
        ({"kinds": ("workflow_run.complted",)}, "kinds[0]", '"workflow_run.completed"?'),
        ({"kinds": ("ask", "issues.opened:x")}, "kinds[1]", 'did you mean "issues.opened"?'),
        ({"kinds": ("/deploy",)}, "kinds[0]", "matches no kind"),
        ({"repositories": ("hello",)}, "repositories[0]", "owner/name"),
        ({"repositories": ("https://github.com/octo/hello",)}, "repositories[0]", "owner/name"),
        (
            {"changes": (ChangeType.CREATED,), "statuses": (TaskStatus.FAILED,)},
            "statuses",
            "only in awaiting_approval, pending",
        ),
        ({"template": "a\n{{ titel }}"}, "template", 'line 2: there is no field "titel"'),
        (
            {"template": "{{ labels | upper | truncate }}{{ max_attempts | first }}"},
            "template",
            "cannot be rendered",
        ),
    ],
)
def test_a_subscription_filters_by_what_can_be(
    fields: dict[str, Any], path: str, reason: str
) -> None:
    [(where, why)] = found(a_subscription(**fields))

    assert where == path
    assert reason in why


@pytest.mark.parametrize(
    "thing",
    [
        a_source(),
        a_source(
            events=("*", "issues.*", "workflow_run.completed:failure", "push:refs/heads/main")
        ),
        a_source(events=("check_run.requested_action:deploy", "issues.labeled:good first issue")),
        a_source(commands=("ask", "deploy-*", "*"), authors=("octo-*",), bots=("renovate[bot]",)),
        a_source(provider="another", events=("whatever",)),
        a_source(
            transform={
                "not_before": "`60`",
                "labels": "`false`",
                "group": "join('#', [event.repository, to_string(payload.number)])",
                "group_policy": "'latest'",
                "cancel_running": "`true`",
            }
        ),
        a_subscription(providers=("api", "git*"), kinds=("ask", "issues.*", "build.nightly")),
        a_subscription(repositories=("octo/*", "*")),
        a_subscription(template="{{ change }}: {{ title }} {{ result.url }}"),
        a_subscription(changes=(ChangeType.UPDATED,), statuses=(TaskStatus.FAILED,)),
        a_connection(),
    ],
)
def test_what_may_match_is_taken(thing: object) -> None:
    assert found(thing) == []


@pytest.mark.parametrize("pattern", ["orders.create", "*.created", "alerts.firing:High*", "x:1"])
def test_any_pattern_may_match_where_the_events_are_not_known(pattern: str) -> None:
    source = a_source(provider="generic", events=(pattern,))

    assert list(rule_violations(source, {**KNOWN, "generic": ANY_EVENT})) == []


def test_events_that_are_not_known_do_not_hide_a_mistake_in_those_that_are() -> None:
    subscription = a_subscription(kinds=("issues.opend", "orders.create"))

    [flaw] = rule_violations(subscription, {**KNOWN, "generic": ANY_EVENT})

    assert flaw.path == "kinds[0]"
