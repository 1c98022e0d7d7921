"""Has PostgreSQL a database for us? Called by .ci/run with the project's own Python.

`postgres.py wait URL SECONDS` ends with 0 once the server answers and lets us create databases.
`postgres.py create URL NAME` and `postgres.py drop URL NAME` make and remove one, with all that begin with
`test_NAME`, which the test runs leave behind when they are stopped.
"""

from __future__ import annotations

import sys
import time

import psycopg
from psycopg import sql


def wait(url: str, seconds: str) -> int:
    end = time.monotonic() + float(seconds)
    while True:
        try:
            with psycopg.connect(url, connect_timeout=2) as connection:
                row = connection.execute(
                    "SELECT rolcreatedb OR rolsuper, current_setting('server_version') "
                    "FROM pg_roles WHERE rolname = current_user"
                ).fetchone()
        except psycopg.OperationalError as error:
            if time.monotonic() > end:
                print(f"no answer: {str(error).strip().splitlines()[0]}")
                return 1
            time.sleep(0.3)
        else:
            print(f"PostgreSQL {row[1]}" if row else "no such role")
            return 0 if row and row[0] else 1


def drop(url: str, name: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datname = %s OR starts_with(datname, %s)",
            [name, f"test_{name}"],
        ).fetchall()
        for (found,) in rows:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(found)))
    return 0


def create(url: str, name: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return 0


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    sys.exit({"wait": wait, "create": create, "drop": drop}[command](*arguments))
