"""The scenario: a webhook from receipt to notification, a forgery, a duplicate, a dead worker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypedDict

from cli.demo.environment import DemoEnvironment, StepFailed, expect, wait_for
from cli.demo.targets import DemoTarget
from cli.errors import CommandError
from cli.webhooks.post import OWN_ANSWER, SentWebhook, WebhookRequest
from signalbox.http.schemas.work import (
    ClaimRequest,
    ClaimResponse,
    CompleteRequest,
    HeartbeatRequest,
    LeaseView,
    ReleaseRequest,
)
from signalbox.models.change import TaskView
from signalbox.models.ids import LeaseId, TaskId, WorkerId
from signalbox.models.task import TaskResult, TaskStatus

_OTHER_SECRET: Final = "00" * 32
_SHORT_LEASE: Final = 10
_LONG_LEASE: Final = 300
_TIMEOUT: Final = 30.0
_CONFIG_SECONDS: Final = 40.0
"""Functions read the configuration every 30 seconds."""
_MAX_CLAIMS: Final = 20
_MESSAGES: Final = ("New task", "Task started", "Task succeeded")
Steps = tuple[tuple[str, Callable[[], None]], ...]
"""Titles and what they do."""

_ENDLESS_COMMAND: Final = "while echo working; do sleep 1; done"


class _Held(TypedDict):
    lease_id: LeaseId
    fence: int


@dataclass(slots=True, kw_only=True)
class Scenario:
    """The webhook of the first step, and its task. It came from the `forge`, if there is one."""

    environment: DemoEnvironment
    hook: WebhookRequest
    forge: DemoTarget | None = None
    task: TaskId = field(init=False)

    def a_webhook_comes_in(self) -> None:
        """Send a signed webhook, which is stored as a task before it is answered."""
        environment, hook = self.environment, self.hook
        environment.tell(f"POST {environment.address.url}")
        text = environment.webhook.text
        environment.tell(hook.sample.name + (f' with the text "{text}"' if text else ""))
        sent = wait_for("the source is known", _CONFIG_SECONDS, lambda: self._sent_if_known(hook))
        self.task = _only_task(environment, sent)
        environment.tell(f"{sent.status} {sent.outcome}: delivery {sent.delivery_id}")
        task = environment.api.task(self.task)
        expect(task.status is TaskStatus.PENDING, f"the task is {task.status}")
        environment.tell(f'task {task.id} is {task.status}: "{task.title}"')

    def _sent_if_known(self, hook: WebhookRequest) -> SentWebhook | None:
        """Return the response, None if the function does not know a source that is new."""
        sent = self.environment.send(hook)
        return None if sent.status == HTTPStatus.NOT_FOUND else sent

    def a_worker_does_it(self) -> None:
        """Claim the task, send a heartbeat and complete it, over HTTPS with an API key."""
        environment = self.environment
        task, lease = _claimed(environment, "worker-1", self.task)
        environment.tell(f"worker-1 claims {task.id}: attempt {task.attempt}, fence {lease.fence}")
        held = _held(lease)
        beat = HeartbeatRequest(**held, progress="reading the code")
        answer = environment.api.heartbeat(task.id, beat, _TIMEOUT)
        expect(answer.lease is not None, f"the heartbeat was answered {answer.action}")
        environment.tell(f'heartbeat "reading the code": {answer.action}')
        result = TaskResult(summary="The login works again.")
        done = environment.api.complete(task.id, CompleteRequest(**held, result=result))
        expect(done.status is TaskStatus.SUCCEEDED, f"the task is {done.status}")
        environment.tell(f'complete: {done.id} {done.status}, "{result.summary}"')

    def slack_is_told(self) -> None:
        """Show what the echo target, which stands in for Slack, has received."""

        def all_said() -> list[str] | None:
            said = self.environment.slack_said(self.task)
            there = all(any(words in text for text in said) for words in _MESSAGES)
            return said if there else None

        for text in wait_for("Slack receives each change", _TIMEOUT, all_said):
            self.environment.tell(f"Slack received: {text}")

    def the_sender_is_answered(self) -> None:
        """Show what the forge shows where the command was given: a reaction and one comment."""
        forge = self.forge
        if forge is None:
            raise StepFailed("the webhook came from no forge")

        def all_shown() -> list[str] | None:
            shown = [*forge.shown()]
            is_acknowledged = any(self.task not in text for text in shown)
            is_done = any(_MESSAGES[-1] in text for text in shown)
            return shown if is_acknowledged and is_done else None

        shown = wait_for("a reaction and the result are shown", _TIMEOUT, all_shown)
        for text in shown:
            self.environment.tell("shows: " + text.replace("\n", " / "))
        comments = [text for text in shown if self.task in text]
        expect(len(comments) == 1, f"there are {len(comments)} comments on the task")

    def a_forger_is_refused(self) -> None:
        """Send the same bytes signed with another secret."""
        sent = self.environment.send(self.hook, secret=_OTHER_SECRET)
        refused = sent.status == HTTPStatus.UNAUTHORIZED
        expect(refused, f"answered {sent.status} {sent.outcome}")
        self.environment.tell(f"{sent.status} {sent.outcome}")

    def a_repeat_changes_nothing(self) -> None:
        """Send the same delivery again."""
        sent = self.environment.send(self.hook)
        is_duplicate = sent.duplicate or sent.outcome == OWN_ANSWER
        known = is_duplicate and _only_task(self.environment, sent) == self.task
        expect(known, "the second copy was not recognised")
        self.environment.tell(f"{sent.status} duplicate of {sent.delivery_id}: {self.task}")
        status = self.environment.api.task(self.task).status
        expect(status is TaskStatus.SUCCEEDED, f"the task is {status} now")
        self.environment.tell(f"{self.task} is {status} as before")

    def a_worker_dies(self) -> None:
        """Kill a worker; its lease expires, and another worker does its task."""
        environment = self.environment
        task = _only_task(environment, environment.send(environment.webhook.new()))
        environment.tell(f"another {environment.webhook.sample.name} makes {task}")
        with environment.worker("doomed", _SHORT_LEASE, _ENDLESS_COMMAND) as process:
            wait_for(
                "doomed claims it", _TIMEOUT, lambda: environment.api.task(task).worker == "doomed"
            )
            environment.tell(f"`signalbox work --worker doomed` (process {process.pid}) claims it")
            process.kill()
        environment.tell(f"kill -9 {process.pid}; its lease of {_SHORT_LEASE} s runs on")
        claimed, lease = _claimed(environment, "rescuer", task)
        expect(claimed.attempt > 1, f"it is attempt {claimed.attempt}")
        environment.tell(f"rescuer claims it: attempt {claimed.attempt}, fence {lease.fence}")
        result = TaskResult(summary="Done at last.")
        done = environment.api.complete(task, CompleteRequest(**_held(lease), result=result))
        expect(done.status is TaskStatus.SUCCEEDED, f"the task is {done.status}")
        environment.tell(f"complete: {done.id} {done.status}")


def run_scenario(environment: DemoEnvironment, forge: DemoTarget | None = None) -> None:
    """Run all steps. `forge` is where the webhook comes from and its source answers, if any.

    Raises:
        CommandError: One does not end as expected.
    """
    scenario = Scenario(environment=environment, hook=environment.webhook.new(), forge=forge)
    sender = type(environment.webhook.provider).__name__
    answered: Steps = ((f"{sender} shows the answer", scenario.the_sender_is_answered),)
    steps: Steps = (
        (f"{sender} sends a signed webhook", scenario.a_webhook_comes_in),
        ("A worker does the task", scenario.a_worker_does_it),
        ("Slack is notified", scenario.slack_is_told),
        *(answered if forge else ()),
        ("A forger signs the same webhook", scenario.a_forger_is_refused),
        (f"{sender} delivers the first webhook again", scenario.a_repeat_changes_nothing),
        ("A worker is killed at work", scenario.a_worker_dies),
    )
    run_steps(environment, steps)


def run_steps(environment: DemoEnvironment, steps: Steps) -> None:
    """Run steps with a title each, while no other worker gets a task.

    Raises:
        CommandError: One does not end as expected.
    """
    with _alone(environment):
        _play(steps)
    _tell_end(steps)


def play_steps(steps: Steps) -> None:
    """Run steps that take no tasks, with a title each.

    Raises:
        CommandError: One does not end as expected.
    """
    _play(steps)
    _tell_end(steps)


def _play(steps: Steps) -> None:
    for number, (title, step) in enumerate(steps, start=1):
        print(f"\n{number:2}  {title}", flush=True)
        try:
            step()
        except CommandError as problem:
            raise StepFailed(f"step {number} failed: {problem}") from problem


def _tell_end(steps: Steps) -> None:
    print(f"\nAll {len(steps)} steps went as they must.", flush=True)


def _only_task(environment: DemoEnvironment, sent: SentWebhook) -> TaskId:
    tasks = environment.tasks_of(sent)
    expect(len(tasks) == 1, f"answered {sent.status} {sent.outcome}, not with one task")
    return TaskId(tasks[0])


def _held(lease: LeaseView) -> _Held:
    return {"lease_id": lease.id, "fence": lease.fence}


def _claimed(
    environment: DemoEnvironment, worker: str, task_id: TaskId
) -> tuple[TaskView, LeaseView]:
    def claim() -> ClaimResponse | None:
        found = _claim(environment, worker, wait_seconds=5)
        return found if found.task else None

    found = wait_for(f"{worker} claims {task_id}", _TIMEOUT, claim)
    if found.task is None or found.lease is None or found.task.id != task_id:
        raise StepFailed(f"{worker} was given {found.task.id if found.task else 'nothing'}")
    return found.task, found.lease


def _claim(environment: DemoEnvironment, worker: str, *, wait_seconds: int) -> ClaimResponse:
    return environment.api.claim(
        ClaimRequest(worker=WorkerId(worker), lease_seconds=_LONG_LEASE, wait_seconds=wait_seconds)
    )


@contextmanager
def _alone(environment: DemoEnvironment) -> Iterator[None]:
    """Pause the queues, so that the scenario's workers get its own tasks only."""
    held: list[tuple[TaskId, ReleaseRequest]] = []
    try:
        while len(held) < _MAX_CLAIMS:
            found = _claim(environment, "demo", wait_seconds=0)
            if found.task is None or found.lease is None:
                break
            back = ReleaseRequest(
                lease_id=found.lease.id, fence=found.lease.fence, reason="the demo is over"
            )
            held.append((found.task.id, back))
        else:
            raise StepFailed("too many tasks wait; `signalbox up --reset` begins anew")
        if held:
            environment.tell(f"{len(held)} tasks that waited already are set aside")
        yield
    finally:
        for task, back in held:
            with suppress(CommandError):
                environment.api.release(task, back)
