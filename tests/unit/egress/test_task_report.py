import pytest

from cli.doubles.double import readable_markdown
from signalbox.egress.task_report import report_comment, report_line, report_url
from signalbox.egress.text import utf16_length
from signalbox.models.change import task_view
from signalbox.models.command_grammar import is_marked, parse_commands
from signalbox.models.task import ChangeType
from tests.builders import a_notification, a_notification_of, a_result, a_task, done

TOKEN = "ghp_Ca2Na3Ry4Zz5Qq6Ww7"


def test_a_comment_shows_a_task_below_a_hidden_marker() -> None:
    task = done(a_task(branch="main", reason="a reason", result=a_result()))

    comment = report_comment(a_notification(task))

    assert is_marked(comment)
    assert comment.startswith(f"<!-- signalbox:{task.id} -->\n")
    assert readable_markdown(comment) == (
        "✅ **Task succeeded**: Fix the login\n\n> fixed\n\n"
        "Kind: fix · Priority: normal · Repository: octo/hello · Branch: main · Author: octocat"
        f" · Attempt: 1 of 3 · source · result\n\n{task.id}"
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("@octocat", "@\u200boctocat"),
        ("see #1", "see \\#\u200b1"),
        ("GH-12", "GH\\-\u200b12"),
        (
            '!5 ~bug ~"a b" %9 &3 $2',
            '\\!\u200b5 \\~\u200bbug \\~\u200b"a b" %\u200b9 \\&\u200b3 \\$\u200b2',
        ),
        ("https://evil.example", "https:\u200b//evil.example"),
        ("www.evil.example", "www\u200b.evil.example"),
        ("<b>*x*</b> `y` [z](a)", "\\<b\\>\\*x\\*\\</b\\> \\`y\\` \\[z\\]\\(a\\)"),
        ("<!-- signalbox:x -->", "\\<\\!\\-\\- signalbox:x \\-\\-\\>"),
        ("50% off, a-b", "50% off, a\\-b"),
    ],
)
def test_foreign_text_has_no_markup_and_refers_to_nobody(text: str, escaped: str) -> None:
    comment = report_comment(a_notification(a_task(title=text, reason=f"no\n{text}")))

    title, reason = comment.splitlines()[1], comment.splitlines()[4]
    assert title.partition(": ")[2] == escaped
    assert reason == f"> {escaped}"


def test_facts_refer_to_nobody_either() -> None:
    comment = report_comment(a_notification(a_task(branch="fix/#1", author="@ada")))

    assert "fix/\\#\u200b1" in comment
    assert "Author: @\u200bada" in comment


@pytest.mark.parametrize("command", ["/close", "/agent fix it", "@signalbox fix it", "/lgtm"])
def test_no_command_in_foreign_text_stands_at_the_start_of_a_line(command: str) -> None:
    task = a_task(title=command, reason=f"x\n{command}", result=a_result(summary=command))

    for text in (None, command):
        comment = report_comment(a_notification(task, text=text))

        assert not parse_commands(comment, mention="signalbox")
        assert all(not line.startswith(("/", "@")) for line in comment.splitlines())


def test_a_secret_in_foreign_text_goes_nowhere() -> None:
    url = f"https://example.com/?token={TOKEN}"
    task = a_task(title=TOKEN, reason=TOKEN, progress=TOKEN, url=url)
    for notification in (a_notification(task), a_notification(task, text=TOKEN)):
        texts = (report_comment(notification), report_line(notification, 140))

        assert "Ca2Na3Ry4" not in "".join(texts) + report_url(task_view(task), 2_000)


def test_the_longest_comment_is_far_below_the_limit() -> None:
    long, url = "@*" * 10_000, f"https://example.com/{'x' * 1_900}"
    task = a_task(
        kind=long,
        title=long,
        repository=long,
        branch=long,
        author=long,
        progress=long,
        attempt=1,
        reason=long,
        result=a_result(summary="*" * 4_000, url=url),
        url=url,
    )

    length = utf16_length(report_comment(a_notification(task)))

    assert 15_000 < length < 25_000


def test_the_text_of_a_template_stands_alone() -> None:
    comment = report_comment(a_notification(a_task(), text="*done*\nat last"))

    assert "> \\*done\\*\n> at last\n\n<sub>" in comment
    assert "Kind" not in comment
    assert report_line(a_notification(text="*done*\nat last"), 140) == "*done* at last"


def test_a_template_without_a_text_shows_the_title() -> None:
    assert "Fix the login" in report_comment(a_notification(text=" "))


@pytest.mark.parametrize("type_", ChangeType)
def test_every_change_can_be_shown(type_: ChangeType) -> None:
    assert "**" in report_comment(a_notification_of(a_task(), type_))


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({}, "New task: Fix the login"),
        ({"progress": "3 of 7"}, "New task: 3 of 7"),
        ({"reason": "no\nluck", "progress": "3 of 7"}, "New task: no luck"),
    ],
)
def test_a_line_has_what_matters_most(facts: dict[str, str], line: str) -> None:
    assert report_line(a_notification(a_task(**facts)), 140) == line


def test_the_url_is_that_of_the_result_if_it_can_be_shown() -> None:
    long = a_result(url=f"https://example.com/{'x' * 1_000}")

    assert report_url(task_view(a_task(result=a_result())), 255) == "https://example.com/pull/2"
    assert "issues/1" in report_url(task_view(a_task(result=long)), 255)
    assert report_url(task_view(a_task(url=None)), 255) == ""
