import os
from pathlib import Path

import pytest

from cli.errors import CommandError, Unreachable
from cli.local import instance
from cli.locate import find_stack, local_stack
from cli.stack import Stack
from cli.target import Target
from tests.commands.conftest import REGION, STACK, TRUSTED, CommandLine


def test_a_stack_is_known_by_its_outputs(stack: Stack) -> None:
    found = find_stack(Target(stack=STACK, region=REGION))

    assert found.base_url == "https://api.example.com"
    assert found.outputs.config_table == stack.outputs.config_table
    assert found.trusted == {TRUSTED}


@pytest.mark.usefixtures("stack")
def test_an_address_on_the_command_line_goes_before_the_stacks_own() -> None:
    found = find_stack(Target(stack=STACK, region=REGION, url="https://signalbox.example.com/"))

    assert found.base_url == "https://signalbox.example.com"


@pytest.mark.usefixtures("stack")
def test_a_stack_that_is_not_there_is_said_so() -> None:
    with pytest.raises(CommandError, match="the stack nothing was not found"):
        find_stack(Target(stack="nothing", region=REGION))


def test_a_stack_of_something_else_is_said_so(stack: Stack) -> None:
    cloudformation = stack.session.client("cloudformation")
    template = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    cloudformation.create_stack(StackName="other", TemplateBody=template)

    with pytest.raises(CommandError, match="other is not a stack of Signalbox"):
        find_stack(Target(stack="other", region=REGION))


@pytest.mark.usefixtures("stack")
def test_a_stage_names_its_stack() -> None:
    with pytest.raises(CommandError, match="the stack signalbox-staging was not found"):
        find_stack(Target(stage="staging", region=REGION))


def test_an_unknown_stage_is_said_so() -> None:
    with pytest.raises(CommandError, match="no stage moon"):
        find_stack(Target(stage="moon"))


def test_a_local_stack_that_is_down_is_not_reachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="signalbox up"):
        find_stack(Target(home=tmp_path))


def test_a_local_stack_that_is_up_is_found_by_its_record(tmp_path: Path) -> None:
    running = instance.LocalInstance(
        pid=os.getpid(),
        stack_name="signalbox-local",
        base_url="http://127.0.0.1:1",
        echo_url="http://127.0.0.1:2",
        endpoint_url="http://127.0.0.1:3",
        smtp_port=4,
    )

    with instance.exclusive(tmp_path):
        instance.publish(tmp_path, running)

        assert local_stack(Target(home=tmp_path)) == running


def test_exit_code_3_says_that_nothing_is_there(tmp_path: Path) -> None:
    result = CommandLine(options=["--home", str(tmp_path)])("tasks", "list")

    assert (result.code, result.out) == (3, "")
    assert "the local stack is not running" in result.err


def test_exit_code_2_says_that_it_was_asked_wrongly() -> None:
    assert CommandLine()("tasks", "list", "--limit", "0").code == 2
