-- Which of the rules have children that this reading did not judge.
SELECT DISTINCT child.parent_rule_id
FROM watch.watchtower_rules child
WHERE child.client_id IN (0, :client_id) AND child.is_active
  AND child.parent_rule_id = ANY (CAST(:rule_ids AS uuid[]))
  AND (CAST(:source_id AS uuid) IS NULL OR child.source_id IS DISTINCT FROM CAST(:source_id AS uuid))
