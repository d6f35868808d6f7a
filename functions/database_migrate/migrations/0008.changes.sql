-- depends: 0006.cases
-- Whose facts changed, and in which transaction, so that whoever reads can ask for what is new since they looked.
-- The mark is the transaction and not a time: one that is under way while somebody reads is at or above that
-- reader's pg_snapshot_xmin, and so is never missed.
create table customers_changes (
    customer_id text not null,
    changed_in  xid8 not null default pg_current_xact_id(),
    changed_at  timestamptz not null default now()
);
create index customers_changes_by_transaction on customers_changes (changed_in);

create function customers_note_changes() returns trigger language plpgsql as '
begin
    insert into customers_changes (customer_id) select distinct customer_id from touched;
    return null;
end';

create trigger note_added after insert on customers
    referencing new table as touched for each statement execute function customers_note_changes();
create trigger note_changed after update on customers
    referencing new table as touched for each statement execute function customers_note_changes();
create trigger note_deleted after delete on customers
    referencing old table as touched for each statement execute function customers_note_changes();
create trigger note_added after insert on customers_purchases
    referencing new table as touched for each statement execute function customers_note_changes();
create trigger note_changed after update on customers_purchases
    referencing new table as touched for each statement execute function customers_note_changes();
create trigger note_deleted after delete on customers_purchases
    referencing old table as touched for each statement execute function customers_note_changes();

create view customers_v_changes as
select customer_id, changed_in from customers_changes;

-- Up to which transaction (with it) changes may be forgotten: whoever has not read as far has to look at everyone.
create table customers_changes_forgotten (
    only_row boolean primary key default true check (only_row),
    up_to    xid8 not null
);

create view customers_v_changes_forgotten as
select up_to from customers_changes_forgotten;
