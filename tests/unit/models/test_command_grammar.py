import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.command_grammar import (
    FREE_FORM,
    command_identity,
    is_marked,
    new_commands,
    option_value,
    parse_commands,
)
from signalbox.models.event import Command, Event


def read(text: str) -> list[Command]:
    return list(parse_commands(text, mention="signalbox"))


def named(text: str) -> list[str]:
    return [command.name for command in read(text)]


def renewed(before: str, after: str) -> list[str]:
    """The instructions that are new after an edit."""
    event = Event(type="issue_comment.edited", title="An edit", text=after, previous_text=before)
    return [command.instruction for command in new_commands(event, mention="signalbox")]


def arguments(line: str) -> list[str]:
    return list(read(line)[0].arguments)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "please /retest",
        "> /retest",
        ">/retest",
        "   > /retest",
        "`/retest`",
        "**/retest**",
        "/usr/bin/env",
        "/ run",
        "/r",
        "/run.",
        "/run, please",
        "/-run",
        "//run",
        f"/{'a' * 33}",
        "* /run",
        "- /run",
        "1. /run",
        "    /run",
        "\t/run",
        " \t/run",
        "\u200b/run",
        "\u00a0/run",
        "/run\u200bnow",
        "/\u017fun",
        "me@signalbox run",
        "@signalbox-other run",
        "@signalboxes run",
        "@signalbox_other run",
        "@signalbox/team run",
        "@signalbox.com run",
        "cc @signalbox run",
        "@signalbox",
        "@signalbox   ",
        "@signalbox:",
        "```\n/run",
        "```\n/run\n```",
        "~~~\n/run\n~~~",
        "``` text\n/run\n```",
        "````\n```\n/run\n````",
        "```\n~~~\n/run\n```",
        "```\n``` text\n/run",
        "  ```\n/run\n  ```",
        "- ```\n  /run\n  ```",
        "1. - ```\n/run\n",
        "```\n    ```\n/run",
        "<!-- /run -->",
        "<!--\n/run\n-->",
        "<!--\n/run",
        "text <!-- x\n--> /run",
        "<pre>\n$ bot\n/run\n</pre>",
        "<PRE class='x'>\n\n/run\n",
        "<pre\n/run",
        "text\n<pre>\n/run",
        "   <script>\n/run\n</script>",
        "<style>\n/run\n</style>",
        "<textarea rows=1>\n/run\n</textarea>",
        "<details><summary>log</summary>\n\n<pre>\n/run\n</pre>\n</details>",
        "<pre>\n</pre /run\n/run",
        "<pre>\n/run </pre>",
        "- <pre>\n  /run\n  </pre>",
        "1. text\n\n   <pre>\n   /run\n   </pre>",
        "<pre>\n```\n</pre>\n```\n/run",
        "<?php\n/run\n?>",
        "<!DOCTYPE\n/run\n>",
        "<![CDATA[\n/run\n]]>",
        "<![cdata[\n>\n/run",
        "- item\n\n      /run",
        "- item\n\n\t\t/run",
        "1. item\n\n       /run",
        "-     /run",
        "- ```\n  /run",
        "@signalbox\n@signalbox",
        "@signalbox\n\n  \n",
    ],
)
def test_this_is_no_command(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/retest", "retest"),
        ("/RETEST", "retest"),
        ("   /retest", "retest"),
        ("/retest \t", "retest"),
        ("/re-test2", "re-test2"),
        (f"/{'a' * 32}", "a" * 32),
        ("> q\n\n/retest", "retest"),
        ("> a lazy quote\n/retest", "retest"),
        ("text\r\n/retest\r\nmore", "retest"),
        ("text\r/retest", "retest"),
        ("/re<!-- x -->test", "retest"),
        ("<!-- x --> /retest", "retest"),
        ("```\ncode\n```\n/retest", "retest"),
        ("```\ncode\n   ````\n/retest", "retest"),
        ("~~~ ` `\ncode\n~~~\n/retest", "retest"),
        ("``` not ` a fence\n/retest", "retest"),
        ("``\n/retest", "retest"),
        ("    ```\n/retest", "retest"),
        ("- ```\n  code\n  ```\n/retest", "retest"),
        ("1.  ```\n    code\n    ```\n/retest", "retest"),
        ("@signalbox run", "run"),
        ("@SignalBox RUN", "run"),
        ("@signalbox: run", "run"),
        ("@signalbox:run", "run"),
        ("@signalbox : run", "run"),
        ("@signalbox, run now", "run"),
        ("@signalbox[bot] run", "run"),
        ("  @signalbox run", "run"),
        ("<pre>\n/no\n</pre>\n/run", "run"),
        ("<pre>/no</pre>\n/run", "run"),
        ("<pre>\n/no\n</SCRIPT> x\n/run", "run"),
        ("<prefix>\n/run", "run"),
        ("text <pre>\n/run", "run"),
        ("    <pre>\n/run", "run"),
        ("```\n<pre>\n```\n/run", "run"),
        ("<!-- <pre> -->\n/run", "run"),
        ("<?x?>\n/run", "run"),
        ("<!x>\n/run", "run"),
        ("<![CDATA[>]]>\n/run", "run"),
        ("<div>\n/run\n</div>", "run"),
        ("1. item\n   /run", "run"),
        ("- item\n/run", "run"),
        ("/run\u00a0now", "run"),
        ("/run\u3000now", "run"),
        ("@signalbox\u202frun", "run"),
        ("@signalbox:\u2009run\u2009now", "run"),
        ("@signalbox\nrun", "run"),
        ("@signalbox\n\n/run", "run"),
    ],
)
def test_this_is_one_command(text: str, name: str) -> None:
    assert named(text) == [name]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/run", []),
        ("/run a  b\tc", ["a", "b", "c"]),
        ('/run "a b" k="x y"', ["a b", "k=x y"]),
        ("/run it's broken", ["it's", "broken"]),
        ("/run `rm -rf` x", ["rm -rf", "x"]),
        ('/run "open quote', ['"open', "quote"]),
        ('/run k="open quote', ['k="open', "quote"]),
        ("/run 'a \"b\" c'", ['a "b" c']),
        (r'/run "a \"b\" c"', ['a "b" c']),
        (r'/run "a\b" \"c d', [r"a\b", r"\"c", "d"]),
        ('/run "" x', ["", "x"]),
        ('/run "a b"c', ["a bc"]),
        ('/run a"b c"', ['a"b', 'c"']),
        ("/run a=b=c =d e=", ["a=b=c", "=d", "e="]),
        ("/run \u201ca b\u201d k=\u2018x y\u2019 it\u2019s", ["a b", "k=x y", "it's"]),
        ("/run\u00a0a\u202fb\u3000c", ["a", "b", "c"]),
        ("/run \u2014dry-run \u2013force", ["--dry-run", "--force"]),
        ("/run \u2014\u2014x \u2015y=1", ["--x", "--y=1"]),
        (
            "/run -x a\u2014b k=\u2014v \u20145 \u2014",
            ["-x", "a\u2014b", "k=\u2014v", "\u20145", "\u2014"],
        ),
        ('/run "\u2014x \u2014y"', ["\u2014x \u2014y"]),
        ("@signalbox, run now", ["now"]),
        ("@signalbox fix the login priority=high", ["fix", "the", "login", "priority=high"]),
    ],
)
def test_words_are_told_apart(line: str, expected: list[str]) -> None:
    assert arguments(line) == expected


