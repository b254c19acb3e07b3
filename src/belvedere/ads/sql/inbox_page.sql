-- Keys of one page of the inbox, newest first. Each table is read along its own index and cut before the two are put
-- together: the view would be read whole and then sorted.
(SELECT 'watch' AS origin, w.client_id, w.id, w.created_at FROM watch.watchtower_alerts w
 WHERE (CAST(:origin AS text) IS NULL OR CAST(:origin AS text) = 'watch')
   AND (CAST(:state AS text) IS NULL
        OR CASE CAST(:state AS text) WHEN 'resolved' THEN w.state = 'resolved'
               WHEN 'acknowledged' THEN w.state = 'open' AND w.is_acknowledged
               ELSE w.state = 'open' AND NOT w.is_acknowledged END)
   AND (CAST(:severity AS text[]) IS NULL OR w.severity = ANY (CAST(:severity AS text[])))
   AND (CAST(:client_id AS integer) IS NULL OR w.client_id = CAST(:client_id AS integer))
   AND (CAST(:rule_id AS uuid) IS NULL OR w.rule_id = CAST(:rule_id AS uuid))
   AND (CAST(:since AS timestamptz) IS NULL OR w.created_at >= CAST(:since AS timestamptz))
   AND (CAST(:search AS text) IS NULL OR position(lower(CAST(:search AS text)) IN
        lower(w.title || ' ' || coalesce(w.entity_name, '') || ' ' || coalesce(w.external_id, ''))) > 0)
   AND (CAST(:before_at AS timestamptz) IS NULL
        OR (w.created_at, w.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
 ORDER BY w.created_at DESC, w.id DESC LIMIT :limit)
UNION ALL
(SELECT 'ads', a.client_id, a.id, a.created_at FROM ads.alerts a
 WHERE (CAST(:origin AS text) IS NULL OR CAST(:origin AS text) = 'ads')
   AND CAST(:rule_id AS uuid) IS NULL
   AND (CAST(:state AS text) IS NULL
        OR CASE CAST(:state AS text) WHEN 'resolved' THEN a.resolved_at IS NOT NULL
               WHEN 'acknowledged' THEN a.resolved_at IS NULL AND a.acknowledged_at IS NOT NULL
               ELSE a.resolved_at IS NULL AND a.acknowledged_at IS NULL END)
   AND (CAST(:severity AS text[]) IS NULL
        OR CASE a.severity WHEN 'LOW' THEN 'info' WHEN 'MEDIUM' THEN 'warning' ELSE 'critical' END
           = ANY (CAST(:severity AS text[])))
   AND (CAST(:client_id AS integer) IS NULL OR a.client_id = CAST(:client_id AS integer))
   AND (CAST(:since AS timestamptz) IS NULL OR a.created_at >= CAST(:since AS timestamptz))
   AND (CAST(:search AS text) IS NULL OR position(lower(CAST(:search AS text)) IN
        lower(concat_ws(' ', replace(a.alert_type, '_', ' '), a.message, a.platform,
              (SELECT c.name FROM ads.campaigns c WHERE c.client_id = a.client_id AND c.id = a.campaign_id)))) > 0)
   AND (CAST(:before_at AS timestamptz) IS NULL
        OR (a.created_at, a.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
 ORDER BY a.created_at DESC, a.id DESC LIMIT :limit)
ORDER BY created_at DESC, id DESC LIMIT :limit
