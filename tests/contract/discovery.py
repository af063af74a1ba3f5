"""What every directory of instances promises."""

from abc import abstractmethod
from datetime import timedelta
from typing import Protocol

import pytest

from signalbox.models.errors import Unavailable
from signalbox.models.service_discovery import ServiceDiscovery
from signalbox.services.ports.discovery import DiscoverEndpoints

HOSTS = ("10.0.0.1", "10.0.0.2")


class DirectoryRig(Protocol):
    """A directory, and the means to change what it has."""

    discovery: ServiceDiscovery

    @property
    @abstractmethod
    def lookup(self) -> DiscoverEndpoints: ...

    def publish(self, *hosts: str) -> None:
        """Have these instances, and no others."""

    def fail(self) -> None:
        """Answer nothing that is of use."""


class DiscoveryContract:
    """Inherit and say what `rig` is."""

    @pytest.fixture
    def rig(self) -> DirectoryRig:
        raise NotImplementedError

    def test_every_instance_is_found_and_may_be_used_for_some_time(self, rig: DirectoryRig) -> None:
        rig.publish(*HOSTS)

        answer = rig.lookup(rig.discovery)

        assert sorted(each.host for each in answer.endpoints) == list(HOSTS)
        assert timedelta() <= answer.ttl

    def test_an_instance_keeps_its_name_while_others_come_and_go(self, rig: DirectoryRig) -> None:
        rig.publish(*HOSTS)
        before = {each.host: each.name for each in rig.lookup(rig.discovery).endpoints}
        rig.publish(HOSTS[1], "10.0.0.3")

        after = {each.host: each.name for each in rig.lookup(rig.discovery).endpoints}

        assert after.keys() == {HOSTS[1], "10.0.0.3"}
        assert after[HOSTS[1]] == before[HOSTS[1]]
        assert len({*before.values(), *after.values()}) == 3

    def test_a_service_may_have_no_instance(self, rig: DirectoryRig) -> None:
        rig.publish()

        assert rig.lookup(rig.discovery).endpoints == ()

    def test_a_directory_that_does_not_answer_is_unavailable(self, rig: DirectoryRig) -> None:
        rig.fail()

        with pytest.raises(Unavailable):
            rig.lookup(rig.discovery)
