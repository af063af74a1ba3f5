"""One scene for each module, and the counts of each case for the table of `make faults`."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

import pytest

from tests.faults.scene import Counts, Scene, staged
from tests.integration.aws import Stack, deployed
from tests.integration.slack import FakeSlack

Record = Callable[[str, object], None]
Survive = Callable[..., Counts]


@pytest.fixture(scope="module")
def shared_scene() -> Iterator[Scene]:
    with staged() as scene:
        yield scene


@pytest.fixture
def scene(shared_scene: Scene) -> Scene:
    shared_scene.begin()
    return shared_scene


@pytest.fixture
def survive(scene: Scene, record_property: Record) -> Survive:
    """Count what was lost and doubled, record it with what happened, and assert it is nothing."""

    def judge(happened: str, *, repeats: int = 0) -> Counts:
        counts = scene.counts()
        record_property("happened", happened)
        record_property("counts", asdict(counts))
        assert counts.good, f"{counts}: {scene.box.state}"
        assert counts.repeats <= repeats, counts
        return counts

    return judge


@pytest.fixture
def stack() -> Iterator[Stack]:
    with deployed() as stack:
        yield stack


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack().running() as slack:
        yield slack
