"""What the pages show of the client is what it has."""

import ast
import inspect

import pytest

import signalbox_client
from cli.target import PROJECT
from signalbox_client import Client, SignalboxError
from tests.pages import blocks

README = (PROJECT / "clients" / "python" / "README.md").read_text()
PAGES = ("clients/python/README.md", "docs/clients.md")


@pytest.mark.parametrize("page", PAGES)
def test_examples_import_and_call_what_there_is(page: str) -> None:
    text = (PROJECT / page).read_text()

    examples = blocks("python", text)

    assert examples
    for example in examples:
        tree = ast.parse(example)
        assert imported(tree) <= set(signalbox_client.__all__)
        assert called(tree) <= set(public_methods())


def imported(tree: ast.Module) -> set[str]:
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.name for node in froms if node.module == "signalbox_client" for name in node.names}


def called(tree: ast.Module) -> set[str]:
    """The methods of what is called `client`."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "client"
    }


def public_methods() -> list[str]:
    members = inspect.getmembers(Client, inspect.isfunction)
    return [name for name, _ in members if not name.startswith("_")]


def test_the_page_names_every_method_and_error() -> None:
    errors = [
        name
        for name in signalbox_client.__all__
        if inspect.isclass(kind := getattr(signalbox_client, name))
        and issubclass(kind, SignalboxError)
    ]
    methods = [name for name in public_methods() if name not in {"close", "send"}]

    assert [name for name in (*methods, *errors) if f"`{name}`" not in README] == []
