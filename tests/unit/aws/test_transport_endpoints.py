"""Which address a service has."""

import pytest

from signalbox.aws.errors import AwsUnreachable
from signalbox.aws.transport.endpoints import AwsEndpoint, endpoint_of, region_of

REGION = {"AWS_REGION": "eu-central-1"}


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        (REGION, "sqs.eu-central-1.amazonaws.com"),
        ({"AWS_REGION": "cn-north-1"}, "sqs.cn-north-1.amazonaws.com.cn"),
        (REGION | {"AWS_USE_FIPS_ENDPOINT": "true"}, "sqs-fips.eu-central-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "sqs.us-east-1.amazonaws.com"),
    ],
)
def test_a_service_has_the_address_of_its_region(environment: dict[str, str], host: str) -> None:
    found = endpoint_of("sqs", "SQS", environment)

    assert found == AwsEndpoint(tls=True, host=host, port=443, authority=host)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        (
            "http://127.0.0.1:4566",
            AwsEndpoint(tls=False, host="127.0.0.1", port=4566, authority="127.0.0.1:4566"),
        ),
        (
            "https://[::1]:8443/base",
            AwsEndpoint(tls=True, host="::1", port=8443, authority="[::1]:8443", path="/base"),
        ),
        (
            "https://vpce-1.sqs.example:443/",
            AwsEndpoint(
                tls=True, host="vpce-1.sqs.example", port=443, authority="vpce-1.sqs.example"
            ),
        ),
    ],
)
def test_the_environment_may_name_another_address(url: str, endpoint: AwsEndpoint) -> None:
    assert endpoint_of("sqs", "SQS", REGION | {"AWS_ENDPOINT_URL": url}) == endpoint


def test_the_address_of_one_service_comes_before_that_of_all() -> None:
    urls = {"AWS_ENDPOINT_URL": "http://all:1", "AWS_ENDPOINT_URL_SQS": "http://one:2"}

    assert endpoint_of("sqs", "SQS", urls).host == "one"
    assert endpoint_of("ssm", "SSM", urls).host == "all"


def test_addresses_of_the_environment_can_be_switched_off() -> None:
    urls = {"AWS_ENDPOINT_URL": "http://all:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}

    assert endpoint_of("sqs", "SQS", REGION | urls).host == "sqs.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    "url", ["nothing", "ftp://a", "http://", "http://u:p@a", "http://a?b=c", "http://a:99999"]
)
def test_an_address_that_is_none_is_named_by_its_variable(url: str) -> None:
    with pytest.raises(AwsUnreachable, match=r"^AWS_ENDPOINT_URL is no URL"):
        endpoint_of("sqs", "SQS", {"AWS_ENDPOINT_URL": url})


def test_without_a_region_there_is_no_address() -> None:
    with pytest.raises(AwsUnreachable, match="no region"):
        region_of({})
