"""Alerts of advertising, written as the watch over campaigns would write them."""

from datetime import datetime
from uuid import UUID, uuid4

import psycopg


def add_ads_alert(
    admin: psycopg.Connection,
    client: int,
    at: datetime,
    *,
    kind: str = "ROAS_DROP",
    severity: str = "HIGH",
    platform: str = "google_ads",
    value: str = "1.4",
    threshold: str = "2.5",
) -> UUID:
    alert = uuid4()
    admin.execute(
        "INSERT INTO ads.alerts (id, client_id, alert_type, severity, platform, message, metric_name, metric_value,"
        " threshold_value, dedup_key, created_at) VALUES (%s, %s, %s, %s, %s, %s, 'roas', %s, %s, %s, %s)",
        [
            alert,
            client,
            kind,
            severity,
            platform,
            f"{kind.lower()} on {platform}",
            value,
            threshold,
            str(alert),
            at,
        ],
    )
    return alert
