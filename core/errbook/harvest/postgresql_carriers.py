"""Functions of PostgreSQL's source whose text argument becomes a message somewhere else.

Such a text reaches the reader through a buffer, a structure or another program's output, where it cannot be followed,
so these functions are known by name. The server's are named in the files beside each; those of the client library and
of the programs are the triggers of their ``nls.mk``, which say what is translated.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Carrier(NamedTuple):
    """A function whose text argument becomes a message somewhere else.

    ``argument`` is the place of the text and ``plural`` that of its plural. ``level`` is the place of the level, or the
    levels themselves. ``first`` limits the calls to those whose first argument is one of these words. ``message`` is
    what the report says whose detail or hint the text is; without it, the report before the call in its function.
    """

    role: str
    argument: int
    where: str = "client"
    code: str | None = None
    level: int | tuple[str, ...] = ("ERROR",)
    plural: int | None = None
    first: frozenset[str] = frozenset()
    message: str = ""


_INVALID_VALUE: Final = 'invalid value for parameter "%s": "%s"'
NO_CODE: Final = ""
STDERR: Final = frozenset({"stderr"})
_SERVER: Final[Mapping[str, Carrier]] = {
    # src/backend/utils/misc/guc.c
    "GUC_check_errmsg": Carrier("message", 0, code="22023"),
    "GUC_check_errdetail": Carrier("detail", 0, code="22023", message=_INVALID_VALUE),
    "GUC_check_errhint": Carrier("hint", 0, code="22023", message=_INVALID_VALUE),
    # src/backend/access/transam/xlogreader.c, reported by xlogrecovery.c beside it
    "report_invalid_record": Carrier("message", 1, level=("LOG", "PANIC")),
    # src/common/jsonapi.c
    "json_token_error": Carrier("detail", 1, code="22P02", message="invalid input syntax for type %s"),
    # src/common/parse_manifest.c, reported by src/backend/backup/basebackup_incremental.c
    "error_cb": Carrier("message", 1),
    # src/pl/plpython/plpy_elog.c
    "PLy_elog": Carrier("message", 1, code="38000", level=0),
    "PLy_exception_set": Carrier("message", 1, code="38000"),
    "PLy_exception_set_plural": Carrier("message", 1, code="38000", plural=2),
    # src/backend/utils/error/elog.c: before the log is there, or after it is gone
    "write_stderr": Carrier("message", 0, "log", NO_CODE, ()),
    "fprintf": Carrier("message", 1, "log", NO_CODE, (), first=STDERR),
    # src/pl/tcl/pltcl.c
    "Tcl_SetObjResult": Carrier("message", 1, code="38000"),
}
_LIBRARY: Final[Mapping[str, Carrier]] = {
    "libpq_gettext": Carrier("message", 0, "library", NO_CODE, ()),
    "libpq_ngettext": Carrier("message", 0, "library", NO_CODE, (), plural=1),
    "libpq_append_conn_error": Carrier("message", 1, "library", NO_CODE, ()),
    "libpq_append_error": Carrier("message", 1, "library", NO_CODE, ()),
    "pqInternalNotice": Carrier("message", 1, "library", NO_CODE, ("NOTICE",)),
    "actx_error": Carrier("message", 1, "library", NO_CODE, ()),
    "oauth_json_set_error": Carrier("message", 1, "library", NO_CODE, ()),
    "oauth_parse_set_error": Carrier("message", 1, "library", NO_CODE, ()),
}
_WORST: Final = frozenset({"PG_FATAL", "PG_WARNING"})
_PROGRAM: Final[Mapping[str, Carrier]] = {
    "pg_log_fatal": Carrier("message", 0, "program", NO_CODE, ("FATAL",)),
    "pg_log_error": Carrier("message", 0, "program", NO_CODE),
    "pg_log_error_detail": Carrier("detail", 0, "program", NO_CODE),
    "pg_log_error_hint": Carrier("hint", 0, "program", NO_CODE),
    "pg_log_warning": Carrier("message", 0, "program", NO_CODE, ("WARNING",)),
    "pg_log_warning_detail": Carrier("detail", 0, "program", NO_CODE, ("WARNING",)),
    "pg_log_warning_hint": Carrier("hint", 0, "program", NO_CODE, ("WARNING",)),
    "pg_fatal": Carrier("message", 0, "program", NO_CODE),
    "fatal": Carrier("message", 0, "program", NO_CODE),
    "fatal_error": Carrier("message", 0, "program", NO_CODE),
    "die": Carrier("message", 0, "program", NO_CODE),
    "pg_log": Carrier("message", 1, "program", NO_CODE, first=_WORST),
    "report_status": Carrier("message", 1, "program", NO_CODE, first=_WORST),
    "warn_or_exit_horribly": Carrier("message", 1, "program", NO_CODE),
    "report_backup_error": Carrier("message", 1, "program", NO_CODE),
    "report_manifest_error": Carrier("message", 1, "program", NO_CODE),
    "report_fatal_error": Carrier("message", 0, "program", NO_CODE),
    "report_invalid_record": Carrier("message", 1, "program", NO_CODE),
    "error_cb": Carrier("message", 1, "program", NO_CODE),
    "log_no_match": Carrier("message", 0, "program", NO_CODE),
    "tar_set_error": Carrier("message", 0, "program", NO_CODE),
    "ExecuteSqlCommand": Carrier("message", 2, "program", NO_CODE),
    "write_stderr": Carrier("message", 0, "program", NO_CODE, ()),
    "fprintf": Carrier("message", 1, "program", NO_CODE, (), first=STDERR),
}
# Triggers of nls.mk that carry no message of their own: prompts, help, progress, and what is followed by itself.
NO_MESSAGES: Final = frozenset(
    {
        "_", "N_", "HELP0", "HELPN", "simple_prompt", "simple_prompt_extended", "yesno_prompt", "prep_status",
        "prep_status_progress", "pg_log_info", "pg_log_info_detail", "pg_log_info_hint", "pg_log_generic",
        "pg_log_generic_v", "XactLockTableWait", "MultiXactIdWait", "ConditionalMultiXactIdWait", "yyerror",
        "parser_yyerror", "scanner_yyerror", "jsonpath_yyerror", "replication_yyerror", "syncrep_yyerror",
        "plpgsql_yyerror", "ereport_startup_progress", "json_manifest_parse_failure", "ecpg_gettext", "mmerror",
        "mmfatal",
    }
)  # fmt: skip


def carriers(path: str) -> Mapping[str, Carrier]:
    """Return the carriers in a file, by name; ``path`` is relative to the source tree."""
    if path.startswith("src/interfaces/"):
        return _LIBRARY
    if path.startswith(("src/bin/", "src/fe_utils/", "contrib/oid2name/", "contrib/vacuumlo/")):
        return _PROGRAM
    if path.startswith(("src/common/", "src/port/")):
        return _SHARED
    return _SERVER


# Compiled twice, for the server and for the clients.
_SHARED: Final = {**_PROGRAM, **{name: carrier for name, carrier in _SERVER.items() if name not in ("fprintf",)}}

KNOWN: Final = frozenset({*_SERVER, *_LIBRARY, *_PROGRAM, *NO_MESSAGES})
"""Every trigger of ``nls.mk`` that is dealt with here, or carries no message of its own."""
