"""The company that messages are from, as the deployment says."""

from beforehand.outreach.messages.model import Company
from beforehand.settings import CompanySettings


def company_of(settings: CompanySettings) -> Company:
    """Whom messages are from."""
    return Company(
        name=settings.company_name,
        postal_address=settings.company_address,
        support_url=settings.company_support_url,
        language=settings.company_language,
        zone=settings.company_zone,
    )
