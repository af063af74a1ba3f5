"""The texts of Jira as Markdown, in which commands are read.

Jira sends wiki text, https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all, or
documents, https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/. Code stays
code and a quotation stays a quotation, so that they contain no commands.
"""

import re
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from signalbox.ingress.command_text import bounded

_WIKI: Final = re.compile(
    r"""
      \{(?P<code>code|noformat)(?::[^{}\n]{0,200})?\}(?P<shown>.*?)(?:\{(?P=code)\}|\Z)
    | \{quote\}(?P<quoted>.*?)(?:\{quote\}|\Z)
    | \\(?P<escaped>[!-/:-@\[\]-`{-~])
    | \[~(?:accountid:)?(?P<mention>[^\[\]\s]{1,255})\]
    """,
    re.DOTALL | re.VERBOSE,
)
_TICKS: Final = re.compile("`+")
_PREFIXES: Final[Mapping[str, str]] = {
    "blockquote": "> ",
    "listItem": "- ",
    "taskItem": "- ",
    "decisionItem": "- ",
    "tableCell": "| ",
    "tableHeader": "| ",
}
"""What each line in such a block of a document starts with."""


def text_of(body: JsonValue) -> str:
    """Return a body or a description as Markdown; empty if it is neither wiki text nor ADF."""
    if isinstance(body, str):
        return bounded(_WIKI.sub(_markdown, bounded(body)))
    return _node(body).strip("\n")


def _markdown(match: re.Match[str]) -> str:
    if match["code"]:
        return _fenced(match["shown"])
    if match["quoted"] is not None:
        return _block(_WIKI.sub(_markdown, match["quoted"]), "> ")
    return match["escaped"] or f"@{match['mention']}"


def _node(value: JsonValue) -> str:
    node = value if isinstance(value, dict) else {}
    match node:
        case {"type": "text", "text": str(text)}:
            return f"`{text}`" if {"type": "code"} in _listed(node, "marks") else text
        case {"type": "hardBreak"}:
            return "\n"
        case {"type": "codeBlock"}:
            return _fenced(_content(node))
        case {"type": "mention" | "emoji" | "status", "attrs": {"text": str(text)}} | {
            "type": "inlineCard",
            "attrs": {"url": str(text)},
        }:
            return text
        case {"type": str(name), "content": list()}:
            return _block(_content(node), _PREFIXES.get(name, ""))
    return ""


def _content(node: Mapping[str, JsonValue]) -> str:
    return bounded("".join(map(_node, _listed(node, "content"))))


def _listed(node: Mapping[str, JsonValue], name: str) -> list[JsonValue]:
    value = node.get(name)
    return value if isinstance(value, list) else []


def _block(text: str, prefix: str) -> str:
    lines = "\n".join(f"{prefix}{line}" for line in text.strip("\n").split("\n"))
    return f"\n{lines}\n"


def _fenced(code: str) -> str:
    longest = max(map(len, _TICKS.findall(code)), default=0)
    fence = "`" * max(3, longest + 1)
    stripped = code.strip("\n")
    return f"\n{fence}\n{stripped}\n{fence}\n"
