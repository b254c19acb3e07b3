-- The first step of new alerts, with where it is told.
INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, detail)
SELECT i.event_id, :client_id, i.id, :now, 'opened', 'watchtower', i.detail
FROM json_to_recordset(CAST(:rows AS json)) AS i(id uuid, event_id uuid, detail jsonb)
