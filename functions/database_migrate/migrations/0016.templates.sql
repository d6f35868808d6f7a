-- depends: 0014.delivery
-- The company's own templates of messages. A version is never changed: what is used is the newest of a name and
-- language, and going back is saving what an older one said as a new one. `restored_from` 0 is the shipped one.
create table outreach_templates (
    name          text not null check (name ~ '^[a-z][a-z0-9_]{0,63}$'),
    language      text not null check (language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
    version       integer not null check (version > 0),
    subject       text not null check (length(subject) between 1 and 1000),
    body          text not null check (length(body) between 1 and 8000),
    variables     jsonb not null check (jsonb_typeof(variables) = 'object'),
    note          text not null default '' check (length(note) <= 500),
    restored_from integer check (restored_from >= 0),
    created_by    text not null,
    created_at    timestamptz not null,
    primary key (name, language, version)
);
revoke update, delete on outreach_templates from beforehand_app_rw;

create view outreach_v_templates as
select name, language, version, subject, body, variables, note, restored_from, created_by, created_at
from outreach_templates;
