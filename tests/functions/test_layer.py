"""The layer has all that functions import, although it leaves out what none of them does."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import aws_lambda_powertools
import pydantic
import pytest

from tests.integration.aws import deployed
from tests.integration.layer_copy import copied_layer, copy_distribution, copy_requirements

_ROOT: Final = Path(__file__).parents[2]

BROUGHT_BY_LAMBDA: Final = ("boto3", "botocore", "s3transfer", "python-dateutil", "six")

PRUNED: Final = {each.__name__: each.__path__[0] for each in (aws_lambda_powertools, pydantic)}

IMPORT_ALL: Final = """
import importlib, pathlib, sys
paths = [pathlib.Path(each) for each in sys.argv[1:]]
sys.path[:0] = sys.argv[1:]
files = [*paths[0].glob("signalbox/**/*.py"), *paths[-1].glob("functions/**/app.py")]
for file in files:
    path = next(each for each in paths if file.is_relative_to(each))
    parts = file.relative_to(path).with_suffix("").parts
    importlib.import_module(".".join(parts).removesuffix(".__init__"))
print(len(files))
"""


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied_layer(tmp_path_factory.mktemp("layer"))


def test_every_function_loads_from_the_layers_and_what_lambda_brings(
    layer: Path, tmp_path: Path
) -> None:
    others, runtime, code = (tmp_path / name for name in ("others", "runtime", "code"))
    for name in ("discovery", "schemas", "tokens"):
        copy_requirements(name, others)
    for name in BROUGHT_BY_LAMBDA:
        copy_distribution(name, runtime)
    code.mkdir()
    (code / "functions").symlink_to(_ROOT / "functions")
    with deployed() as stack:
        environment = os.environ | stack.environment("ApiFunction")

    run = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-ISB", "-c", IMPORT_ALL, *map(str, (layer, others, runtime, code))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert int(run.stdout) > 500
    assert not list(layer.glob("charset_normalizer*"))


@pytest.mark.parametrize(
    "package", ["signalbox", "aws_lambda_powertools/event_handler", "aws_lambda_powertools/shared"]
)
def test_nothing_imports_late_what_the_layer_leaves_out(layer: Path, package: str) -> None:
    left_out = {
        f"{name}.{module}"
        for name, path in PRUNED.items()
        for module in modules_of(Path(path)) - modules_of(layer / name)
    }

    missed = {
        (str(file.relative_to(layer)), module)
        for file in (layer / package).rglob("*.py")
        for module in imports(ast.parse(file.read_bytes()))
        if module in left_out
    }

    assert "aws_lambda_powertools.utilities.parser" in left_out
    assert not missed


def modules_of(package: Path) -> set[str]:
    files = package.rglob("*.py")
    names = (".".join(file.relative_to(package).with_suffix("").parts) for file in files)
    return {name.removesuffix(".__init__") for name in names}


def imports(node: ast.AST) -> Iterator[str]:
    """Yield what is imported at any place but for type checkers."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Import(names=names):
            yield from (each.name for each in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            yield module
            yield from (f"{module}.{each.name}" for each in names)
    for child in ast.iter_child_nodes(node):
        yield from imports(child)
