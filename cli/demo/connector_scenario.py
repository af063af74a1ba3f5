"""The scenario of a connector: what its service shows of a task, also if it was down meanwhile."""

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from cli.api_client import ApiError
from cli.demo.environment import DemoEnvironment, StepFailed, expect, wait_for
from cli.demo.scenario import Scenario, Steps, run_steps
from cli.demo.targets import DemoTarget
from cli.operator_client import OperatorClient
from signalbox.http.schemas.notifications import NotificationView
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.notification_status import NotificationStatus

_CONFIG_SECONDS: Final = 40.0
_DISPATCH_SECONDS: Final = 5.0
_TIMEOUT: Final = 90.0
_CHANGES: Final = 3
"""A task that succeeds is created, started and finished."""


@dataclass(slots=True, kw_only=True)
class ConnectorScenario:
    """A task of a webhook, as a service shows it."""

    environment: DemoEnvironment
    target: DemoTarget

    def it_is_connected(self) -> None:
        """Test the connection, as `signalbox connections test` does."""
        environment = self.environment
        environment.tell(f"connection {self.target.connection} leads to {self.target.url}")
        operator = OperatorClient(api=environment.api)
        sent = wait_for("the connection is known", _CONFIG_SECONDS, lambda: self._probed(operator))
        after = operator.awaited(sent, _TIMEOUT)
        self._expect_delivered(after)
        environment.tell("a test notification is delivered")
        if self.target.shown():  # some connectors only check the secret
            self._tell_shown()

    def changes_are_shown(self) -> None:
        """Show what the service shows of a task that a worker completes."""
        task = wait_for("the subscription is known", _CONFIG_SECONDS, self._subscribed_task)
        for each in self._delivered(task):
            self.environment.tell(f"{each.change.type} delivered, attempts: {len(each.attempts)}")
        self._tell_shown()

    def it_was_down(self) -> None:
        """Complete another task while the service is down at first."""
        self.environment.tell(self.target.fail_once())
        before = len(self.target.shown())
        notifications = self._delivered(self._completed_task())
        attempts = max(len(each.attempts) for each in notifications)
        expect(attempts > 1, "nothing was sent again")
        for each in notifications:
            outcomes = ", ".join(attempt.outcome for attempt in each.attempts)
            self.environment.tell(f"{each.change.type}: {outcomes}")
        expect(len(self.target.shown()) >= before, "the service has lost something")
        self._tell_shown()

    def _completed_task(self) -> TaskId:
        environment = self.environment
        scenario = Scenario(environment=environment, hook=environment.webhook.new())
        scenario.a_webhook_comes_in()
        scenario.a_worker_does_it()
        return scenario.task

    def _subscribed_task(self) -> TaskId | None:
        """Complete a task; return None if not all of its changes met the new subscription."""
        task = self._completed_task()
        operator = OperatorClient(api=self.environment.api)
        with suppress(StepFailed):
            wait_for(
                "every change is dispatched",
                _DISPATCH_SECONDS,
                lambda: len(self._ours(operator, task)) >= _CHANGES or None,
            )
            return task
        self.environment.tell("a running stack knows a new subscription within 30 s: once more")
        return None

    def _ours(self, operator: OperatorClient, task: TaskId) -> list[NotificationId]:
        return [
            each.id
            for each in operator.notifications_of(task)
            if each.connection == self.target.connection
        ]

    def _delivered(self, task: TaskId) -> list[NotificationView]:
        """Return the notifications of a task to the connection, when all are finished."""
        operator = OperatorClient(api=self.environment.api)

        def finished() -> list[NotificationView] | None:
            ours = [operator.notification(f"{task}/{each}") for each in self._ours(operator, task)]
            done = [each for each in ours if NotificationStatus(each.status).is_final]
            return done if len(done) >= _CHANGES else None

        found = wait_for("every change is delivered", _TIMEOUT, finished)
        for each in found:
            self._expect_delivered(each)
        return sorted(found, key=lambda each: each.created_at)

    def _expect_delivered(self, notification: NotificationView) -> None:
        reasons = [attempt.reason for attempt in notification.attempts if attempt.reason]
        delivered = notification.status == NotificationStatus.DELIVERED
        expect(delivered, f"{notification.id} is {notification.status}: {'; '.join(reasons)}")

    def _probed(self, operator: OperatorClient) -> NotificationView | None:
        try:
            return operator.probe(self.target.connection)
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    def _tell_shown(self) -> None:
        texts = self.target.shown()
        for text in texts:
            self.environment.tell("shows: " + text.replace("\n", " / "))
        if not texts:
            raise StepFailed("the service shows nothing")


def run_connector_scenario(environment: DemoEnvironment, target: DemoTarget) -> None:
    """Run all steps.

    Raises:
        CommandError: One does not end as expected.
    """
    scenario = ConnectorScenario(environment=environment, target=target)
    steps: Steps = (
        ("The connection is tested", scenario.it_is_connected),
        ("A worker completes a task of a webhook", scenario.changes_are_shown),
        ("The service is down for a moment", scenario.it_was_down),
    )
    run_steps(environment, steps)
