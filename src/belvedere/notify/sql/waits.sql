-- Whether delivery d has to wait: an end, a rise and a repeat never overtake what they follow at the same receiver.
d.kind IN ('resolved', 'raised', 'again') AND EXISTS (
    SELECT 1
      FROM core.delivery_members m
      JOIN core.delivery_members om
        ON om.client_id = m.client_id AND om.subject_type = m.subject_type AND om.subject_id = m.subject_id
       AND om.kind IN ('opened', 'raised', 'again') AND om.channel = m.channel AND om.destination = m.destination
      JOIN core.deliveries o ON o.client_id = om.client_id AND o.id = om.delivery_id
     WHERE m.client_id = d.client_id AND m.delivery_id = d.id AND o.id <> d.id
       AND (om.kind = 'opened' OR (o.created_at, o.id) < (d.created_at, d.id))
       AND (o.state = 'sending' OR (o.state = 'ready' AND o.message->>'told_with' IS NULL)))
