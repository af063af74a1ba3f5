from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalbox.models.change import Change
from signalbox.models.errors import TemplateInvalid
from signalbox.models.task import Priority, TaskResult
from signalbox.services.notifications.message_template import (
    MAX_MESSAGE,
    MessageTemplate,
    message_template,
)
from tests.builders import a_change, a_task
from tests.contract.hostile_inputs import notifications


def rendered(template: str, **facts: object) -> str:
    return MessageTemplate(template).render(a_change(a_task(**facts)))


def test_a_template_has_the_fields_of_the_task_and_the_change() -> None:
    text = rendered(
        "{{ change }}: {{ title }} ({{ repository }})", title="Fix it", repository="a/b"
    )

    assert text == "created: Fix it (a/b)"


def test_it_has_conditions_loops_and_filters() -> None:
    template = (
        "{% if priority == 'high' %}Urgent: {% endif %}{{ title | upper }}\n"
        "{% for label in labels %}#{{ label }} {% endfor %}\n"
        "{{ labels | join(', ') }} {{ branch | default('-', true) }}"
    )

    text = rendered(template, title="fix", labels=("bug", "ui"), priority=Priority.HIGH)

    assert text == "Urgent: FIX\n#bug #ui bug, ui -"


def test_a_task_without_a_result_has_an_empty_one() -> None:
    template = "{% if result.summary %}{{ result.summary }}{% else %}no result{% endif %}"

    assert rendered(template) == "no result"
    assert rendered(template, result=TaskResult(summary="Done")) == "Done"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ titel }}", 'there is no field "titel"; did you mean "title"?'),
        ("ok\n{{ result.sumary }}", 'line 2: there is no field "sumary"'),
        ("{{ title.upper() }}", "call is not for templates"),
        ("{{ title.__class__ }}", 'there is no field "__class__"'),
        ("{{ title['__class__'] }}", "getitem is not for templates"),
        ("{{ range(10) }}", "call is not for templates"),
        ("{{ 10 ** 10 }}", "pow is not for templates"),
        ("{{ title * 1000 }}", "mul is not for templates"),
        ("{% for a in labels %}{% for b in labels %}x{% endfor %}{% endfor %}", "in a loop"),
        ("{% for a in title %}{{ a }}{% endfor %}", "a loop goes over one of arguments, labels"),
        ("{% for a, b in labels %}{{ a }}{% endfor %}", "one variable"),
        ("{{ title | replace('a', 'b') }}", 'there is no filter "replace"'),
        ("{{ title | attr('x') }}", 'there is no filter "attr"'),
        ("{% set x = title %}", "assign is not for templates"),
        ("{% include 'x' %}", "include is not for templates"),
        ("{% macro m() %}{% endmacro %}", "macro is not for templates"),
        ("{{ title is defined }}", "test is not for templates"),
        ("{{ loop }}", 'there is no field "loop"'),
        ("{{ title", "line 1: unexpected end of template"),
        ("{% if %}", "line 1: "),
    ],
)
def test_what_a_template_may_not_have_is_refused_with_its_line(template: str, reason: str) -> None:
    with pytest.raises(TemplateInvalid) as refused:
        MessageTemplate(template)

    assert reason in refused.value.reason


def test_a_secret_in_a_task_is_masked() -> None:
    token = "ghp_" + "a1" * 18

    assert token not in rendered("{{ title }}", title=f"use {token}")


def test_a_message_is_cut() -> None:
    text = rendered("{{ description }}" * 3, description="x" * MAX_MESSAGE)

    assert len(text) == MAX_MESSAGE
    assert text.endswith("…")


def test_what_cannot_be_rendered_is_an_error_with_a_name() -> None:
    with pytest.raises(TemplateInvalid, match="cannot be rendered"):
        rendered("{{ labels | truncate(title) }}")


@settings(max_examples=50, deadline=None)
@given(change=notifications().map(lambda notification: notification.change))
def test_any_task_can_be_rendered(change: Change) -> None:
    fields = (
        "{{ title }}{{ reason }}{{ result.summary | truncate(100) }}"
        "{% for each in arguments %}{{ each }}{% endfor %}"
    )

    assert len(message_template(fields).render(change)) <= MAX_MESSAGE


@settings(max_examples=200, deadline=None)
@given(source=st.text(alphabet="{}%|. title()[]'\"for in if end=~*+-0", max_size=60))
def test_no_text_makes_it_fail_in_another_way(source: str) -> None:
    with suppress(TemplateInvalid):
        MessageTemplate(source).render(a_change())
