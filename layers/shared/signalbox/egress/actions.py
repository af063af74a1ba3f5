"""The actions of a connection that shows a task in several ways.

Those that do not fit a task are left out if another one does: a push has a commit but no issue.
"""

from collections.abc import Callable, Iterable

from signalbox.egress.responses import SecretRefused
from signalbox.egress.task_place import ActionUnfit
from signalbox.models.errors import SendRefused


def perform_actions(actions: Iterable[Callable[[], None]]) -> None:
    """Perform all actions; one that is refused does not keep the others from being performed.

    Raises:
        SendRefused: One was refused, or none fits the task.
        SecretRefused: The secret is not accepted.
        SendDelayed: One must be repeated later, and so all.
    """
    failures: list[SendRefused] = []
    unfit: list[SendRefused] = []
    performed = False
    for action in actions:
        try:
            action()
        except SecretRefused:
            raise
        except ActionUnfit as refusal:
            unfit.append(refusal)
        except SendRefused as refusal:
            failures.append(refusal)
        else:
            performed = True
    if failures or (unfit and not performed):
        raise (failures or unfit)[0]
