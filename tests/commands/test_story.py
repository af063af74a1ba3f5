"""The scenes of `signalbox demo` that need neither a stream nor Slack."""

import pytest

from cli.api_client import ApiClient, session_for
from cli.demo.environment import DemoEnvironment, StepFailed, wait_for
from cli.demo.scenario import Scenario, _alone, run_scenario
from cli.demo.webhooks import demo_webhook
from cli.errors import CommandError
from cli.target import Target
from cli.webhooks.send import WebhookEndpoint
from signalbox.models.task import TaskStatus
from signalbox.providers.github.provider import GitHub
from tests.builders import SECRET, a_task
from tests.commands.conftest import CommandLine
from tests.commands.served import Served


@pytest.fixture
def stage(served: Served) -> DemoEnvironment:
    session = session_for(served.url)
    return DemoEnvironment(
        target=Target(url=served.url, key=served.key),
        api=ApiClient(base_url=served.url, key=served.key, session=session, timeout=5),
        address=WebhookEndpoint(
            url=f"{served.url}/api/v1/webhooks/github", secret=SECRET, provider=GitHub()
        ),
        webhook=demo_webhook("github"),
        echo_url="http://127.0.0.1:9",
        session=session,
    )


def test_the_scenes_go_as_they_must(
    stage: DemoEnvironment, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Scenario(environment=stage, hook=stage.webhook.new())

    story.a_webhook_comes_in()
    story.a_worker_does_it()
    story.a_forger_is_refused()
    story.a_repeat_changes_nothing()

    (task,) = served.all()
    printed = capsys.readouterr().out
    assert task.status is TaskStatus.SUCCEEDED
    for words in (task.id, "202 accepted", "attempt 1, fence 1", "401 signature_invalid",
                  "duplicate"):  # fmt: skip
        assert words in printed


def test_a_scene_that_goes_wrong_ends_the_story_with_its_number(stage: DemoEnvironment) -> None:
    with pytest.raises(StepFailed, match=r"step 3 failed: http://127\.0\.0\.1:9 is no echo target"):
        run_scenario(stage)


def test_a_duplicate_that_is_not_recognised_fails(stage: DemoEnvironment, served: Served) -> None:
    story = Scenario(environment=stage, hook=stage.webhook.new())
    story.a_webhook_comes_in()
    story.a_worker_does_it()
    story.hook = stage.webhook.new()

    with pytest.raises(StepFailed, match="was not recognised"):
        story.a_repeat_changes_nothing()

    assert len(served.all()) == 2


def test_what_waits_already_is_set_aside_and_given_back(
    stage: DemoEnvironment, served: Served
) -> None:
    task = served.add(a_task())

    with _alone(stage):
        during = served.now(task).status

    after = served.now(task)
    assert during is TaskStatus.RUNNING
    assert (after.status, after.attempt) == (TaskStatus.PENDING, 0)


def test_too_much_waiting_is_said_so_and_given_back(stage: DemoEnvironment, served: Served) -> None:
    tasks = [served.add(a_task()) for _ in range(21)]

    with pytest.raises(StepFailed, match="too many tasks wait"), _alone(stage):
        pass

    assert {served.now(task).status for task in tasks} == {TaskStatus.PENDING}


def test_waiting_ends() -> None:
    with pytest.raises(StepFailed, match="the moon: not within 0 seconds"):
        wait_for("the moon", 0, lambda: None)


def test_the_demo_is_not_for_a_stack_on_aws() -> None:
    result = CommandLine(options=["--stack", "prod"])("demo")

    assert result.code == 1
    assert "local stack" in result.err
    assert issubclass(StepFailed, CommandError)
