"""Fill in environment variables in a manifest: in the URLs of instances, and nowhere else.

What else a manifest has is the same for everybody, or a secret, which no manifest contains.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from signalbox.models.manifest import ManifestError

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def fill_in_variables(
    document: JsonValue, environment: Mapping[str, str]
) -> tuple[ManifestError, ...]:
    """Replace `${NAME}` in the URLs of instances, and return an error for each that is not set."""
    errors: list[ManifestError] = []
    for path, instance in _instances(document):
        url = instance.get("url")
        if not isinstance(url, str):
            continue
        missing = {name for name in _VARIABLE.findall(url) if not environment.get(name)}
        errors += (
            ManifestError(path=f"{path}.url", reason=f"the environment variable {name} is not set")
            for name in sorted(missing)
        )
        filled = _VARIABLE.sub(lambda found: environment.get(found[1], ""), url)
        if "${" in _VARIABLE.sub("", url):
            reason = "has a variable that is not written as ${NAME}"
            errors.append(ManifestError(path=f"{path}.url", reason=reason))
        instance["url"] = filled
    return tuple(errors)


def _instances(document: JsonValue) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    """Yield the instances of all services with their paths, as far as they have their form."""
    services = document.get("services") if isinstance(document, dict) else None
    for index, service in enumerate(services if isinstance(services, list) else ()):
        if not isinstance(service, dict):
            continue
        groups = {"instances": service.get("instances")}
        versions = service.get("versions")
        if isinstance(versions, dict):
            groups |= {f"versions.{name}": group for name, group in versions.items()}
        for name, group in groups.items():
            for number, instance in enumerate(group if isinstance(group, list) else ()):
                if isinstance(instance, dict):
                    yield f"services[{index}].{name}[{number}]", instance
