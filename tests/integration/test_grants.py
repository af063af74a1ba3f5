"""Grants in SSM, and their locks in DynamoDB."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from signalbox.aws.dynamo_table import Table
from signalbox.aws.grants import SsmGrants
from signalbox.aws.refresh_locks import DynamoRefreshLocks
from signalbox.aws.sdk_errors import with_own_errors
from signalbox.models.errors import Unavailable
from signalbox.models.grants import Grants
from tests.builders import a_connection
from tests.contract.grants import CHAIN, GrantStoreContract, RefreshLockStoreContract
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack

PREFIX = "/signalbox/test"


class TestDynamoRefreshLocks(RefreshLockStoreContract):
    @pytest.fixture
    def store(self, stack: Stack, clock: FakeClock) -> DynamoRefreshLocks:
        table = Table(client=stack.clients.dynamodb, name=stack.name("StateTable"))
        return DynamoRefreshLocks(table=table, clock=clock)


class TestSsmGrants(GrantStoreContract):
    @pytest.fixture
    def store(self) -> Iterator[SsmGrants]:
        with mock_aws():
            yield SsmGrants(ssm=with_own_errors(boto3.client("ssm", "us-east-1")), prefix=PREFIX)

    def test_grants_are_encrypted(self, store: SsmGrants) -> None:
        connection = a_connection(id="rail", connector="jira")

        store.put(connection, Grants(generation=1, chains=(CHAIN,)))

        raw = store.ssm.get_parameter(Name=f"{PREFIX}/grants/jira/rail")["Parameter"]
        assert raw["Type"] == "SecureString"
        assert CHAIN.refresh_token not in raw["Value"].removeprefix("kms:alias/aws/ssm:")[:20]

    def test_access_tokens_that_are_too_long_are_not_shared(self, store: SsmGrants) -> None:
        connection = a_connection(id="rail", connector="jira")
        long = CHAIN.model_copy(update={"access_token": "a" * 8_000})

        store.put(connection, Grants(generation=1, chains=(long,)))

        [chain] = store.get(connection).chains
        assert (chain.access_token, chain.refresh_token) == (None, CHAIN.refresh_token)

    def test_grants_that_cannot_be_read_are_not_taken_for_none(self, store: SsmGrants) -> None:
        name = f"{PREFIX}/grants/jira/rail"
        store.ssm.put_parameter(Name=name, Value="{", Type="SecureString")

        with pytest.raises(Unavailable, match="grants/jira/rail cannot be read"):
            store.get(a_connection(id="rail", connector="jira"))
