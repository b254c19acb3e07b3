-- Messages and what they tell of, in one statement. The key of the members decides: a thing that was told, or is about
-- to be told by a transaction that is not over, drops out; a message that loses all its things is not written.
-- A channel that this transaction cannot see (the agency's, from a job of one client) is found again by the sender
-- through `via`; a channel that is gone must not end the transaction of an alert. Senders go by the database's clock,
-- so what is held back is held for as long as it is from the asking process's now, however wrong that is.
WITH asked AS (
    SELECT r.* FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
               id uuid, client_id integer, subject_type text, subject_id uuid, kind text, round integer, channel text,
               via uuid, destination text, idem_key text, severity text, message jsonb, members jsonb,
               not_before timestamptz)
     WHERE NOT EXISTS (SELECT 1 FROM core.deliveries d WHERE d.client_id = r.client_id AND d.idem_key = r.idem_key)
), told AS (
    INSERT INTO core.delivery_members
           (client_id, subject_type, subject_id, kind, round, channel, destination, delivery_id, line)
    SELECT r.client_id, m.subject_type, m.subject_id, r.kind, m.round, r.channel, r.destination, r.id, m.line
      FROM asked r
     CROSS JOIN jsonb_to_recordset(r.members) AS m (subject_type text, subject_id uuid, round integer, line text)
     ORDER BY r.client_id, m.subject_type, m.subject_id, r.kind, m.round, r.channel, r.destination
        ON CONFLICT DO NOTHING
    RETURNING client_id, delivery_id
)
INSERT INTO core.deliveries
       (id, client_id, subject_type, subject_id, kind, round, channel, channel_id, channel_client_id,
        destination, idem_key, severity, message, next_at, created_at)
SELECT r.id, r.client_id, r.subject_type, r.subject_id, r.kind, r.round, r.channel, c.id, c.client_id,
       r.destination, r.idem_key, r.severity, r.message, now() + greatest(r.not_before - CAST(:now AS timestamptz), interval '0'),
       :now
  FROM asked r
  LEFT JOIN core.channels c ON c.id = r.via AND c.client_id IN (0, r.client_id)
 WHERE EXISTS (SELECT 1 FROM told t WHERE t.client_id = r.client_id AND t.delivery_id = r.id)
 ORDER BY r.id
RETURNING id
