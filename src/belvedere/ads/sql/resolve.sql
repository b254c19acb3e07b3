-- Close open alerts by hand.
WITH wanted AS (
    SELECT id FROM ads.alerts WHERE id = ANY (CAST(:ids AS uuid[])) AND resolved_at IS NULL ORDER BY id FOR UPDATE
)
UPDATE ads.alerts a SET resolved_at = :now, resolved_by = left(CAST(:actor AS text), 255), resolved_reason = 'by_person'
FROM wanted w WHERE a.id = w.id
RETURNING a.id, a.client_id, a.campaign_id
