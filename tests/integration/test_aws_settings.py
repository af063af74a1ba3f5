"""Configuration, API keys and secrets over DynamoDB and SSM keep the promises of the ports."""

from dataclasses import replace
from datetime import timedelta

import pytest

from signalbox.aws.config import DynamoConfig, DynamoKeys
from signalbox.aws.dynamo_table import Table
from signalbox.aws.protocols import DynamoApi, SsmApi
from signalbox.aws.schedules import DynamoSchedules
from signalbox.aws.secrets import SECRET_CACHE_TTL, SECRET_REFRESH_INTERVAL, SsmSecrets
from signalbox.models.errors import ConfigurationUnreadable, Unavailable, WriteConflict
from signalbox.models.principal import BUILT_IN_ROLES, Role, Scope
from signalbox.models.rate_limits import Limits
from signalbox.models.schedule import CatchUp
from tests.builders import NOW, a_schedule, a_source, an_api_key
from tests.contract.schedules import PutSchedule, ScheduleStoreContract
from tests.contract.settings import (
    NAME,
    ConfigKeeperContract,
    ConfigStoreContract,
    KeyStoreContract,
    PutSecrets,
    PutThing,
    SecretStoreContract,
)
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import (
    Action,
    Faults,
    broken,
    lost_answer,
    meanwhile,
    throttled,
    unreachable,
)

DOWN = pytest.mark.parametrize("trouble", [throttled, broken, unreachable])


@pytest.fixture
def config_table(stack: Stack, dynamodb: DynamoApi) -> Table:
    return Table(client=dynamodb, name=stack.name("ConfigTable"))


class TestDynamoConfig(ConfigStoreContract):
    @pytest.fixture
    def store(self, config_table: Table, clock: FakeClock) -> DynamoConfig:
        return DynamoConfig(table=config_table, clock=clock)

    @pytest.fixture
    def put(self, store: DynamoConfig) -> PutThing:
        return store.put

    def test_what_was_read_is_remembered_for_half_a_minute(
        self, store: DynamoConfig, config_table: Table, clock: FakeClock, faults: Faults
    ) -> None:
        store.sources()
        DynamoConfig(table=config_table, clock=clock).put(a_source())
        faults.clear()
        clock.advance(seconds=29)
        remembered = list(store.sources())
        clock.advance(seconds=2)

        assert remembered == []
        assert list(store.sources()) == [a_source()]
        assert faults.operations == ["DynamoDB.Query"]

    def test_what_cannot_be_read_is_told_and_keeps_nothing_else_from_being_read(
        self, config_table: Table, clock: FakeClock
    ) -> None:
        reported: list[tuple[str, str]] = []
        store = DynamoConfig(
            table=config_table, clock=clock, unreadable=lambda *what: reported.append(what)
        )
        store.put(a_source())
        for kind in ("SOURCE", "LIMITS"):
            doc = '{"of": "a later version"}'
            config_table.put({"pk": {"S": kind}, "sk": {"S": "github/odd"}, "doc": {"S": doc}})

        assert store.source("github", "default") == a_source()
        assert store.limits() == Limits()
        assert reported == [("SOURCE", "github/odd"), ("LIMITS", "github/odd")]

        with pytest.raises(Unavailable):
            store.source("github", "odd")

    def test_what_cannot_be_read_can_be_written_anew(
        self, store: DynamoConfig, config_table: Table
    ) -> None:
        config_table.put({"pk": {"S": "SOURCE"}, "sk": {"S": "github/default"}, "doc": {"S": "{}"}})

        store.replace(None, a_source())

        assert store.source("github", "default") == a_source()

    def test_what_was_removed_is_gone(self, store: DynamoConfig) -> None:
        store.put(a_source())

        store.remove(a_source())

        assert list(store.sources()) == []