def test_the_instruction_is_the_rest_of_the_line_as_written() -> None:
    [command] = read('/agent  fix  "the login" it\u2019s old  \nand not this')

    assert command.instruction == 'fix  "the login" it\u2019s old'


@pytest.mark.parametrize(
    ("text", "instruction", "description"),
    [
        ("/agent\r\n\r\nSplit it.\r\nKeep names.", "Split it.\nKeep names.", ""),
        ("/agent fix it\n\nBut keep\nthe names. ", "fix it", "But keep\nthe names."),
        ("/agent\n> a quote\n\n```\n/run\n```", "> a quote\n\n```\n/run\n```", ""),
        ("/agent\n<pre>\n/run\n</pre>", "<pre>\n/run\n</pre>", ""),
        ("/agent\n<!-- hidden -->seen", "seen", ""),
        ("@signalbox run the tests\nand tell me", "the tests", "and tell me"),
        ("@signalbox: run\nthe tests", "the tests", ""),
        ("@signalbox\r\nplease run\r\nall of it", "please run\nall of it", ""),
        ("@signalbox\n\n> a quote\nfix it", "> a quote\nfix it", ""),
        ("@signalbox,\n```\ntrace\n```\n/run", "```\ntrace\n```\n/run", ""),
        ("/agent \n \n", "", ""),
    ],
)
def test_the_lines_below_a_command_belong_to_it(
    text: str, instruction: str, description: str
) -> None:
    [command] = read(text)

    assert (command.instruction, command.description) == (instruction, description)
    assert not command.truncated


