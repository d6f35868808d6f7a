-- depends: 0006.cases
-- What others may read of the journal and of the ledger of outreach. Neither has a message in it.
create view journal_v_decisions as
select decision_id, decided_at, capability, kind, customer_id, outreach_id, run_id, action, because, rule, facts
from journal_decisions;

create view outreach_v_states as
select outreach_id, customer_id, purpose, cycle, step, channel, state, language, priority, due_at, not_after,
       run_id, proposed_at
from outreach;

-- Memory: each intervention that was decided, with what has come of it since. It is no table of its own: the journal
-- keeps what was seen and planned, and the ledgers know how it goes on, so the two can never disagree.
create view churn_v_memory as
select d.customer_id, d.decided_at, d.decision_id, d.run_id, d.action, d.because, d.rule, d.facts,
       d.outreach_id, o.channel, o.language, o.state, o.due_at, o.not_after,
       c.case_id, c.state as case_state, c.due_at as case_due_at, c.done_at as case_done_at, c.answer
from journal_v_decisions as d
left join outreach_v_states as o on o.outreach_id = d.outreach_id
left join outreach_v_cases as c on c.case_id = cast(d.facts ->> 'case_id' as uuid)
where d.capability = 'churn' and d.kind = 'intervention' and d.customer_id is not null;
