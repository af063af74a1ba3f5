from collections.abc import Callable

import pytest

from signalbox.egress.actions import perform_actions
from signalbox.egress.responses import SecretRefused
from signalbox.egress.task_place import ActionUnfit
from signalbox.models.errors import SendDelayed, SendRefused


class Actions:
    """Actions by the errors that they raise."""

    def __init__(self, *errors: Exception | None) -> None:
        self.performed = 0
        self.all = [self._action(error) for error in errors]

    def _action(self, error: Exception | None) -> Callable[[], None]:
        def action() -> None:
            self.performed += 1
            if error:
                raise error

        return action


def test_what_does_not_fit_is_left_out() -> None:
    actions = Actions(ActionUnfit("no issue"), None)

    perform_actions(actions.all)

    assert actions.performed == 2


def test_something_must_fit() -> None:
    actions = Actions(ActionUnfit("no issue"), ActionUnfit("no commit"))

    with pytest.raises(ActionUnfit, match="no issue"):
        perform_actions(actions.all)


def test_a_refusal_is_reported_after_the_others_were_performed() -> None:
    actions = Actions(ActionUnfit("no issue"), SendRefused("422"), None)

    with pytest.raises(SendRefused, match="422"):
        perform_actions(actions.all)

    assert actions.performed == 3


@pytest.mark.parametrize("error", [SecretRefused("401"), SendDelayed("503")])
def test_nothing_follows_where_the_secret_or_the_forge_fails(error: Exception) -> None:
    actions = Actions(error, None)

    with pytest.raises(type(error)):
        perform_actions(actions.all)

    assert actions.performed == 1


def test_nothing_to_do_is_done() -> None:
    perform_actions([])
