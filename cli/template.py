"""Reads template.yaml as CloudFormation sees it: both transforms are applied here, without AWS.

`expanded` is the template after AWS::LanguageExtensions, whose loops SAM CLI's own implementation
expands, and `translated` what SAM's transform makes of that. Whoever needs the template reads it
through these two.
"""

import json
import os
from pathlib import Path
from typing import Final

from pydantic import JsonValue
from samcli.lib.cfn_language_extensions.api import create_default_intrinsic_resolver
from samcli.lib.cfn_language_extensions.models import ResolutionMode, TemplateProcessingContext
from samcli.lib.cfn_language_extensions.pipeline import ProcessingPipeline
from samcli.lib.cfn_language_extensions.processors import ForEachProcessor, TemplateParsingProcessor
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from cli.local.options import REGION

Json = dict[str, JsonValue]

TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"

_CODE: Final = ("CodeUri", "ContentUri")
_UPLOADED: Final = "s3://bucket/key"


class _NoPolicies:
    """SAM would ask IAM for the names of managed policies; we use none by name."""

    def load(self) -> dict[str, str]:
        return {}


def expanded(path: Path = TEMPLATE) -> Json:
    """Return the template with its loops expanded and what they look up in mappings resolved.

    What depends on parameters or on AWS stays as it is; SAM CLI's whole pipeline would put the
    defaults of parameters in its place.
    """
    context = TemplateProcessingContext(
        fragment=yaml_parse(path.read_text()),
        parameter_values={},
        resolution_mode=ResolutionMode.PARTIAL,
    )
    resolver = create_default_intrinsic_resolver(context)
    loops = ForEachProcessor(intrinsic_resolver=resolver)
    pipeline = ProcessingPipeline([TemplateParsingProcessor(), loops])
    document: Json = json.loads(json.dumps(pipeline.process_template(context)))
    mappings = _mapping(document.pop("Mappings", {}))
    found = {name: _looked_up(part, mappings) for name, part in document.items()}
    return found | {"Transform": "AWS::Serverless-2016-10-31"}


def _looked_up(value: JsonValue, mappings: Json) -> JsonValue:
    """Resolve each Fn::FindInMap by its keys, and each Fn::Sub that has nothing left to replace."""
    if isinstance(value, list):
        return [_looked_up(item, mappings) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _looked_up(item, mappings) for name, item in value.items()}
    match inner:
        case {"Fn::FindInMap": [str(name), str(row), str(key), *rest]}:
            found = _mapping(_mapping(mappings[name])[row])
            default = _mapping(rest[0]).get("DefaultValue") if rest else None
            return found.get(key, default)
        case {"Fn::Sub": [str(text), dict(names)]}:
            for name, shown in names.items():
                text = text.replace("${" + name + "}", str(shown))
            return text if "${" not in text else {"Fn::Sub": text}
        case {"Fn::Sub": str(text)} if "${" not in text:
            return text
    return inner


def translated(path: Path = TEMPLATE) -> str:
    """Return the template after both transforms, as JSON with a line for each value."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    source = expanded(path)
    for resource in _mapping(source["Resources"]).values():
        properties = _mapping(_mapping(resource).get("Properties", {}))
        properties.update({name: _UPLOADED for name in _CODE if name in properties})
    defaults = {
        name: _mapping(parameter)["Default"]
        for name, parameter in _mapping(source.get("Parameters", {})).items()
        if "Default" in _mapping(parameter)
    }
    return json.dumps(transform(source, defaults, _NoPolicies()), indent=1)


def _mapping(value: JsonValue) -> Json:
    if not isinstance(value, dict):
        raise TypeError("the template is not what CloudFormation takes")
    return value
