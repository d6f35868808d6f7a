-- depends: 0021.claims
-- What went to somebody lately is found without a look at all that ever did: a lease ends after its claim.
create index outreach_by_contact on outreach (customer_id, lease_until) where lease_until is not null;

-- The same rules as before; the server sees by itself where they have nothing to do. A message that is planned with
-- all it needs is as it should be, and the two moves that nearly every message makes are legal (`outreach_moves`).
create or replace trigger outreach_planned before insert on outreach for each row
    when (new.state = 'scheduled' and new.next_at is null or new.state = 'held' and new.hold is null)
    execute function outreach_v_planned();
create or replace trigger outreach_legal before update on outreach for each row
    when (new.attempt < old.attempt
          or new.state <> old.state
             and not (old.state = 'scheduled' and new.state = 'claimed')
             and not (old.state = 'claimed' and new.state = 'sent'))
    execute function outreach_v_legal();
