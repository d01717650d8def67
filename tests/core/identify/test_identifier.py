"""The identifier on texts of known origin: its tables, the corpus, root causes, languages, and hostile texts."""

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import yaml
from tests.core.conftest import ROOT

from errbook.identified import Identified
from errbook.identifier.dataset import tables
from errbook.identifier.dialects import compiled
from errbook.identifier.words import fold
from errbook.knowledge import Knowledge

sys.path.insert(0, str(ROOT / "benchmarks"))
import labelled

DIALECTS, WORDINGS = tables()


def names(found: Sequence[Identified]) -> list[str]:
    """Return the errors as ENGINE/CODE."""
    return [f"{item.engine}/{item.code}" for item in found]


def numbered(knowledge: Knowledge) -> dict[str, str]:
    """Return the numbers of SQLite's codes by their names."""
    return {f"sqlite/{code.symbol}": f"sqlite/{code.code}" for code in knowledge.codes(engine="sqlite")}


@pytest.mark.parametrize("dialect", DIALECTS["dialects"], ids=lambda item: str(item["name"]))
def test_the_example_of_each_dialect_is_found_as_it_says(knowledge: Knowledge, dialect: dict[str, Any]) -> None:
    text, code = dialect["example"]
    first = names(knowledge.identify(text))[0]
    first = re.sub(r"/MY-0*", "/", first)
    # A message beside the code may tell more than SQLite's primary code does.
    named = numbered(knowledge).get(first, first)
    if code.startswith("sqlite/"):
        assert int(named.partition("/")[2]) & 255 == int(code.partition("/")[2])
    else:
        assert named == code
    pattern = compiled(dialect["pattern"], bool(dialect.get("exact")))
    assert pattern.search(fold(text)), "the example is not found by its own pattern"
    assert any(need in text.lower() for need in dialect["needs"])


def test_each_wording_names_a_code_that_exists(knowledge: Knowledge) -> None:
    engines = {engine["engine"] for engine in knowledge.engines()}
    known = {f"{link.engine}/{link.code}" for engine in engines for link in knowledge.codes(engine=engine)}
    named = [
        code
        for item in WORDINGS["wordings"]
        for code in ([item["code"]] if isinstance(item["code"], str) else item["code"])
    ]
    named += [code for preferred, others in WORDINGS["prefer"].items() for code in (preferred, *others)]
    named += [*WORDINGS["silent"], *(item["code"] for item in WORDINGS["filled"])]
    named += [f"postgresql/{code}" for code in WORDINGS["errno"].values()]
    # A message without a code has an entry, and no place in a catalog.
    known |= {link.id for link in knowledge.entries()}
    written = (knowledge.get(link.engine, link.code) for link in knowledge.entries())
    known |= {f"{entry.id}#{variant.id}" for entry in written if entry for variant in entry.variants}
    assert sorted({code for code in named if code.partition("/")[0] in engines} - known) == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # What psql of 13 says of a missing socket is no message of the entry; the table tells whose it is.
        (
            "psql: could not connect to server: No such file or directory\n\tIs the server running locally and "
            'accepting\n\tconnections on Unix domain socket "/var/run/postgresql/.s.PGSQL.5432"?',
            "postgresql/08001#socket-no-such-file-or-directory",
        ),
        # A client's own message stands in its variant alone.
        (
            'psql: error: connection to server at "db", port 5432 failed: root certificate file '
            '"/root/.postgresql/root.crt" does not exist',
            "postgresql/08001#server-certificate-not-accepted",
        ),
        ('FATAL:  role "root" does not exist', "postgresql/28000#role-does-not-exist"),
        ('ERROR:  role "app" does not exist', "postgresql/42704#role-does-not-exist"),
        (
            "LOG:  unexpected EOF on client connection with an open transaction",
            "postgresql/08006#unexpected-eof-on-client-connection",
        ),
    ],
)
def test_a_message_of_a_variant_is_told_as_the_variant(knowledge: Knowledge, text: str, first: str) -> None:
    found = knowledge.identify(text)[0]
    assert f"{found.entry}#{found.variant}" == first


