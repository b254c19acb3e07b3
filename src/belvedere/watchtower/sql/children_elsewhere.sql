-- Which of the rules have children that this reading did not judge; a rule that stands in for another has its children.
SELECT DISTINCT moved.id
FROM watch.watchtower_rules moved
JOIN watch.watchtower_rules child
  ON child.parent_rule_id = moved.id OR child.parent_rule_id = moved.overrides_rule_id
WHERE moved.id = ANY (CAST(:rule_ids AS uuid[]))
  AND child.client_id IN (0, :client_id) AND child.is_active
  AND (CAST(:source_id AS uuid) IS NULL OR child.source_id IS DISTINCT FROM CAST(:source_id AS uuid))
