"""PostgreSQL's source read: reports in all the forms that it writes them in."""

from pathlib import Path
from typing import Any

import pytest

from errbook.harvest.catalog import CatalogError
from errbook.harvest.postgresql_source import harvest_source, rows, version_of

from .postgresql_tree import ERRCODES, FILE, function, tree_with


def harvested(folder: Path, text: str, path: str = FILE, **files: str) -> list[dict[str, Any]]:
    """Return the rows of a tree with this file, without ``where`` where that is the client."""
    found = rows(harvest_source(tree_with(folder, {path: text, **files})).reports)
    return [{key: value for key, value in row.items() if (key, value) != ("where", "client")} for row in found]


def error(message: str, code: str = "XX000", **more: Any) -> dict[str, Any]:
    return {"code": code, "message": message, "severity": "ERROR", **more}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('elog(ERROR, "cache lookup failed for type %u", oid);', error("cache lookup failed for type %u")),
        (
            'ereport(ERROR, (errcode(ERRCODE_DIVISION_BY_ZERO), errmsg("division by zero")));',
            error("division by zero", "22012"),
        ),
        (
            "ereport(WARNING,\n errcode(ERRCODE_UNDEFINED_TABLE), /* a comment */\n"
            ' errmsg("no table \\"%s\\""\n " in %s", a, b),\n errdetail("It is gone."), errhint("Make it."));',
            {
                "code": "42P01",
                "message": 'no table "%s" in %s',
                "severity": "WARNING",
                "detail": ["It is gone."],
                "hint": ["Make it."],
            },
        ),
        (
            'ereport(NOTICE, errmsg("nothing to do"));',
            {"code": "00000", "message": "nothing to do", "severity": "NOTICE"},
        ),
        (
            'ereport(WARNING, errmsg("a warning"));',
            {"code": "01000", "message": "a warning", "severity": "WARNING"},
        ),
        (
            'ereport(COMMERROR, errmsg("only the log"));',
            {"code": "00000", "message": "only the log", "severity": "LOG", "where": "log"},
        ),
        (
            'errsave(escontext, errcode(ERRCODE_SYNTAX_ERROR), errmsg("soft"));',
            error("soft", "42601"),
        ),
        (
            'ereturn(escontext, (Datum) 0, errcode(ERRCODE_SYNTAX_ERROR), errmsg("soft too"));',
            error("soft too", "42601"),
        ),
        (
            'ereport(ERROR, errmsg_plural("%d row", "%d rows", n, n),\n errdetail_plural("one %d", "more %d", n, n));',
            error("%d row", plural="%d rows", detail=["more %d", "one %d"]),
        ),
        (
            'ereport(ERROR, (errcode_for_file_access(), errmsg("could not open \\"%s\\": %m", f)));',
            {"code": "", "kind": "file-access", "message": 'could not open "%s": %m', "severity": "ERROR"},
        ),
        ('elog(ERROR, "at %" PRIu64 " of " INT64_FORMAT, a, b);', error("at %lu of %ld")),
        ('elog(ERROR, "limit is %d " CppAsString2(LIMIT), n);', error("limit is %d 64")),
    ],
)
def test_plain_reports(tmp_path: Path, body: str, expected: dict[str, Any]) -> None:
    assert harvested(tmp_path, f"#define LIMIT 64\n{function(body)}") == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            function('ereport(ERROR, errcode(a ? ERRCODE_SYNTAX_ERROR : ERRCODE_UNDEFINED_TABLE), errmsg("either"));'),
            [error("either", "42601"), error("either", "42P01")],
            id="a condition between SQLSTATEs",
        ),
        pytest.param(
            function(
                'ereport(ERROR, a ? (errcode(ERRCODE_SYNTAX_ERROR), errmsg("one"))\n'
                ' : (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("other")));'
            ),
            [error("one", "42601"), error("other", "42P01")],
            id="a condition between whole reports",
        ),
        pytest.param(
            function('int level = a ? ERROR : WARNING;\n ereport(level, errmsg("at a level"));'),
            [
                {"code": "01000", "message": "at a level", "severity": "WARNING"},
                {"code": "XX000", "message": "at a level", "severity": "ERROR"},
            ],
            id="a level in a variable",
        ),
        pytest.param(
            function('ereport(elevel, errmsg("at its level"));')
            + function("do_it(FATAL);", "void\none(void)")
            + function("do_it(LOG);", "void\nother(void)"),
            [
                {"code": "00000", "message": "at its level", "severity": "LOG"},
                {"code": "XX000", "message": "at its level", "severity": "FATAL"},
            ],
            id="a level in a parameter",
        ),
        pytest.param(
            function(
                "switch (a) {\n"
                ' case 1: msg = gettext_noop("no table \\"%s\\""); code = ERRCODE_UNDEFINED_TABLE; break;\n'
                ' case 2: msg = gettext_noop("no object \\"%s\\""); code = ERRCODE_UNDEFINED_OBJECT; break;\n'
                " }\n ereport(ERROR, errcode(code), errmsg(msg, name));"
            ),
            [error('no table "%s"', "42P01"), error('no object "%s"', "42704")],
            id="message and SQLSTATE chosen in the same branch",
        ),
        pytest.param(
            "struct strings\n{\n char kind;\n int code;\n const char *missing;\n};\n\n"
            "static const struct strings table[] = {\n"
            ' {RELKIND_RELATION, ERRCODE_UNDEFINED_TABLE, gettext_noop("no table")},\n'
            ' {RELKIND_INDEX, ERRCODE_UNDEFINED_OBJECT, gettext_noop("no index")},\n'
            ' {RELKIND_VIEW, ERRCODE_UNDEFINED_TABLE, gettext_noop("no view")},\n};\n'
            + function("ereport(ERROR, errcode(entry->code), errmsg(entry->missing));"),
            [error("no table", "42P01"), error("no index", "42704"), error("no view", "42P01")],
            id="message and SQLSTATE in a table",
        ),
        pytest.param(
            function(
                "static const struct { int type; const char *msg; } messages[] =\n"
                ' {{1, gettext_noop("not one")}, {2, gettext_noop("not two")}};\n'
                " ereport(ERROR, errmsg(messages[i].msg, x));"
            ),
            [error("not one"), error("not two")],
            id="a table in a function",
        ),
        pytest.param(
            function(
                'ereport(ERROR, errmsg_internal("%s", _(message)));',
                "static void\nfail(const char *message)",
            )
            + function('fail("one way"); fail(gettext_noop("another way"));'),
            [error("one way"), error("another way")],
            id="a message in a parameter",
        ),
        pytest.param(
            function(
                'ereport(level, (errcode(sqlcode), errmsg_internal("%s", msg)));',
                "static void\nxml_ereport(int level, int sqlcode, const char *msg)",
            )
            + function(
                'xml_ereport(ERROR, ERRCODE_SYNTAX_ERROR, "bad form");\n'
                ' xml_ereport(WARNING, ERRCODE_UNDEFINED_OBJECT, "no such thing");'
            ),
            [
                error("bad form", "42601"),
                {"code": "42704", "message": "no such thing", "severity": "WARNING"},
            ],
            id="level, SQLSTATE and message in parameters",
        ),
        pytest.param(
            function('*detail = psprintf(_("Role \\"%s\\" has no password."), r);', "bool\nlook(char **detail)")
            + function('look(&why);\n ereport(FATAL, errmsg("refused"), errdetail_log("%s", why));'),
            [
                {
                    "code": "XX000",
                    "message": "refused",
                    "severity": "FATAL",
                    "detail": ['Role "%s" has no password.'],
                }
            ],
            id="a detail by address",
        ),
        pytest.param(
            function(
                'initStringInfo(&buf);\n appendStringInfo(&buf, _("%s depends on %s"), a, b);\n'
                ' ereport(ERROR, errmsg("in use"), errdetail_internal("%s", buf.data));'
            ),
            [error("in use", detail=["%s depends on %s"])],
            id="a detail in a buffer",
        ),
        pytest.param(
            function(
                'switch (kind) {\n case 1: return errdetail("Not for tables.");\n'
                ' default: elog(ERROR, "unrecognized kind: %d", kind); }',
                "int\nerrdetail_kind(char kind)",
            )
            + function('ereport(ERROR, errmsg("refused"), errdetail_kind(k));'),
            [error("unrecognized kind: %d"), error("refused", detail=["Not for tables."])],
            id="a helper that adds the detail",
        ),
        pytest.param(
            "#define log_error(code, ...) \\\n\tereport(LOG, (code, errmsg_internal(__VA_ARGS__)))\n"
            + function('log_error(errcode(ERRCODE_SYNTAX_ERROR), _("not \\"%s\\""), x);'),
            [{"code": "42601", "message": 'not "%s"', "severity": "LOG", "where": "log"}],
            id="a macro with the message as an argument",
        ),
        pytest.param(
            "#define inner(level, msg, ...) ereport(level, errmsg_internal(msg, __VA_ARGS__))\n"
            '#define outer(level, msg, ...) inner(level, "io %d: " msg, id, __VA_ARGS__)\n'
            + function('outer(LOG, "done %d", n);'),
            [{"code": "00000", "message": "io %d: done %d", "severity": "LOG", "where": "log"}],
            id="a macro that uses a macro",
        ),
        pytest.param(
            function('ereport(ERROR,\n#ifdef WIN32\n errmsg("on Windows")\n#else\n errmsg("elsewhere")\n#endif\n );'),
            [error("on Windows"), error("elsewhere")],
            id="a conditional inside a report",
        ),
        pytest.param(
            function('GUC_check_errdetail("It cannot be %d.", n);'),
            [error('invalid value for parameter "%s": "%s"', "22023", detail=["It cannot be %d."])],
            id="a check hook",
        ),
        pytest.param(
            function('write_stderr("%s: cannot start\\n", name);\n fprintf(stderr, "debugging only %d", x);'),
            [{"code": "", "message": "%s: cannot start", "where": "log"}],
            id="before the log is there",
        ),
        pytest.param(
            function('elog(DEBUG1, "for developers"); ereport(ERROR, errmsg("%s", what_came(x)));'),
            [],
            id="what nobody meets, and what has no words",
        ),
    ],
)
def test_reports_that_are_put_together(tmp_path: Path, text: str, expected: list[dict[str, Any]]) -> None:
    found = harvested(tmp_path, text)
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_errors_of_a_parser(tmp_path: Path) -> None:
    scanner = (
        "%{\n#define yyerror(msg) scanner_yyerror(msg, yyscanner)\n%}\n%%\n"
        '<xq><<EOF>>  { yyerror("unterminated quoted string"); }\n%%\n'
    ) + function(
        'ereport(ERROR, errcode(ERRCODE_SYNTAX_ERROR), errmsg("%s at end of input", _(message)));',
        "void\nscanner_yyerror(const char *message, core_yyscan_t yyscanner)",
    )
    found = harvested(tmp_path, scanner, "src/backend/parser/scan.l")
    assert {row["message"] for row in found} == {
        "%s at end of input",
        "unterminated quoted string at end of input",
        "syntax error at end of input",
        "memory exhausted at end of input",
    }
    assert {row["code"] for row in found} == {"42601"}


