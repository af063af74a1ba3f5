"""A new provider, connector and middleware pass every check as they are written."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cli.target import PROJECT

BIN: Final = Path(sys.executable).parent
SOURCES: Final = ("cli", "functions", "layers", "tests")
CHANGED: Final = {"README.md", "template.yaml"}
PROVIDER: Final = {
    "docs/providers/acme.md",
    "events/webhooks/acme/comment.created.json",
    "functions/webhooks/acme/app.py",
    "layers/shared/signalbox/providers/acme/__init__.py",
    *(
        f"layers/shared/signalbox/providers/acme/{module}.py"
        for module in ("commands", "payload", "provider", "setup", "signature", "tasks")
    ),
    "tests/contract/test_acme_provider.py",
    "tests/unit/providers/acme/test_commands.py",
    "tests/unit/providers/acme/test_provider.py",
}
CONNECTOR: Final = {
    "cli/doubles/acme.py",
    "docs/connectors/acme.md",
    "functions/connectors/acme/app.py",
    "layers/shared/signalbox/connectors/acme.py",
    "tests/contract/test_acme_connector.py",
    "tests/unit/connectors/test_acme.py",
}
MIDDLEWARE: Final = {
    "layers/shared/signalbox/middlewares/acme.py",
    "tests/unit/middlewares/test_acme.py",
}
MADE_BY_TOOLS: Final = re.compile(r"__pycache__/|^\.\w+_cache/|^\.hypothesis/")
MODULES: Final = sorted(path for path in PROVIDER | CONNECTOR | MIDDLEWARE if path.endswith(".py"))
TESTS: Final = [path for path in MODULES if path.startswith("tests/")]
OF_EVERY_PROVIDER: Final = ["tests/unit/providers/test_pages.py"]
OF_EVERY_CONNECTOR: Final = ["tests/unit/cli/test_doubles.py", "tests/unit/test_connector_pages.py"]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with a provider, a connector and a middleware `acme`."""
    root = tmp_path_factory.mktemp("clone")
    for path in tracked():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / path, root / path)
    for kind in ("provider", "connector", "middleware"):
        run(root, sys.executable, "-m", "cli.scaffold", kind, "acme")
    return root


def tracked() -> Iterator[str]:
    """The paths of the files that Git tracks or would add, without those that were deleted."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return (path for path in listed.stdout.split("\0") if path and (PROJECT / path).is_file())


def run(root: Path, *command: str | Path) -> None:
    """Run a command on the modules of the copy; what it prints is the message of a failure."""
    path = os.pathsep.join([str(root), str(root / "layers/shared")])
    done = subprocess.run(  # noqa: S603
        command,
        cwd=root,
        env={**os.environ, "PYTHONPATH": path, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_else_of_the_repository_changes(clone: Path) -> None:
    before = {path: (PROJECT / path).read_bytes() for path in tracked()}
    files = (path for path in clone.rglob("*") if path.is_file())
    after = {str(path.relative_to(clone)): path.read_bytes() for path in files}
    after = {path: content for path, content in after.items() if not MADE_BY_TOOLS.search(path)}

    changed = {path for path, content in after.items() if before.get(path) != content}

    assert changed == CHANGED | PROVIDER | CONNECTOR | MIDDLEWARE
    assert before.keys() <= after.keys()


def test_the_template_has_a_row_for_each_and_two_paths_for_the_provider(clone: Path) -> None:
    before, after = ((root / "template.yaml").read_text().splitlines() for root in (PROJECT, clone))

    assert len(after) == len(before) + 4
    assert len(set(after) - set(before)) == 5


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "format", "--check", *SOURCES],
        ["ruff", "check", *SOURCES],
        ["mypy", *MODULES],
        ["lint-imports"],
        ["python", "-m", "cli.lint"],
    ],
    ids=lambda command: " ".join(command[:3]),
)
def test_it_passes_the_checks(clone: Path, command: list[str]) -> None:
    run(clone, BIN / command[0], *command[1:])


def test_its_tests_pass(clone: Path) -> None:
    tests = [*TESTS, *OF_EVERY_PROVIDER, *OF_EVERY_CONNECTOR]
    run(clone, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "acme", *tests)
