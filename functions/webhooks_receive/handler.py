"""Runs when somebody unsubscribes, when a system of the company reports, and for the events of AWS's senders."""

from beforehand.outreach.inbox.receive_wiring import handler as made

handler = made()
