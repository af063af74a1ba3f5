"""Notifications of every kind and size, as hypothesis makes them."""

from hypothesis import strategies as st

from signalbox.models.notification import Notification
from signalbox.models.task import ChangeType, Priority, TaskResult
from tests.builders import a_change, a_notification, a_task

_NASTY = st.sampled_from(
    [
        "<!channel>",
        "<!here|here>",
        "<@U024BE7LH>",
        "<https://evil.example|click>",
        "@everyone",
        "@octocat #1",
        "& < >",
        "&amp;",
        "```\n*_~`",
        "🚦",
        "👩‍👩‍👧‍👦",
        "\u202egnp.exe",
        "\x00\x1b[31m\x7f",
        "line\r\nline\u2028line",
        "   ",
        "word " * 30,
    ]
)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def _long(limit: int) -> st.SearchStrategy[str]:
    pieces = st.lists(_NASTY | _TEXT, max_size=6).map("".join)
    return st.builds(lambda text, times: (text * times)[:limit], pieces, st.integers(1, 2_000))


_URLS = st.none() | st.sampled_from(
    [
        "https://github.com/octo/hello/issues/1#issuecomment-1",
        "https://example.com/?a=1&b=2",
        "https://example.com/?" + "&" * 1_900,
        "https://example.com/" + "x" * 1_900,
    ]
)
_ODD_URLS = _URLS | st.sampled_from(["javascript:alert(1)", "https://a|b>c", "", "https://é/", "x"])


@st.composite
def notifications(draw: st.DrawFn) -> Notification:
    """One about a task with any text in every place."""
    text = _long(20_000)
    result = st.builds(TaskResult, summary=_long(4_000), url=_URLS)
    task = a_task(
        kind=draw(_long(300)),
        title=draw(text),
        instruction=draw(text),
        description=draw(text),
        labels=tuple(draw(st.lists(_long(100), max_size=20))),
        repository=draw(st.none() | _long(300)),
        branch=draw(st.none() | _long(300)),
        commit=draw(st.none() | _long(64)),
        author=draw(st.none() | _long(300)),
        url=draw(_ODD_URLS),
        priority=draw(st.sampled_from(Priority)),
        attempt=draw(st.integers(0, 100)),
        progress=draw(st.none() | text),
        reason=draw(st.none() | text),
        result=draw(st.none() | result),
    )
    type_ = draw(st.sampled_from(ChangeType))
    return a_notification(task, change=a_change(task, type_), text=draw(st.none() | _long(4_000)))
