"""Every tenant table of the newest schema with what each role may do, for whoever checks the whole."""

from belvedere.migrations import (
    ads,
    agents,
    ground,
    inventory,
    knowledge,
    outreach,
    reports,
    spine,
    support,
    watch,
)
from belvedere.migrations.policies import TenantTable

ALL_TENANTS: tuple[TenantTable, ...] = (
    *spine.TENANTS, *ground.TENANTS, *agents.TENANTS, *knowledge.TENANTS, *ads.TENANTS, *inventory.TENANTS,
    *support.TENANTS, *outreach.TENANTS, *reports.TENANTS, *watch.TENANTS,
)  # fmt: skip