def test_what_a_generator_made_is_left_out(tmp_path: Path) -> None:
    files = {"src/backend/parser/gram.c": function('elog(ERROR, "made");')}
    assert harvested(tmp_path, "%%\na: b;\n%%\n", "src/backend/parser/gram.y", **files) == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "contrib/hstore/hstore_io.c",
            function('elog(ERROR, "bad hstore");'),
            [error("bad hstore", namespace="hstore")],
        ),
        (
            "src/pl/plpython/plpy_exec.c",
            function('PLy_exception_set(PLy_exc_error, "no more %s", x);'),
            [error("no more %s", "38000", namespace="plpython")],
        ),
        (
            "src/interfaces/libpq/fe-misc.c",
            function('libpq_append_conn_error(conn, "server closed the connection unexpectedly\\n\\tIt may\\n");'),
            [
                {
                    "code": "",
                    "message": "server closed the connection unexpectedly\n\tIt may",
                    "where": "library",
                    "namespace": "libpq",
                }
            ],
        ),
        (
            "src/bin/psql/startup.c",
            function('pg_log_error("no such option: %s", x);\n pg_log_error_hint("Try --help.");'),
            [error("no such option: %s", "", hint=["Try --help."], where="program", namespace="psql")],
        ),
        ("src/bin/pgbench/pgbench.c", function('pg_log_error("not collected");'), []),
    ],
)
def test_modules_and_places(tmp_path: Path, path: str, text: str, expected: list[dict[str, Any]]) -> None:
    assert harvested(tmp_path, text, path) == expected


