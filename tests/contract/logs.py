"""What every store of logs promises."""

import pytest

from signalbox.models.log import LOG_LINES, Chunk
from signalbox.services.ports.task_logs import LogStore
from tests.builders import NOW, ODD_TEXT, a_task


def a_chunk(first: int = 1, count: int = 3, text: str = "line") -> Chunk:
    lines = tuple(f"{text} {number}" for number in range(first, first + count))
    return Chunk(first=first, seq=first, fence=1, attempt=1, at=NOW, size=10, lines=lines)


class LogStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> LogStore:
        raise NotImplementedError

    def test_a_chunk_is_kept_as_it_is(self, store: LogStore) -> None:
        task, chunk = a_task().id, a_chunk(text=ODD_TEXT)

        assert store.add(task, chunk, NOW)
        assert store.last(task) == chunk

    def test_of_two_chunks_of_one_place_the_first_is_kept(self, store: LogStore) -> None:
        task, chunk = a_task().id, a_chunk()
        store.add(task, chunk, None)

        assert not store.add(task, a_chunk(count=5, text="another"), None)
        assert list(store.after(task, 0)) == [chunk]

    def test_chunks_come_in_the_order_of_their_places(self, store: LogStore) -> None:
        task = a_task().id
        chunks = [a_chunk(first=first, count=1) for first in range(1, 60)]
        for chunk in reversed(chunks):
            store.add(task, chunk, None)

        assert list(store.after(task, 0)) == chunks
        assert list(store.after(task, 40)) == chunks[40:]

    def test_the_last_chunk_is_the_one_that_a_place_lies_in_or_behind(
        self, store: LogStore
    ) -> None:
        task, first, second = a_task().id, a_chunk(), a_chunk(first=4)
        store.add(task, first, None)
        store.add(task, second, None)

        assert store.last(task, until=3) == first
        assert store.last(task, until=4) == second
        assert store.last(task, until=999_999_999) == second

    def test_a_full_log_is_read_to_its_end(self, store: LogStore) -> None:
        task, end = a_task().id, a_chunk(first=LOG_LINES, count=1)
        store.add(task, end, None)

        assert store.last(task) == end
        assert list(store.after(task, LOG_LINES - 1)) == [end]
        assert list(store.after(task, LOG_LINES)) == []
        assert list(store.after(task, 999_999_999)) == []

    def test_every_task_has_a_log_of_its_own(self, store: LogStore) -> None:
        store.add(a_task().id, a_chunk(), None)
        other = a_task().id

        assert store.last(other) is None
        assert list(store.after(other, 0)) == []
