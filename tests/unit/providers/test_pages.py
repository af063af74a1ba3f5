"""The examples in the pages of providers are sources that can be applied."""

import json
import re
from pathlib import Path
from typing import Final

import pytest
import yaml

from cli.target import PROJECT
from signalbox.models.manifest import Manifest
from signalbox.runtime.registry import providers
from signalbox.services.config.rules import rule_violations

PAGES: Final = sorted((PROJECT / "docs" / "providers").glob("*.md"))
_YAML: Final = re.compile(r"^( *)```yaml\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_example_can_be_applied(page: Path) -> None:
    vocabularies = {name: create().events for name, create in providers().items()}
    examples = [yaml.safe_load(found[2]) for found in _YAML.finditer(page.read_text())]

    for example in examples:
        manifest = Manifest.model_validate_json(json.dumps(example))
        for source in manifest.sources:
            providers()[source.provider]().with_settings(source.settings)
            assert list(rule_violations(source, vocabularies)) == []

    assert examples
