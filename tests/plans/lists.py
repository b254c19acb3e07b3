"""Every list of the API with the filters that people use, as paths; and what may read a table from end to end, and why."""

LISTS: dict[str, str] = {
    "snapshots": "/snapshots",
    "snapshots of a client": "/snapshots?client_id={client_id}",
    "snapshots of a source": "/snapshots?source_id={source_id}",
    "snapshots of an account": "/snapshots?account_id={account_id}",
    "snapshots that failed": "/snapshots?status=failed",
    "a snapshot": "/snapshots/{snapshot_id}",
    "records of a snapshot": "/records?snapshot_id={snapshot_id}",
    "records of a source": "/records?source_id={source_id}&client_id={client_id}",
    "records by metric": "/records?snapshot_id={snapshot_id}&metric.cvr[gt]=3&sort=-metric.cvr",
    "records searched": "/records?snapshot_id={snapshot_id}&search=Record 7",
    "a record": "/records/{record_id}",
    "history of a thing": "/record-history?source_id={source_id}&external_id=rec-7&client_id={client_id}",
    "metrics of a record": "/metrics?record_id={record_id}",
    "metrics of a snapshot": "/metrics?snapshot_id={snapshot_id}",
    "metric definitions": "/metric-definitions",
    "rejects": "/rejects",
    "open rejects": "/rejects?open_only=true",
    "rejects of a client": "/rejects?client_id={client_id}",
    "rejects of a snapshot": "/rejects?snapshot_id={snapshot_id}",
    "rules": "/rules",
    "rules of a client": "/rules?client_id={client_id}",
    "a rule": "/rules/{rule_id}",
    "evaluations of a rule": "/rules/{rule_id}/evaluations",
    "alerts": "/alerts",
    "open alerts": "/alerts?state=open",
    "alerts nobody took": "/alerts?state=open&acknowledged=false",
    "critical alerts": "/alerts?severity=critical",
    "alerts of a client": "/alerts?client_id={client_id}",
    "open alerts of a client": "/alerts?client_id={client_id}&state=open",
    "alerts of a rule": "/alerts?rule_id={rule_id}",
    "alerts of a source": "/alerts?source_id={source_id}",
    "an alert": "/alerts/{alert_id}",
    "counts of alerts": "/alerts/counts",
    "counts of a client's alerts": "/alerts/counts?client_id={client_id}",
    "deliveries": "/deliveries",
    "deliveries of a client": "/deliveries?client_id={client_id}",
    "deliveries of an alert": "/deliveries?subject_id={subject_id}",
    "a delivery": "/deliveries/{delivery_id}",
    "channels": "/channels",
    "sources": "/sources",
    "accounts": "/source-accounts",
    "endpoints": "/webhook-endpoints",
    "clients": "/clients",
    "users": "/users",
    "credentials": "/credentials",
    "tokens": "/tokens",
    "jobs": "/jobs",
    "audit": "/audit",
    "audit of an action": "/audit?action=rule.created",
    "logs": "/logs",
    "warnings in the logs": "/logs?level=WARN",
}
STAFF_ALONE = frozenset(
    {"users", "jobs", "audit", "audit of an action", "logs", "warnings in the logs", "credentials"}
)
"""Lists that a client's person may not open."""
WHICH_CLIENTS = (
    "The policy asks who may see what while it runs, so the planner does not know that it is one small client: it goes"
    " through the rows of all from the newest end. Taking each client's newest rows by itself reads 13 blocks."
)
NO_INDEX = "No index gives the order without a client; sorted as a whole."
METRICS_FIRST = "Every metric is held against the records of the reading. With the records' keys found first it reads 552 blocks."
COUNTED = "Counts what is resolved too, so it looks at every alert in reach."

READS_MUCH: dict[tuple[str, str], dict[str, str]] = {
    ("snapshots of an account", "staff"): {"watch.api_snapshots": "No index begins with the account."},
    ("metrics of a snapshot", "staff"): {
        "watch.api_record_metrics": METRICS_FIRST, "watch.api_records": METRICS_FIRST,
    },
    ("metrics of a snapshot", "person"): {
        "watch.api_record_metrics": METRICS_FIRST, "watch.api_records": METRICS_FIRST,
    },
    ("metrics of a snapshot", "small"): {
        "watch.api_record_metrics": METRICS_FIRST, "watch.api_records": METRICS_FIRST,
    },
    ("rejects", "staff"): {"watch.record_rejects": NO_INDEX},
    ("deliveries", "staff"): {"core.deliveries": NO_INDEX},
    ("counts of alerts", "staff"): {"watch.watchtower_alerts": COUNTED},
    ("snapshots", "small"): {"watch.api_snapshots": WHICH_CLIENTS},
    ("snapshots of a source", "small"): {"watch.api_snapshots": WHICH_CLIENTS},
    ("alerts", "small"): {"watch.watchtower_alerts": WHICH_CLIENTS},
    ("critical alerts", "small"): {"watch.watchtower_alerts": WHICH_CLIENTS},
    ("alerts of a source", "small"): {"watch.watchtower_alerts": WHICH_CLIENTS},
}  # fmt: skip
"""(List, who asks) -> large table -> why the question looks at more of it than it shows. Nothing else may."""
