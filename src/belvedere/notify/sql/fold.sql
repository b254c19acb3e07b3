-- An opening and its end that are both unsent become one message, carried by the end. An opening that may have
-- arrived is never folded: its own key must decide first.
WITH pairs AS (
    SELECT o.client_id, o.id AS opened_id, r.id AS resolved_id, o.severity
      FROM core.deliveries r
      JOIN core.deliveries o
        ON o.client_id = r.client_id AND o.subject_type = r.subject_type AND o.subject_id = r.subject_id
       AND o.channel = r.channel AND o.destination = r.destination AND o.kind = 'opened'
     WHERE r.state = 'ready' AND r.kind = 'resolved' AND r.attempts = 0 AND r.message->>'combines' IS NULL
       AND o.state = 'ready' AND o.message->>'told_with' IS NULL
       AND NOT EXISTS (SELECT 1 FROM core.delivery_attempts a
                        WHERE a.client_id = o.client_id AND a.delivery_id = o.id
                          AND a.outcome IN ('unknown', 'running', 'fenced'))
       FOR UPDATE OF r, o SKIP LOCKED
), told AS (
    UPDATE core.deliveries d SET message = d.message || jsonb_build_object('told_with', p.resolved_id::text)
      FROM pairs p WHERE d.client_id = p.client_id AND d.id = p.opened_id
)
UPDATE core.deliveries d
   SET message = d.message || jsonb_build_object('combines', p.opened_id::text), severity = p.severity
  FROM pairs p
 WHERE d.client_id = p.client_id AND d.id = p.resolved_id
