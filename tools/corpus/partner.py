"""The other side of a deadlock: partner.py ENGINE PORT TABLE COLUMN.

Locks the row 2, returns when it waits for the row 1, which the caller has locked, and goes on in the background. The
caller then asks for the row 2, and is the victim: this side has changed more rows, or has waited for longer.
"""

import os
import sys
import time

ENGINE, PORT, TABLE, COLUMN = sys.argv[1:5]


def connect():
    if ENGINE == "postgresql":
        import psycopg

        return psycopg.connect(host="127.0.0.1", port=int(PORT), user="app", dbname="shop", autocommit=True)
    import pymysql

    return pymysql.connect(host="127.0.0.1", port=int(PORT), user="app", database="shop", autocommit=True)


if os.fork():
    time.sleep(0.7)
    os._exit(0)
os.setsid()
os.dup2(os.open(os.devnull, os.O_RDWR), 1)
os.dup2(1, 2)
connection = connect()
cursor = connection.cursor()
cursor.execute("BEGIN")
quote = '"' if ENGINE == "postgresql" else "`"
if ENGINE != "postgresql":
    for number in range(100, 130):
        cursor.execute(f"INSERT INTO {TABLE} VALUES ({number}, 'x{number}', 1)")
cursor.execute(f"UPDATE {TABLE} SET {COLUMN} = 7 WHERE id = 2")
try:
    cursor.execute(f"UPDATE {TABLE} SET {COLUMN} = 7 WHERE id = 1")
finally:
    connection.close()
