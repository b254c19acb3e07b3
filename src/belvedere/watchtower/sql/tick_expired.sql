-- Alerts of changes that nobody took note of for a week, wherever no reading came that could end them.
SELECT a.id, a.client_id FROM watch.watchtower_alerts a
WHERE a.state = 'open' AND a.last_seen_at <= CAST(:before AS timestamptz)
  AND (a.reason ->> 'kind' = 'event'
       OR (a.reason ->> 'kind' IS NULL AND jsonb_path_exists(a.reason, '$.conditions[*] ? (@.condition == "changed")')))
ORDER BY a.last_seen_at LIMIT :most
