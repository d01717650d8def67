"""The plugin in a real Errbot with its test backend: ``pip install errbot pytest errbook``, then ``pytest``."""

from typing import Any

pytest_plugins = ["errbot.backends.test"]
extra_plugin_dir = "."


def test_a_code(testbot: Any) -> None:
    testbot.push_message("!errbook mysql 1205")
    answer = testbot.pop_message(timeout=20)
    assert "Lock wait timeout exceeded" in answer
    assert "Likeliest cause" in answer
    assert "SELECT" in answer


def test_several(testbot: Any) -> None:
    testbot.push_message("!errbook 40001")
    answer = testbot.pop_message(timeout=20)
    assert "which one?" in answer
    assert "!errbook mysql 1213" in answer


def test_help(testbot: Any) -> None:
    testbot.push_message("!errbook help")
    assert "What to type" in testbot.pop_message(timeout=20)
