"""The peer: a file read by pandas and written by psycopg, row by row or by COPY. It checks nothing.

python load.py rows|copy <socket> <database> <user> <table> <key,key> <file>
"""

import json
import resource
import sys
import time
from typing import Any

import pandas as pd
import psycopg


def main(way: str, socket: str, database: str, user: str, table: str, key: str, file: str) -> None:
    """Loads the file and prints seconds and peak megabytes as JSON."""
    began = time.perf_counter()
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    if table == "customers":
        frame["updated_at"] = "2026-01-15T09:00:00Z"
    names = ", ".join(frame.columns)
    sets = ", ".join(f"{name} = excluded.{name}" for name in frame.columns if name not in key.split(","))
    upsert = f"on conflict ({key}) do update set {sets}"
    with psycopg.connect(host=socket, dbname=database, user=user) as connection, connection.cursor() as cursor:
        if way == "rows":
            _rows(cursor, frame, f"insert into {table} ({names}) values", upsert)
        else:
            cursor.execute(f"create temporary table incoming as select {names} from {table} limit 0")
            with cursor.copy(f"copy incoming ({names}) from stdin") as copy:
                for row in frame.itertuples(index=False, name=None):
                    copy.write_row([cell or None for cell in row])
            cursor.execute(f"insert into {table} ({names}) select {names} from incoming {upsert}")
        connection.commit()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - began, "megabytes": peak, "rows": len(frame)}))


def _rows(cursor: Any, frame: Any, insert: str, upsert: str) -> None:
    places = ", ".join(["%s"] * len(frame.columns))
    values = ([cell or None for cell in row] for row in frame.itertuples(index=False, name=None))
    cursor.executemany(f"{insert} ({places}) {upsert}", values)


if __name__ == "__main__":
    main(*sys.argv[1:])
