"""The door for other domains, pages and commands. None of these functions commits, but `ingest_file` and `receive_push`,
which open their own transactions.
"""

from uuid import UUID

from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.sources.contracts import StoredSnapshot
from belvedere.sources.conversations import CONVERSATIONS_TARGET
from belvedere.sources.documents import guess_format
from belvedere.sources.endpoints import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    get_endpoint,
    list_endpoints,
    receive_push,
)
from belvedere.sources.errors import AlreadyRunning, ReadingFailed
from belvedere.sources.files import ingest_file, read_mapping
from belvedere.sources.frames import METRIC_SCHEMA, RECORD_SCHEMA
from belvedere.sources.freshness import FreshnessView, judge_freshness
from belvedere.sources.health import HEALTH_TARGET, StalePlace, stale_places
from belvedere.sources.intake import accept_upload, replay_rejects
from belvedere.sources.listeners import register_snapshot_listener
from belvedere.sources.lists import Page
from belvedere.sources.mapping import RecordMapping, load_mapping, parse_mapping
from belvedere.sources.quarantine import settle_reading
from belvedere.sources.record_filters import RecordQuery, parse_filters
from belvedere.sources.registry import (
    AccountView,
    SourceView,
    change_account,
    change_source,
    create_account,
    create_definition,
    create_source,
    delete_account,
    find_source,
    get_account,
    get_source,
    list_accounts,
    list_sources,
)
from belvedere.sources.repository import (
    client_of_snapshot,
    find_unjudged,
    get_record,
    get_snapshot,
    latest_judged,
    list_definitions,
    list_metrics,
    list_records,
    list_rejects,
    list_snapshots,
    metric_history,
    record_history,
)
from belvedere.sources.runs import request_run, start_due, sweep_lost
from belvedere.sources.stored import load_definitions, load_frames, load_stored, rebuild_frames
from belvedere.sources.target_sources import sync_targets
from belvedere.sources.targets import (
    FieldKind,
    Target,
    TargetField,
    field_labels,
    find_target,
    known_targets,
    list_targets,
    number_fields,
    register_target,
    target_fields,
    text_fields,
)
from belvedere.sources.thinning import plan_thinning, retention_of, thin_readings

__all__ = [
    "CONVERSATIONS_TARGET",
    "HEALTH_TARGET",
    "METRIC_SCHEMA",
    "RECORD_SCHEMA",
    "AccountView",
    "AlreadyRunning",
    "FieldKind",
    "FreshnessView",
    "Page",
    "ReadingFailed",
    "RecordMapping",
    "RecordQuery",
    "SourceView",
    "StalePlace",
    "Target",
    "TargetField",
    "accept_upload",
    "change_account",
    "change_endpoint",
    "change_source",
    "client_of_snapshot",
    "create_account",
    "create_definition",
    "create_endpoint",
    "create_source",
    "delete_account",
    "delete_endpoint",
    "field_labels",
    "find_source",
    "find_target",
    "find_unjudged",
    "get_account",
    "get_endpoint",
    "get_record",
    "get_snapshot",
    "get_source",
    "guess_format",
    "ingest_file",
    "judge_freshness",
    "known_targets",
    "latest_judged",
    "list_accounts",
    "list_definitions",
    "list_endpoints",
    "list_metrics",
    "list_records",
    "list_rejects",
    "list_snapshots",
    "list_sources",
    "list_targets",
    "load_definitions",
    "load_frames",
    "load_mapping",
    "load_stored_snapshot",
    "metric_history",
    "number_fields",
    "parse_filters",
    "parse_mapping",
    "plan_thinning",
    "read_mapping",
    "rebuild_frames",
    "receive_push",
    "record_history",
    "register_snapshot_listener",
    "register_target",
    "replay_rejects",
    "request_run",
    "retention_of",
    "settle_reading",
    "stale_places",
    "start_due",
    "sweep_lost",
    "sync_targets",
    "target_fields",
    "text_fields",
    "thin_readings",
]


async def load_stored_snapshot(
    session: ReadSession, client_id: int, snapshot_id: UUID
) -> StoredSnapshot | None:
    """A completed reading with its frames and those of the one before it; None when there is none."""
    try:
        return await load_stored(session, client_id, snapshot_id)
    except NotFound:
        return None
