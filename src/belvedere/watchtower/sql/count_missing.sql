-- One more full reading without the entity.
UPDATE watch.watchtower_alerts
SET missing_readings = missing_readings + 1
WHERE client_id = :client_id AND state = 'open' AND id = ANY (CAST(:ids AS uuid[]))
