-- Which alerts `t` a page may hold.
(CAST(:state AS text) IS NULL OR t.state = CAST(:state AS text))
AND (CAST(:acknowledged AS boolean) IS NULL OR t.is_acknowledged = CAST(:acknowledged AS boolean))
AND (CAST(:snoozed AS boolean) IS NULL
     OR CAST(:snoozed AS boolean) AND t.state = 'open' AND t.snoozed_until IS NOT NULL
     OR NOT CAST(:snoozed AS boolean) AND CAST(:state AS text) = 'open' AND t.snoozed_until IS NULL
     OR NOT CAST(:snoozed AS boolean) AND CAST(:state AS text) = 'resolved'
     OR NOT CAST(:snoozed AS boolean) AND CAST(:state AS text) IS NULL AND (t.state <> 'open' OR t.snoozed_until IS NULL))
AND (CAST(:severity AS text[]) IS NULL OR t.severity = ANY (CAST(:severity AS text[])))
AND (CAST(:rule_id AS uuid) IS NULL OR t.rule_id = CAST(:rule_id AS uuid))
AND (CAST(:source_id AS uuid) IS NULL OR t.source_id = CAST(:source_id AS uuid))
AND (CAST(:since AS timestamptz) IS NULL OR t.created_at >= CAST(:since AS timestamptz))
AND (CAST(:before_at AS timestamptz) IS NULL
     OR (t.created_at, t.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
