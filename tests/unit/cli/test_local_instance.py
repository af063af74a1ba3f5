import stat
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.local import instance
from cli.local.banner import BannerLine
from cli.local.instance import LocalInstance


def running(pid: int = 7) -> LocalInstance:
    return LocalInstance(
        pid=pid,
        stack_name="signalbox-local",
        base_url="http://127.0.0.1:1",
        echo_url="http://127.0.0.1:2",
        endpoint_url="http://127.0.0.1:3",
        smtp_port=4,
        notes=(BannerLine(label="API key", text="sbx_test_x"),),
    )


def test_a_stack_that_is_announced_is_found(tmp_path: Path) -> None:
    with instance.exclusive(tmp_path):
        instance.publish(tmp_path, running())
        found = instance.find_instance(tmp_path)

    assert found == running()


def test_a_stack_is_not_found_when_its_process_is_gone(tmp_path: Path) -> None:
    instance.publish(tmp_path, running())

    assert instance.find_instance(tmp_path) is None


def test_nothing_is_found_where_nothing_ever_was(tmp_path: Path) -> None:
    assert instance.find_instance(tmp_path / "nowhere") is None
    assert instance.lock_holder(tmp_path / "nowhere") is None


def test_the_record_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    instance.publish(tmp_path, running())

    (mode,) = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert mode == 0o600


def test_a_second_stack_in_the_same_home_is_refused_with_the_address_of_the_first(
    tmp_path: Path,
) -> None:
    with instance.exclusive(tmp_path):
        instance.publish(tmp_path, running())
        with pytest.raises(CommandError, match=r"up already.*http://127\.0\.0\.1:1"):
            instance.exclusive(tmp_path).__enter__()


def test_a_home_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), instance.exclusive(tmp_path):
        raise ZeroDivisionError

    assert instance.wait_until_free(tmp_path, 0)


def test_who_waits_for_a_held_home_gives_up_in_time(tmp_path: Path) -> None:
    with instance.exclusive(tmp_path):
        assert not instance.wait_until_free(tmp_path, 0)
