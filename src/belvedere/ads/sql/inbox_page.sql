-- Keys of one page of the inbox, newest first; the view is read in order from the indexes of both tables.
SELECT i.origin, i.client_id, i.id, i.created_at FROM ads.alert_inbox i
WHERE (CAST(:origin AS text) IS NULL OR i.origin = CAST(:origin AS text))
  AND (CAST(:state AS text) IS NULL OR i.state = CAST(:state AS text))
  AND (CAST(:severity AS text[]) IS NULL OR i.severity = ANY (CAST(:severity AS text[])))
  AND (CAST(:client_id AS integer) IS NULL OR i.client_id = CAST(:client_id AS integer))
  AND (CAST(:rule_id AS uuid) IS NULL OR i.origin = 'watch' AND EXISTS (
       SELECT 1 FROM watch.watchtower_alerts w
       WHERE w.client_id = i.client_id AND w.id = i.id AND w.rule_id = CAST(:rule_id AS uuid)))
  AND (CAST(:since AS timestamptz) IS NULL OR i.created_at >= CAST(:since AS timestamptz))
  AND (CAST(:search AS text) IS NULL
       OR position(lower(CAST(:search AS text)) IN lower(concat_ws(' ', i.title, i.subject, i.message))) > 0
       OR i.origin = 'watch' AND EXISTS (
          SELECT 1 FROM watch.watchtower_alerts w WHERE w.client_id = i.client_id AND w.id = i.id
             AND position(lower(CAST(:search AS text)) IN lower(w.external_id)) > 0))
  AND (CAST(:before_at AS timestamptz) IS NULL
       OR (i.created_at, i.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
ORDER BY i.created_at DESC, i.id DESC LIMIT :limit
