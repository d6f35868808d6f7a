-- depends: 0021.claims
-- What becomes of a case that nobody has taken by a moment: its message goes (send), or is withdrawn (dismissed).
-- No review has one: whether a message arrived, only a person can say, and nothing is sent again without them.
-- `otherwise_because` says why it could not be done when its time came; the case then waits for a person after all.
alter table outreach_cases
    add column otherwise         text check (otherwise in ('send', 'dismissed')),
    add column otherwise_at      timestamptz check (
        (otherwise is null) = (otherwise_at is null)
        and (otherwise is null or otherwise_at >= opened_at)
        and (otherwise is null or kind <> 'review')
        and (coalesce(otherwise, '') <> 'send' or outreach_id is not null)
    ),
    add column otherwise_because text;

-- What falls through next: nothing is in it but cases that wait for that, so looking each minute costs nothing.
create index outreach_cases_otherwise on outreach_cases (otherwise_at)
    where state = 'open' and otherwise is not null and otherwise_because is null;

-- A case that is done stays as it was done, whoever comes late.
create function outreach_v_case_over() returns trigger language plpgsql as '
begin
    raise exception ''a case that is done stays done'' using errcode = ''23514'';
end';
create trigger outreach_case_over before update on outreach_cases for each row
    when (old.state = 'done' and (new.state, new.answer, new.done_by, new.done_at)
          is distinct from (old.state, old.answer, old.done_by, old.done_at))
    execute function outreach_v_case_over();

create or replace view outreach_v_cases as
select case_id, kind, customer_id, cycle, outreach_id, run_id, role, subject, because, priority, state,
       opened_at, due_at, taken_by, taken_at, done_by, done_at, answer, otherwise, otherwise_at, otherwise_because
from outreach_cases;
