"""The software bill of materials of a release, in CycloneDX 1.6.

uv exports what its lock file has, with checksums, in the form of 1.5, which 1.6 extends:
https://cyclonedx.org/docs/1.6/json/. Licences, the packages of the dashboard and what identifies
the release are added here. Nothing depends on the time or on the machine.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import distribution
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from pydantic import JsonValue

from cli.errors import CommandError
from cli.licenses import ShippedPackage
from signalbox.models.base import JsonObject

SPEC_VERSION: Final = "1.6"
_SCHEMAS: Final = "cyclonedx/schema/_res"
_SCHEMA_URL: Final = "http://cyclonedx.org/schema/"
_SCHEMA_FILES: Final = (
    "bom-1.6.SNAPSHOT.schema.json",
    "spdx.SNAPSHOT.schema.json",
    "jsf-0.82.SNAPSHOT.schema.json",
)
_ROOT: Final = "signalbox"
_OWN: Final = ("signalbox", "signalbox-client")
_LICENSE: Final = "Apache-2.0"


def bill_of_materials(
    exported: JsonObject,
    packages: Sequence[ShippedPackage],
    *,
    version: str,
    commit: str,
    committed_at: int,
) -> JsonObject:
    """Return the document.

    Args:
        exported: The document that uv exports.
        packages: Their licences, and the packages of npm.
        version: That of the release.
        commit: The hash of the commit, which the serial number is derived from.
        committed_at: The time of the commit, in seconds.
    """
    licenses = dict.fromkeys(_OWN, _LICENSE) | {each.name: each.license for each in packages}
    listed = exported["components"]
    components = [
        _with_license(component, licenses)
        for component in (listed if isinstance(listed, list) else [])
        if isinstance(component, dict)
    ]
    root: JsonObject = {
        "type": "application",
        "bom-ref": _ROOT,
        "name": _ROOT,
        "version": version,
        "licenses": _licenses(_LICENSE),
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": uuid5(NAMESPACE_URL, f"{_ROOT}:{version}:{commit}").urn,
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(committed_at, UTC).isoformat(),
            "component": root,
        },
        "components": [*components, *map(_module, _modules(packages))],
        "dependencies": _dependencies(exported, packages),
    }


def validate_bill_of_materials(document: JsonObject) -> None:
    """Validate a document by the schema of CycloneDX, as cyclonedx-python-lib has it.

    That library's own validator takes two minutes for a document of 50 packages.

    Raises:
        CommandError: It does not fit.
    """
    import jsonschema_rs

    folder = Path(str(distribution("cyclonedx-python-lib").locate_file(_SCHEMAS)))
    schema, *referenced = (json.loads((folder / name).read_text()) for name in _SCHEMA_FILES)
    places = [f"{_SCHEMA_URL}{name}" for name in _SCHEMA_FILES[1:]]
    registry = jsonschema_rs.Registry(list(zip(places, referenced, strict=True)))
    validator = jsonschema_rs.Draft7Validator(schema, registry=registry, validate_formats=True)
    errors = [error.message for error in validator.iter_errors(document)]
    if errors:
        problem = f"the bill of materials does not fit CycloneDX {SPEC_VERSION}"
        raise CommandError("\n".join([problem, *errors]))


def _with_license(component: JsonObject, licenses: dict[str, str]) -> JsonObject:
    expression = licenses.get(str(component["name"]))
    return {**component, "licenses": _licenses(expression)} if expression else component


def _licenses(expression: str) -> JsonValue:
    if " " in expression:
        return [{"expression": expression}]
    return [{"license": {"id": expression}}]


def _modules(packages: Sequence[ShippedPackage]) -> list[ShippedPackage]:
    return [package for package in packages if package.ecosystem == "npm"]


def _module(package: ShippedPackage) -> JsonObject:
    return {
        "type": "library",
        "bom-ref": _module_ref(package),
        "name": package.name,
        "version": package.version,
        "purl": _module_ref(package),
        "licenses": _licenses(package.license),
    }


def _module_ref(package: ShippedPackage) -> str:
    return f"pkg:npm/{package.name.replace('@', '%40')}@{package.version}"


def _dependencies(exported: JsonObject, packages: Sequence[ShippedPackage]) -> JsonValue:
    """Return uv's graph, with the release and the modules of the dashboard at its root."""
    listed = exported.get("dependencies")
    own = str(_at(exported, "metadata", "component").get("bom-ref"))
    nodes = listed if isinstance(listed, list) else []
    graph = [dict(node) for node in nodes if isinstance(node, dict)]
    modules = [_module_ref(module) for module in _modules(packages)]
    for node in graph:
        if node.get("ref") == own:
            on = node.get("dependsOn")
            node.update(ref=_ROOT, dependsOn=[*(on if isinstance(on, list) else []), *modules])
    leaves: list[JsonObject] = [{"ref": module} for module in modules]
    return [*graph, *leaves]


def _at(value: JsonObject, *path: str) -> JsonObject:
    for name in path:
        inner = value.get(name)
        value = inner if isinstance(inner, dict) else {}
    return value