class TestDynamoConfigKeeper(ConfigKeeperContract):
    @pytest.fixture
    def keeper(self, config_table: Table, clock: FakeClock) -> DynamoConfig:
        return DynamoConfig(table=config_table, clock=clock)

    def test_a_change_whose_answer_was_lost_is_recognised(
        self, keeper: DynamoConfig, faults: Faults
    ) -> None:
        keeper.replace(None, a_source())
        faults.on("DynamoDB.PutItem", lost_answer)

        keeper.replace(a_source(), a_source(enabled=False))

        assert list(keeper.sources()) == [a_source(enabled=False)]

    def test_what_somebody_changes_at_the_same_time_is_not_removed(
        self, keeper: DynamoConfig, faults: Faults
    ) -> None:
        changed = a_source(enabled=False)
        keeper.put(a_source())
        faults.on("DynamoDB.DeleteItem", meanwhile(lambda: keeper.put(changed)))

        with pytest.raises(WriteConflict):
            keeper.replace(a_source(), None)

        assert list(keeper.sources()) == [changed]

    def test_a_removal_whose_answer_was_lost_is_done(
        self, keeper: DynamoConfig, faults: Faults
    ) -> None:
        keeper.put(a_source())
        faults.on("DynamoDB.DeleteItem", lost_answer)

        keeper.replace(a_source(), None)

        assert list(keeper.sources()) == []

    def test_custom_roles_are_worth_their_scopes_and_built_in_ones_what_they_always_are(
        self, keeper: DynamoConfig
    ) -> None:
        keeper.put(Role(name="reader", scopes=(Scope.TASKS_READ,)))
        keeper.put(Role(name="viewer", scopes=(Scope.KEYS_WRITE,)))

        role_scopes = keeper.role_scopes()

        assert role_scopes["reader"] == {Scope.TASKS_READ}
        assert role_scopes["viewer"] == BUILT_IN_ROLES["viewer"]


class TestDynamoKeys(KeyStoreContract):
    @pytest.fixture
    def store(self, config_table: Table) -> DynamoKeys:
        return DynamoKeys(table=config_table)

    def test_a_key_that_says_more_than_we_can_read_opens_nothing(
        self, store: DynamoKeys, config_table: Table
    ) -> None:
        key = an_api_key()
        store.put(key)
        kept = config_table.get({"pk": {"S": "KEY"}, "sk": {"S": key.id}})
        assert kept is not None
        doc = kept["doc"]["S"].replace("{", '{"only_from": "10.0.0.0/8", ', 1)
        config_table.put({**kept, "doc": {"S": doc}})

        assert store.find(key.id) is None
        assert list(store.all()) == []


