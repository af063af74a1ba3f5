"""`python -m cli.licenses`: check the licences of all packages that a release ships or needs.

Those are what the layers, the command line and the client install, and what the bundle of the
dashboard has. What only builds and tests is not among them.
"""

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, Final

from cli.target import PROJECT

ALLOWED_LICENSES: Final = frozenset(
    {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",  # of files: unchanged ones ask for nothing but a notice
        "PSF-2.0",
    }
)
"""SPDX identifiers: https://spdx.org/licenses/."""

STATED_LICENSES: Final[Mapping[str, str]] = {
    "click": "BSD-3-Clause",
    "colorama": "BSD-3-Clause",  # for Windows only
    "cronsim": "BSD-3-Clause",
    "google-re2": "BSD-3-Clause",
    "httpx2-jsfetch": "BSD-3-Clause",  # for WebAssembly only
    "jinja2": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
}
"""Of packages whose metadata do not name one by SPDX, from the licence files that they ship."""

_SPELLINGS: Final[Mapping[str, str]] = {
    "Apache License 2.0": "Apache-2.0",
    "ISC License": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
}
_GROUPS: Final = ("tokens", "schemas", "discovery", "serve", "kubernetes")
_ROOTS: Final = ("signalbox", "signalbox-client")
_GROUP: Final = re.compile(r"\(([^()]*)\)")
_AN_ALLOWED: Final = "MIT"
_NOT_ALLOWED: Final = "none"
_MODULE: Final = re.compile(r"^node_modules/(?:.*/node_modules/)?(?P<name>[^/]+|@[^/]+/[^/]+)$")


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class ShippedPackage:
    """A package of PyPI or npm. `license` is an SPDX expression, or what its metadata have."""

    ecosystem: str
    name: str
    version: str
    license: str


def shipped_packages(root: Path = PROJECT) -> list[ShippedPackage]:
    """Return the packages of uv.lock and of the dashboard that a release ships, by their names."""
    lock = tomllib.loads((root / "uv.lock").read_text())
    modules = json.loads((root / "dashboard" / "package-lock.json").read_text())
    return sorted([*python_packages(lock, metadata_license), *npm_packages(modules)])


def python_packages(
    lock: Mapping[str, Any], license_of: Callable[[str], str]
) -> Iterator[ShippedPackage]:
    """Yield what the roots of the lock file depend on, on any platform."""
    locked = {package["name"]: package for package in lock["package"]}
    seen: set[str] = set(_ROOTS)
    pending = [each for root in _ROOTS for each in _dependencies(locked[root])]
    while pending:  # an extra that depends on itself does not occur
        dependency = pending.pop()
        name = dependency["name"]
        optional = locked[name].get("optional-dependencies", {})
        pending += [each for extra in dependency.get("extra", []) for each in optional[extra]]
        if name in seen:
            continue
        seen.add(name)
        pending += _dependencies(locked[name])
        version = locked[name]["version"]
        yield ShippedPackage(ecosystem="pypi", name=name, version=version, license=license_of(name))


def npm_packages(lock: Mapping[str, Any]) -> Iterator[ShippedPackage]:
    """Yield what the bundle may hold: the packages that are not only for development."""
    for path, module in lock["packages"].items():
        if (found := _MODULE.match(path)) and not module.get("dev"):
            yield ShippedPackage(
                ecosystem="npm",
                name=found["name"],
                version=module["version"],
                license=module.get("license", ""),
            )


def license_problems(packages: Sequence[ShippedPackage]) -> list[str]:
    """Return the packages whose licence is unknown or not allowed."""
    return [
        f"{package.name} {package.version}: {package.license or 'no licence'} is not allowed"
        for package in packages
        if not is_allowed(package.license)
    ]


def is_allowed(expression: str) -> bool:
    """Return whether an SPDX expression leaves a choice of allowed licences."""
    while group := _GROUP.search(expression):
        replacement = _AN_ALLOWED if _is_flat_allowed(group[1]) else _NOT_ALLOWED
        expression = f"{expression[: group.start()]}{replacement}{expression[group.end() :]}"
    return _is_flat_allowed(expression)


def _is_flat_allowed(expression: str) -> bool:
    """Return the same of an expression without parentheses, in which AND binds before OR."""
    return any(
        all(part in ALLOWED_LICENSES for part in re.split(r"\s+AND\s+", choice))
        for choice in re.split(r"\s+OR\s+", expression.strip())
    )


def metadata_license(name: str) -> str:
    """Return the licence in the metadata of an installed package, in SPDX where they have it."""
    if name in STATED_LICENSES:
        return STATED_LICENSES[name]
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return ""
    fields = ("License-Expression", "License", "Classifier")
    texts = [text for field in fields for text in found.get_all(field) or []]
    known = [_SPELLINGS.get(text, text) for text in texts]
    spdx = [text for text in known if is_allowed(text)]
    return next(iter([*spdx, *known]), "")


def _dependencies(package: Mapping[str, Any]) -> list[dict[str, Any]]:
    groups = package.get("dev-dependencies", {})
    return [
        *package.get("dependencies", []),
        *(each for name in _GROUPS for each in groups.get(name, [])),
    ]


def main() -> int:
    """Return the exit code: 1 if a licence is not allowed."""
    problems = license_problems(shipped_packages())
    if problems:
        print("\n".join(problems), file=sys.stderr)
        print("cli/licenses.py has the licences that are allowed", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
