-- What is told now, and what a running silence holds instead.
UPDATE watch.watchtower_alerts a
SET told_at = CASE WHEN t.is_silenced THEN a.told_at ELSE coalesce(a.told_at, CAST(:now AS timestamptz)) END,
    last_told_at = CASE WHEN t.is_silenced THEN a.last_told_at ELSE :now END,
    held_reason = CASE WHEN t.is_silenced THEN 'silenced' END,
    reason = CASE WHEN t.is_silenced THEN a.reason
                  ELSE a.reason || jsonb_build_object('told_value', a.current_value) END
FROM (SELECT a.client_id, a.id, {is_silenced} AS is_silenced
      FROM watch.watchtower_alerts a WHERE a.id = ANY (CAST(:ids AS uuid[]))) t
WHERE a.client_id = t.client_id AND a.id = t.id
RETURNING a.id, t.is_silenced
