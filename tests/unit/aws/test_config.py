"""What the threads of one process share of the configuration."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, cast

import pytest

from signalbox.aws.config import DynamoConfig
from signalbox.models.config_resource import ConfigResource
from signalbox.models.errors import NotFound
from signalbox.models.source import DEFAULT_SOURCE, Source
from tests.builders import a_connection
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item, Table


class SlowTable:
    """Has one connection, and reads it before it waits."""

    def __init__(self) -> None:
        self.doc = a_connection().model_dump_json()
        self.asked, self.may_answer = Event(), Event()
        self.calls = 0

    def query(self, _: str, values: "Item") -> "Iterator[Item]":
        self.calls += 1
        doc = self.doc
        self.asked.set()
        self.may_answer.wait(20)
        yield {"pk": values[":pk"], "sk": {"S": "team-slack"}, "doc": {"S": doc}}


def test_threads_that_need_the_configuration_at_once_share_one_query() -> None:
    table = SlowTable()
    store = DynamoConfig(table=cast("Table", table), clock=FakeClock())

    with ThreadPoolExecutor(10) as pool:
        found = [pool.submit(store.connection, a_connection().id) for _ in range(10)]
        table.asked.wait(20)
        table.may_answer.set()

    assert [each.result() for each in found] == [a_connection()] * 10
    assert table.calls == 1


def test_what_was_being_read_when_the_cache_was_dropped_is_read_again() -> None:
    table = SlowTable()
    store = DynamoConfig(table=cast("Table", table), clock=FakeClock())

    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(store.connection, a_connection().id)
        table.asked.wait(20)
        table.doc = a_connection(enabled=False).model_dump_json()
        dropping = pool.submit(store.invalidate)
        table.may_answer.set()

    reading.result()
    dropping.result()
    assert store.connection(a_connection().id) == a_connection(enabled=False)


class GrowingTable:
    """Has what was put into it."""

    def __init__(self) -> None:
        self.docs: dict[str, str] = {}
        self.calls = 0

    def put(self, resource: ConfigResource) -> None:
        self.docs[resource.key] = resource.model_dump_json()

    def query(self, _: str, values: "Item") -> "Iterator[Item]":
        self.calls += 1
        for key, doc in self.docs.items():
            yield {"pk": values[":pk"], "sk": {"S": key}, "doc": {"S": doc}}


def test_what_was_created_after_the_configuration_was_read_is_found_within_a_second() -> None:
    clock, table = FakeClock(), GrowingTable()
    store = DynamoConfig(table=cast("Table", table), clock=clock)
    source = Source(provider="github", name="team")
    assert store.source("github", "team") is None
    with pytest.raises(NotFound):
        store.connection(a_connection().id)

    clock.advance(timedelta(seconds=1))
    table.put(source)
    found_source = store.source("github", "team")
    table.docs.clear()
    table.put(a_connection())

    assert found_source == source
    assert store.connection(a_connection().id) == a_connection()


def test_names_that_do_not_exist_cost_one_query_a_second() -> None:
    clock, table = FakeClock(), GrowingTable()
    store = DynamoConfig(table=cast("Table", table), clock=clock)

    for _ in range(3):
        for name in ("a", "b", "c"):
            assert store.source("github", name) is None
        clock.advance(timedelta(seconds=1))

    assert table.calls == 3


def test_the_default_source_that_nobody_configured_is_not_looked_for_again() -> None:
    clock, table = FakeClock(), GrowingTable()
    store = DynamoConfig(table=cast("Table", table), clock=clock)

    for _ in range(20):
        assert store.source("github", DEFAULT_SOURCE) is None
        clock.advance(timedelta(seconds=1))

    assert table.calls == 1
