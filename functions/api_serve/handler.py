"""Runs for every request to the API."""

from beforehand.api.wiring import serve
from beforehand.churn import routes as risk
from beforehand.churn import scans_routes as scans
from beforehand.customers import imports_routes as imports
from beforehand.customers import routes as customers
from beforehand.outreach import channel_routes as channels
from beforehand.journal.routes import routes as journal
from beforehand.outreach import ledger_routes as ledger
from beforehand.outreach import routes as cases
from beforehand.outreach.messages import routes as templates

handler = serve(
    customers.routes,
    imports.routes,
    risk.routes,
    scans.routes,
    cases.routes,
    channels.routes,
    ledger.routes,
    templates.routes,
    journal(),
)
