-- depends: 0018.audit
-- How many messages of a channel are in flight is counted before each claim.
create index outreach_claimed on outreach (channel) where state in ('claimed', 'unknown');
-- What was held for its channel is let go when that is live, and a chunk is recorded by its name.
create index outreach_dry_run on outreach (channel) where hold = 'dry_run';
create index outreach_attempts_by_chunk on outreach_attempts (chunk) where ended_at is null;

-- The same rules as before, but the server sees by itself which moves they are for: a claim is none of the first's.
create or replace trigger outreach_a_reached before update on outreach for each row
    when (new.state in ('scheduled', 'held') and old.state in ('claimed', 'unknown', 'review'))
    execute function outreach_v_reached();
create or replace trigger outreach_legal before update on outreach for each row
    when (new.state <> old.state or new.attempt < old.attempt)
    execute function outreach_v_legal();
