-- The newest judged reading of every account whose source a child of the parent may watch.
SELECT DISTINCT ON (s.source_id, s.account_id) s.id
FROM watch.api_snapshots s
WHERE s.client_id = :client_id AND s.status = 'completed' AND s.evaluated_at IS NOT NULL
  AND EXISTS (SELECT 1 FROM watch.watchtower_rules parent
              JOIN watch.watchtower_rules child
                ON child.parent_rule_id = parent.id OR child.parent_rule_id = parent.overrides_rule_id
              WHERE parent.id = :parent_id AND child.client_id IN (0, :client_id) AND child.is_active
                AND (child.source_id IS NULL OR child.source_id = s.source_id))
ORDER BY s.source_id, s.account_id, s.data_as_of DESC