def test_the_same_message_of_two_reports_is_one_row(tmp_path: Path) -> None:
    body = (
        'ereport(ERROR, errmsg("the same"), errhint("B."));\n'
        'ereport(FATAL, errmsg("the same"), errhint("A."), errdetail("D."));'
    )
    assert harvested(tmp_path, function(body)) == [
        {"code": "XX000", "message": "the same", "severity": "FATAL, ERROR", "detail": ["D."], "hint": ["A.", "B."]}
    ]


def test_the_choice_of_sqlstates_by_errno(tmp_path: Path) -> None:
    assert harvest_source(tree_with(tmp_path, {})).errno == [
        {"code": "42501", "symbol": "EPERM", "kind": "file-access"},
        {"code": "42501", "symbol": "EROFS", "kind": "file-access"},
        {"code": "58P01", "symbol": "ENOENT", "kind": "file-access"},
        {"code": "XX000", "symbol": "others", "kind": "file-access"},
    ]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ('ereport(ERROR, errmsg("%s", p->x));', "the message is only known when it is raised: `%s`"),
        ('ereport(ERROR, errcode(res->code), errmsg("m"));', "the SQLSTATE is only known when it is raised"),
        ('ereport(p->level, errmsg("m"));', "the level is not known"),
        ("ereport(ERROR, errmsg(p->x));", "the message of this ereport is not known"),
    ],
)
def test_doubts_name_the_place(tmp_path: Path, body: str, what: str) -> None:
    assert harvest_source(tree_with(tmp_path, {FILE: function(f"\n{body}")})).doubts == [(FILE, 5, what)]


