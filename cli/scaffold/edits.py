"""Adds lines to template.yaml and the README as text, so that comments and order are kept."""

import re

from cli.errors import CommandError


def with_list_entry(template: str, loop: str, name: str) -> str:
    """Return the template with a name at the end of the list of a `Fn::ForEach`.

    Raises:
        CommandError: The loop has no list in one line.
    """
    pattern = re.compile(rf"^( +Fn::ForEach::{loop}:\n +- \w+\n +- \[[\w, ]+)(\]\n)", re.MULTILINE)
    return _replaced(pattern, rf"\g<1>, {name}\g<2>", template, f"the list of {loop}")


def with_mapping_row(template: str, mapping: str, row: str) -> str:
    """Return the template with a row at the end of a mapping.

    Raises:
        CommandError: There is no such mapping with a row.
    """
    pattern = re.compile(rf"^(  {mapping}:\n(?:    .*\n)+)", re.MULTILINE)
    return _replaced(pattern, rf"\g<1>    {_literal(row)}\n", template, f"the mapping {mapping}")


def with_paths(template: str, before: str, lines: str) -> str:
    """Return the template with more paths of the HTTP API before this one.

    Raises:
        CommandError: There is no such path.
    """
    pattern = re.compile(rf"^( +){re.escape(before)}: ", re.MULTILINE)
    indented = "".join(rf"\g<1>{_literal(line)}\n" for line in lines.splitlines())
    return _replaced(pattern, rf"{indented}\g<0>", template, f"the path {before}")


def with_table_row(readme: str, first: str, row: str) -> str:
    """Return the README with a row at the end of the table whose first cell is this.

    Raises:
        CommandError: There is no such table.
    """
    pattern = re.compile(rf"^(\| {first} \|.*\n(?:\|.*\n)+)", re.MULTILINE)
    return _replaced(pattern, rf"\g<1>{_literal(row)}\n", readme, f"the table {first}")


def _replaced(pattern: re.Pattern[str], replacement: str, text: str, place: str) -> str:
    changed, times = pattern.subn(replacement, text)
    if times != 1:
        raise CommandError(f"{place} is not found once where it is expected")
    return changed


def _literal(text: str) -> str:
    return text.replace("\\", r"\\")
