-- depends: 0006.cases
-- What is wanted outside: committed with the change that wants it, copied to where it is carried out from, and how
-- it ended. The id follows from kind and key, so a command that is asked for twice is one.
create table outbox_commands (
    command_id uuid primary key,
    kind       text not null,
    key        text not null,
    payload    jsonb not null,
    round      integer not null default 1 check (round > 0),
    state      text not null default 'pending' check (state in ('pending', 'copied', 'done', 'dead')),
    attempts   integer not null default 0 check (attempts >= 0),
    because    text not null,
    added_at   timestamptz not null,
    copied_at  timestamptz,
    ended_at   timestamptz,
    unique (kind, key)
);
create index outbox_commands_pending on outbox_commands (added_at, command_id) where state = 'pending';
create index outbox_commands_under_way on outbox_commands (command_id) where state = 'copied';

create view outbox_v_commands as
select command_id, kind, key, payload, round, state, attempts, because, added_at, copied_at, ended_at
from outbox_commands;
