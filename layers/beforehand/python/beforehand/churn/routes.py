"""Every route of churn."""

from beforehand.churn import risk_routes, scans_routes

routes = (*risk_routes.routes, *scans_routes.routes)
