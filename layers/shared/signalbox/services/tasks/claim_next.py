"""Claim the next task in the request that ends the lease on another."""

from collections.abc import Callable

from signalbox.models.frozen import frozen
from signalbox.models.ids import WorkerId
from signalbox.models.task import Task
from signalbox.services.tasks.claim import ClaimTask
from signalbox.services.tasks.leases import LeaseStep


@frozen
class ClaimNext:
    """Claim the next task for a worker whose lease on another has ended.

    `failed` is called with the error of a claim. The end is stored, so it succeeds all the same.
    """

    claim: ClaimTask
    failed: Callable[[Exception], None]

    def __call__(
        self, end: LeaseStep, worker: WorkerId, *, lease_seconds: int, wait_seconds: int
    ) -> Task | None:
        """Return a claimed task, or None if no task was found in time or the claim failed.

        A repeated end claims nothing, since the first may have: its task would wait, under a lease
        that nobody knows of, while this one claims another with each repetition.
        """
        if end.repeated:
            return None
        try:
            return self.claim(worker, lease_seconds=lease_seconds, wait_seconds=wait_seconds)
        except Exception as error:  # noqa: BLE001  whatever it is, the end counts
            self.failed(error)
            return None
