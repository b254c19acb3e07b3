-- Take open alerts; those already taken stay with whom took them first.
WITH wanted AS (
    SELECT id FROM ads.alerts
    WHERE id = ANY (CAST(:ids AS uuid[])) AND resolved_at IS NULL AND acknowledged_at IS NULL ORDER BY id FOR UPDATE
)
UPDATE ads.alerts a SET acknowledged_at = :now, acknowledged_by = left(CAST(:actor AS text), 255)
FROM wanted w WHERE a.id = w.id
RETURNING a.id, a.client_id, a.campaign_id
