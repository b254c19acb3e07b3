-- Whether a later reading of the same account was judged already. One from a day to come, as a clock that ran ahead
-- leaves it, overtakes only others of that kind.
SELECT EXISTS (
    SELECT 1 FROM watch.api_snapshots here
    JOIN watch.api_snapshots later
      ON later.client_id = here.client_id AND later.source_id = here.source_id
     AND later.account_id IS NOT DISTINCT FROM here.account_id
     AND later.data_as_of > here.data_as_of AND later.evaluated_at IS NOT NULL
     AND (later.data_as_of <= CAST(:now AS timestamptz) + interval '1 day'
          OR here.data_as_of > CAST(:now AS timestamptz) + interval '1 day')
    WHERE here.client_id = :client_id AND here.id = :snapshot_id)
