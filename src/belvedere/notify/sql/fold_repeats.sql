-- A repeat whose every thing still waits in an earlier message that nobody has had says nothing new: it travels with it.
WITH pairs AS (
    SELECT g.client_id, g.id, o.id AS host_id, gm.subject_id
      FROM core.deliveries g
      JOIN core.delivery_members gm ON gm.client_id = g.client_id AND gm.delivery_id = g.id AND gm.kind = 'again'
      JOIN core.delivery_members om
        ON om.client_id = gm.client_id AND om.subject_type = gm.subject_type AND om.subject_id = gm.subject_id
       AND om.kind IN ('opened', 'raised', 'again') AND om.channel = gm.channel AND om.destination = gm.destination
       AND om.delivery_id <> g.id
      JOIN core.deliveries o ON o.client_id = om.client_id AND o.id = om.delivery_id
     WHERE g.state = 'ready' AND g.kind = 'again' AND g.attempts = 0 AND g.message->>'told_with' IS NULL
       AND o.state = 'ready' AND o.message->>'told_with' IS NULL AND (o.created_at, o.id) < (g.created_at, g.id)
       FOR UPDATE OF g, o SKIP LOCKED
), covered AS (
    SELECT p.client_id, p.id, min(p.host_id::text) AS host
      FROM pairs p GROUP BY 1, 2
    HAVING count(DISTINCT p.subject_id) = (SELECT count(*) FROM core.delivery_members m
                                            WHERE m.client_id = p.client_id AND m.delivery_id = p.id)
)
UPDATE core.deliveries d SET message = d.message || jsonb_build_object('told_with', c.host)
  FROM covered c
 WHERE d.client_id = c.client_id AND d.id = c.id
