-- A lead that goes takes everything about it along; counts and money stay, without saying whose they were.
CREATE FUNCTION outreach.clear_lead() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM outreach.tracking_tokens t USING outreach.email_sends s
        WHERE s.client_id = OLD.client_id AND s.lead_id = OLD.id AND t.client_id = s.client_id
          AND t.email_send_id = s.id AND t.kind <> 'unsubscribe';
    UPDATE outreach.email_sends
        SET lead_id = NULL, subject_variant = NULL, body = NULL, demo_url = NULL, video_url = NULL, tracking_token = NULL,
            provider_message_id = NULL, thread_id = NULL, last_error = NULL,
            status = CASE WHEN status IN ('queued', 'held') THEN 'cancelled' ELSE status END,
            hold_reason = CASE WHEN status IN ('queued', 'held') THEN 'lead_erased' ELSE hold_reason END
        WHERE client_id = OLD.client_id AND lead_id = OLD.id;
    UPDATE outreach.lead_outcomes SET lead_id = NULL, external_id = NULL
        WHERE client_id = OLD.client_id AND lead_id = OLD.id;
    UPDATE outreach.ab_assignments SET lead_id = gen_random_uuid()
        WHERE client_id = OLD.client_id AND lead_id = OLD.id;
    RETURN OLD;
END;
$$;

-- Keeps the counts of a month of mails before its part is dropped, in the same transaction. A month that came again,
-- because mails of it came late, adds to what was kept; so it is called when a part goes and never else. Owned by the owner of the
-- tables, which may read mails and write counts and nothing else of outreach.
CREATE FUNCTION outreach.roll_up_email_sends(_part regclass) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    _bounds text[];
BEGIN
    SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), $re$FROM \('([^']+)'\) TO \('([^']+)'\)$re$) INTO _bounds
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE c.oid = _part AND i.inhparent = 'outreach.email_sends'::regclass;
    IF _bounds IS NULL THEN
        RAISE EXCEPTION '% is not a month of outreach.email_sends', _part USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO outreach.email_send_months AS m (client_id, part_month, month, campaign_id, sent, first_touches, bounced,
                                                 complained, opened, clicked, replied)
    SELECT client_id, _bounds[1]::timestamptz::date, date_trunc('month', sent_at)::date, campaign_id, count(*),
           count(*) FILTER (WHERE coalesce(step_position, 1) = 1), count(*) FILTER (WHERE status = 'bounced'),
           count(*) FILTER (WHERE status = 'complained'), count(opened_at), count(clicked_at), count(replied_at)
    FROM outreach.email_sends
    WHERE created_at >= _bounds[1]::timestamptz AND created_at < _bounds[2]::timestamptz AND sent_at IS NOT NULL
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (client_id, part_month, month, campaign_id) DO UPDATE
        SET sent = m.sent + excluded.sent, first_touches = m.first_touches + excluded.first_touches,
            bounced = m.bounced + excluded.bounced, complained = m.complained + excluded.complained,
            opened = m.opened + excluded.opened, clicked = m.clicked + excluded.clicked,
            replied = m.replied + excluded.replied;
END;
$$;

-- Key figures. No campaign is the key of zeros here, because a key of these figures must not be NULL.
CREATE MATERIALIZED VIEW outreach.reply_rates AS
    WITH counted AS (
        SELECT client_id, campaign_id, date_trunc('month', sent_at, 'UTC') AS at, count(*) AS sent,
               count(*) FILTER (WHERE status = 'bounced') AS bounced, count(replied_at) AS replied
        FROM outreach.email_sends WHERE sent_at IS NOT NULL GROUP BY 1, 2, 3
        UNION ALL
        SELECT client_id, campaign_id, month::timestamp AT TIME ZONE 'UTC', sent, bounced, replied
        FROM outreach.email_send_months
    )
    SELECT client_id, coalesce(campaign_id, '00000000-0000-0000-0000-000000000000') AS campaign_id,
           (at AT TIME ZONE 'UTC')::date AS month, sum(sent)::bigint AS sent, sum(bounced)::bigint AS bounced,
           sum(replied)::bigint AS replied, round(sum(replied) / nullif(sum(sent) - sum(bounced), 0), 6) AS reply_rate
    FROM counted GROUP BY 1, 2, 3;
CREATE UNIQUE INDEX uq_reply_rates_client_id_campaign_id_month
    ON outreach.reply_rates (client_id, campaign_id, month);

CREATE MATERIALIZED VIEW outreach.meeting_booking_rates AS
    WITH counted AS (
        SELECT client_id, campaign_id, date_trunc('month', sent_at, 'UTC') AS at, count(*) AS contacted, 0 AS meetings
        FROM outreach.email_sends WHERE sent_at IS NOT NULL AND coalesce(step_position, 1) = 1 GROUP BY 1, 2, 3
        UNION ALL
        SELECT client_id, campaign_id, month::timestamp AT TIME ZONE 'UTC', first_touches, 0
        FROM outreach.email_send_months
        UNION ALL
        SELECT client_id, campaign_id, date_trunc('month', occurred_at, 'UTC'), 0, count(*)
        FROM outreach.lead_outcomes WHERE kind = 'meeting_booked' GROUP BY 1, 2, 3
    )
    SELECT client_id, coalesce(campaign_id, '00000000-0000-0000-0000-000000000000') AS campaign_id,
           (at AT TIME ZONE 'UTC')::date AS month, sum(contacted)::bigint AS contacted, sum(meetings)::bigint AS meetings,
           round(sum(meetings) / nullif(sum(contacted), 0), 6) AS meeting_booking_rate
    FROM counted GROUP BY 1, 2, 3;
