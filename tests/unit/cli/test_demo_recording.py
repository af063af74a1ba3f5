import pytest

from cli.demo.__main__ import recorded_svg

OUTPUT = """\
Signalbox is running.
  API key       sbx_test_secret

 1  GitHub sends a signed webhook
     0.68 s  POST http://127.0.0.1:4700/api/v1/webhooks/github
     1.17 s  202 accepted: delivery dlv_y4qnvwleqahtwa6cnvvmlzkl

All 6 steps went as they must."""


def test_the_picture_begins_with_the_first_step_and_holds_no_key() -> None:
    picture = recorded_svg(OUTPUT).replace("&#160;", " ")

    assert picture.startswith("<svg")
    assert "$ make demo" in picture
    assert "1  GitHub sends a signed webhook" in picture
    assert "http://localhost/api/v1/webhooks/github" in picture
    assert "sbx_test_secret" not in picture


def test_equal_output_makes_the_same_picture() -> None:
    assert recorded_svg(OUTPUT) == recorded_svg(OUTPUT)


def test_a_demo_that_did_not_begin_makes_no_picture() -> None:
    with pytest.raises(ValueError, match="did not begin"):
        recorded_svg("port 4600 is taken")
