"""Runs for every request to the API."""

from beforehand.api.wiring import serve
from beforehand.churn.routes import routes as churn
from beforehand.customers import imports_routes as imports
from beforehand.customers import routes as customers
from beforehand.followups.routes import routes as followups
from beforehand.journal.routes import routes as journal
from beforehand.outreach.routes import routes as outreach

handler = serve(customers.routes, imports.routes, churn, outreach, followups, journal())
