"""C read into tokens, functions, tables and macros."""

import pytest

from errbook.harvest.postgresql_c import DIRECTIVE, STRING, Unit, decode, read


def strings(unit: Unit) -> list[str]:
    return [text for kind, text in zip(unit.kinds, unit.texts, strict=True) if kind == STRING]


def scopes(unit: Unit) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(scope.kind, scope.name, scope.parameters) for scope in unit.scopes]


def test_strings_are_decoded_and_comments_are_nothing() -> None:
    unit = read("a.c", 'x("a\\t\\"b\\"" /* "no" */ "\\x41\\101" // "no"\n, \'"\', "over\\\nlines")')
    assert strings(unit) == ['a\t"b"', "AA", "overlines"]
    assert unit.texts == ["x", "(", 'a\t"b"', "AA", ",", '"', ",", "overlines", ")"]


def test_a_macro_that_touches_a_string_is_a_name() -> None:
    assert read("a.c", '"%"PRIu64" rows"').texts == ["%", "PRIu64", " rows"]


@pytest.mark.parametrize(("literal", "text"), [("a\\nb", "a\nb"), ("\\\\n", "\\n"), ("\\0", "\0"), ("\\e", "e")])
def test_escapes(literal: str, text: str) -> None:
    assert decode(literal) == text


def test_lines_are_counted_through_comments_and_continuations() -> None:
    unit = read("a.c", "/* 1\n 2 */ one\n#define X \\\n  5\nsix\n")
    assert list(zip(unit.texts, unit.lines, strict=True)) == [("one", 2), ("#define X \\\n  5", 3), ("six", 5)]


def test_functions_tables_and_structures_are_told_apart() -> None:
    unit = read(
        "a.c",
        """
        struct names { const char *one; };
static const struct names table[] = {{"a"}, {"b"}};
struct later
{
    int x;
};
static const int brace =
{1, 2};
PG_FUNCTION_INFO_V1(made);

static void
pg_attribute_aclmask(Oid table_oid, const char *const msg, char buffer[3])
{
    if (x) { y(); }
}
""",
    )
    assert scopes(unit) == [
        ("table", "table", ()),
        ("structure", "later", ()),
        ("table", "brace", ()),
        ("function", "pg_attribute_aclmask", ("table_oid", "msg", "buffer")),
    ]


def test_a_brace_opened_in_both_branches_ends_with_its_function() -> None:
    unit = read(
        "a.c",
        "int\none(void)\n{\n#ifdef X\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t}\n}\n\nint\ntwo(void)\n{\n}\n",
    )
    assert [name for _, name, _ in scopes(unit)] == ["one", "two"]
    assert unit.kinds.count(DIRECTIVE) == 3


def test_macros_have_parameters_and_a_body() -> None:
    unit = read("a.c", '#define PLAIN "text"\n#define WITH(a, ...) elog(ERROR, #a, __VA_ARGS__)\n')
    assert [(macro.name, macro.parameters) for macro in unit.macros] == [("PLAIN", None), ("WITH", ("a", "..."))]
    assert unit.macros[1].body.texts == ["elog", "(", "ERROR", ",", "#", "a", ",", "__VA_ARGS__", ")"]


def test_patterns_of_a_scanner_are_no_c() -> None:
    unit = read(
        "scan.l",
        """
%top{
int top;
}
%{
int before;
%}
quote       ["']
%option noyywrap
%%
%{
    int begin;
%}
{quote}+    { yyerror("one \\" quote"); }
<xq>"'"     |
[^"]        {
              yyerror("two");
            }
<xc>{
"/*"        { yyerror("three"); }
}
\\"          yyerror("four");
%%
static void
after(void)
{
}
""",
    )
    assert strings(unit) == ['one " quote', "two", "three", "four"]
    assert {"top", "before", "begin", "after"} <= set(unit.texts)
    assert "noyywrap" not in unit.texts


def test_each_action_of_a_grammar_is_a_scope() -> None:
    unit = read(
        "gram.y",
        "%{\nint before;\n%}\n%token ONE\n%%\nrule: ONE ',' { $$ = f(@1); }\n  | '{' { g(); }\n  ;\n%%\n"
        "int\nafter(void)\n{\n}\n",
    )
    assert scopes(unit) == [("action", "", ()), ("action", "", ()), ("function", "after", ())]
    assert unit.texts[unit.scopes[1].start] == "g"


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("a.c", "\nint\nf(void)\n{\n  g(", 4, "the brace in the first column is not closed in one"),
        ("a.c", "int x;\n/* cut", 2, "the comment is not closed"),
        ("a.y", "%%\nrule: { f();\n", 2, "the brace is not closed"),
    ],
)
def test_what_is_cut_off_is_said(name: str, text: str, line: int, message: str) -> None:
    assert [(flaw.line, flaw.message) for flaw in read(name, text).flaws] == [(line, message)]


@pytest.mark.parametrize("piece", ["/*", '"', "'", "\\", "#", "{", "(", "%{\n", "[", "#define x(\n", "{\n", "a("])
@pytest.mark.parametrize("name", ["a.c", "a.l", "a.y"])
def test_long_nonsense_is_read_to_its_end(name: str, piece: str) -> None:
    read(name, piece * 20_000)
    read(name, "%%\n" + piece * 20_000)
