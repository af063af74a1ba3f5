import pytest

from signalbox.runtime.otlp.settings import otlp_headers, otlp_settings

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example.com:4318/"}


def test_what_is_not_set_has_its_default() -> None:
    settings = otlp_settings(ENDPOINT)

    assert settings.endpoint == "https://collector.example.com:4318"
    assert (settings.timeout, settings.share, settings.headers) == (1.0, 1.0, {})
    assert settings.resource["service.name"] == "signalbox"
    assert settings.in_background


def test_a_function_is_described_as_one_and_sends_at_the_end_of_invocations() -> None:
    settings = otlp_settings(
        {
            **ENDPOINT,
            "AWS_LAMBDA_FUNCTION_NAME": "box-Api",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/28/[1]abc",
            "AWS_REGION": "eu-central-1",
            "SIGNALBOX_STACK": "box",
        }
    )

    assert not settings.in_background
    facts = {name: of for name, of in settings.resource.items() if "version" not in name}
    assert facts == {
        "service.name": "signalbox",
        "service.namespace": "box",
        "telemetry.sdk.name": "signalbox",
        "telemetry.sdk.language": "python",
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": "eu-central-1",
        "faas.name": "box-Api",
        "faas.instance": "2026/11/28/[1]abc",
        "faas.max_memory": 536_870_912,
    }


def test_the_variables_of_opentelemetry_replace_defaults() -> None:
    settings = otlp_settings(
        {
            **ENDPOINT,
            "OTEL_SERVICE_NAME": "box",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod,team=a%20b,odd",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "250",
            "OTEL_TRACES_SAMPLER_ARG": "0.1",
        }
    )

    assert (settings.timeout, settings.share) == (0.25, 0.1)
    assert settings.resource["service.name"] == "box"
    assert settings.resource["team"] == "a b"
    assert settings.resource["deployment.environment.name"] == "prod"


@pytest.mark.parametrize(
    ("given", "timeout", "share"),
    [
        ("nonsense", 1.0, 1.0),
        ("nan", 1.0, 1.0),
        ("-5", 0.001, 0.0),
        ("1e9", 10.0, 1.0),
        ("inf", 1.0, 1.0),
    ],
)
def test_numbers_that_make_no_sense_are_moved_into_their_limits(
    given: str, timeout: float, share: float
) -> None:
    numbers = {"OTEL_EXPORTER_OTLP_TIMEOUT": given, "OTEL_TRACES_SAMPLER_ARG": given}

    settings = otlp_settings({**ENDPOINT, **numbers})

    assert (settings.timeout, settings.share) == (timeout, share)


@pytest.mark.parametrize(
    "endpoint",
    [
        "collector:4318",
        "ftp://collector",
        "https://",
        "https://user:word@collector",
        "https://collector/?key=word",
        "https://collector/#part",
        "https://collector:http",
        "https://collector:65536",
        "https://[::1",
        "https://collector/a\r\nx-team:b",
        "https://collector/ü",
    ],
)
def test_an_endpoint_that_is_no_plain_url_is_refused_without_being_shown(endpoint: str) -> None:
    with pytest.raises(ValueError, match="is no URL such as") as refused:
        otlp_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})

    assert "word" not in str(refused.value)


def test_headers_are_in_no_text_of_the_settings() -> None:
    settings = otlp_settings({**ENDPOINT, "OTEL_EXPORTER_OTLP_HEADERS": "api-key=word"})

    assert "word" not in repr(settings)


@pytest.mark.parametrize(
    ("endpoint", "may"),
    [
        ("https://collector", True),
        ("http://127.0.0.1:4318", True),
        ("http://[::1]:4318", True),
        ("http://localhost:4318", True),
        ("http://collector:4318", False),
        ("http://10.0.0.8:4318", False),
    ],
)
def test_headers_are_sent_by_tls_or_on_this_machine_alone(endpoint: str, may: bool) -> None:  # noqa: FBT001  a case
    settings = otlp_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})

    assert settings.may_send_secrets is may


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("", {}),
        ("Api-Key=abc", {"api-key": "abc"}),
        (
            "authorization=Basic%20YWJj==, x-team = a",
            {"authorization": "Basic YWJj==", "x-team": "a"},
        ),
        ("a=b%0d%0ahost: evil,b c=d,é=x,c=ü", {}),
        ("nothing", {}),
    ],
)
def test_headers_are_read_as_opentelemetry_writes_them(text: str, headers: dict[str, str]) -> None:
    assert otlp_headers(text) == headers