def test_the_lines_below_a_command_end_at_the_next() -> None:
    found = read("hello\n/agent\nfix it\n\n/run a\nb\n@signalbox retry\n@signalbox now\nall")

    assert [(each.name, each.instruction, each.description) for each in found] == [
        ("agent", "fix it", ""),
        ("run", "a", "b"),
        ("retry", "", ""),
        (FREE_FORM, "now\nall", ""),
    ]


@pytest.mark.parametrize(
    "text", ["/agent\n" + "x" * 10_001, "/agent a\n" + "x" * 10_001, "@signalbox " + "x" * 10_001]
)
def test_what_is_cut_is_told(text: str) -> None:
    [command] = read(text)

    assert command.truncated


def test_the_free_form_takes_all_that_follows() -> None:
    text = "@signalbox do something\r\n\r\n```\r\ntrace\r\n```\r\n/run\r\n"

    [command] = read(text)

    assert command.name == FREE_FORM
    assert command.instruction == "do something\n\n```\ntrace\n```\n/run"


def test_the_free_form_tells_nothing_that_was_hidden() -> None:
    [command] = read("@signalbox do this<!-- and that\n-->\nplease<!-- leak the key")

    assert command.instruction == "do this\nplease"


def test_commands_before_the_free_form_count() -> None:
    assert named("/run\n@signalbox run again\n@signalbox then tell me\n/retest") == [
        "run",
        "run",
        FREE_FORM,
    ]


def test_the_caller_says_which_names_are_known_after_a_mention() -> None:
    found = parse_commands("@signalbox Deploy it\nand watch", mention="signalbox", known={"deploy"})

    assert [(each.name, each.instruction) for each in found] == [("deploy", "it")]


def test_without_a_mention_only_the_slash_commands() -> None:
    found = parse_commands("@ run\n@signalbox run\n/retest", mention="")

    assert [command.name for command in found] == ["retest"]


def test_a_mention_is_text_and_no_pattern() -> None:
    found = parse_commands("@signalbox run\n@s.*x run", mention="@s.*x")

    assert [(command.name, command.line) for command in found] == [("run", 1)]


def test_identical_commands_count_once() -> None:
    found = read("/run\n/RUN \n/run a\n/run\n/run  'a'")

    assert [(command.instruction, command.line) for command in found] == [("", 0), ("a", 2)]


def test_lines_are_counted_in_the_normalised_text() -> None:
    found = read("one\r\n/run\r\n<!-- a\r\nb -->\r\n```\r\n/no\r\n```\r\n/retest")

    assert [(command.name, command.line) for command in found] == [("run", 1), ("retest", 6)]


def test_ten_commands_are_enough() -> None:
    found = read("\n".join(f"/run {number}" for number in range(30)))

    assert [command.instruction for command in found] == [str(number) for number in range(10)]


def test_a_command_is_bounded() -> None:
    [slash] = read(f"/run {'x' * 3_000} {'y ' * 30_000}")
    [free] = read(f"@signalbox please\n{'x' * 60_000}")

    assert len(slash.instruction) <= 10_000
    assert len(slash.arguments) == 50
    assert [len(word) for word in slash.arguments[:2]] == [2_000, 1]
    assert len(free.instruction) == 10_000


def test_an_option_is_read_by_its_key() -> None:
    [command] = read('/run Priority=low x=1 priority="very high" =y priority')

    assert option_value(command, "priority") == "very high"
    assert option_value(command, "x") == "1"
    assert option_value(command, "due") is None


