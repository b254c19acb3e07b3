-- Open alerts whose rule was edited or switched off after they opened, or that a rule of the client now stands in for.
SELECT a.id
FROM watch.watchtower_alerts a
JOIN watch.watchtower_rules r ON r.client_id = a.rule_client_id AND r.id = a.rule_id
WHERE a.client_id = :client_id AND a.source_id = :source_id AND a.state = 'open'
  AND (NOT r.is_active OR CAST(a.reason ->> 'rule_version' AS integer) <> r.version
       OR (r.client_id = 0 AND EXISTS (
               SELECT 1 FROM watch.watchtower_rules o
               WHERE o.overrides_rule_id = r.id AND o.client_id = a.client_id AND o.is_active)))
