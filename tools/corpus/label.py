"""Labels: which code a text is about, by what the driver or the server said in its own fields."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from errbook.catalogs import Catalogs

ROOT: Final = Path(__file__).resolve().parents[2]

_REFUSED: Final = r"ECONNREFUSED|[Cc]onnection refused|Can't connect to (MySQL )?server on|[Cc]onnection to \S+ refused"
_NO_SOCKET: Final = r"ENOENT|No such file or directory|local (MySQL )?server through socket"
_NO_HOST: Final = (
    r"ENOTFOUND|EAI_AGAIN|getaddrinfo|no such host|Unknown (MySQL )?server host|UnknownHost|translate host name"
    r"|Name or service not known|Temporary failure in name|[Nn]ame resolution"
)
_ENDED: Final = [
    (r"terminating connection due to administrator command", "57P01"),
    (r"terminating connection due to idle-session timeout", "57P05"),
    (r"terminating connection due to idle-in-transaction timeout", "25P03"),
]
"""What PostgreSQL says last of all, before drivers say that the connection is gone."""

_OWN_WORDS: Final = re.compile(r"(1644|P0001|P0004|TRIGGER)\b")
"""Scenarios whose message is the author's own."""

_EMPTY: Final = re.compile(r"Error\n    at |.*called with an unbound placeholder")
"""Texts that do not say what went wrong, or that of the driver's own."""

_LOST: Final = (
    r"[Cc]onnection lost|closed the connection|has gone away|invalid connection|bad connection|unexpected EOF"
    r"|PROTOCOL_CONNECTION_LOST|ECONNRESET|EPIPE|[Cc]onnection terminated|[Cc]onnection (is|was) closed|I/O error"
)

CLIENT: Final = {
    "mysql": [(_REFUSED, "2003"), (_NO_SOCKET, "2002"), (_NO_HOST, "2005"), (_LOST, "2013")],
    "postgresql": [
        *_ENDED,
        (
            f"{_REFUSED}|{_NO_SOCKET}|{_NO_HOST}|could not connect|connection attempt failed|Can't create a connection",
            "08001",
        ),
        (_LOST, "08006"),
    ],
}
"""What drivers say of themselves, without a number: the number that a client library has for it."""


_SQLITE_NUMBER: Final = re.compile(
    r"(\b(code|errno|rc|errcode)['\"]?\W{1,4}|[Gg]eneral error: |statement: |\bDB error |\b[Ee]rror )"
    r"(1|[3-9]|1[0-9]|2[0-8]|\d{3,4})\b|\((1|[3-9]|1[0-9]|2[0-8]|\d{3,4})\)$",
    re.MULTILINE,
)
"""Where drivers put the number of a result code."""


