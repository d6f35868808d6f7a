"""Every route of outreach."""

from beforehand.outreach import case_routes, channel_routes, ledger_routes, policy_routes, proposal_routes
from beforehand.outreach.messages import routes as message_routes
from beforehand.outreach.suppression import routes as suppression_routes

routes = (
    *case_routes.routes,
    *channel_routes.routes,
    *ledger_routes.routes,
    *message_routes.routes,
    *policy_routes.routes,
    *proposal_routes.routes,
    *suppression_routes.routes,
)
