"""What is wanted next, `errors/wanted.yaml`: a code that is there and that nobody has written up."""

from pathlib import Path
from typing import Any

import pytest
from tests.core.check.conftest import Layer
from tests.core.check.test_catalogs import put

from errbook.check import check
from errbook.problem import text

FIRST = '  - rank: 1\n    engine: mysql\n    code: "1093"\n    symbol: ER_UPDATE_TABLE_USED\n'
WRITTEN = FIRST.replace("1093", "1205").replace("ER_UPDATE_TABLE_USED", "ER_LOCK_WAIT_TIMEOUT")
WHY = "    why: An UPDATE reads the table that it changes.\n"
SECOND = (
    "  - rank: 4\n    engine: mysql\n    code: packets-out-of-order\n    why: A message of drivers, without a code.\n"
)
GOOD = f"wanted:\n{FIRST}{WHY}" + SECOND.replace("packets-out-of-order", '"packets-out-of-order"')
ROW = {"code": "1093", "symbol": "ER_UPDATE_TABLE_USED", "sqlstate": "HY000", "message": "no", "where": "client"}


def test_a_list_of_a_code_and_a_message_without_one(layer: Any) -> None:
    layer.write("wanted.yaml", GOOD)
    put(layer, "mysql", "9.7", ROW)
    assert layer.lines() == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (FIRST, WRITTEN, "4:11: wanted-written: mysql/1205 is written up in mysql/1205.yaml. Remove it"),
        ('"1093"', '"1094"', "4:11: wanted-code: no catalog of mysql has 1094. Write a code that a server has"),
        ('"1093"', '"x1"', "4:11: wanted-code: `x1` is no error number of MySQL, nor a slug. Those look like"),
        ("engine: mysql", "engine: mysq", "3:13: wanted-code: `mysq` is no engine: it has no engine.yaml."),
        ("ER_UPDATE_TABLE_USED", "ER_X", "5:13: wanted-symbol: the symbol of 1093 is `ER_UPDATE_TABLE_USED`"),
        ("    symbol: ER_UPDATE_TABLE_USED\n", "", "2:5: wanted-symbol: the symbol of 1093 is missing."),
        ("    why: A m", "    symbol: X1\n    why: A m", "10:5: wanted-symbol: `packets-out-of-order` is a slug"),
        ("rank: 4", "rank: 1", "7:11: wanted-order: rank 1 follows rank 1. Move the item to its place, or give it"),
        ('"packets-out-of-order"', '"1093"', "9:11: wanted-order: mysql/1093 is wanted twice"),
        ('"1093"', "1093", '4:11: unquoted-code: `wanted[1].code` is not in quotes, and YAML reads 1093 as'),
        ("rank: 1", "rang: 1", "2:5: unknown-key: `rang` is not a field of `wanted[1]`. Write `rank`"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_item(layer: Any, old: str, new: str, says: str) -> None:
    assert old in GOOD
    layer.write("wanted.yaml", GOOD.replace(old, new, 1))
    put(layer, "mysql", "9.7", ROW, {**ROW, "code": "1205", "symbol": "ER_LOCK_WAIT_TIMEOUT", "message": "%s"})
    found = [line for line in layer.lines() if line.startswith("wanted.yaml:")]
    assert any(line.startswith(f"wanted.yaml:{says}") for line in found), found


def test_without_catalogs_a_code_of_the_right_form_will_do(layer: Any) -> None:
    layer.write("wanted.yaml", GOOD)
    assert layer.lines() == []


def test_a_private_layer_wants_for_itself_and_is_not_held_to_the_public_list(layer: Any, tmp_path: Path) -> None:
    layer.write("wanted.yaml", GOOD)
    entry = layer.path("mysql/1205.yaml").read_text("utf-8")
    private = Layer(tmp_path / "private")
    private.write("mysql/1093.yaml", entry.replace('"1205"', '"1093"'))
    # Whoever writes a wanted entry in a layer of their own cannot take it out of the public list.
    assert [p.rule for p in check([private.root, layer.root]) if p.path.endswith("wanted.yaml")] == []
    private.write("wanted.yaml", GOOD)
    (found,) = [text(p) for p in check([private.root, layer.root]) if p.path.endswith("wanted.yaml")]
    assert found.startswith(f"{private.root}/errors/wanted.yaml:4:11: wanted-written: mysql/1093 is written up in ")
    # What a private layer wants may not be in the layers below already.
    private.path("mysql/1093.yaml").unlink()
    private.write("wanted.yaml", GOOD.replace('"1093"', '"1205"'))
    assert [p.rule for p in check([private.root, layer.root])] == ["wanted-written"]
