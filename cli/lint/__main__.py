"""`python -m cli.lint`: check template.yaml, without AWS.

cfn-lint checks the SAM source and the transformed template; then our own rules are applied.
"""

import sys
import warnings
from pathlib import Path
from typing import Final

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from cli.lint.rules import RULES, lint_template
from cli.lint.template import Template
from cli.target import PROJECT
from cli.template import translated_template

IGNORED_CFN_RULES: Final = {
    "I3010": "450 of 500 resources: a test keeps room for two more providers and connectors",
    "I3011": "queues need no DeletionPolicy: they only wake somebody up, the tables are the truth",
    "W1033": "ids of a VPC are empty by default, and their lists are not used then",
    "W1054": "the mapping Layer names AWS::NoValue, which !Ref looks up there",
}


def lint_file(path: Path) -> list[str]:
    """Return all problems, one line each."""
    made = translated_template(path)
    own = lint_template(Template.model_validate_json(made))
    return [
        *_cfn_lint(path.read_text(), path.name),
        *_cfn_lint(made, f"{path.name} after the transform"),
        *map(str, own),
    ]


def _cfn_lint(text: str, name: str) -> list[str]:
    config = ManualArgs(include_checks=["I"], ignore_checks=list(IGNORED_CFN_RULES))
    return [
        f"{name}:{match.linenumber}: {match.rule.id} {match.message}"
        for match in lint(text, config=config)
    ]


def main(words: list[str]) -> int:
    """Return the exit code: 1 if there are problems."""
    found = lint_file(Path(words[0]) if words else PROJECT / "template.yaml")
    print("\n".join(found) or f"{len(RULES)} rules and cfn-lint are content")
    return 1 if found else 0


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # the translator's own
    sys.exit(main(sys.argv[1:]))
