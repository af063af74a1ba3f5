import pytest
from pydantic import JsonValue

from signalbox.models.command_grammar import parse_commands
from signalbox.providers.jira.text import text_of


def document(*blocks: JsonValue) -> JsonValue:
    return {"type": "doc", "version": 1, "content": list(blocks)}


def block(name: str, *content: JsonValue) -> dict[str, JsonValue]:
    return {"type": name, "content": list(content)}


def words(text: str, *marks: str) -> dict[str, JsonValue]:
    return {"type": "text", "text": text, "marks": [{"type": mark} for mark in marks]}


def names(body: JsonValue) -> list[str]:
    return [command.name for command in parse_commands(text_of(body), mention="signalbox")]


@pytest.mark.parametrize(
    ("wiki", "text"),
    [
        ("/run the slow tests", "/run the slow tests"),
        ("[~signalbox] run", "@signalbox run"),
        ("[~accountid:712020:6f1c] run", "@712020:6f1c run"),
        (r"/run \-\-env=\{prod\}", "/run --env={prod}"),
        (r"/run it ASAP\! \(now\)", "/run it ASAP! (now)"),
        (r"C:\Temp", r"C:\Temp"),
        ("{code:python}\nx = 1\n{code}", "\n```\nx = 1\n```\n"),
        ("{noformat}a ``` b{noformat}", "\n````\na ``` b\n````\n"),
        ("{quote}so\nit goes{quote}", "\n> so\n> it goes\n"),
    ],
)
def test_wiki_text_is_read_as_markdown(wiki: str, text: str) -> None:
    assert text_of(wiki) == text


@pytest.mark.parametrize(
    "wiki",
    [
        "{code}\n/run\n{code}",
        "{code:title=a|borderStyle=solid}\n/run\n{code}",
        "{noformat}\n/run\n{noformat}",
        "{code}\n```\n/run\n{code}",
        "{code}\n/run",
        "{quote}\n/run\n{quote}",
        "{quote}\n{code}\n/run\n{code}\n/run\n{quote}",
        "{quote}\n/run",
        "bq. /run",
        "* /run",
        "{{/run}}",
    ],
)
def test_code_quotations_and_lists_of_wiki_text_contain_no_command(wiki: str) -> None:
    assert names(wiki) == []


def test_a_command_behind_code_and_quotations_is_read() -> None:
    wiki = "{quote}/retest{quote}\n{code}\n{quote}\n/retest\n{code}\n/run"

    assert names(wiki) == ["run"]


@pytest.mark.parametrize("wiki", ["{code:" * 40_000, "[~" * 100_000, "{quote}{code}" * 20_000])
def test_wiki_text_that_is_never_closed_is_read_in_linear_time(wiki: str) -> None:
    assert len(text_of(wiki)) <= 262_144


def test_a_document_is_read_as_markdown() -> None:
    card: JsonValue = {"type": "inlineCard", "attrs": {"url": "https://example.com/42"}}
    bot: JsonValue = {"type": "mention", "attrs": {"id": "712020:1", "text": "@signalbox"}}
    body = document(
        block("paragraph", words("It fails, see "), card, words(".")),
        block("paragraph", bot, words(" run the "), words("slow", "strong"), words(" tests")),
        block("paragraph", words("One"), {"type": "hardBreak"}, words("two")),
        block("codeBlock", words("x = 1")),
        block("bulletList", block("listItem", block("paragraph", words("an item")))),
        block("blockquote", block("paragraph", words("so")), block("paragraph", words("it goes"))),
        {"type": "rule"},
    )

    assert [line for line in text_of(body).split("\n") if line] == [
        *("It fails, see https://example.com/42.", "@signalbox run the slow tests"),
        *("One", "two", "```", "x = 1", "```", "- an item", "> so", "> ", "> it goes"),
    ]
    assert names(body) == ["run"]


@pytest.mark.parametrize(
    "node",
    [
        block("codeBlock", words("/run")),
        block("paragraph", words("/run", "code")),
        block("blockquote", block("paragraph", words("/run"))),
        block("blockquote", block("codeBlock", words("/run"))),
        block("taskList", block("taskItem", words("/run"))),
        block("orderedList", block("listItem", block("paragraph", words("/run")))),
        block("table", block("tableRow", block("tableCell", block("paragraph", words("/run"))))),
    ],
)
def test_code_quotations_lists_and_tables_of_a_document_contain_no_command(
    node: JsonValue,
) -> None:
    assert names(document(node)) == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        7,
        True,
        [],
        ["/run"],
        {},
        {"type": "doc"},
        {"type": "doc", "content": "/run"},
        {"content": [{"type": "text", "text": "/run"}]},
        {"type": "text", "text": 7},
        {"type": "mention", "attrs": {"text": None}},
        {"type": "doc", "content": [None, 7, "x", {"type": 7}, {"type": "text"}]},
    ],
)
def test_what_is_neither_wiki_text_nor_a_document_is_empty(body: JsonValue) -> None:
    assert text_of(body) == ""


def test_a_text_is_bounded() -> None:
    long = "x" * 300_000

    assert len(text_of(long)) == 262_144
    assert len(text_of(document(block("paragraph", words(long))))) <= 262_144
