-- An opening and its end that are both unsent become one message. Two single ones: the end carries both. An end whose
-- opening stands in a message for several moves into that message; an opening by itself whose end stands in a message
-- for several moves into that. What travels in another names it (`told_with`). An opening that may have arrived is
-- never folded: its own key must decide first.
WITH pairs AS (
    SELECT o.client_id, o.id AS opened_id, r.id AS ended_id, o.severity,
           rm.subject_type, rm.subject_id, rm.channel, rm.destination,
           o.message->'group' IS NOT NULL AS into_opening, r.message->'group' IS NOT NULL AS into_end
      FROM core.deliveries r
      JOIN core.delivery_members rm ON rm.client_id = r.client_id AND rm.delivery_id = r.id AND rm.kind = 'resolved'
      JOIN core.delivery_members om
        ON om.client_id = rm.client_id AND om.subject_type = rm.subject_type AND om.subject_id = rm.subject_id
       AND om.kind = 'opened' AND om.channel = rm.channel AND om.destination = rm.destination
      JOIN core.deliveries o ON o.client_id = om.client_id AND o.id = om.delivery_id
     WHERE r.state = 'ready' AND r.kind = 'resolved' AND r.attempts = 0
       AND r.message->>'combines' IS NULL AND r.message->>'told_with' IS NULL
       AND o.state = 'ready' AND o.kind = 'opened' AND o.message->>'told_with' IS NULL
       AND NOT EXISTS (SELECT 1 FROM core.delivery_attempts a
                        WHERE a.client_id = o.client_id AND a.delivery_id = o.id
                          AND a.outcome IN ('unknown', 'running', 'fenced'))
       FOR UPDATE OF r, o SKIP LOCKED
), moved_ends AS (
    UPDATE core.delivery_members m SET delivery_id = p.opened_id
      FROM pairs p
     WHERE p.into_opening AND m.client_id = p.client_id AND m.delivery_id = p.ended_id AND m.kind = 'resolved'
       AND m.subject_type = p.subject_type AND m.subject_id = p.subject_id
), moved_openings AS (
    UPDATE core.delivery_members m SET delivery_id = p.ended_id
      FROM pairs p
     WHERE NOT p.into_opening AND p.into_end AND m.client_id = p.client_id AND m.delivery_id = p.opened_id
       AND m.kind = 'opened' AND m.subject_type = p.subject_type AND m.subject_id = p.subject_id
), told AS (
    UPDATE core.deliveries d SET message = d.message || jsonb_build_object('told_with', p.ended_id::text)
      FROM pairs p WHERE NOT p.into_opening AND d.client_id = p.client_id AND d.id = p.opened_id
), ends AS (
    SELECT p.client_id, p.ended_id, count(*) FILTER (WHERE p.into_opening) AS gone,
           min(p.opened_id::text) FILTER (WHERE p.into_opening) AS host,
           min(p.opened_id::text) FILTER (WHERE NOT p.into_opening AND NOT p.into_end) AS opening,
           CASE WHEN bool_or(p.severity = 'critical') THEN 'critical' WHEN bool_or(p.severity = 'warning') THEN 'warning'
                END AS severity
      FROM pairs p GROUP BY 1, 2
)
UPDATE core.deliveries d
   SET message = d.message || CASE
           WHEN e.gone = (SELECT count(*) FROM core.delivery_members m
                           WHERE m.client_id = d.client_id AND m.delivery_id = d.id AND m.kind = 'resolved')
           THEN jsonb_build_object('told_with', e.host)
           WHEN e.opening IS NOT NULL THEN jsonb_build_object('combines', e.opening)
           ELSE '{}'::jsonb END,
       severity = CASE WHEN d.severity = 'critical' THEN d.severity ELSE coalesce(e.severity, d.severity) END
  FROM ends e
 WHERE d.client_id = e.client_id AND d.id = e.ended_id
