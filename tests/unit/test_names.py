"""The names of the code: one for each concept, none for two, and none of the retired words."""

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]
ROOTS = (PROJECT / "layers/shared/signalbox", PROJECT / "cli")

# Modules that are alike by design: each vendor's, and each group of commands
PARALLEL = ("providers/", "connectors/", "middlewares/", "commands/", "scaffold/")
PER_MODULE = re.compile(r"app|main|add_routes|[A-Z]|[A-Z]+_[A-Z]|PROVIDER|CONNECTOR|DOUBLE")
"""Entry points and type variables, of which each module has its own."""

RETIRED = r"unkept|owed|bury|foresee|outlook|reread|telling|wanted|told"


def public_names(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found = [name]
            case ast.AnnAssign(target=ast.Name(id=name)):
                found = [name]
            case ast.Assign(targets=targets):
                found = [target.id for target in targets if isinstance(target, ast.Name)]
            case _:
                found = []
        yield from (name for name in found if not name.startswith("_"))


def definitions() -> dict[str, list[str]]:
    found = defaultdict(list)
    for root in ROOTS:
        for path in sorted(root.rglob("*.py")):
            place = path.relative_to(root).as_posix()
            if place.startswith(PARALLEL):
                continue
            for name in public_names(ast.parse(path.read_text())):
                if not PER_MODULE.fullmatch(name):
                    found[name].append(str(path.relative_to(PROJECT)))
    return found


def test_no_two_modules_define_the_same_public_name() -> None:
    found = definitions()

    assert len(found) > 500
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_no_retired_word_is_left() -> None:
    left_out = (str(Path(__file__).relative_to(PROJECT)), "functions/dashboard/static")  # built
    grep = ["git", "grep", "-nwE", RETIRED, "--", ".", *(f":!{path}" for path in left_out)]

    done = subprocess.run(grep, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 1)
