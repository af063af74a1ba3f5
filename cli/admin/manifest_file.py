"""Read a manifest from a YAML file."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import yaml
from pydantic import JsonValue, ValidationError

from cli.admin.manifest_variables import fill_in_variables
from cli.errors import CommandError
from signalbox.models.manifest import Manifest, ManifestError, validation_errors

_MAX_FILE_BYTES: Final = 1_000_000


def read_manifest(path: Path, environment: Mapping[str, str] = os.environ) -> Manifest:
    """Return the manifest in a file, with the variables of the environment filled in.

    Raises:
        CommandError: The file is not a valid manifest; the message lists every error.
    """
    try:
        document = _document(path.read_bytes())
        raise_errors(fill_in_variables(document, environment))
        return Manifest.model_validate_json(json.dumps(document, default=_time_text))
    except ValidationError as invalid:
        raise_errors(validation_errors(invalid))
        raise
    except yaml.MarkedYAMLError as odd:
        line = odd.problem_mark.line + 1 if odd.problem_mark else 1
        raise CommandError(f"{path} is no YAML: line {line}: {odd.problem}") from odd
    except (OSError, yaml.YAMLError, TypeError, ValueError) as odd:
        raise CommandError(f"{path} cannot be read: {odd}") from odd


def raise_errors(errors: Sequence[ManifestError]) -> None:
    """Raise if there are errors.

    Raises:
        CommandError: There are some; the message has a line for each.
    """
    lines = [f"{error.path}: {error.reason}" if error.path else error.reason for error in errors]
    if lines:
        raise CommandError("\n  ".join(("the manifest is not right:", *lines)))


def _time_text(value: object) -> str:
    """Return a time, which YAML takes for one if it is not in quotes, as a text."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _document(content: bytes) -> JsonValue:
    """Return the only document of a file: plain values, no aliases, no repeated keys."""
    if len(content) > _MAX_FILE_BYTES:
        raise ValueError(f"it has more than {_MAX_FILE_BYTES} bytes")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, yaml.SafeLoader)):
        raise ValueError("aliases (*name) are not taken")
    _check_names(yaml.compose(content, yaml.SafeLoader))
    errors: JsonValue = yaml.safe_load(content)
    return {} if errors is None else errors


def _check_names(node: yaml.Node | None) -> None:
    """Check that no mapping repeats a key, as PyYAML would use the last.

    Raises:
        ValueError: One does.
    """
    if isinstance(node, yaml.MappingNode):
        names = [str(key.value) for key, _ in node.value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            line = node.start_mark.line + 1
            raise ValueError(f"line {line}: {', '.join(twice)} stands there twice")
        for _, value in node.value:
            _check_names(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_names(item)
