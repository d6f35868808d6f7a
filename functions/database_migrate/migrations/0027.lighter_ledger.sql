-- depends: 0025.delivery_figures
-- Each move of a message writes every index of its row anew, so what another index answers as well is not kept:
-- the messages of a customer are found by the promise that none is planned twice, and what is in flight, which is
-- never more than channels take at once, by `outreach_claimed`.
drop index outreach_by_customer;
drop index outreach_in_flight;
