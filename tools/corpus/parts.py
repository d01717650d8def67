"""The parts of the corpus that no driver's program makes: clients, logs, and messages in other languages."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, Final

import clients
import logs
from make import REFERENCE, SCENARIOS, Maker, Places, arguments, scrub, share, write
from servers import Servers

POSTGRESQL_LANGUAGES: Final = [
    "de_DE",
    "fr_FR",
    "es_ES",
    "ru_RU",
    "ja_JP",
    "zh_CN",
    "pt_BR",
    "it_IT",
    "ko_KR",
    "pl_PL",
    "tr_TR",
    "sv_SE",
    "uk_UA",
    "ka_GE",
    "id_ID",
]

POSTGRESQL_DRIVERS: Final = [
    ("py", "psycopg2", 0.12),
    ("py", "psycopg", 0.08),
    ("py", "sqlalchemy+psycopg2", 0.06),
    ("node", "pg", 0.10),
    ("node", "sequelize+postgres", 0.04),
    ("php", "pdo_pgsql", 0.10),
    ("ruby", "pg", 0.06),
    ("ruby", "activerecord+postgresql", 0.05),
    ("perl", "Pg", 0.06),
    ("go", "pq", 0.06),
    ("java", "postgresql", 0.10),
]

MYSQL_LANGUAGES: Final = [
    "bg_BG",
    "cs_CZ",
    "da_DK",
    "nl_NL",
    "et_EE",
    "fr_FR",
    "de_DE",
    "el_GR",
    "hu_HU",
    "it_IT",
    "ja_JP",
    "ko_KR",
    "no_NO",
    "pl_PL",
    "pt_PT",
    "ro_RO",
    "ru_RU",
    "sr_RS",
    "sk_SK",
    "es_ES",
    "sv_SE",
    "uk_UA",
]

MYSQL_DRIVERS: Final = [
    ("py", "pymysql"),
    ("node", "mysql2"),
    ("php", "pdo_mysql"),
    ("perl", "mysql"),
    ("ruby", "mysql2"),
]


def reference(maker: Maker, places: Places, engine: str) -> dict[str, dict[str, Any]]:
    """Return what the reference driver says of all scenarios."""
    places.fresh()
    taken: set[str] = set()
    jobs = [places.job(scenario, "reference", taken, number) for number, scenario in enumerate(SCENARIOS[engine])]
    by_id = {job["id"]: job for job in jobs}
    for job in jobs:
        job["style"] = 1
    truth = {}
    for answer in maker.run("py", REFERENCE[engine], [job for job in jobs if not job.get("skip")]):
        if answer.get("text"):
            truth[answer["id"]] = answer | {"words": by_id[answer["id"]]["words"]}
    return truth


def chosen(places: Places, engine: str, driver: str, part: float, only: Any = lambda _: True) -> list[dict[str, Any]]:
    """Return a share of the scenarios as jobs."""
    places.fresh()
    taken: set[str] = set()
    jobs = []
    for number, scenario in enumerate(SCENARIOS[engine]):
        name = scenario["name"]
        if only(name) and share("part", engine, driver, name) < part:
            job = places.job(scenario, driver, taken, number)
            job["style"] = int(share("part style", engine, driver, name) * 600)
            if not job.get("skip"):
                jobs.append(job)
    return jobs


def with_clients(maker: Maker, engine: str) -> Iterator[dict[str, Any]]:
    """Yield what clients print."""
    places = Places(maker.servers, engine, maker.python)
    truth = reference(maker, places, engine)
    for name, (engines, _, _) in clients.CLIENTS.items():
        if engine not in engines.split():
            continue
        if engine == "mysql" and name.startswith("mariadb"):
            part = 0.15
        else:
            part = {"mysql": 0.6, "mariadb": 0.35, "postgresql": 0.5, "sqlite": 0.8}[engine]
        jobs = [job for job in chosen(places, engine, name, part) if job["id"] in truth]
        for answer in clients.answers(places, name, jobs):
            text = scrub(answer["text"], maker, places)
            row = maker.labels.row(engine, "client", name, answer, truth[answer["id"]], text)
            if row and len(text) < 4000:
                yield row
    for server in list(places.by_name.values()):
        maker.servers.stop(server)


def with_logs(maker: Maker) -> Iterator[dict[str, Any]]:
    """Yield what PostgreSQL's log says."""
    places = Places(maker.servers, "postgresql", maker.python)
    truth = reference(maker, places, "postgresql")
    for answer in logs.postgresql(places, chosen(places, "postgresql", "log", 0.75), truth):
        yield from _logged(maker, places, "log", answer)
    for server in list(places.by_name.values()):
        maker.servers.stop(server)
    settings = {"logging_collector": "on", "log_destination": "'csvlog,jsonlog'", "log_rotation_size": "0"}
    places = Places(maker.servers, "postgresql", maker.python, settings=settings)
    for answer in logs.collected(places, chosen(places, "postgresql", "collected", 0.4), truth):
        yield from _logged(maker, places, "log", answer)
    for server in list(places.by_name.values()):
        maker.servers.stop(server)


