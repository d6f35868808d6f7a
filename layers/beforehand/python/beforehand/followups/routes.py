"""Every route of follow-ups."""

from beforehand.followups import emotion_routes, job_routes, planning_routes

routes = (*planning_routes.routes, *job_routes.routes, *emotion_routes.routes)
