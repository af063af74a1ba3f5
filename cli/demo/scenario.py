"""The way of one webhook, and what happens where somebody cheats, repeats or dies."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypedDict

from cli.demo.environment import DemoEnvironment, StepFailed, expect, wait_for
from cli.errors import CommandError
from cli.webhooks.post import SentWebhook, WebhookRequest
from cli.webhooks.samples import load_sample, new_sample
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

_TEXT: Final = "/agent fix the login"
_SHORT: Final = 10
_LONG: Final = 300
_SOON: Final = 30.0
_MANY: Final = 20
_MESSAGES: Final = ("New task", "Task started", "Task succeeded")
_FOREVER: Final = "while echo working; do sleep 1; done"


class _Held(TypedDict):
    lease_id: LeaseId
    fence: int


@dataclass(slots=True, kw_only=True)
class Scenario:
    """What was sent in the first scene, and the task that came of it."""

    stage: DemoEnvironment
    hook: WebhookRequest
    task: TaskId = field(init=False)

    def a_webhook_comes_in(self) -> None:
        """A signed webhook is a task before it is answered."""
        stage, hook = self.stage, self.hook
        stage.tell(f"POST {stage.address.url}")
        stage.tell(f'X-GitHub-Delivery {hook.delivery}, a comment: "{_TEXT}"')
        sent = stage.send(hook)
        self.task = _only_task(sent)
        stage.tell(f"{sent.status} {sent.outcome}: delivery {sent.delivery_id}")
        task = stage.api.task(self.task)
        expect(task.status is TaskStatus.PENDING, f"the task is {task.status}")
        stage.tell(f'task {task.id} is {task.status}: "{task.title}"')

    def a_worker_does_it(self) -> None:
        """Claim, heartbeat, complete: all over HTTPS with an API key."""
        stage = self.stage
        task, lease = _claimed(stage, "worker-1", self.task)
        stage.tell(f"worker-1 claims {task.id}: attempt {task.attempt}, fence {lease.fence}")
        held = _held(lease)
        beat = HeartbeatRequest(**held, progress="reading the code")
        answer = stage.api.heartbeat(task.id, beat, _SOON)
        expect(answer.lease is not None, f"the heartbeat was answered {answer.action}")
        stage.tell(f'heartbeat "reading the code": {answer.action}')
        result = TaskResult(summary="The login works again.")
        done = stage.api.complete(task.id, CompleteRequest(**held, result=result))
        expect(done.status is TaskStatus.SUCCEEDED, f"the task is {done.status}")
        stage.tell(f'complete: {done.id} {done.status}, "{result.summary}"')

    def slack_is_told(self) -> None:
        """The echo target stands for Slack and show what it received."""

        def all_said() -> list[str] | None:
            said = self.stage.slack_said(self.task)
            there = all(any(words in text for text in said) for words in _MESSAGES)
            return said if there else None

        for text in wait_for("Slack is told of each change", _SOON, all_said):
            self.stage.tell(f"Slack received: {text}")

    def a_forger_is_refused(self) -> None:
        """The same bytes under another secret."""
        sent = self.stage.send(self.hook, secret="not-the-secret")  # noqa: S106 - it is not
        refused = sent.status == HTTPStatus.UNAUTHORIZED
        expect(refused, f"answered {sent.status} {sent.outcome}")
        self.stage.tell(f"{sent.status} {sent.outcome}")

    def a_repeat_changes_nothing(self) -> None:
        """The same delivery once more."""
        sent = self.stage.send(self.hook)
        known = sent.duplicate and _only_task(sent) == self.task
        expect(known, "the second copy was not recognised")
        self.stage.tell(f"{sent.status} duplicate of {sent.delivery_id}: {self.task}")
        status = self.stage.api.task(self.task).status
        expect(status is TaskStatus.SUCCEEDED, f"the task is {status} now")
        self.stage.tell(f"{self.task} is {status} as before")

    def a_worker_dies(self) -> None:
        """Its lease ends, its task comes back, another worker does it."""
        stage = self.stage
        task = _only_task(stage.send(_comment()))
        stage.tell(f"another comment makes {task}")
        with stage.worker("doomed", _SHORT, _FOREVER) as process:
            wait_for("doomed claims it", _SOON, lambda: stage.api.task(task).worker == "doomed")
            stage.tell(f"`signalbox work --worker doomed` (process {process.pid}) claims it")
            process.kill()
        stage.tell(f"kill -9 {process.pid}; its lease of {_SHORT} s runs on")
        claimed, lease = _claimed(stage, "rescuer", task)
        expect(claimed.attempt > 1, f"it is attempt {claimed.attempt}")
        stage.tell(f"rescuer claims it: attempt {claimed.attempt}, fence {lease.fence}")
        result = TaskResult(summary="Done at last.")
        done = stage.api.complete(task, CompleteRequest(**_held(lease), result=result))
        expect(done.status is TaskStatus.SUCCEEDED, f"the task is {done.status}")
        stage.tell(f"complete: {done.id} {done.status}")


def run_scenario(stage: DemoEnvironment) -> None:
    """Plays all scenes.

    Raises:
        CommandError: If one does not end as it must.
    """
    story = Scenario(stage=stage, hook=_comment())
    scenes: tuple[tuple[str, Callable[[], None]], ...] = (
        ("GitHub sends a signed webhook", story.a_webhook_comes_in),
        ("A worker does the task", story.a_worker_does_it),
        ("Slack is told", story.slack_is_told),
        ("A forger signs the same webhook", story.a_forger_is_refused),
        ("GitHub delivers the first webhook again", story.a_repeat_changes_nothing),
        ("A worker is killed at work", story.a_worker_dies),
    )
    with _alone(stage):
        for number, (title, scene) in enumerate(scenes, start=1):
            print(f"\n{number:2}  {title}", flush=True)
            try:
                scene()
            except CommandError as problem:
                raise StepFailed(f"step {number} failed: {problem}") from problem
    print(f"\nAll {len(scenes)} steps went as they must.", flush=True)


def _comment() -> WebhookRequest:
    made = new_sample(load_sample("github", "issue_comment"), _TEXT)
    return WebhookRequest(event=made.event, payload=made.body)


def _only_task(sent: SentWebhook) -> TaskId:
    expect(len(sent.task_ids) == 1, f"answered {sent.status} {sent.outcome}, not with one task")
    return TaskId(sent.task_ids[0])


def _held(lease: LeaseView) -> _Held:
    return {"lease_id": lease.id, "fence": lease.fence}


def _claimed(stage: DemoEnvironment, worker: str, wanted: TaskId) -> tuple[TaskView, LeaseView]:
    def claim() -> ClaimResponse | None:
        found = _claim(stage, worker, wait_seconds=5)
        return found if found.task else None

    found = wait_for(f"{worker} claims {wanted}", _SOON, claim)
    if found.task is None or found.lease is None or found.task.id != wanted:
        raise StepFailed(f"{worker} was given {found.task.id if found.task else 'nothing'}")
    return found.task, found.lease


def _claim(stage: DemoEnvironment, worker: str, *, wait_seconds: int) -> ClaimResponse:
    return stage.api.claim(
        ClaimRequest(worker=WorkerId(worker), lease_seconds=_LONG, wait_seconds=wait_seconds)
    )


@contextmanager
def _alone(stage: DemoEnvironment) -> Iterator[None]:
    """Hold what waits already, so that the story's workers meet its own tasks only."""
    held: list[tuple[TaskId, ReleaseRequest]] = []
    try:
        while len(held) < _MANY:
            found = _claim(stage, "demo", wait_seconds=0)
            if found.task is None or found.lease is None:
                break
            back = ReleaseRequest(
                lease_id=found.lease.id, fence=found.lease.fence, reason="the demo is over"
            )
            held.append((found.task.id, back))
        else:
            raise StepFailed("too many tasks wait; `signalbox up --reset` begins anew")
        if held:
            stage.tell(f"{len(held)} tasks that waited already are set aside")
        yield
    finally:
        for task, back in held:
            with suppress(CommandError):
                stage.api.release(task, back)
