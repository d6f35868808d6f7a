"""The peer: APScheduler with its jobs in PostgreSQL, one job for each message, each of which does nothing.

python jobs.py enqueue|dispatch|pending <socket directory> <database> <user> <jobs>
"""

import json
import pickle
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.util import datetime_to_utc_timestamp
from sqlalchemy import insert, text

done = threading.Event()
ran = 0
wanted = 0
counting = threading.Lock()


def send(outreach_id: str) -> None:
    """Sends nothing, and counts."""
    global ran
    with counting:
        ran += 1
        if ran == wanted:
            done.set()


def opened(socket: str, database: str, user: str) -> BackgroundScheduler:
    """A scheduler whose jobs wait until it goes on; its table is empty."""
    store = SQLAlchemyJobStore(url=f"postgresql+psycopg://{user}@/{database}?host={socket}")
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone=UTC)
    scheduler.start(paused=True)
    with store.engine.begin() as connection:
        connection.execute(text("truncate apscheduler_jobs"))
    return scheduler


def enqueue(scheduler: BackgroundScheduler, jobs: int, due_at: datetime) -> float:
    """Adds jobs one by one, as there is no other way; returns the seconds."""
    began = time.perf_counter()
    for number in range(jobs):
        name = f"job-{number}"
        scheduler.add_job(send, "date", run_date=due_at, args=[name], id=name, misfire_grace_time=None)
    return time.perf_counter() - began


def dispatch(scheduler: BackgroundScheduler, jobs: int) -> float:
    """Runs jobs that are due; returns the seconds until the last has run and its row is gone."""
    global wanted
    fill(scheduler, jobs, datetime.now(UTC))
    wanted = jobs
    began = time.perf_counter()
    scheduler.resume()
    done.wait()
    while scheduler._jobstores["default"].get_next_run_time() is not None:
        time.sleep(0.005)
    return time.perf_counter() - began


def fill(scheduler: BackgroundScheduler, jobs: int, due_at: datetime) -> None:
    """Puts jobs into the table at once, as `add_job` would write them; this is not measured."""
    store = scheduler._jobstores["default"]
    example = scheduler.add_job(send, "date", run_date=due_at, args=["x"], id="example", misfire_grace_time=None)
    scheduler.remove_job("example")
    rows, at = [], datetime_to_utc_timestamp(due_at)
    for number in range(jobs):
        name = f"job-{number}"
        state = {**example.__getstate__(), "id": name, "args": (name,), "trigger": DateTrigger(due_at)}
        packed = pickle.dumps({**state, "next_run_time": due_at}, store.pickle_protocol)
        rows.append({"id": name, "next_run_time": at, "job_state": packed})
    with store.engine.begin() as connection:
        connection.execute(insert(store.jobs_t), rows)


def pending(scheduler: BackgroundScheduler) -> float:
    """Lists the jobs that wait; returns the seconds."""
    began = time.perf_counter()
    scheduler.get_jobs()
    return time.perf_counter() - began


def main(what: str, socket: str, database: str, user: str, jobs: str) -> None:
    """Measures one thing and prints it as JSON; `pending` takes what a run of `fill` has left."""
    count, later = int(jobs), datetime.now(UTC) + timedelta(days=30)
    if what == "pending":
        store = SQLAlchemyJobStore(url=f"postgresql+psycopg://{user}@/{database}?host={socket}")
        scheduler = BackgroundScheduler(jobstores={"default": store}, timezone=UTC)
        scheduler.start(paused=True)
        seconds = pending(scheduler)
    else:
        scheduler = opened(socket, database, user)
        if what == "enqueue":
            seconds = enqueue(scheduler, count, later)
        elif what == "dispatch":
            seconds = dispatch(scheduler, count)
        else:
            fill(scheduler, count, later)
            seconds = 0.0
    scheduler.shutdown()
    megabytes = _peak()
    print(json.dumps({"seconds": seconds, "rows": count, "megabytes": megabytes, "cpu": time.process_time()}))


def _peak() -> float:
    """The most memory this program has held, in megabytes; `getrusage` counts that of whoever started it, too."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(*sys.argv[1:])