@pytest.mark.parametrize(
    ("text", "first"),
    [
        # PDO gives 08006 to every login that fails; what stands behind it counts.
        (
            'SQLSTATE[08006] [7] connection to server at "127.0.0.1", port 5432 failed: Connection refused',
            "postgresql/08001",
        ),
        (
            'SQLSTATE[08006] [7] connection to server at "db", port 5432 failed: FATAL:  role "app" does not exist',
            "postgresql/28000",
        ),
        (
            "ERROR 2002 (HY000): Received error packet before completion of TLS handshake. The authenticity of the "
            "following error cannot be verified: 1040 - Too many connections",
            "mysql/1040",
        ),
        (
            "sqlalchemy.exc.PendingRollbackError: This Session's transaction has been rolled back\n"
            "psycopg.errors.InFailedSqlTransaction: current transaction is aborted, commands ignored until end of "
            'transaction block\nERROR:  42P01: relation "orders" does not exist',
            "postgresql/42P01",
        ),
        (
            "SQLSTATE[HY000]: General error: 19 NOT NULL constraint failed: users.email",
            "sqlite/SQLITE_CONSTRAINT_NOTNULL",
        ),
        (
            "SQLSTATE[23000]: Integrity constraint violation: 19 UNIQUE constraint failed: a.id",
            "sqlite/SQLITE_CONSTRAINT_UNIQUE",
        ),
        # A SQLSTATE that PostgreSQL has too; PDO puts a number of the server's own there.
        (
            "SQLSTATE[22003]: Numeric value out of range: 167 Out of range value for column 'qty' at row 1",
            "mysql/1264",
        ),
    ],
)
def test_the_root_cause_comes_first(knowledge: Knowledge, text: str, first: str) -> None:
    assert names(knowledge.identify(text))[0] == first


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("FEHLER:  Relation »kunden« existiert nicht", "42P01"),
        ("ERREUR:  la relation « commandes » n'existe pas", "42P01"),
        ('ОШИБКА:  отношение "orders" не существует', "42P01"),
        ("FEHLER:  ungültige Eingabesyntax für Typ date: »x«", "22007"),
        ("FEHLER:  ungültige Eingabesyntax für Typ integer: »x«", "22P02"),
        ("ERREUR:  syntaxe en entrée invalide pour le type timestamp with time zone : « x »", "22007"),
    ],
)
def test_postgresql_in_other_languages(knowledge: Knowledge, text: str, first: str) -> None:
    assert names(knowledge.identify(text))[0] == f"postgresql/{first}"


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("FEHLER:  Relation »kunden« existiert nicht", {"relation": "kunden"}),
        (
            "ERREUR:  la valeur d'une clé dupliquée rompt la contrainte unique «\u00a0users_email_key\u00a0»",
            {"constraint": "users_email_key"},
        ),
        ("FEHLER:  Spalte »preis« von Relation »artikel« existiert nicht", {"column": "preis", "table": "artikel"}),
        ('ОШИБКА:  отношение "orders" не существует', {"relation": "orders"}),
        ('エラー:  リレーション"orders"は存在しません', {"relation": "orders"}),
    ],
)
def test_translations_have_the_parameters_of_the_message(
    knowledge: Knowledge, text: str, parameters: dict[str, str]
) -> None:
    found = knowledge.identify(text)[0]
    assert found.parameters == parameters
    if "relation" in parameters:
        assert any(parameters["relation"] in filled.text for filled in knowledge.filled(found))


def test_a_number_at_the_end_of_a_message_ends_where_it_does(knowledge: Knowledge) -> None:
    text = "General error: 1264 Out of range value for column 'qty' at row 12 (Connection: mysql, SQL: insert into t)"
    assert knowledge.identify(text)[0].parameters == {"column": "qty", "row": "12"}


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ('psycopg.errors.SyntaxError: "total" is not a known variable', {"variable": "total"}),
        ("ERROR:  function lower(bytea) does not exist", {"signature": "lower(bytea)"}),
    ],
)
def test_a_value_ends_at_the_message_and_keeps_its_brackets(
    knowledge: Knowledge, text: str, parameters: dict[str, str]
) -> None:
    assert knowledge.identify(text)[0].parameters == parameters


def test_a_translation_is_of_the_variant_that_its_message_is_of(knowledge: Knowledge) -> None:
    found = knowledge.identify("FEHLER:  Rolle »ann« existiert nicht")[0]
    assert (found.code, found.variant, found.parameters) == ("42704", "role-does-not-exist", {"role": "ann"})


