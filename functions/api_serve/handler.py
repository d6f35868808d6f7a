"""Runs for every request to the API."""

from beforehand.api.wiring import serve
from beforehand.churn import routes as risk
from beforehand.churn import scans_routes as scans
from beforehand.customers import imports_routes as imports
from beforehand.customers import routes as customers
from beforehand.followups import routes as followups
from beforehand.journal.routes import routes as journal
from beforehand.outreach import routes as outreach

handler = serve(
    customers.routes, imports.routes, risk.routes, scans.routes, outreach.routes, followups.routes, journal()
)
