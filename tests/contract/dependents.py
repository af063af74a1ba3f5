"""What every index of dependent tasks promises."""

import pytest

from signalbox.models.ids import TaskId
from signalbox.services.ports.tasks import DependentIndex
from tests.builders import a_task

AWAITED, OTHER = a_task().id, a_task().id


class DependentIndexContract:
    """Inherit and say what `index` is."""

    @pytest.fixture
    def index(self) -> DependentIndex:
        raise NotImplementedError

    def test_a_task_has_no_dependents_at_first(self, index: DependentIndex) -> None:
        assert list(index.dependents(AWAITED)) == []

    def test_a_task_has_its_own_dependents_each_once(self, index: DependentIndex) -> None:
        mine: set[TaskId] = {a_task().id for _ in range(3)}
        for dependent in [*mine, *mine]:
            index.add(AWAITED, dependent)
        index.add(OTHER, a_task().id)

        found = list(index.dependents(AWAITED))

        assert len(found) == len(mine)
        assert set(found) == mine

    def test_more_than_a_page_of_dependents_is_found(self, index: DependentIndex) -> None:
        mine = {a_task().id for _ in range(130)}
        for dependent in mine:
            index.add(AWAITED, dependent)

        assert set(index.dependents(AWAITED)) == mine

    def test_a_removed_dependent_is_gone_and_may_be_removed_again(
        self, index: DependentIndex
    ) -> None:
        stays, goes = a_task().id, a_task().id
        for dependent in (stays, goes):
            index.add(AWAITED, dependent)

        for _ in range(2):
            index.remove(AWAITED, goes)

        assert list(index.dependents(AWAITED)) == [stays]
