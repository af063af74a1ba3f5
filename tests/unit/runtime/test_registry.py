"""Providers and connectors are found by their modules, and loaded when they are asked for."""

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from cli.target import PROJECT
from signalbox.runtime.registry import connector_names, connectors, providers
from tests.integration.aws import deployed

LAYER: Final = PROJECT / "layers/shared/signalbox"
PROGRAM: Final = r"""
import importlib, json, os, re, sys
import signalbox.runtime.connector, signalbox.runtime.webhook
from signalbox.runtime import registry

for expression in sys.argv[1:]:
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        assert status == 0, expression
        continue
    response = eval(expression)
    loaded = {".".join(name.split(".")[1:3]) for name in sys.modules
              if re.match(r"signalbox\.(providers|connectors)\.", name)}
    found = {"response": response, "loaded": sorted(loaded), "file": registry.__file__}
    print(json.dumps(found, default=list), flush=True)
    sys.exit()
"""
LOADERS: Final = {
    "providers.elsewhere": "registry.providers()['elsewhere']()",
    "providers.github": "registry.providers()['github']().name",
    "connectors.elsewhere": "registry.connectors(frozenset())['elsewhere']()",
    "connectors.slack": "registry.connectors(frozenset())['slack']().name",
}
FUNCTIONS: Final = {
    f"functions.webhooks.{name}.app": f"providers.{name}" for name in providers()
} | {f"functions.connectors.{name}.app": f"connectors.{name}" for name in connector_names()}
EXPRESSIONS: Final = {
    "listing": "registry.connector_names(), registry.providers().keys()",
    **LOADERS,
    **{app: f"callable(importlib.import_module('{app}').handler)" for app in FUNCTIONS},
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer as it is shipped: bytecode without sources; with another provider and connector."""
    folder = tmp_path_factory.mktemp("layer")
    copy = folder / "signalbox"
    shutil.copytree(LAYER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "connectors/elsewhere.py").write_text("CONNECTOR = lambda clients: 'elsewhere'\n")
    (copy / "providers/elsewhere").mkdir()
    (copy / "providers/elsewhere/__init__.py").touch()
    (copy / "providers/elsewhere/provider.py").write_text("PROVIDER = lambda: 'elsewhere'\n")
    assert compileall.compile_dir(copy, quiet=1, legacy=True)
    for source in copy.rglob("*.py"):
        source.unlink()
    return folder


@pytest.fixture(scope="module")
def response_to(shipped: Path) -> Mapping[str, Any]:
    """What a new process responds to each expression, and which vendors' modules it then has.

    The processes are forks of one that has loaded what all functions load.
    """
    with deployed() as stack:
        environment = stack.environment("ApiFunction")
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", PROGRAM, *EXPRESSIONS.values()],
        env={
            **os.environ,
            **environment,
            "PYTHONPATH": os.pathsep.join(map(str, (shipped, PROJECT))),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    responses = map(json.loads, done.stdout.splitlines())
    return dict(zip(EXPRESSIONS, responses, strict=True))


def test_every_provider_and_connector_is_listed_and_none_is_loaded(
    response_to: Mapping[str, Any],
) -> None:
    listing = response_to["listing"]

    listed = [sorted(["elsewhere", *names]) for names in (connector_names(), providers())]
    assert listing["response"] == listed
    assert listing["loaded"] == []
    assert listing["file"].endswith(".pyc")


@pytest.mark.parametrize("loaded", LOADERS)
def test_who_asks_for_one_loads_that_one(response_to: Mapping[str, Any], loaded: str) -> None:
    assert response_to[loaded]["response"] == loaded.partition(".")[2]
    assert response_to[loaded]["loaded"] == [loaded]


@pytest.mark.parametrize(("app", "loaded"), FUNCTIONS.items())
def test_a_function_loads_the_one_that_it_is_for(
    response_to: Mapping[str, Any], app: str, loaded: str
) -> None:
    assert response_to[app]["response"] is True
    assert response_to[app]["loaded"] == [loaded]


def test_each_has_the_name_of_its_module() -> None:
    assert {name: make().name for name, make in providers().items()} == {
        name: name for name in providers()
    }
    assert {name: make().name for name, make in connectors(frozenset()).items()} == {
        name: name for name in connector_names()
    }


def test_a_vocabulary_is_known_of_every_provider() -> None:
    assert all(create().events for create in providers().values())
