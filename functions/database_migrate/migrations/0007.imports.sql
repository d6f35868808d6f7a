-- depends: 0006.cases
-- Every import: running while its row is held, done or failed with its because. `answer` is what whoever uploaded the
-- file was told; a second delivery of the same upload is told the same.
create table customers_imports (
    import_id    uuid primary key,
    key          text not null unique,
    file_name    text not null,
    kind         text not null check (kind in ('customers', 'purchases')),
    state        text not null check (state in ('running', 'done', 'failed')),
    rows         bigint not null default 0,
    added        bigint not null default 0,
    changed      bigint not null default 0,
    unchanged    bigint not null default 0,
    refused_rows bigint not null default 0,
    because      text not null,
    answer       jsonb,
    uploaded_by  text,
    started_at   timestamptz not null,
    finished_at  timestamptz
);
create index customers_imports_by_start on customers_imports (started_at desc, import_id);
create index customers_imports_running on customers_imports (started_at) where state = 'running';

create view customers_v_imports as
select import_id, key, file_name, kind, state, rows, added, changed, unchanged, refused_rows, because, uploaded_by,
       started_at, finished_at
from customers_imports;

-- What a gate asks besides yes or no: since when, and from where it is known.
alter table customers add column consented_on date, add column consent_source text;

create view customers_v_consents as
select customer_id, marketing_consent, consented_on, consent_source from customers;
