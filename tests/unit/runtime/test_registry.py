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
NO_VARIABLES: Final[Mapping[str, str]] = {}
LISTING: Final = "registry.connector_names(), registry.providers().keys()"


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


def _asked(
    expression: str, *path: Path, environment: Mapping[str, str] = NO_VARIABLES
) -> dict[str, Any]:
    """What a process of its own says of this, and which vendors' modules it has loaded by then."""
    program = f"""
import importlib, json, re, sys
from signalbox.runtime import registry
response = {expression}
loaded = {{".".join(name.split(".")[1:3]) for name in sys.modules
          if re.match(r"signalbox\\.(providers|connectors)\\.", name)}}
found = {{"response": response, "loaded": sorted(loaded), "file": registry.__file__}}
print(json.dumps(found, default=list))
"""
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", program],
        env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        check=True,
    )
    asked: dict[str, Any] = json.loads(done.stdout)
    return asked


def test_every_provider_and_connector_is_listed_and_none_is_loaded(shipped: Path) -> None:
    asked = _asked(LISTING, shipped)

    listed = [sorted(["elsewhere", *names]) for names in (connector_names(), providers())]
    assert asked["response"] == listed
    assert asked["loaded"] == []
    assert asked["file"].endswith(".pyc")


@pytest.mark.parametrize(
    ("expression", "loaded"),
    [
        ("registry.providers()['elsewhere']()", "providers.elsewhere"),
        ("registry.providers()['github']().name", "providers.github"),
        ("registry.connectors(frozenset())['elsewhere']()", "connectors.elsewhere"),
        ("registry.connectors(frozenset())['slack']().name", "connectors.slack"),
    ],
)
def test_who_asks_for_one_loads_that_one(shipped: Path, expression: str, loaded: str) -> None:
    asked = _asked(expression, shipped)

    assert asked["response"] == loaded.partition(".")[2]
    assert asked["loaded"] == [loaded]


@pytest.mark.parametrize(
    ("app", "loaded"),
    [(f"webhooks.{name}", f"providers.{name}") for name in providers()]
    + [(f"connectors.{name}", f"connectors.{name}") for name in connector_names()],
)
def test_a_function_loads_the_one_that_it_is_for(shipped: Path, app: str, loaded: str) -> None:
    with deployed() as stack:
        environment = stack.environment("ApiFunction")

    asked = _asked(
        f"callable(importlib.import_module('functions.{app}.app').handler)",
        shipped,
        PROJECT,
        environment=environment,
    )

    assert asked["loaded"] == [loaded]


def test_each_has_the_name_of_its_module() -> None:
    assert {name: make().name for name, make in providers().items()} == {
        name: name for name in providers()
    }
    assert {name: make().name for name, make in connectors(frozenset()).items()} == {
        name: name for name in connector_names()
    }


def test_a_vocabulary_is_known_of_every_provider() -> None:
    assert all(create().events for create in providers().values())