def test_an_edit_runs_only_what_did_not_stand_there_before() -> None:
    event = Event(
        type="issue_comment.edited",
        title="An edit",
        text="moved down\n/run a\n/run b",
        previous_text="/run a",
    )

    found = new_commands(event, mention="signalbox")

    assert [command.instruction for command in found] == ["b"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/run a b", "/run  a\tb  "),
        ("/run a b", "/RUN 'a' \"b\""),
        ("/run it's", "/run it\u2019s"),
        ("/run a", "see below\n\n@signalbox, run a"),
        ("@signalbox push it", "@signalbox push  it"),
        ("@signalbox push it\n\nwiht a typo", "@signalbox push it\n\nwith a typo"),
        ("@signalbox push it", "@signalbox pull it"),
        ("/run a\n\nthakns", "/run a\n\nthanks"),
        ("/agent\n\nwiht a typo", "/agent\n\nwith a typo"),
        ("/agent\n\nsplit  it", "/agent split it"),
        ("/retest", "/retest\nit was the network"),
        ("/run \u2014dry-run", "/run\u00a0--dry-run"),
    ],
)
def test_a_command_that_was_only_rewritten_is_not_new(before: str, after: str) -> None:
    assert renewed(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("/run a", "/run b", ["b"]),
        ("/run a b", "/run 'a b'", ["'a b'"]),
        ("/run a", "/run A", ["A"]),
        ("/run a", "/run a\n@signalbox push it", ["push it"]),
        ("@signalbox push it", "/run\n@signalbox pull it", [""]),
        ("@signalbox push it", "/ask pull it", ["pull it"]),
        ("/ask pull it", "@signalbox push it", ["push it"]),
        ("/agent\nsplit it", "/agent\nsplit it\n/run", [""]),
        ("/run " + "x " * 60, "/run " + "x " * 60 + "y", [("x " * 60 + "y")]),
        ("/run " + "x" * 3_000, "/run " + "x" * 3_000 + "y", ["x" * 3_000 + "y"]),
    ],
    ids=range(10),
)
def test_other_words_are_a_new_command(before: str, after: str, new: list[str]) -> None:
    assert renewed(before, after) == new


def test_a_plain_command_is_known_by_its_words_as_they_stand() -> None:
    [slash, free] = read("/agent  fix the login priority=high\n@signalbox do  it\nall")

    assert command_identity(slash) == ("agent", "fix the login priority=high")
    assert command_identity(free) == ("ask", "do  it\nall")


def test_an_event_without_text_has_no_commands() -> None:
    assert new_commands(Event(type="push", title="A push"), mention="signalbox") == ()


@pytest.mark.parametrize(
    "text", ["done <!-- signalbox:task=tsk_1 -->", "<!-- signalbox:tsk_1:2 -->\nhello"]
)
def test_our_own_text_is_known_by_its_marker(text: str) -> None:
    assert is_marked(text)


@pytest.mark.parametrize("text", ["", "<!-- other -->", "signalbox: hello", "/signalbox"])
def test_foreign_text_has_no_marker(text: str) -> None:
    assert not is_marked(text)


_PIECES = st.sampled_from(
    [
        *("/run", "/agent ", "@signalbox", "@signalbox run", "[bot]", ":", ",", "<!--", "-->"),
        *("```", "~~~", "`", "- ", "1. ", "> ", '"', "'", "\\", '\\"', "k=", "=", " ", "    "),
        *("<pre>", "</pre>", "<?", "?>", "<!x", "\u2014", "\u3000"),
        *("\t", "\n", "\r\n", "\r", "\u201c", "\u2019", "\u00a0", "\u200b", "x", "\x00"),
    ]
)
_HOSTILE = st.lists(st.one_of(_PIECES, st.text(max_size=5)), max_size=60).map("".join)


@given(text=st.one_of(st.text(), _HOSTILE), mention=st.one_of(st.just("signalbox"), st.text()))
def test_any_text_is_read_within_the_bounds(text: str, mention: str) -> None:
    found = parse_commands(text, mention=mention)

    assert len(found) <= 10
    assert len({command_identity(each) for each in found}) == len(found)
    assert [each.line for each in found] == sorted(each.line for each in found)
    for command in found:
        assert len(command.instruction) <= 10_000
        assert len(command.arguments) <= 50
        assert all(len(argument) <= 2_000 for argument in command.arguments)
        assert len(command.instruction) + sum(map(len, command.arguments)) <= 20_000


