-- What the plot of an alert shows: the first of its conditions that held when it was judged last.
SELECT a.id, a.client_id, a.source_id, a.external_id, a.entity_name, a.state = 'open' AS is_open, c.timezone,
       head.item ->> 'field' AS field, head.item ->> 'label' AS label, head.item ->> 'limit' AS limit_text
FROM watch.watchtower_alerts a
JOIN core.clients c ON c.id = a.client_id
CROSS JOIN LATERAL (
    SELECT t.item FROM jsonb_array_elements(coalesce(a.reason -> 'latest', a.reason -> 'conditions')) WITH ORDINALITY AS t(item, n)
    WHERE t.item ->> 'entity' IS NULL
    ORDER BY (t.item ->> 'result') IS DISTINCT FROM 'true', t.n LIMIT 1) head
WHERE a.id = ANY (CAST(:ids AS uuid[])) AND a.source_id IS NOT NULL AND a.external_id IS NOT NULL
