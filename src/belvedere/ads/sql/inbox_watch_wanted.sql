-- Which alerts `t` of the watch a page of the inbox may hold; in columns of the table, so that its indexes serve.
(CAST(:origin AS text) IS NULL OR CAST(:origin AS text) = 'watch')
AND (CAST(:rule_id AS uuid) IS NULL OR t.rule_id = CAST(:rule_id AS uuid))
AND (CAST(:source_id AS uuid) IS NULL OR t.source_id = CAST(:source_id AS uuid))
AND (CAST(:state AS text) IS NULL
     OR CAST(:state AS text) = 'resolved' AND t.state = 'resolved'
     OR CAST(:state AS text) = 'acknowledged' AND t.state = 'open' AND t.is_acknowledged
     OR CAST(:state AS text) = 'snoozed' AND t.state = 'open' AND t.snoozed_until IS NOT NULL
     OR CAST(:state AS text) = 'open' AND t.state = 'open' AND NOT t.is_acknowledged AND t.snoozed_until IS NULL)
AND (CAST(:severity AS text[]) IS NULL OR t.severity = ANY (CAST(:severity AS text[])))
AND (CAST(:since AS timestamptz) IS NULL OR t.created_at >= CAST(:since AS timestamptz))
AND (CAST(:before_at AS timestamptz) IS NULL
     OR (t.created_at, t.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
