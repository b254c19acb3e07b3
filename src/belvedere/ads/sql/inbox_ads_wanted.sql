-- Which alerts `t` of advertising a page of the inbox may hold; in columns of the table, so that its indexes serve.
(CAST(:origin AS text) IS NULL OR CAST(:origin AS text) = 'ads')
AND CAST(:rule_id AS uuid) IS NULL
AND CAST(:source_id AS uuid) IS NULL
AND (CAST(:state AS text) IS NULL
     OR CAST(:state AS text) = 'resolved' AND t.resolved_at IS NOT NULL
     OR CAST(:state AS text) = 'acknowledged' AND t.resolved_at IS NULL AND t.acknowledged_at IS NOT NULL
     OR CAST(:state AS text) = 'open' AND t.resolved_at IS NULL AND t.acknowledged_at IS NULL)
AND (CAST(:own_one AS text) IS NULL OR t.severity = CAST(:own_one AS text))
AND (CAST(:own_severity AS text[]) IS NULL OR t.severity = ANY (CAST(:own_severity AS text[]))
     OR t.severity IS NULL AND 'MEDIUM' = ANY (CAST(:own_severity AS text[])))
AND (CAST(:since AS timestamptz) IS NULL OR t.created_at >= CAST(:since AS timestamptz))
AND (CAST(:before_at AS timestamptz) IS NULL
     OR (t.created_at, t.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
AND (CAST(:words AS text) IS NULL OR EXISTS (
     SELECT 1 FROM ads.alert_inbox i WHERE i.origin = 'ads' AND i.client_id = t.client_id AND i.id = t.id
       AND {words} @@ to_tsquery('simple', CAST(:words AS text))))
