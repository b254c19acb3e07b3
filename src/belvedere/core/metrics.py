"""What `/metrics` shows. Labels are words of our own code: no names of clients, no addresses, no ids."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

registry = CollectorRegistry()

SNAPSHOTS = Counter("belvedere_snapshots", "Snapshots by how they ended.", ["status"], registry=registry)
OVERRUNS = Counter(
    "belvedere_source_overruns", "Planned readings that waited for one that still ran.", registry=registry
)
RECORDS = Counter("belvedere_records", "Records stored.", registry=registry)
REJECTS = Counter("belvedere_rejects", "Rows that went to the dead letters.", ["reason"], registry=registry)
EVALUATIONS = Counter("belvedere_evaluations", "Rule evaluations by result.", ["result"], registry=registry)
EVALUATION_SECONDS = Histogram(
    "belvedere_evaluation_seconds", "Time to judge the rules of one snapshot.", registry=registry
)
EVALUATION_LAG = Histogram(
    "belvedere_evaluation_lag_seconds", "Time from the end of a reading to its judgement.", registry=registry
)
OPEN_ALERTS = Gauge("belvedere_alerts_open", "Alerts that are open.", registry=registry)
HELD_ALERTS = Gauge(
    "belvedere_alerts_held", "Open alerts whose messages a silence or a storm holds.", registry=registry
)
PENDING_BREACHES = Gauge(
    "belvedere_breaches_pending", "Breaches that have not lasted long enough to fire.", registry=registry
)
OVERDUE_EVALUATIONS = Gauge(
    "belvedere_evaluations_overdue", "Completed readings that nobody judged for a minute.", registry=registry
)
ALERTS_OPENED = Counter("belvedere_alerts_opened", "Alerts opened.", ["severity"], registry=registry)
ALERTS_RESOLVED = Counter("belvedere_alerts_resolved", "Alerts resolved.", ["severity"], registry=registry)
DELIVERIES = Counter(
    "belvedere_deliveries",
    "Deliveries by channel and the state they reached.",
    ["channel", "state"],
    registry=registry,
)
DELIVERY_ATTEMPTS = Counter(
    "belvedere_delivery_attempts",
    "Attempts to send by channel and outcome.",
    ["channel", "outcome"],
    registry=registry,
)
DELIVERY_SECONDS = Histogram(
    "belvedere_delivery_seconds",
    "Time from the alert's commit to an accepted delivery.",
    ["channel"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
    registry=registry,
)
JOB_RUNS = Counter(
    "belvedere_job_runs", "Job runs by job and outcome.", ["job", "outcome"], registry=registry
)
JOB_SECONDS = Histogram("belvedere_job_seconds", "Time of one job run.", ["job"], registry=registry)
HTTP_REQUESTS = Counter(
    "belvedere_http_requests",
    "Requests answered, by method, route template and status.",
    ["method", "route", "status"],
    registry=registry,
)
HTTP_SECONDS = Histogram(
    "belvedere_http_seconds", "Time to answer by route template.", ["route"], registry=registry
)
EGRESS_REQUESTS = Counter(
    "belvedere_egress_requests",
    "Outbound requests by provider and status; errors carry their code.",
    ["provider", "status"],
    registry=registry,
)
EGRESS_SECONDS = Histogram(
    "belvedere_egress_seconds", "Time of one outbound request.", ["provider"], registry=registry
)
EGRESS_WAITS = Counter(
    "belvedere_egress_waits", "Waits for a rate budget or a retry.", ["provider", "reason"], registry=registry
)
LOG_DROPS = Counter(
    "belvedere_log_drops", "Log rows that could not be kept in the database.", registry=registry
)
SCHEDULER_LAG_SECONDS = Gauge(
    "belvedere_scheduler_lag_seconds", "How far the oldest due source is past its time.", registry=registry
)


def render() -> bytes:
    """The figures of this process in Prometheus' text format; serve them as CONTENT_TYPE."""
    return generate_latest(registry)