def test_every_shipped_language_has_messages(knowledge: Knowledge) -> None:
    parts = set(knowledge.identifier_parts()) - {"base"}
    assert {"de", "es", "fr", "ja", "ru", "zh_CN"} <= parts
    assert all(knowledge.identifier_part(part).count("\n") > 100 for part in parts)


@pytest.fixture(scope="module")
def scored(knowledge: Knowledge) -> dict[str, float]:
    """The share of texts of the corpus of which the first match is right, in percent, by kind."""
    counts = labelled.score(labelled.rows(sorted(labelled.CORPUS.glob("*.jsonl"))), knowledge.identify)
    found = {}
    for kind in {kind for kind, _ in counts}:
        each = [count for (name, _), count in counts.items() if name == kind]
        found[kind] = 100 * sum(count[True] for count in each) / sum(count.total() for count in each)
    return found


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("code, symbol or SQLSTATE", 97),
        ("message only", 90),
        ("message only, shipped languages", 90),
        ("no error", 99),
    ],
)
def test_the_corpus_is_told_right(scored: dict[str, float], kind: str, least: float) -> None:
    assert scored[kind] >= least


# Linear work

HOSTILE = (
    "\\", "'", "(", " ", "\n", " \n", "x", "1", "&", "%2", "\x1b[0;", "\u200b", "错", "a\u200b", "\\u0041",
    "SQLSTATE[", "(1062, '", "code: ", "ERROR: ", "error code ", "PL/pgSQL function ", "MongoError ", "SqlException ",
    "[HY000] [MySQL", "psycopg2.errors.A", "asyncpg.exceptions.A", "[0] => HY000\n", "Runtime error: ", "Code: 60.",
    "no: 1062, ", "following error cannot be ", "duplicate entry ", "does not exist ", "constraint failed ",
    "deadlock found when trying to get lock ", "connect ECONNREFUSED ", "Table 'a' ",
)  # fmt: skip


def steps(knowledge: Knowledge, text: str) -> int:
    """Return how many lines of Python it takes to identify a text."""
    count = 0

    def line(*_: Any) -> Any:
        nonlocal count
        count += 1
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        knowledge.identify(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("unit", HOSTILE, ids=repr)
def test_twice_the_text_is_twice_the_work(knowledge: Knowledge, unit: str) -> None:
    knowledge.identify(unit * 10)
    one, two = (steps(knowledge, unit * (size // len(unit))) for size in (4_000, 8_000))
    assert two <= 2.5 * one + 1_000


def repeats(parsed: Any) -> Iterator[tuple[int, int]]:
    """Give each repetition in a parsed pattern: the most that it repeats, and how many repetitions are around it."""

    def inside(items: Any, depth: int) -> Iterator[tuple[int, int]]:
        for operator, argument in items:
            name = str(operator)
            if name in ("MAX_REPEAT", "MIN_REPEAT"):
                _, most, body = argument
                if most > 1:
                    yield int(most), depth
                yield from inside(body, depth + (most > 1))
            elif name == "SUBPATTERN":
                yield from inside(argument[3], depth)
            elif name == "BRANCH":
                for branch in argument[1]:
                    yield from inside(branch, depth)
            elif name in ("ASSERT", "ASSERT_NOT"):
                yield from inside(argument[1], depth)

    yield from inside(parsed, 0)


@pytest.mark.parametrize("dialect", DIALECTS["dialects"], ids=lambda item: str(item["name"]))
def test_every_repetition_in_a_pattern_is_bounded_and_none_is_inside_another(dialect: dict[str, Any]) -> None:
    from re import _parser  # type: ignore[attr-defined] # the standard library has no public name for it

    pattern = compiled(dialect["pattern"], bool(dialect.get("exact")))
    found = list(repeats(_parser.parse(pattern.pattern)))
    assert [most for most, _ in found if most > 400] == []
    assert [depth for _, depth in found if depth] == []


def test_the_tables_are_what_the_documentation_in_them_says() -> None:
    fields = {"name", "engine", "pattern", "exact", "is", "root", "weight", "hinted", "weak", "needs", "example"}
    for dialect in DIALECTS["dialects"]:
        assert set(dialect) <= fields
        assert 0 < dialect["weight"] < 1
        assert all(need == need.lower() for need in dialect["needs"])
    assert yaml.safe_dump(DIALECTS["hints"]) == yaml.safe_dump(DIALECTS["hints"]).lower()
