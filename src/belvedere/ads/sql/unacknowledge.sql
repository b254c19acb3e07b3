-- Give taken alerts back.
WITH wanted AS (
    SELECT id FROM ads.alerts
    WHERE id = ANY (CAST(:ids AS uuid[])) AND resolved_at IS NULL AND acknowledged_at IS NOT NULL ORDER BY id FOR UPDATE
)
UPDATE ads.alerts a SET acknowledged_at = NULL, acknowledged_by = NULL
FROM wanted w WHERE a.id = w.id
RETURNING a.id, a.client_id, a.campaign_id