def test_functions_that_translators_know_and_the_harvester_does_not_are_doubts(tmp_path: Path) -> None:
    makefile = "CATALOG_NAME = postgres\nGETTEXT_TRIGGERS = $(BACKEND) errmsg \\\n  new_way:2\n"
    found = harvest_source(tree_with(tmp_path, {"src/backend/nls.mk": makefile})).doubts
    assert found == [("src/backend/nls.mk", 2, "messages of `new_way` are not collected")]


def test_twice_the_same(tmp_path: Path) -> None:
    tree = tree_with(tmp_path, {FILE: function('elog(ERROR, "b"); elog(ERROR, "a");'), "src/port/x.c": "int x;\n"})
    assert harvest_source(tree) == harvest_source(tree)


def test_the_version_of_a_tree(tmp_path: Path) -> None:
    assert version_of(tree_with(tmp_path, {}, "17beta1")) == "17beta1"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"configure": "PACKAGE_NAME='MariaDB'\nPACKAGE_VERSION='11.8'\n"}, "a source tree of `MariaDB`; give one of"),
        ({"configure": "#! /bin/sh\n"}, "a source tree of something else; give one of PostgreSQL"),
        (
            {FILE: "int\nf(void)\n{\n  elog(ERROR, "},
            "made.c:3: the brace in the first column is not closed in one; the file is cut off or no C",
        ),
        ({"src/backend/utils/errcodes.txt": ERRCODES.rpartition("XX002")[0]}, "errcodes.txt: the file is cut off"),
        ({"src/backend/utils/errcodes.txt": "hello\n"}, "errcodes.txt:1: `hello` is no line of PostgreSQL's"),
        (
            {"src/backend/commands/Makefile": "OBJS = \\\n\tmissing.o \\\n\tother.o\n"},
            "the source tree is not whole: it has no `src/backend/commands/missing.c`; unpack it again",
        ),
    ],
)
def test_a_foreign_or_damaged_tree_is_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(CatalogError) as raised:
        harvest_source(tree_with(tmp_path, files))
    assert message in str(raised.value)


def test_an_empty_folder_and_half_a_tree_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no source tree of PostgreSQL: it has no file `configure`"):
        harvest_source(tmp_path)
    (tree_with(tmp_path, {}) / "contrib").rmdir()
    with pytest.raises(CatalogError, match="it has no `contrib`; unpack it again"):
        harvest_source(tmp_path)