class Labels:
    """The catalogs, asked for what belongs to a code."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self.catalogs = Catalogs([ROOT])
        self.counts: dict[str, int] = {}

    def find(self, engine: str, code: str) -> Any:
        """Return what the catalogs have of a code, or None."""
        merged = self.catalogs.engine(engine)
        # The log writes MY-010584 for the number 10584.
        number = code.removeprefix("MY-").lstrip("0") if code.startswith("MY-") else code
        return merged.find(number) if merged else None

    def sqlite(self, symbol: str) -> str | None:
        """Return the name as it is where the catalogs know it."""
        merged = self.catalogs.engine("sqlite")
        return symbol if any(row.newest.get("symbol") == symbol for row in merged.codes.values()) else None

    def named(self, answer: dict[str, Any]) -> str | None:
        """Return the name of an answer's result code; Python's module names fewer than SQLite has."""
        found = self.find("sqlite", str(answer.get("code"))) if isinstance(answer.get("code"), int) else None
        return found.newest.get("symbol") if found else answer.get("symbol")

    def row(
        self, engine: str, language: str, driver: str, answer: dict[str, Any], truth: dict[str, Any], text: str
    ) -> dict[str, Any] | None:
        """Return the row of a text, or None where nobody said what it is."""
        same, doubtful = says(truth, text), False
        if engine == "sqlite":
            codes = self.names(self.named(truth) or self.named(answer))
            if not codes or not same:
                return None
            state, symbol = None, codes[0]
        elif engine == "postgresql":
            code, inner = str(answer.get("sqlstate") or ""), str(truth.get("sqlstate") or "")
            known = re.fullmatch(r"[0-9A-Z]{5}", code) and code != "HY000" and self.find(engine, code)
            codes = [code] if known else []
            if inner and inner not in codes and (not known or code.startswith("08")) and same:
                # A driver that says 08006 when the server has said 28P01.
                codes.insert(0, inner)
            doubtful = not codes
            codes = codes or [code for code in [self.client(engine, text)] if code]
            if not codes:
                return None
            state = codes[0]
            symbol = self.find(engine, state).newest.get("symbol")
        else:
            code, inner = str(answer.get("code") or ""), str(truth.get("code") or "")
            if not re.fullmatch(r"\d{4,5}", code) or not self.find(engine, code):
                # The client library's own number is another library's than the one that spoke.
                code = inner if same and self.find(engine, inner) and not inner.startswith("2") else ""
            if not code:
                code, doubtful = self.client(engine, text), True
            if not code:
                return None
            found = self.find(engine, code).newest
            said = str(answer.get("sqlstate") or "")
            state = found.get("sqlstate") or "HY000"
            if code == str(truth.get("code")) and re.fullmatch(r"[0-9A-Z]{5}", str(truth.get("sqlstate") or "")):
                state = truth["sqlstate"]
            elif re.fullmatch(r"[0-9A-Z]{5}", said):
                state = said
            codes, symbol = [code], found.get("symbol")
        return self.finished(
            engine,
            f"{language} {driver}",
            str(answer.get("style")),
            answer["id"],
            codes,
            state,
            symbol,
            text,
            doubtful=doubtful,
        )

    def finished(
        self,
        engine: str,
        source: str,
        style: str,
        name: str,
        codes: list[str],
        state: str | None,
        symbol: str | None,
        text: str,
        *,
        doubtful: bool = False,
        localized: bool = False,
    ) -> dict[str, Any]:
        """Return a row with all its fields."""
        family = re.sub(r"[^a-z0-9]+", "-", f"{engine}-{source}".lower())
        self.counts[family] = self.counts.get(family, 0) + 1
        return {
            "id": f"{family}-{self.counts[family]:04}",
            "text": text,
            "engine": engine,
            "codes": codes,
            "sqlstate": state,
            "symbol": symbol,
            "has_code_in_text": has_code(engine, codes, state, symbol, text),
            "localized": localized,
            "doubtful": doubtful,
            "source": f"{source}, {how(style)}; {name}",
        }

    def mended(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """Return a row with what its text says about its label; None where the text says nothing."""
        engine, text = row["engine"], row["text"]
        if engine not in ("mysql", "mariadb", "postgresql", "sqlite"):
            return row
        if _EMPTY.match(text):
            return None
        if engine == "postgresql" and row["codes"][0].startswith("08"):
            # What the server said, or why there was none, comes before the driver's word for it.
            code = self.client(engine, text)
            if code and code != row["codes"][0]:
                row["codes"] = [code, *(one for one in row["codes"] if one != code)]
                row["sqlstate"], row["symbol"] = code, self.find(engine, code).newest.get("symbol")
                row["doubtful"] = code.startswith("08")
        if engine == "mysql" and row["codes"] == ["MY-010926"]:
            row["codes"].append("1045")
        if engine == "mysql" and row["codes"] == ["MY-010914"]:
            row["codes"].append("1184")
        row["has_code_in_text"] = has_code(engine, row["codes"], row["sqlstate"], row["symbol"], text)
        own = _OWN_WORDS.match(row["source"].rpartition("; ")[2])
        if not row["has_code_in_text"] and (own or re.fullmatch(r".{0,12}Connection refused.{0,3}", text)):
            row["doubtful"] = True
        return row

    def names(self, symbol: str | None) -> list[str]:
        """Return an extended result code's name and that of its primary code."""
        if not symbol or not self.sqlite(symbol):
            return []
        parts = symbol.split("_")
        primary = "_".join(parts[:2])
        return [symbol] if primary == symbol else [symbol, primary]

    def client(self, engine: str, text: str) -> str | None:
        """Return the number of what a driver says of itself."""
        for pattern, code in CLIENT["postgresql" if engine == "postgresql" else "mysql"]:
            if re.search(pattern, text):
                return code
        return None


def says(truth: dict[str, Any], text: str) -> bool:
    """Return whether a text has the words of what the reference driver said of the same scenario with other names."""
    said = str(truth.get("text") or "")
    message = re.search(r"'M': (['\"])(.*?)\1, '", said)
    said = message[2] if message else said
    for word in truth.get("words", ()):
        said = said.replace(word, "\0")
    parts = re.split(r"['\"`].*?['\"`]|[\d\0\n]+", said)
    longest = max((part.strip(" .:,()") for part in parts), key=len, default="")
    return longest.lower() in " ".join(text.split()).lower().replace("\\", "")


def how(style: str) -> str:
    """Return a style in words."""
    return {"uncaught": "uncaught exception"}.get(style, f"style {style}" if style.isdigit() else style)


def has_code(engine: str, codes: list[str], state: str | None, symbol: str | None, text: str) -> bool:
    """Return whether a code, the symbol or the SQLSTATE stands in a text as such."""
    words = [*(codes if engine != "sqlite" else []), symbol, state]
    if any(word and re.search(rf"(?<![A-Za-z0-9_]){re.escape(word)}(?![A-Za-z0-9_])", text) for word in words):
        return True
    if engine == "sqlite":
        if any(code in text for code in codes):
            return True
        return bool(_SQLITE_NUMBER.search(text))
    return False