CREATE UNIQUE INDEX uq_meeting_booking_rates_client_id_campaign_id_month
    ON outreach.meeting_booking_rates (client_id, campaign_id, month);

CREATE MATERIALIZED VIEW outreach.campaign_revenue AS
    SELECT client_id, coalesce(campaign_id, '00000000-0000-0000-0000-000000000000') AS campaign_id,
           (date_trunc('month', occurred_at, 'UTC') AT TIME ZONE 'UTC')::date AS month, currency,
           count(*) AS deals_won, sum(amount) AS revenue, round(sum(amount) / count(*), 2) AS average_deal
    FROM outreach.lead_outcomes WHERE kind = 'deal_won' GROUP BY 1, 2, 3, 4;
CREATE UNIQUE INDEX uq_campaign_revenue_client_id_campaign_id_month_currency
    ON outreach.campaign_revenue (client_id, campaign_id, month, currency);

-- Brings one of the figures up to date; readers go on reading the old ones meanwhile.
CREATE FUNCTION outreach.refresh_kpi(_name name) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _populated boolean;
BEGIN
    SELECT c.relispopulated INTO _populated FROM pg_class c
    WHERE c.relnamespace = 'outreach'::regnamespace AND c.relname = _name AND c.relkind = 'm';
    IF _populated IS NULL THEN
        RAISE EXCEPTION 'there are no figures called %', _name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('REFRESH MATERIALIZED VIEW %s outreach.%I', CASE WHEN _populated THEN 'CONCURRENTLY' ELSE '' END, _name);
END;
$$;

-- Materialised views know no row policies, so people read them only through these, which ask who is asking.
CREATE FUNCTION outreach.may_read_kpis_of(_client_id integer) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE current_setting('role', true)
        WHEN 'service_role' THEN true
        WHEN 'inspector_r' THEN true
        WHEN 'worker_scoped' THEN _client_id = app.active_client()
        WHEN 'authenticated' THEN _client_id = ANY ((SELECT app.my_clients())::int[])
        WHEN 'none' THEN pg_has_role(session_user, 'inspector_r', 'USAGE')
        ELSE false END
$$;

CREATE FUNCTION outreach.list_reply_rates()
RETURNS TABLE (client_id integer, campaign_id uuid, month date, sent bigint, bounced bigint, replied bigint,
               reply_rate numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH allowed AS MATERIALIZED (
        SELECT c.client_id FROM (SELECT DISTINCT k.client_id FROM outreach.reply_rates k) c
        WHERE outreach.may_read_kpis_of(c.client_id)
    )
    SELECT k.client_id, nullif(k.campaign_id, '00000000-0000-0000-0000-000000000000'), k.month, k.sent, k.bounced,
           k.replied, k.reply_rate
    FROM outreach.reply_rates k JOIN allowed USING (client_id)
$$;

CREATE FUNCTION outreach.list_meeting_booking_rates()
RETURNS TABLE (client_id integer, campaign_id uuid, month date, contacted bigint, meetings bigint,
               meeting_booking_rate numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH allowed AS MATERIALIZED (
        SELECT c.client_id FROM (SELECT DISTINCT k.client_id FROM outreach.meeting_booking_rates k) c
        WHERE outreach.may_read_kpis_of(c.client_id)
    )
    SELECT k.client_id, nullif(k.campaign_id, '00000000-0000-0000-0000-000000000000'), k.month, k.contacted, k.meetings,
           k.meeting_booking_rate
    FROM outreach.meeting_booking_rates k JOIN allowed USING (client_id)
$$;

CREATE FUNCTION outreach.list_campaign_revenue()
RETURNS TABLE (client_id integer, campaign_id uuid, month date, currency text, deals_won bigint, revenue numeric,
               average_deal numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH allowed AS MATERIALIZED (
        SELECT c.client_id FROM (SELECT DISTINCT k.client_id FROM outreach.campaign_revenue k) c
        WHERE outreach.may_read_kpis_of(c.client_id)
    )
    SELECT k.client_id, nullif(k.campaign_id, '00000000-0000-0000-0000-000000000000'), k.month, k.currency::text,
           k.deals_won, k.revenue, k.average_deal
    FROM outreach.campaign_revenue k JOIN allowed USING (client_id)
$$;

CREATE VIEW outreach.kpi_reply_rates WITH (security_invoker = true) AS SELECT * FROM outreach.list_reply_rates();
CREATE VIEW outreach.kpi_meeting_booking_rates WITH (security_invoker = true) AS
    SELECT * FROM outreach.list_meeting_booking_rates();
CREATE VIEW outreach.kpi_campaign_revenue WITH (security_invoker = true) AS
    SELECT * FROM outreach.list_campaign_revenue();
