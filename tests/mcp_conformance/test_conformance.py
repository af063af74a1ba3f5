from collections.abc import Iterator
from pathlib import Path

import pytest

from signalbox.http.mcp.messages import HANDSHAKE_VERSIONS, STATELESS_VERSION
from tests.commands.served import serve
from tests.mcp_conformance.conftest import SUITE
from tests.mcp_conformance.not_applicable import NOT_APPLICABLE
from tests.mcp_conformance.served import mcp_endpoint
from tests.mcp_conformance.suite import Check, run_suite

REVISIONS = (STATELESS_VERSION, HANDSHAKE_VERSIONS[0])
APPLY = {
    "caching",
    "dns-rebinding-protection",
    "http-header-validation",
    "input-required-result-unsupported-methods",
    "input-required-result-validate-input",
    "ping",
    "prompts-list",
    "resources-list",
    "sep-2164-resource-not-found",
    "server-initialize",
    "server-stateless",
    "tools-list",
}
"""The scenarios that have to run, so that a suite that tests nothing does not pass."""


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Check]]:
    """The checks of every revision that the suite has requirements for."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with serve(environment) as served, mcp_endpoint(served) as url:
            yield [
                check
                for revision in REVISIONS
                for check in run_suite(Path(SUITE), url, revision, tmp_path_factory.mktemp("run"))
            ]


def test_everything_that_applies_passes(checks: list[Check]) -> None:
    failed = {
        check.name: check.errorMessage
        for check in checks
        if check.failed and not {check.scenario, check.name} & NOT_APPLICABLE.keys()
    }

    assert failed == {}


def test_what_applies_was_run(checks: list[Check]) -> None:
    passed = {check.scenario for check in checks if check.status == "SUCCESS"}

    assert passed >= APPLY


def test_what_does_not_apply_fails(checks: list[Check]) -> None:
    failed = {name for check in checks if check.failed for name in (check.scenario, check.name)}

    assert NOT_APPLICABLE.keys() - failed == set()
