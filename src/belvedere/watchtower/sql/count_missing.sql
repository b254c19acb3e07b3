-- One more full reading without the entity.
UPDATE watch.watchtower_alerts
SET reason = jsonb_set(reason, '{missing_readings}',
                       to_jsonb(coalesce(CAST(reason ->> 'missing_readings' AS integer), 0) + 1))
WHERE client_id = :client_id AND state = 'open' AND id = ANY (CAST(:ids AS uuid[]))
