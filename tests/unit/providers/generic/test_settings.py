import pytest
from pydantic import JsonValue

from signalbox.models.errors import PayloadInvalid
from signalbox.providers.generic.presets import PRESETS
from signalbox.providers.generic.provider import Generic
from signalbox.providers.generic.settings import GenericSettings, SourceRules
from tests.samples import names, sample


def rules(**settings: JsonValue) -> SourceRules:
    return Generic().with_settings(settings).settings.rules


def test_a_source_without_settings_takes_standard_webhooks() -> None:
    assert Generic().settings.rules == rules(preset="standard-webhooks")
    assert Generic().signature_header == "webhook-signature"


@pytest.mark.parametrize("preset", sorted(PRESETS.keys() - {"sns"}))
def test_every_preset_is_right_and_has_a_name_in_the_settings_and_a_sample(preset: str) -> None:
    assert rules(preset=preset).verify
    assert any(sample("generic", name).settings["preset"] == preset for name in names("generic"))


def test_the_preset_sns_takes_its_topic_from_the_source() -> None:
    with pytest.raises(PayloadInvalid, match=r"verify is required.*\{type: sns, topic: ARN\}"):
        rules(preset="sns")
    assert any(sample("generic", name).settings["preset"] == "sns" for name in names("generic"))


def test_the_names_of_the_presets_are_those_of_the_settings() -> None:
    annotation = GenericSettings.model_fields["preset"].annotation

    assert set(PRESETS) == set(annotation.__args__)  # type: ignore[union-attr]


def test_what_is_set_replaces_that_of_the_preset_and_null_takes_it_away() -> None:
    changed = rules(preset="stripe", title="body.id", url=None)

    assert changed == rules(preset="stripe").model_copy(update={"title": "body.id", "url": None})
    assert changed.event_type == "body.type"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"preset": "strip"}, 'preset: "strip" is not known; did you mean "stripe"?'),
        ({"titel": "body.a"}, 'titel: unknown key "titel"; did you mean "title"?'),
        ({"title": 7}, "title: expects a text"),
        ({"title": "body..a"}, "title: is no JMESPath expression, at character 6"),
        ({"verify": None}, "not right: verify is required"),
        ({"verify": {}}, "verify: expects the key 'type'"),
        ({"verify": {"type": "jwt"}}, 'verify: "jwt" is not known; allowed: '),
        ({"verify": {"type": "hmac"}}, "verify.hmac.header: is required"),
        ({"verify": {"type": "header", "header": "X-Token"}}, "verify.header.header: does not"),
        ({"verify": {"type": "query", "parameter": "a b"}}, "verify.query.parameter: does not"),
        ({"title": "headers.authorization"}, "the header authorization has a secret"),
        ({"author": "headers.cookie"}, "the header cookie has a secret"),
        (
            {"preset": "stripe", "title": 'headers."stripe-signature"'},
            "the header stripe-signature has a secret",
        ),
        (
            {"verify": {"type": "header", "header": "x-token"}, "title": 'headers."x-token"'},
            "the header x-token has a secret",
        ),
        ({"form_field": ""}, "form_field: expects at least 1 character"),
    ],
)
def test_wrong_settings_are_refused_with_what_is_wrong(
    settings: dict[str, JsonValue], reason: str
) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        Generic().with_settings(settings)

    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("hmac", "reason"),
    [
        ({"signed": "v0"}, "signed must contain {body}"),
        ({"signed": "{timestamp}.{body}"}, "if there is a timestamp, and only then"),
        ({"timestamp": {"header": "x-time"}}, "if there is a timestamp, and only then"),
        ({"signed": "{X-Id}{body}"}, "signed has a brace that encloses no name"),
        ({"signed": "{body}}"}, "signed has a brace that encloses no name"),
        ({"algorithm": "md5"}, '"md5" is not known; allowed: sha1, sha256, sha512'),
        ({"tolerance": 0}, "tolerance: expects a number of at least 1"),
    ],
)
def test_a_scheme_that_would_not_protect_is_refused(
    hmac: dict[str, JsonValue], reason: str
) -> None:
    settings: dict[str, JsonValue] = {"verify": {"type": "hmac", "header": "x-sign", **hmac}}

    with pytest.raises(PayloadInvalid) as refused:
        Generic().with_settings(settings)

    assert reason in refused.value.reason