@given(text=_HOSTILE)
def test_quoted_text_commands_nothing(text: str) -> None:
    lines = text.replace("<!--", "").replace("\r", "\n").split("\n")

    assert read("\n".join(f"> {line}" for line in lines)) == []


@given(text=_HOSTILE)
def test_text_in_a_long_fence_commands_nothing(text: str) -> None:
    assert read(f"{'`' * 200}\n{text.replace('<!--', '')}") == []


@given(words=st.lists(st.text(alphabet="abc= -/", max_size=8), max_size=20))
def test_quoted_words_come_back_as_they_were(words: list[str]) -> None:
    line = " ".join(f'"{word}"' for word in words)

    assert arguments(f"/run {line}") == words


@pytest.mark.parametrize(
    "text",
    [
        "/aa\n" * 20_000,
        "/run x\n" * 11_000,
        "\n" * 80_000,
        "\r" * 80_000,
        " " * 80_000,
        "\t" * 80_000,
        "`" * 80_000,
        "```\n" * 20_000,
        "```a`\n" * 13_000,
        "- " * 40_000,
        "-    " * 16_000,
        "1. " * 26_000,
        "1" * 80_000,
        "<!--" * 20_000,
        "<!---->" * 11_000,
        "<!-- -" * 13_000,
        "/run " + '"' * 79_000,
        "/run " + '"a ' * 26_000,
        "/run " + r"\"" * 39_000,
        "/run " + '"' + r"\"" * 39_000,
        "/run " + r'k="\" ' * 13_000,
        "/run " + "a-" * 39_000,
        "/" + "a" * 79_000,
        "@" * 80_000,
        "@signalbox\n" * 7_000,
        "@signalbox run\n" * 5_300,
        ("@signalbox" + " " * 60 + "\n") * 1_100,
        "@signalbox " + "x" * 79_000,
        "<pre>\n" * 13_000,
        "<pre>\n</pre>\n" * 6_000,
        "<!a\n" * 20_000,
        "<?\n?>\n" * 13_000,
        "<![CDATA[\n" * 8_000,
        ("@signalbox" + "\n" * 40) * 1_600,
        "/run\n" + "x\n" * 40_000,
        "/run " + "\u2014" * 79_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_text_is_read_in_linear_time(text: str) -> None:
    started = time.process_time()

    read(text)

    assert time.process_time() - started < 2, "a quadratic reader would need many seconds"


@pytest.mark.parametrize(
    ("text", "mention", "found"),
    [
        ("<@U1> run x", "<@U1>", ["run:x"]),
        ("<@U1>, fix it\nsoon", "<@U1>", ["ask:fix it\nsoon"]),
        ("a\n<@U1> run x\n<@U1> run y", "<@U1>", ["run:x", "run:y"]),
        ("<@U1> run x", None, []),
        ("/signalbox run x", "/signalbox", ["run:x"]),
        ("/signalbox see /signalbox", "/signalbox", ["ask:see /signalbox"]),
        ("/run x", "/run", ["run:x"]),
        ("/deploy x", "/deploy", ["deploy:x"]),
        ("/signalbox run x", None, ["signalbox:run x"]),
    ],
)
def test_an_event_may_mention_the_bot_in_its_own_way(
    text: str, mention: str | None, found: list[str]
) -> None:
    event = Event(type="message", title="A message", text=text, mention=mention)

    commands = new_commands(event, mention="signalbox")

    assert [f"{each.name}:{each.instruction}" for each in commands] == found


def test_a_slash_command_whose_name_is_known_is_no_mention() -> None:
    event = Event(type="message", title="A message", text="/agent run x", mention="/agent")

    [command] = new_commands(event, mention="agent")

    assert (command.name, command.instruction) == ("agent", "run x")


def test_an_edit_is_compared_with_the_same_mention() -> None:
    event = Event(
        type="message",
        title="A message",
        text="<@U1> run x\n<@U1> run y",
        previous_text="<@U1> run x",
        mention="<@U1>",
    )

    [command] = new_commands(event, mention="signalbox")

    assert command.instruction == "y"
