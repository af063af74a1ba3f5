"""The files of a new provider, connector or middleware, from the templates beside this module.

A template's path is the path of its file in the repository, with NAME in place of the name.
"""

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from cli.errors import CommandError
from cli.scaffold.edits import with_list_entry, with_mapping_row, with_paths, with_table_row

_TEMPLATES: Final = Path(__file__).parent
_SUFFIX: Final = ".tmpl"
_NAME: Final = re.compile(r"[a-z][a-z0-9]{0,14}")
_PATHS: Final = (
    "/api/v1/webhooks/${name}: {post: &${name}-webhook {responses: {}, "
    "x-amazon-apigateway-integration: {<<: *invoke, uri: !Sub [*uri, {Called: !If [HasSnapStart, "
    "!Ref ${name}WebhookAlias, !GetAtt ${name}WebhookFunction.Arn]}]}}}\n"
    "/api/v1/webhooks/${name}/{source}: {post: {<<: *${name}-webhook, parameters: *source}}"
)
_OTHER_SOURCES: Final = "/api/v1/webhooks/{source}"
_RESERVED: Final = frozenset({"api"})
"""Tasks that a client creates over the API have this in place of a provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What the kinds differ in: places in template.yaml and in the README, if they have any.

    Attributes:
        name: The word for it, and the folder of its templates.
        loop: The loop whose list names every one.
        mapping: The mapping with a row for every one.
        row: The row of the mapping.
        paths: The paths of the HTTP API.
        table: The first cell of the README's table.
        line: The row of that table.
        package: The folder of its modules.
    """

    name: str
    package: str
    loop: str = ""
    mapping: str = ""
    row: str = ""
    paths: str = ""
    table: str = ""
    line: str = ""


KINDS: Final[Mapping[str, Kind]] = {
    "provider": Kind(
        name="provider",
        loop="Webhooks",
        mapping="Provider",
        row="${name}: {Title: ${Name}}",
        paths=_PATHS,
        table="incoming",
        line="| [${Name}](docs/providers/${name}.md) | `X-${Name}-Signature` | comments |",
        package="layers/shared/signalbox/providers",
    ),
    "connector": Kind(
        name="connector",
        loop="Connectors",
        mapping="Connector",
        row="${name}: {Title: ${Name}}",
        table="outgoing",
        line="| [${Name}](docs/connectors/${name}.md) | JSON to a URL, with a bearer token |",
        package="layers/shared/signalbox/connectors",
    ),
    "middleware": Kind(name="middleware", package="layers/shared/signalbox/middlewares"),
}


def check_name(kind: str, name: str, root: Path) -> None:
    """Check that a provider, connector or middleware can have this name.

    Raises:
        CommandError: It cannot, with the reason.
    """
    if not _NAME.fullmatch(name):
        raise CommandError(
            f"NAME={name} cannot be used: a name has 1 to 15 lower-case letters and digits, "
            "and starts with a letter, because it is part of the names of resources"
        )
    if keyword.iskeyword(name) or name in _RESERVED:
        raise CommandError(f"NAME={name} cannot be used: the word is reserved")
    package = root / KINDS[kind].package
    if (package / name).exists() or (package / f"{name}.py").exists():
        raise CommandError(f"NAME={name} cannot be used: there is a {kind} of this name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """A new provider, connector or middleware in the repository at `root`."""

    kind: Kind
    name: str
    root: Path

    def new_files(self) -> dict[Path, str]:
        """Return the text of every new file by its path.

        Raises:
            CommandError: One of the files is there already.
        """
        folder = _TEMPLATES / self.kind.name
        files: dict[Path, str] = {}
        for template in sorted(folder.rglob(f"*{_SUFFIX}")):
            place = str(template.relative_to(folder)).removesuffix(_SUFFIX)
            path = self.root / place.replace("NAME", self.name)
            if path.exists():
                raise CommandError(f"{path.relative_to(self.root)} is there already")
            files[path] = self._filled(template.read_text())
        return files

    def changed_files(self) -> dict[Path, str]:
        """Return the new text of every file that gets a line, by its path.

        Raises:
            CommandError: The place of a line is not found.
        """
        if not self.kind.loop:
            return {}
        template, readme = self.root / "template.yaml", self.root / "README.md"
        stack = with_list_entry(template.read_text(), self.kind.loop, self.name)
        stack = with_mapping_row(stack, self.kind.mapping, self._filled(self.kind.row))
        if self.kind.paths:
            stack = with_paths(stack, _OTHER_SOURCES, self._filled(self.kind.paths))
        docs = with_table_row(readme.read_text(), self.kind.table, self._filled(self.kind.line))
        return {template: stack, readme: docs}

    def _filled(self, text: str) -> str:
        return Template(text).substitute(name=self.name, Name=self.name.capitalize())
