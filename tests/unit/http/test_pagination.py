from dataclasses import replace

import pytest

from signalbox.auth.cursors import Cursors
from signalbox.http.pagination import Pagination
from signalbox.models.errors import PayloadInvalid
from tests.fakes.clock import FakeClock

CURSORS = Cursors(keys=lambda: ["a key"], clock=FakeClock())
CUT = Pagination(cursors=CURSORS, path="/one", filters=("github", None), limit=10)


def test_the_cursor_of_a_list_names_the_place_behind_which_it_goes_on() -> None:
    assert CUT.after(CUT.following("here")) == "here"


def test_the_first_page_has_no_cursor_and_the_last_one_none_behind_it() -> None:
    assert (CUT.after(None), CUT.following(None)) == (None, None)


@pytest.mark.parametrize(
    "other",
    [replace(CUT, path="/two"), replace(CUT, filters=("github", "x")), replace(CUT, limit=11)],
)
def test_a_cursor_holds_for_one_path_one_filter_and_one_limit(other: Pagination) -> None:
    cursor = CUT.following("here")

    with pytest.raises(PayloadInvalid):
        other.after(cursor)
