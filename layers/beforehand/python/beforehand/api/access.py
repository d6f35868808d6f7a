"""Who may do what: every route and the least role it takes. The gateway's routes are made of the same table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a user may do, least first; each may do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def may(self) -> str:
        """What the role is for, in words."""
        return {"viewer": "May look", "operator": "May work", "admin": "May change how it works"}[self.value]

    def covers(self, least: "Role") -> bool:
        """Whether this role is at least that one."""
        roles = list(Role)
        return roles.index(self) >= roles.index(least)


PUBLIC_ROUTES = ("GET /u/{token}", "POST /hooks/{source}", "POST /u/{token}")
"""Open to everyone: another function answers them, which proves each request by its own signature."""

LEAST_ROLE: Mapping[str, Role] = MappingProxyType(
    {
        "GET /api/scheduler/health": Role.VIEWER,
        "GET /v1/audit": Role.ADMIN,
        "GET /v1/cases": Role.VIEWER,
        "GET /v1/cases/statistics": Role.VIEWER,
        "GET /v1/cases/{case_id}": Role.VIEWER,
        "GET /v1/channels": Role.VIEWER,
        "GET /v1/contact-policies": Role.VIEWER,
        "GET /v1/contact-policy": Role.VIEWER,
        "GET /v1/customers": Role.VIEWER,
        "GET /v1/customers/{customer_id}": Role.VIEWER,
        "GET /v1/customers/{customer_id}/purchases": Role.VIEWER,
        "GET /v1/customers/{customer_id}/risk": Role.VIEWER,
        "GET /v1/customers/{customer_id}/timeline": Role.VIEWER,
        "GET /v1/emotions": Role.VIEWER,
        "GET /v1/followup-health": Role.VIEWER,
        "GET /v1/followups": Role.VIEWER,
        "GET /v1/followups/{job_id}": Role.VIEWER,
        "GET /v1/imports": Role.VIEWER,
        "GET /v1/imports/{import_id}": Role.VIEWER,
        "GET /v1/me": Role.VIEWER,
        "GET /v1/openapi.json": Role.VIEWER,
        "GET /v1/outreach": Role.VIEWER,
        "GET /v1/outreach/{outreach_id}": Role.VIEWER,
        "GET /v1/risk": Role.VIEWER,
        "GET /v1/risk/preview": Role.VIEWER,
        "GET /v1/scans": Role.VIEWER,
        "GET /v1/scans/{run_id}": Role.VIEWER,
        "GET /v1/statistics": Role.VIEWER,
        "PATCH /v1/channels/{channel}": Role.ADMIN,
        "GET /v1/suppressions": Role.VIEWER,
        "GET /v1/templates": Role.VIEWER,
        "GET /v1/templates/{name}": Role.VIEWER,
        "GET /v1/templates/{name}/{language}": Role.VIEWER,
        "GET /v1/why/{subject}": Role.VIEWER,
        "PATCH /v1/customers/{customer_id}": Role.OPERATOR,
        "POST /bookings/{booking_id}/schedule-followup": Role.OPERATOR,
        "POST /v1/cases/{case_id}/done": Role.OPERATOR,
        "POST /v1/cases/{case_id}/give_back": Role.OPERATOR,
        "POST /v1/cases/{case_id}/take": Role.OPERATOR,
        "POST /v1/channels/{channel}/resume": Role.ADMIN,
        "POST /v1/channels/{channel}/stop": Role.OPERATOR,
        "POST /v1/contact-policy/restore": Role.ADMIN,
        "POST /v1/contact-policy/try": Role.VIEWER,
        "POST /v1/emotions": Role.OPERATOR,
        "POST /v1/followups/check-in": Role.OPERATOR,
        "POST /v1/followups/custom": Role.OPERATOR,
        "POST /v1/followups/post-event": Role.OPERATOR,
        "POST /v1/followups/re-engagement": Role.OPERATOR,
        "POST /v1/followups/{job_id}/cancel": Role.OPERATOR,
        "POST /v1/followups/{job_id}/reschedule": Role.OPERATOR,
        "POST /v1/imports": Role.OPERATOR,
        "POST /v1/outreach": Role.OPERATOR,
        "POST /v1/outreach/{outreach_id}/cancel": Role.OPERATOR,
        "POST /v1/outreach/{outreach_id}/release": Role.OPERATOR,
        "POST /v1/scans": Role.OPERATOR,
        "POST /v1/suppressions": Role.OPERATOR,
        "POST /v1/suppressions/find": Role.OPERATOR,
        "POST /v1/suppressions/{suppression_id}/lift": Role.ADMIN,
        "POST /v1/templates/{name}/preview": Role.VIEWER,
        "POST /v1/templates/{name}/{language}/restore": Role.ADMIN,
        "PUT /v1/contact-policy": Role.ADMIN,
        "PUT /v1/templates/{name}/{language}": Role.ADMIN,
    }
)
"""A route that is not listed here cannot be registered."""