def _logged(maker: Maker, places: Places, source: str, answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    text = scrub(answer["text"], maker, places)
    found = maker.labels.find("postgresql", answer["sqlstate"])
    if text and found and len(text) < 4000:
        code = answer["sqlstate"]
        symbol = found.newest.get("symbol")
        yield maker.labels.finished(
            "postgresql", f"server {source}", answer["style"], answer["id"], [code], code, symbol, text
        )


def translated(maker: Maker) -> Iterator[dict[str, Any]]:
    """Yield what PostgreSQL says in other languages: through drivers, in psql and in the log."""
    locales = {"LOCPATH": str(maker.drivers / "locale")}
    places = Places(maker.servers, "postgresql", maker.python, server="postgresql:translated", environment=locales)
    truth = reference(maker, places, "postgresql")
    for language in POSTGRESQL_LANGUAGES:
        admin = places.admin()
        admin.execute(f"ALTER ROLE app SET lc_messages = '{language}.UTF-8'")
        admin.execute(f"ALTER ROLE reader SET lc_messages = '{language}.UTF-8'")
        admin.execute(f"ALTER SYSTEM SET lc_messages = '{language}.UTF-8'")
        admin.execute("SELECT pg_reload_conf()")
        admin.close()
        short = language if language in ("pt_BR", "zh_CN") else language[:2]
        for program, driver, part in POSTGRESQL_DRIVERS:
            jobs = chosen(places, "postgresql", f"{language} {driver}", part, lambda name: name in truth)
            jobs = [job for job in jobs if clients.plain(job)]
            for answer in maker.run(program, driver, jobs):
                if answer.get("text"):
                    yield from _translated(maker, places, truth, f"{program} {driver}", short, answer)
        jobs = [job for job in chosen(places, "postgresql", f"{language} psql", 0.14) if job["id"] in truth]
        environment = locales | {"LC_ALL": f"{language}.UTF-8", "LANG": f"{language}.UTF-8"}
        # psql of this machine speaks the languages too; its own words are labels such as ZEILE.
        for answer in clients.answers(places, "psql 15", jobs, environment):
            answer["sqlstate"] = answer["sqlstate"] or truth[answer["id"]]["sqlstate"]
            yield from _translated(maker, places, truth, "client psql 15", short, answer)
        for answer in logs.postgresql(places, chosen(places, "postgresql", f"{language} log", 0.05), truth):
            yield from _translated(maker, places, truth, "server log", short, answer)
    for server in list(places.by_name.values()):
        maker.servers.stop(server)


def _translated(
    maker: Maker, places: Places, truth: dict[str, dict[str, Any]], source: str, language: str, answer: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    text = scrub(answer["text"], maker, places)
    code = str(answer.get("sqlstate") or "")
    found = maker.labels.find("postgresql", code) if re.fullmatch(r"[0-9A-Z]{5}", code) else None
    if not found or not text or len(text) > 3000 or code.startswith("08"):
        return
    symbol = found.newest.get("symbol")
    row = maker.labels.finished(
        "postgresql", f"{source} {language}", str(answer.get("style")), answer["id"], [code], code, symbol, text
    )
    row["localized"] = not _english(answer, truth)
    yield row


def mysql_translated(maker: Maker, engine: str) -> Iterator[dict[str, Any]]:
    """Yield a little of what MySQL and MariaDB say in other languages."""
    places = Places(maker.servers, engine, maker.python)
    truth = reference(maker, places, engine)
    for number, language in enumerate(MYSQL_LANGUAGES):
        program, driver = MYSQL_DRIVERS[number % len(MYSQL_DRIVERS)]
        admin = places.admin()
        try:
            admin.cursor().execute(f"SET GLOBAL lc_messages = '{language}'")
        except Exception as error:
            maker.warnings.append(f"{engine} {language}: {error}")
            continue
        finally:
            admin.close()
        jobs = chosen(places, engine, f"{language} {driver}", 0.12, lambda name: name in truth)
        jobs = [job for job in jobs if clients.plain(job)]
        for answer in maker.run(program, driver, jobs):
            code = str(answer.get("code") or "")
            found = maker.labels.find(engine, code) if re.fullmatch(r"\d{4,5}", code) else None
            if answer.get("text") and found:
                text = scrub(answer["text"], maker, places)
                state = found.newest.get("sqlstate") or "HY000"
                symbol = found.newest.get("symbol")
                row = maker.labels.finished(
                    engine,
                    f"{program} {driver} {language}",
                    str(answer["style"]),
                    answer["id"],
                    [code],
                    state,
                    symbol,
                    text,
                )
                row["localized"] = not _english(answer, truth)
                if len(text) < 3000 and row["localized"]:
                    yield row
    for server in list(places.by_name.values()):
        maker.servers.stop(server)


def _english(answer: dict[str, Any], truth: dict[str, dict[str, Any]]) -> bool:
    """Return whether a message is the English one, as many are that nobody has translated."""
    import label

    return label.says(truth.get(answer["id"], {}), answer["text"])


def mysql_logs(maker: Maker) -> Iterator[dict[str, Any]]:
    """Yield lines of the error logs of MySQL and MariaDB."""
    for name in ("mysql:9.7", "mariadb:11.8", "mariadb:10.11"):
        engine = name.partition(":")[0]
        for label, code, line in logs.mysql_texts(maker.servers, name):
            text = re.sub(re.escape(str(maker.servers.folder)) + r"/[\w.-]+-\d+/(server|run)", "/var/lib/mysql", line)
            text = re.sub(re.escape(str(maker.servers.folder)) + r"/[\w.-]+-\d+", "/etc/mysql", text)
            text = re.sub(rf"(?<![\w.-]){re.escape(os.uname().nodename)}(?![\w-])", "db-1", text)
            inner = re.search(r"Error_code: MY-0*(\d+)", text) if code else None
            codes = [*([inner[1]] if inner else []), code] if code else logged_code(text)
            found = maker.labels.find(engine, codes[0]) if codes else None
            if not found:
                maker.warnings.append(f"{name} log: no label: {text}")
                continue
            state = found.newest.get("sqlstate") or "HY000"
            yield maker.labels.finished(
                engine,
                f"error log {name.partition(':')[2]}",
                label,
                "log",
                codes,
                state,
                found.newest.get("symbol"),
                text,
            )


def logged_code(text: str) -> list[str]:
    """Return the number of what MariaDB writes into its log without one, where its message is a code's own."""
    for pattern, code in (
        ("Access denied for user .* \\(using password", "1045"),
        ("Aborted connection \\d+ to db: .*host: '.*' \\(", "1184"),
        ("Can't start server: Bind on TCP/IP port", ""),
        ("unknown variable", ""),
    ):
        if re.search(pattern, text):
            return [code] if code else []
    found = re.search(r"(?:Error_code: |Internal MariaDB error code: |, )(\d{4})(?:,|$|;)", text)
    return [found[1]] if found else []


def main() -> None:
    """Make the parts; --engine and --language are not looked at."""
    options = arguments()
    parts = {
        "mysql-clients": lambda maker: with_clients(maker, "mysql"),
        "mariadb-clients": lambda maker: with_clients(maker, "mariadb"),
        "postgresql-clients": lambda maker: with_clients(maker, "postgresql"),
        "sqlite-clients": lambda maker: with_clients(maker, "sqlite"),
        "postgresql-logs": with_logs,
        "mysql-logs": mysql_logs,
        "postgresql-languages": translated,
        "mysql-languages": lambda maker: mysql_translated(maker, "mysql"),
        "mariadb-languages": lambda maker: mysql_translated(maker, "mariadb"),
    }
    for name, make in parts.items():
        if options.engine and name not in options.engine:
            continue
        with Servers(options.drivers.resolve()) as servers:
            maker = Maker(options.drivers.resolve(), servers)
            write(list(make(maker)), options.out / f"{name}.jsonl")
            for warning in maker.warnings[:40]:
                print(warning[:300], flush=True)


if __name__ == "__main__":
    main()
