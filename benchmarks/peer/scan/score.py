"""The same score as it is commonly written: row by row over a data frame, vectorised, or with polars.

Usage: score.py iterrows|pandas|polars SOCKET_FOLDER DATABASE USER. Prints seconds, rows, memory and the ten found.
"""

import io
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg

COLUMNS = (
    "customer_id", "segment", "loyalty_tier", "loyalty_tier_fell", "recency_days", "orders_per_month",
    "spending_ratio", "engagement_ratio", "csat", "tickets_overdue", "nps", "lifetime_value",
    "lifetime_value_rank", "tenure_days",
)  # fmt: skip
QUERY = f"select {', '.join(COLUMNS)} from churn_signals"
TREND = ((1.1, 1.0), (0.9, 0.8), (0.7, 0.5), (0.4, 0.25))
BELOW = {"recency": ("recency_days", 15, ((7, 1.0), (30, 0.8), (60, 0.53), (90, 0.27)))}
AT_LEAST = {
    "frequency": ("orders_per_month", 12, ((3, 1.0), (1, 0.75), (0.5, 0.5), (1e-12, 0.25)), 0.0),
    "spending": ("spending_ratio", 10, TREND, 0.0),
    "engagement": ("engagement_ratio", 10, TREND, 0.0),
    "nps": ("nps", 5, ((9, 1.0), (7, 0.6)), 0.0),
    "tenure": ("tenure_days", 3, ((731, 1.0), (366, 0.83), (181, 0.67)), 0.5),
}
SUPPORT = ((4.5, 1.0), (3.5, 0.75), (2.5, 0.5))
TIERS = {"platinum": 1.0, "gold": 0.8, "silver": 0.6, "bronze": 0.4}
SEGMENTS = {"vip": 1.0, "loyal": 0.8, "regular": 0.53, "occasional": 0.27}
ROWS_OF_THE_LOOP = 50_000
STORE = "create temporary table kept (customer_id text, health float8, risk float8, coverage float8)"
KEEP = """
insert into benchmark_scores select * from kept on conflict (customer_id) do update
set (health, risk, coverage) = (excluded.health, excluded.risk, excluded.coverage)"""


def at_least(value: Any, steps: Any, otherwise: float) -> float:
    return next((worth for bound, worth in steps if value >= bound), otherwise)


def one(row: Any) -> float:
    """Risk times what there is to lose, of one row; 0 for somebody who is not at risk."""
    import math

    points = known = 0.0

    def add(weight: float, worth: float | None) -> None:
        nonlocal points, known
        if worth is not None:
            points, known = points + weight * worth, known + weight

    def missing(value: Any) -> bool:
        return value is None or value != value

    for signal, weight, steps in BELOW.values():
        value = row[signal]
        add(weight, None if missing(value) else next((w for bound, w in steps if value < bound), 0.0))
    for signal, weight, steps, otherwise in AT_LEAST.values():
        add(weight, None if missing(row[signal]) else at_least(row[signal], steps, otherwise))
    support = None if missing(row["csat"]) else at_least(row["csat"], SUPPORT, 0.0)
    late = 0 if missing(row["tickets_overdue"]) else row["tickets_overdue"]
    if support is None and not missing(row["tickets_overdue"]):
        support = 0.75
    add(13, None if support is None else max(0.0, support - 0.15 * late))
    tier = None if missing(row["loyalty_tier"]) else TIERS.get(row["loyalty_tier"].lower())
    add(10, None if tier is None else max(0.0, tier - 0.3 * bool(row["loyalty_tier_fell"])))
    add(10, None if missing(row["segment"]) else SEGMENTS.get(row["segment"].lower()))
    add(12, None if missing(row["lifetime_value_rank"]) else row["lifetime_value_rank"])
    if known < 50:
        return 0.0
    health = 100 * points / known
    risk = 1 / (1 + math.exp(-10 * (0.5 - health / 100)))
    value = row["lifetime_value"]
    return risk * math.log1p(max(1.0, 0.0 if missing(value) else value)) if health < 40 or risk >= 0.6 else 0.0