class TestSsmSecrets(SecretStoreContract):
    @pytest.fixture
    def store(self, ssm: SsmApi, clock: FakeClock) -> SsmSecrets:
        return _secrets(ssm, clock)

    @pytest.fixture
    def put(self, ssm: SsmApi, clock: FakeClock) -> PutSecrets:
        return _secrets(ssm, clock).put

    def test_secrets_are_kept_encrypted_under_the_prefix_of_the_stack(
        self, stack: Stack, put: PutSecrets
    ) -> None:
        put(NAME, ["new", "old"])

        kept = stack.clients.ssm.get_parameter(Name=f"/signalbox/test/{NAME}")["Parameter"]

        assert kept["Type"] == "SecureString"

    def test_secrets_that_are_there_are_not_overwritten_by_new_ones(
        self, store: SsmSecrets
    ) -> None:
        assert store.put_new(NAME, ["first"])
        assert not store.put_new(NAME, ["second"])

        assert list(store.secrets(NAME)) == ["first"]

    def test_secrets_that_were_removed_are_gone_at_once(self, store: SsmSecrets) -> None:
        store.put(NAME, ["a secret"])
        store.secrets(NAME)

        store.remove(NAME)
        store.remove(NAME)

        assert list(store.secrets(NAME)) == []

    @DOWN
    def test_a_removal_that_the_parameter_store_does_not_answer_is_told(
        self, store: SsmSecrets, faults: Faults, trouble: Action
    ) -> None:
        store.put(NAME, ["a secret"])
        faults.on("SSM.DeleteParameter", trouble, times=1_000)

        with pytest.raises(Unavailable):
            store.remove(NAME)

        assert list(store.secrets(NAME)) == ["a secret"]

    def test_what_was_read_serves_for_an_hour_while_the_parameter_store_is_down(
        self, store: SsmSecrets, put: PutSecrets, clock: FakeClock, faults: Faults
    ) -> None:
        put(NAME, ["known"])
        store.secrets(NAME)
        faults.on("SSM.GetParameter", broken, times=1_000)
        clock.advance(timedelta(minutes=59))
        served = list(store.refresh(NAME))
        clock.advance(timedelta(minutes=2))

        assert served == ["known"]
        with pytest.raises(Unavailable):
            store.refresh(NAME)

    def test_a_parameter_store_that_is_down_is_asked_again_after_half_a_minute(
        self, store: SsmSecrets, put: PutSecrets, clock: FakeClock, faults: Faults
    ) -> None:
        put(NAME, ["old"])
        store.secrets(NAME)
        put(NAME, ["new"])
        clock.advance(SECRET_CACHE_TTL)
        faults.clear()
        faults.on("SSM.GetParameter", broken, times=3)

        served = [list(read(NAME)) for read in (store.secrets, store.refresh) * 5]
        asked = faults.count("SSM.GetParameter")
        clock.advance(SECRET_REFRESH_INTERVAL)

        assert (served, asked) == ([["old"]] * 10, 3)
        assert list(store.secrets(NAME)) == ["new"]

    def test_secrets_that_somebody_else_was_first_to_keep_are_known_at_once(
        self, store: SsmSecrets, put: PutSecrets
    ) -> None:
        store.secrets(NAME)
        put(NAME, ["theirs"])

        assert not store.put_new(NAME, ["ours"])

        assert list(store.refresh(NAME)) == ["theirs"]

    @DOWN
    def test_secrets_nobody_has_read_are_unavailable_while_the_parameter_store_is_down(
        self, store: SsmSecrets, put: PutSecrets, faults: Faults, trouble: Action
    ) -> None:
        put(NAME, ["unknown"])
        faults.on("SSM.GetParameter", trouble, times=3)

        with pytest.raises(Unavailable):
            store.secrets(NAME)

    @pytest.mark.parametrize("odd", ["plain", '{"a": 1}', "[1]", '"text"', "null"])
    def test_a_parameter_that_is_no_list_of_texts_is_unavailable(
        self, stack: Stack, store: SsmSecrets, odd: str
    ) -> None:
        stack.clients.ssm.put_parameter(
            Name=f"/signalbox/test/{NAME}", Value=odd, Type="SecureString"
        )

        with pytest.raises(Unavailable):
            store.secrets(NAME)


def _secrets(ssm: SsmApi, clock: FakeClock) -> SsmSecrets:
    return SsmSecrets(ssm=ssm, prefix="/signalbox/test", clock=clock)


class TestDynamoSchedules(ScheduleStoreContract):
    @pytest.fixture
    def schedules(self, config_table: Table) -> DynamoSchedules:
        return DynamoSchedules(table=config_table)

    @pytest.fixture
    def put(self, config_table: Table, clock: FakeClock) -> PutSchedule:
        return DynamoConfig(table=config_table, clock=clock).put

    def test_what_is_replaced_keeps_its_state(
        self, schedules: DynamoSchedules, config_table: Table, clock: FakeClock
    ) -> None:
        config = DynamoConfig(table=config_table, clock=clock)
        config.replace(None, a_schedule())
        before = schedules.state("daily")
        after = replace(before, done_until=NOW + timedelta(minutes=1), last_run=NOW)
        schedules.advance(before, after, NOW + timedelta(hours=1))

        config.replace(a_schedule(), a_schedule(catch_up=CatchUp.ALL))
        state = schedules.state("daily")
        config.replace(state.schedule, None)

        assert (state.done_until, state.last_run) == (after.done_until, NOW)
        assert list(schedules.due(NOW + timedelta(days=1))) == []

    def test_a_schedule_of_a_later_version_cannot_be_read(
        self, schedules: DynamoSchedules, config_table: Table
    ) -> None:
        config_table.put({"pk": {"S": "SCHEDULE"}, "sk": {"S": "daily"}, "doc": {"S": "{}"}})

        with pytest.raises(ConfigurationUnreadable):
            schedules.state("daily")
