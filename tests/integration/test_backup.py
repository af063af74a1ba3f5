"""A stack that is lost goes on from its backup."""

from tests.drill.run import drill
from tests.integration.installation import Installation


def test_a_lost_stack_is_restored_whole_and_finishes_its_work(box: Installation) -> None:
    figures = drill(box, 2)

    assert figures.losses == []
    assert all(
        (written, 0, 0) == (same, different, missing) and written
        for written, _, same, different, missing in figures.parts.values()
    )
    assert figures.messages > 0
    assert (figures.finished, figures.delivered) == (figures.tasks, figures.notifications)
    assert figures.doubled == 0