def iterrows(connection: Any) -> dict[str, Any]:
    import pandas

    rows = connection.execute(f"{QUERY} limit {ROWS_OF_THE_LOOP}").fetchall()
    frame = pandas.DataFrame(rows, columns=COLUMNS)
    began, used = time.perf_counter(), cpu_of(connection)
    ranked = [(one(row), row["customer_id"]) for _, row in frame.iterrows()]
    sorted(ranked)[-10:]
    seconds, cpu = time.perf_counter() - began, cpu_of(connection) - used
    return {"seconds": seconds, "cpu": cpu, "rows": len(frame), "ten": []}


def pandas_vectorised(connection: Any) -> dict[str, Any]:
    import numpy as np
    import pandas

    began, used = time.perf_counter(), cpu_of(connection)
    frame = pandas.DataFrame(connection.execute(QUERY).fetchall(), columns=COLUMNS)
    fetched = time.perf_counter() - began
    points, known = np.zeros(len(frame)), np.zeros(len(frame))

    def add(weight: float, worth: Any) -> None:
        nonlocal points, known
        there = ~np.isnan(worth)
        points, known = points + np.where(there, weight * worth, 0), known + np.where(there, weight, 0)

    def banded(signal: str, steps: Any, otherwise: float, compare: Callable[[Any, float], Any]) -> Any:
        values = frame[signal].astype(float).to_numpy()
        worth = np.select([compare(values, bound) for bound, _ in steps], [w for _, w in steps], otherwise)
        return np.where(np.isnan(values), np.nan, worth)

    for signal, weight, steps in BELOW.values():
        add(weight, banded(signal, steps, 0.0, np.less))
    for signal, weight, steps, otherwise in AT_LEAST.values():
        add(weight, banded(signal, steps, otherwise, np.greater_equal))
    late = frame["tickets_overdue"].astype(float).to_numpy()
    support = banded("csat", SUPPORT, 0.0, np.greater_equal)
    support = np.where(np.isnan(support) & ~np.isnan(late), 0.75, support)
    add(13, np.where(np.isnan(support), np.nan, np.maximum(0, support - 0.15 * np.nan_to_num(late))))
    tier = frame["loyalty_tier"].str.lower().map(TIERS).to_numpy(dtype=float)
    fell = frame["loyalty_tier_fell"].to_numpy(dtype=float)
    add(10, np.where(np.isnan(tier), np.nan, np.maximum(0, tier - 0.3 * fell)))
    add(10, frame["segment"].str.lower().map(SEGMENTS).to_numpy(dtype=float))
    add(12, frame["lifetime_value_rank"].to_numpy(dtype=float))
    coverage = known / 100
    health = np.where(coverage >= 0.5, 100 * points / np.where(known == 0, np.nan, known), np.nan)
    risk = 1 / (1 + np.exp(-10 * (0.5 - health / 100)))
    value = np.maximum(1, np.nan_to_num(frame["lifetime_value"].to_numpy(dtype=float)))
    rank = np.where((health < 40) | (risk >= 0.6), risk * np.log1p(value), 0)
    ten = frame["customer_id"].to_numpy()[np.argsort(-rank, kind="stable")[:10]].tolist()
    scored, scored_cpu = time.perf_counter() - began, cpu_of(connection) - used
    kept = pandas.DataFrame({"id": frame["customer_id"], "health": health, "risk": risk, "coverage": coverage})
    store(connection, kept.to_csv(index=False, header=False).encode())
    stored, stored_cpu = time.perf_counter() - began, cpu_of(connection) - used
    keep(connection)
    kept_after = time.perf_counter() - began
    return {
        "seconds": scored, "fetch": fetched, "stored": stored, "kept": kept_after, "rows": len(frame), "ten": ten,
        "cpu": scored_cpu, "stored_cpu": stored_cpu, "kept_cpu": cpu_of(connection) - used,
    }  # fmt: skip


