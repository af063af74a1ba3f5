"""Interpret a delivery that was answered first, and send its outcome to whoever waits for it.

It may run twice for a delivery, or end anywhere: an attempt is recorded before it begins, task ids
are derived from the request, and what is not completed becomes due again.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from signalbox.models.deferral import (
    MAX_INTERPRET_ATTEMPTS,
    attempt_completed,
    attempt_postponed,
    attempt_started,
    follow_up_ended,
    follow_up_postponed,
    follow_up_started,
    is_due,
    with_deferral,
)
from signalbox.models.delivery import (
    Deferral,
    Delivery,
    DeliveryStatus,
    FollowUpStatus,
    StoredDelivery,
    reinterpreted,
)
from signalbox.models.errors import (
    Conflict,
    DeliveryDeferred,
    NotFound,
    SendDelayed,
    SendRefused,
    Unavailable,
    WriteConflict,
)
from signalbox.models.frozen import frozen
from signalbox.models.ids import DeliveryId
from signalbox.services.deliveries.act_on_tasks import ActOnTasks
from signalbox.services.deliveries.interpret import Interpretation
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from signalbox.services.ports.deliveries import (
    DeliveryStore,
    PermissionCheck,
    PermissionsWithin,
    SendFollowUp,
)
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from signalbox.services.tasks.dependencies import AwaitTasks

_UNLIMITED = float("inf")


@frozen
class InterpretDeferred:
    """Do the next step of a deferred delivery.

    `permission` is the check of the last attempt, `permission_within` that of the others, which are
    repeated if there is no answer now.
    """

    deliveries: DeliveryStore
    tasks: TaskStore
    reinterpret: ReinterpretDelivery
    permission: PermissionCheck
    permission_within: PermissionsWithin
    follow_up: SendFollowUp
    clock: Clock
    wait: "Callable[[], AwaitTasks]"

    def __call__(self, delivery: DeliveryId) -> Delivery | None:
        """Return the delivery after the step, None if it is not due or another process does it.

        Raises:
            Unavailable: A store did not answer. The delivery becomes due again.
        """
        try:
            stored = self.deliveries.get_stored(delivery)
            deferral = stored.delivery.deferral
            if deferral is None or not is_due(deferral, self.clock()):
                return None
            if stored.delivery.status is DeliveryStatus.PENDING:
                return self._interpret(stored, deferral)
            return self._repeat_follow_up(stored, deferral)
        except (NotFound, WriteConflict):  # it has expired, or another process is faster
            return None

    def _interpret(self, stored: StoredDelivery, deferral: Deferral) -> Delivery:
        deferral = attempt_started(deferral, self.clock())
        before = self._replace(stored.delivery, with_deferral(stored.delivery, deferral))
        try:
            interpretation = self._interpretation(stored, deferral)
            for task in interpretation.tasks:
                self.tasks.create(task)
            interpretation = interpretation.acted(self._act(before, interpretation))
        except (DeliveryDeferred, Unavailable) as error:
            counts = isinstance(error, DeliveryDeferred)
            later = attempt_postponed(deferral, self.clock(), error.reason, counts=counts)
            return self._replace(before, with_deferral(before, later))
        outcome = interpretation.summary or f"No task: {interpretation.reason}"
        completed = attempt_completed(deferral, self.clock(), outcome)
        found = reinterpreted(before, interpretation.recorded_in(before))
        after = self._replace(before, found.model_copy(update={"deferral": completed}))
        return self._send_follow_up(stored, after)

    def _act(self, delivery: Delivery, interpretation: Interpretation) -> tuple[str, ...]:
        if not interpretation.actions:
            return ()
        act = ActOnTasks(tasks=self.tasks, clock=self.clock, wait=self.wait)
        source = self.reinterpret.source(delivery)
        return act(interpretation.actions, source, delivery.id)

    def _interpretation(self, stored: StoredDelivery, deferral: Deferral) -> Interpretation:
        """Return the interpretation; what cannot be interpreted has failed.

        Raises:
            DeliveryDeferred: A permission cannot be checked now.
            Unavailable: A store did not answer.
        """
        if deferral.attempts > MAX_INTERPRET_ATTEMPTS:
            reason = f"{MAX_INTERPRET_ATTEMPTS} attempts to interpret it did not end"
            return Interpretation(status=DeliveryStatus.FAILED, reason=reason)
        last = deferral.attempts == MAX_INTERPRET_ATTEMPTS
        check = self.permission if last else self.permission_within(lambda: _UNLIMITED)
        try:
            return self.reinterpret(stored, permission=check)
        except Conflict as conflict:
            return Interpretation(status=DeliveryStatus.FAILED, reason=conflict.reason)

    def _repeat_follow_up(self, stored: StoredDelivery, deferral: Deferral) -> Delivery:
        follow_up, before = deferral.follow_up, stored.delivery
        if follow_up is None:
            ended = deferral.model_copy(update={"due_at": None})
            return self._replace(before, with_deferral(before, ended))
        started = follow_up_started(deferral, follow_up, self.clock())
        return self._send_follow_up(stored, self._replace(before, with_deferral(before, started)))

    def _send_follow_up(self, stored: StoredDelivery, before: Delivery) -> Delivery:
        """Return the delivery after the outcome was sent, if somebody waits for it."""
        deferral = before.deferral
        follow_up = deferral.follow_up if deferral else None
        if not deferral or not follow_up or follow_up.status is not FollowUpStatus.PENDING:
            return before
        try:
            self.follow_up(stored, follow_up.text)
        except SendDelayed as delayed:
            after = follow_up_postponed(deferral, follow_up, self.clock(), delayed.reason)
        except SendRefused as refused:
            after = follow_up_ended(deferral, follow_up, self.clock(), refused.reason)
        else:
            after = follow_up_ended(deferral, follow_up, self.clock())
        return self._replace(before, with_deferral(before, after))

    def _replace(self, before: Delivery, after: Delivery) -> Delivery:
        self.deliveries.replace(before, after)
        return after
