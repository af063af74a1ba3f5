"""Constants and defaults: made without a check, as that would build their models at the start."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from pydantic import BaseModel

import signalbox
from signalbox.auth.manage_keys import _BUILT_IN
from signalbox.models.base import Model
from signalbox.models.delivery_policy import DEFAULT_RETRY
from signalbox.models.principal import ANONYMOUS
from signalbox.models.rate_limits import DEFAULT_ROLE_LIMITS
from signalbox.models.service_tls import PUBLIC_TLS


def _models(below: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in below.__subclasses__():
        yield model
        yield from _models(model)


def _defaults() -> dict[str, BaseModel]:
    for module in pkgutil.walk_packages(signalbox.__path__, "signalbox."):
        import_module(module.name)
    return {
        f"{model.__name__}.{name}": field.default
        for model in _models(Model)
        for name, field in model.model_fields.items()
        if isinstance(field.default, BaseModel)
    }


CONSTANTS: dict[str, BaseModel] = {
    "ANONYMOUS": ANONYMOUS,
    "DEFAULT_RETRY": DEFAULT_RETRY,
    "PUBLIC_TLS": PUBLIC_TLS,
    **{f"limit of {role}": limit for role, limit in DEFAULT_ROLE_LIMITS.items()},
    **{f"role {role.name}": role for role in _BUILT_IN},
    **_defaults(),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_is_what_a_check_makes_of_it(name: str) -> None:
    constant = CONSTANTS[name]

    assert type(constant).model_validate(dict(constant)) == constant


def test_the_defaults_of_models_are_among_the_constants() -> None:
    assert {"Connection.tls", "Limits.anonymous", "Service.timeouts"} <= set(CONSTANTS)


class Inner(Model):
    limit: int = 1


class Outer(Model):
    inner: Inner = Inner.model_construct()


def test_a_default_that_is_not_built_yet_is_in_the_schema() -> None:
    properties = Outer.model_json_schema()["properties"]

    assert properties["inner"]["default"] == {"limit": 1}
