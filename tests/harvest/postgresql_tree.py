"""A small source tree in PostgreSQL's form, and programs like a server's, for the tests of its harvesters."""

import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from errbook.harvest.postgresql_source import ROOMS

ERRCODES = """\
# comment
Section: Class 00 - Successful Completion
00000    S    ERRCODE_SUCCESSFUL_COMPLETION                                  successful_completion

Section: Class 01 - Warning
01000    W    ERRCODE_WARNING                                                warning

Section: Class 22 - Data Exception
22012    E    ERRCODE_DIVISION_BY_ZERO                                       division_by_zero
2202E    E    ERRCODE_ARRAY_ELEMENT_ERROR
2202E    E    ERRCODE_ARRAY_SUBSCRIPT_ERROR                                  array_subscript_error

Section: Class 42 - Syntax Error or Access Rule Violation
42501    E    ERRCODE_INSUFFICIENT_PRIVILEGE                                 insufficient_privilege
42601    E    ERRCODE_SYNTAX_ERROR                                           syntax_error
42704    E    ERRCODE_UNDEFINED_OBJECT                                       undefined_object
42P01    E    ERRCODE_UNDEFINED_TABLE                                        undefined_table

Section: Class 58 - System Error (errors external to PostgreSQL itself)
58P01    E    ERRCODE_UNDEFINED_FILE                                         undefined_file

Section: Class XX - Internal Error
XX000    E    ERRCODE_INTERNAL_ERROR                                         internal_error
XX002    E    ERRCODE_INDEX_CORRUPTED                                        index_corrupted
"""

ELOG = """\
int
errcode_for_file_access(void)
{
	switch (edata->saved_errno)
	{
		case EPERM:				/* Not super-user */
#ifdef EROFS
		case EROFS:
#endif
			edata->sqlerrcode = ERRCODE_INSUFFICIENT_PRIVILEGE;
			break;
		case ENOENT:
			edata->sqlerrcode = ERRCODE_UNDEFINED_FILE;
			break;
		default:
			edata->sqlerrcode = ERRCODE_INTERNAL_ERROR;
			break;
	}
	return 0;
}
"""

FILE = "src/backend/commands/made.c"


def tree_with(folder: Path, files: Mapping[str, str], version: str = "18.6") -> Path:
    """Write a source tree that holds these files, by their path in it, and what every tree has."""
    written = {
        "configure": f"#! /bin/sh\nPACKAGE_NAME='PostgreSQL'\nPACKAGE_VERSION='{version}'\n",
        "src/backend/utils/errcodes.txt": ERRCODES,
        "src/backend/utils/error/elog.c": ELOG,
        "src/include/utils/elog.h": "#define ereport(elevel, ...) ereport_domain(elevel, TEXTDOMAIN, __VA_ARGS__)\n",
        **files,
    }
    for room in ROOMS:
        (folder / room).mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def function(body: str, head: str = "void\ndo_it(int elevel)") -> str:
    """Return a C function with this body."""
    return f"{head}\n{{\n{body}\n}}\n"


# PostgreSQL's own macros, so that the compiler makes of a report what it makes in a server.
REPORTING = r"""
#define PGSIXBIT(ch) (((ch) - '0') & 0x3F)
#define MAKE_SQLSTATE(a, b, c, d, e) \
    (PGSIXBIT(a) + (PGSIXBIT(b) << 6) + (PGSIXBIT(c) << 12) + (PGSIXBIT(d) << 18) + (PGSIXBIT(e) << 24))
#define ereport(level, ...) \
    do { if (errstart(level, 0)) __VA_ARGS__, errfinish(__FILE__, __LINE__, __func__); } while (0)
extern int errstart(int, const char *), errcode(int), errcode_for_file_access(void);
extern int errmsg(const char *, ...), errdetail(const char *, ...), errhint(const char *, ...);
extern void errfinish(const char *, int, const char *);
"""


def compiled(library: Path, program: str) -> Path:
    """Compile C into a shared library as a server's are; the test is skipped where that cannot be done."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or platform.machine() != "x86_64":
        pytest.skip("a C compiler for x86-64 is needed to make a library with reports")
    source = library.with_suffix(".c")
    source.write_text(program)
    subprocess.run([compiler, "-O2", "-fPIC", "-shared", "-o", library, source], check=True)
    return library