def with_polars(connection: Any) -> dict[str, Any]:
    import polars as pl

    began, used = time.perf_counter(), cpu_of(connection)
    text = io.BytesIO()
    with connection.cursor().copy(f"copy ({QUERY}) to stdout (format csv, header)") as copy:
        for piece in copy:
            text.write(piece)
    fetched = time.perf_counter() - began
    text.seek(0)
    numbers = {name: pl.Float64 for name in COLUMNS[4:]}
    frame = pl.read_csv(text, schema_overrides=numbers, infer_schema_length=10_000)

    def banded(signal: str, steps: Any, otherwise: float, holds: Callable[[Any, float], Any]) -> Any:
        column = pl.col(signal)
        worth = pl.lit(otherwise)
        for bound, value in reversed(steps):
            worth = pl.when(holds(column, bound)).then(value).otherwise(worth)
        return pl.when(column.is_null()).then(None).otherwise(worth)

    parts = [(w, banded(s, steps, 0.0, lambda c, b: c < b)) for s, w, steps in BELOW.values()]
    parts += [(w, banded(s, steps, o, lambda c, b: c >= b)) for s, w, steps, o in AT_LEAST.values()]
    late = pl.col("tickets_overdue")
    support = pl.coalesce(banded("csat", SUPPORT, 0.0, lambda c, b: c >= b), pl.when(late.is_not_null()).then(0.75))
    parts.append((13, (support - 0.15 * late.fill_null(0)).clip(lower_bound=0)))
    tier = pl.col("loyalty_tier").str.to_lowercase().replace_strict(TIERS, default=None, return_dtype=pl.Float64)
    fell = (pl.col("loyalty_tier_fell") == "t").cast(pl.Float64)
    parts.append((10, (tier - 0.3 * fell).clip(lower_bound=0)))
    segment = pl.col("segment").str.to_lowercase().replace_strict(SEGMENTS, default=None, return_dtype=pl.Float64)
    parts += [(10, segment), (12, pl.col("lifetime_value_rank"))]
    points = sum(((weight * worth).fill_null(0) for weight, worth in parts), pl.lit(0.0))
    known = sum((pl.when(worth.is_null()).then(0.0).otherwise(weight) for weight, worth in parts), pl.lit(0.0))
    scored = (
        frame.lazy()
        .select("customer_id", "lifetime_value", points=points, known=known)
        .with_columns(health=pl.when(pl.col("known") >= 50).then(100 * pl.col("points") / pl.col("known")))
        .with_columns(risk=1 / (1 + (-10 * (0.5 - pl.col("health") / 100)).exp()))
        .with_columns(
            rank=pl.when((pl.col("health") < 40) | (pl.col("risk") >= 0.6)).then(
                pl.col("risk") * (1 + pl.col("lifetime_value").fill_null(0).clip(lower_bound=1)).log()
            )
        )
        .collect()
    )
    ten = scored.top_k(10, by="rank")["customer_id"].to_list()
    done, scored_cpu = time.perf_counter() - began, cpu_of(connection) - used
    store(connection, scored.select("customer_id", "health", "risk", pl.col("known") / 100).write_csv(
        include_header=False).encode())  # fmt: skip
    stored, stored_cpu = time.perf_counter() - began, cpu_of(connection) - used
    keep(connection)
    kept_after = time.perf_counter() - began
    return {
        "seconds": done, "fetch": fetched, "stored": stored, "kept": kept_after, "rows": len(frame), "ten": ten,
        "cpu": scored_cpu, "stored_cpu": stored_cpu, "kept_cpu": cpu_of(connection) - used,
    }  # fmt: skip


def cpu_of(connection: Any) -> float:
    """Seconds of CPU that this process and its server process have used."""
    with open(f"/proc/{connection.info.backend_pid}/stat", encoding="utf-8") as stat:
        figures = stat.read().rpartition(")")[2].split()
    return time.process_time() + (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")


def store(connection: Any, text: bytes) -> None:
    connection.execute(STORE)
    with connection.cursor().copy("copy kept from stdin (format csv)") as copy:
        copy.write(text)
    connection.execute("commit")


def keep(connection: Any) -> None:
    """Puts the scores in place of those of the day before, where they outlive the connection."""
    connection.execute(KEEP)
    connection.execute("commit")


def main() -> None:
    which, folder, database, user = sys.argv[1:]
    engines = {"iterrows": iterrows, "pandas": pandas_vectorised, "polars": with_polars}
    with psycopg.connect(host=folder, dbname=database, user=user) as connection:
        found = engines[which](connection)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**found, "megabytes": megabytes}))


if __name__ == "__main__":
    main()
