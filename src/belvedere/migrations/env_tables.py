"""Every domain's tables, for whoever needs the whole metadata."""

import belvedere.accounts.tables
import belvedere.ads.tables
import belvedere.agents.tables
import belvedere.core.tables
import belvedere.inventory.tables
import belvedere.knowledge.tables
import belvedere.notify.tables
import belvedere.outreach.tables
import belvedere.reports.tables
import belvedere.sources.tables
import belvedere.support.tables
import belvedere.watchtower.tables  # noqa: F401 - each import adds its tables to the metadata
