jsonb_build_object(
    'id', d.id, 'client_id', nullif(d.client_id, 0), 'client', CASE WHEN d.client_id <> 0 THEN c.name END,
    'schedule', d.schedule, 'channel', d.channel, 'destination', d.destination, 'zone', d.zone,
    'boundary_at', d.boundary_at, 'window_start', d.window_start, 'state', d.state, 'title', d.body->>'title',
    'new_count', d.new_count, 'open_count', d.open_count, 'resolved_count', d.resolved_count,
    'stale_count', d.stale_count, 'told_silence', d.body ? 'silence', 'created_at', d.created_at,
    'delivery', (SELECT jsonb_build_object('id', v.id, 'state', v.state, 'attempts', v.attempts,
                                           'sent_at', v.sent_at, 'error', v.last_error)
                   FROM core.deliveries v
                  WHERE v.client_id = d.client_id AND v.subject_type = 'digest' AND v.subject_id = d.id
                  ORDER BY v.created_at DESC LIMIT 1))
