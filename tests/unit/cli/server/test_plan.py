"""What the server reads of the template: every function of it, and what calls each."""

import pytest
from pydantic import JsonValue

from cli.server.functions import UnknownFunction, handler_maker
from cli.server.plan import ServerPlan
from cli.server.template_values import TemplateValues, UnknownReference
from tests.integration.template import translated


@pytest.fixture(scope="module")
def plan() -> ServerPlan:
    return ServerPlan.read(translated())


def test_every_function_of_the_template_has_a_handler(plan: ServerPlan) -> None:
    assert len(plan.timeouts) > 30
    for function in plan.timeouts:
        assert callable(handler_maker(function))


@pytest.mark.parametrize(
    "name", ["strangeFunction", "acmeWebhookFunction", "acmeConnectorFunction"]
)
def test_a_function_that_the_server_does_not_know_is_named(name: str) -> None:
    with pytest.raises(UnknownFunction, match=name[:4]):
        handler_maker(name)


def test_mappings_have_the_limits_of_the_template(plan: ServerPlan) -> None:
    (dispatcher,) = (each for each in plan.sources if each.function == "DispatcherFunction")
    (slack,) = (each for each in plan.sources if each.function == "slackConnectorFunction")

    assert dispatcher.is_stream
    assert (dispatcher.resource, dispatcher.batch_size) == ("TasksTable", 25)
    assert (dispatcher.bisect, dispatcher.max_retries, dispatcher.max_age_seconds) == (
        True,
        10,
        3600,
    )
    assert dispatcher.failure_queue == "DispatcherDeadLetters"
    assert dispatcher.patterns[0]["eventName"] == ["INSERT", "MODIFY"]
    assert not slack.is_stream
    assert (slack.resource, slack.batch_size, slack.failure_queue) == ("slackQueue", 10, "")
    assert slack.scaling
    assert slack.scaling.maximum_concurrency == 2


def test_schedules_and_routes_are_those_of_the_template(plan: ServerPlan) -> None:
    minutes = {schedule.function: schedule.minutes for schedule in plan.schedules}
    keys = {route.key for route in plan.routes}

    assert minutes["RedeliveryFunction"] == 5
    assert minutes["MaintenanceFunction"] == 1
    assert {"POST /api/v1/webhooks/github", "ANY /api/{service}/{proxy+}", "ANY /"} <= keys


def test_values_of_the_template_are_resolved() -> None:
    values = TemplateValues(
        names={"Table": "t", "Table.Arn": "arn:t", "Url": "", "AWS::Region": "eu-west-1"},
        conditions={"HasUrl": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Url"}, ""]}]}},
    )

    assert values.text({"Ref": "Table"}) == "t"
    assert values.text({"Fn::GetAtt": ["Table", "Arn"]}) == "arn:t"
    assert values.text({"Fn::Sub": "x/${Table}/${AWS::Region}"}) == "x/t/eu-west-1"
    assert values.text({"Fn::If": ["HasUrl", {"Ref": "Url"}, "none"]}) == "none"
    assert values.text(7) == "7"
    strange: list[JsonValue] = [{"Ref": "Strange"}, {"Fn::Join": ["", []]}, None]
    for unknown in strange:
        with pytest.raises(UnknownReference):
            values.text(unknown)
