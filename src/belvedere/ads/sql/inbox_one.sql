-- The key of one alert of the inbox, when the reader may see it.
SELECT i.origin, i.client_id, i.id, i.created_at FROM ads.alert_inbox i
WHERE i.origin = CAST(:origin AS text) AND i.id = CAST(:id AS uuid)
