"""Every domain's tables, for whoever needs the whole metadata."""

import belvedere.accounts.tables
import belvedere.core.tables
import belvedere.notify.tables
import belvedere.sources.tables
import belvedere.watchtower.tables  # noqa: F401 - each import adds its tables to the metadata
