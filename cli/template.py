"""Read template.yaml as CloudFormation sees it: both transforms are applied here, without AWS.

`expanded_template` is the template after AWS::LanguageExtensions, whose loops SAM CLI's own
implementation expands; `translated_template` is the result of SAM's transform. All code that needs
the template uses these two.
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
from samcli.lib.cfn_language_extensions.resolvers import FnFindInMapResolver, IntrinsicResolver
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from cli.local.options import REGION
from signalbox.models.base import JsonObject

TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"

_SAM: Final = "AWS::Serverless-2016-10-31"
_CODE: Final = ("CodeUri", "ContentUri")
_CODE_URI: Final = "s3://bucket/key"


class _NoPolicies:
    """The managed policies for SAM's translator; none is used by name."""

    def load(self) -> dict[str, str]:
        return {}


def expanded_template(path: Path = TEMPLATE) -> JsonObject:
    """Return the template with its loops and their mappings resolved.

    Values that depend on parameters or on AWS stay as they are; SAM CLI's whole pipeline would
    replace them by the defaults of the parameters.
    """
    context = TemplateProcessingContext(
        fragment=yaml_parse(path.read_text()),
        parameter_values={},
        resolution_mode=ResolutionMode.PARTIAL,
    )
    lookups = IntrinsicResolver(context).register_resolver(FnFindInMapResolver)
    loops = ForEachProcessor(intrinsic_resolver=create_default_intrinsic_resolver(context))
    pipeline = ProcessingPipeline([TemplateParsingProcessor(), loops])
    document = lookups.resolve_value(pipeline.process_template(context))
    found: JsonObject = json.loads(json.dumps(document))
    found.pop("Mappings", None)
    return {name: _literal(part) for name, part in found.items()} | {"Transform": _SAM}


def _literal(value: JsonValue) -> JsonValue:
    """Replace each Fn::Sub without variables by its text."""
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Fn::Sub": [str(text), dict(names)]} if all(map(_is_text, names.values())):
            for name, shown in names.items():
                text = text.replace("${" + name + "}", str(shown))
            return _literal({"Fn::Sub": text})
        case {"Fn::Sub": str(text)} if "${" not in text:
            return text
    return {name: _literal(item) for name, item in value.items()}


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str)


def translated_template(path: Path = TEMPLATE) -> str:
    """Return the template after both transforms, as JSON with one value per line."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    source = expanded_template(path)
    for resource in _mapping(source["Resources"]).values():
        properties = _mapping(_mapping(resource).get("Properties", {}))
        properties.update({name: _CODE_URI for name in _CODE if name in properties})
    defaults = {
        name: _mapping(parameter)["Default"]
        for name, parameter in _mapping(source.get("Parameters", {})).items()
        if "Default" in _mapping(parameter)
    }
    return json.dumps(transform(source, defaults, _NoPolicies()), indent=1)


def _mapping(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("the template is not what CloudFormation takes")
    return value
