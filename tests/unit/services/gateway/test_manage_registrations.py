import pytest

from signalbox.models.errors import ConfigInvalid, Conflict, NotFound
from signalbox.models.service import Service
from signalbox.models.service_tls import ServiceTls
from signalbox.services.gateway.manage_registrations import ManageRegistrations
from signalbox.services.gateway.registration import (
    DeregisterInstance,
    RegisterInstance,
    RegisterResult,
)
from tests.builders import a_service, an_instance
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.instance_pool import live_instances
from tests.fakes.instances import FakeRegistrations

OPEN = a_service(versions={"v2": ()}, self_registration=True)


class Rig:
    def __init__(self, *services: Service) -> None:
        self.clock, self.store = FakeClock(), FakeRegistrations()
        self.config = FakeConfigStore(*services)
        self.manage = ManageRegistrations(
            config=self.config,
            register_instance=RegisterInstance(store=self.store, clock=self.clock),
            deregister_instance=DeregisterInstance(store=self.store, clock=self.clock),
        )

    def register(
        self,
        name: str = "new",
        *,
        version: str | None = None,
        url: str = "https://n.example.com",
        weight: int = 1,
    ) -> RegisterResult:
        instance = an_instance(id=name, url=url, weight=weight)
        return self.manage.register("orders", version, instance, 30)

    def ids(self, service: Service, version: str | None = None) -> list[str]:
        return sorted(live_instances(self.store, self.clock)(service, version).ids)


def test_requests_go_to_configured_and_registered_instances_until_a_registration_ends() -> None:
    rig = Rig(OPEN)
    rig.register()

    during = rig.ids(OPEN)
    rig.clock.advance(seconds=30)

    assert (during, rig.ids(OPEN)) == (["a", "new"], ["a"])


def test_an_instance_registers_for_one_version() -> None:
    rig = Rig(OPEN)
    rig.register(version="v2")

    assert (rig.ids(OPEN, "v2"), rig.ids(OPEN)) == (["new"], ["a"])


def test_a_registered_instance_starts_slowly_when_it_registers() -> None:
    rig = Rig(OPEN)
    registered = rig.register().registration

    balanced = live_instances(rig.store, rig.clock)(OPEN, None)

    assert balanced.started_at == {"new": registered.registered_at}
    assert balanced.slow_start.total_seconds() == OPEN.slow_start_seconds > 0


def test_only_a_change_of_the_instance_counts_as_a_change() -> None:
    rig = Rig(OPEN)

    results = [rig.register(), rig.register(), rig.register(weight=2), rig.register(weight=2)]

    assert [result.created for result in results] == [True, False, False, False]
    assert [result.changed for result in results] == [True, False, True, False]


def test_a_service_takes_registrations_only_if_it_is_configured_so() -> None:
    closed = a_service()
    rig = Rig(closed)

    with pytest.raises(Conflict, match="self_registration"):
        rig.register()

    assert rig.store.kept == {}


def test_what_registered_is_not_called_when_the_service_takes_no_registrations_any_more() -> None:
    rig = Rig(OPEN)
    rig.register()

    assert rig.ids(a_service()) == ["a"]


def test_an_instance_of_a_service_with_tls_registers_by_https_alone() -> None:
    rig = Rig(OPEN.model_copy(update={"tls": ServiceTls(ca=True)}))
    rig.register()

    with pytest.raises(ConfigInvalid, match="tls"):
        rig.register("plain", url="http://n.example.com")

    assert rig.ids(OPEN) == ["a", "new"]


def test_a_configured_instance_cannot_be_replaced() -> None:
    with pytest.raises(Conflict, match="the instance a is configured"):
        Rig(OPEN).register("a")


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "https://user@n.example.com", "https://n..example.com"]
)
def test_a_url_that_no_configured_instance_may_have_is_refused(url: str) -> None:
    rig = Rig(OPEN)

    with pytest.raises(ConfigInvalid, match="url"):
        rig.register(url=url)

    assert rig.store.kept == {}


def test_a_service_or_version_that_does_not_exist_takes_no_registrations() -> None:
    with pytest.raises(NotFound, match="no such service"):
        Rig().register()
    with pytest.raises(NotFound, match="no such version"):
        Rig(OPEN).register(version="v3")


def test_an_instance_is_deregistered_also_when_the_service_takes_none_any_more() -> None:
    rig = Rig(OPEN)
    rig.register()
    rig.config.put(a_service())

    rig.manage.deregister("orders", None, "new")

    assert rig.store.kept == {}
    with pytest.raises(NotFound):
        rig.manage.deregister("orders", None, "new")
