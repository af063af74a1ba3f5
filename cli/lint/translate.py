"""template.yaml as CloudFormation sees it: SAM's transform, made here and without AWS."""

import json
import os
from pathlib import Path
from typing import Final

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from cli.local.options import REGION

_CODE: Final = ("CodeUri", "ContentUri")
_UPLOADED: Final = "s3://bucket/key"


class _NoPolicies:
    """SAM would ask IAM for the names of managed policies; we use none by name."""

    def load(self) -> dict[str, str]:
        return {}


def translated(path: Path) -> str:
    """The template after the transform, as JSON with a line for each value."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    source = yaml_parse(path.read_text())
    for resource in source["Resources"].values():
        properties = resource.get("Properties", {})
        properties.update({name: _UPLOADED for name in _CODE if name in properties})
    defaults = {
        name: parameter["Default"]
        for name, parameter in source.get("Parameters", {}).items()
        if "Default" in parameter
    }
    made = transform(source, defaults, _NoPolicies())
    return json.dumps(made, indent=1)
