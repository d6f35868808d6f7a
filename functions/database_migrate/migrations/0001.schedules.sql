-- Who should have run, who did, and how it ended. A due time belongs to one run only.
create table schedules_runs (
    run_id      uuid primary key,
    schedule    text not null,
    due_at      timestamptz not null,
    execution   text not null,
    state       text not null default 'running' check (state in ('running', 'finished', 'abandoned')),
    options     jsonb not null default '{}',
    statistics  jsonb not null default '{}',
    started_at  timestamptz not null,
    finished_at timestamptz,
    unique (schedule, due_at)
);

create view schedules_v_runs as
select run_id, schedule, due_at, state, options, statistics, started_at, finished_at from schedules_runs;
