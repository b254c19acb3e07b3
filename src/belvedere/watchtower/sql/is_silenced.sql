EXISTS (SELECT 1 FROM watch.silences s
        WHERE s.client_id IN (0, a.client_id) AND s.ended_at IS NULL AND s.starts_at <= :now AND s.ends_at > :now
          AND (s.rule_id IS NULL OR s.rule_id = a.rule_id) AND (s.source_id IS NULL OR s.source_id = a.source_id)
          AND (s.severity IS NULL OR s.severity = a.severity)
          AND (s.external_id IS NULL OR s.external_id = a.external_id))
