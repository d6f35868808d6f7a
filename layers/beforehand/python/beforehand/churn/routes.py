"""Every route of churn."""

from beforehand.churn import preview_routes, risk_routes, scans_routes

routes = (*risk_routes.routes, *preview_routes.routes, *scans_routes.routes)
