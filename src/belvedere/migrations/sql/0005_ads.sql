-- What is left unsaid about a campaign's money is that of its account, else that of its client.
CREATE FUNCTION ads.fill_campaign_currency() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.currency := coalesce(
        (SELECT a.currency FROM ads.ad_accounts a WHERE a.client_id = NEW.client_id AND a.id = NEW.ad_account_id),
        (SELECT c.currency::char(3) FROM core.clients c WHERE c.id = NEW.client_id));
    RETURN NEW;
END;
$$;
CREATE TRIGGER fill_currency BEFORE INSERT ON ads.campaigns FOR EACH ROW WHEN (NEW.currency IS NULL)
EXECUTE FUNCTION ads.fill_campaign_currency();

-- The lines of a plan, when there are any, add up to its total: judged at the end of the transaction. Whoever judges
-- holds the plan until then, so that two who add a line at the same time are judged one after the other.
CREATE FUNCTION ads.check_allocation_sum() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _row jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    _client integer := (_row ->> 'client_id')::integer;
    _plan uuid := (_row ->> CASE TG_TABLE_NAME WHEN 'budget_allocations' THEN 'id' ELSE 'allocation_id' END)::uuid;
    _total numeric;
    _sum numeric;
BEGIN
    SELECT total_budget INTO _total FROM ads.budget_allocations WHERE client_id = _client AND id = _plan
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT sum(amount) INTO _sum FROM ads.budget_allocation_lines WHERE client_id = _client AND allocation_id = _plan;
    IF _sum IS NOT NULL AND _sum IS DISTINCT FROM _total THEN
        RAISE EXCEPTION 'the lines of plan % come to %, its total is %', _plan, trim_scale(_sum),
            coalesce(trim_scale(_total)::text, 'not set')
            USING ERRCODE = 'check_violation', SCHEMA = 'ads', TABLE = 'budget_allocation_lines', COLUMN = 'amount',
                CONSTRAINT = 'ck_budget_allocation_lines_sum_is_total',
                HINT = 'Put what is held back into a line named reserve.';
    END IF;
    RETURN NULL;
END;
$$;
CREATE CONSTRAINT TRIGGER lines_add_up AFTER INSERT OR UPDATE OR DELETE ON ads.budget_allocation_lines
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ads.check_allocation_sum();
CREATE CONSTRAINT TRIGGER total_is_sum_of_lines AFTER UPDATE OF total_budget ON ads.budget_allocations
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ads.check_allocation_sum();

-- A line that moved to another plan leaves a sum behind, so lines stay where they are.
CREATE FUNCTION ads.keep_line_in_plan() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a line stays in its plan' USING ERRCODE = 'check_violation', SCHEMA = 'ads',
        TABLE = 'budget_allocation_lines', COLUMN = 'allocation_id',
        CONSTRAINT = 'ck_budget_allocation_lines_stays_in_plan', HINT = 'Delete the line and write a new one.';
END;
$$;
CREATE TRIGGER stays_in_plan BEFORE UPDATE ON ads.budget_allocation_lines FOR EACH ROW
WHEN (OLD.allocation_id <> NEW.allocation_id OR OLD.client_id <> NEW.client_id)
EXECUTE FUNCTION ads.keep_line_in_plan();

-- Ranges of one value stand for equality: a plain GiST index knows no other without a further extension.
ALTER TABLE ads.budget_allocations ADD CONSTRAINT ex_budget_allocations_one_active EXCLUDE USING gist (
    int8range(client_id::bigint, client_id::bigint, '[]') WITH &&,
    ads.word_range(scope, scope, '[]') WITH &&,
    daterange(period_start, period_end, '[]') WITH &&
) WHERE (status = 'active' AND period_start IS NOT NULL AND period_end IS NOT NULL);

-- The campaigns in whole cents and dates.
CREATE VIEW ads.ads_campaigns WITH (security_invoker = true) AS
SELECT c.id,
    c.platform_campaign_id AS campaign_id,
    c.platform::text AS platform,
    coalesce(c.name, c.platform_campaign_id) AS campaign_name,
    CASE WHEN c.status IN ('active', 'paused', 'draft', 'archived') THEN c.status::text
         WHEN c.status = 'removed' THEN 'archived' ELSE 'paused' END AS status,
    round(coalesce(c.budget_amount, 0) * 10::numeric ^ core.minor_digits(c.currency))::bigint AS budget_cents,
    c.target_roas,
    (coalesce(c.start_date, c.created_at) AT TIME ZONE coalesce(a.timezone, 'UTC'))::date AS start_date,
    (c.end_date AT TIME ZONE coalesce(a.timezone, 'UTC'))::date AS end_date,
    c.utm_source, c.utm_medium, c.utm_campaign, c.created_at, c.updated_at, c.metadata,
    c.client_id, c.currency
FROM ads.campaigns c LEFT JOIN ads.ad_accounts a ON a.client_id = c.client_id AND a.id = c.ad_account_id
WHERE c.platform IN ('meta', 'google', 'organic', 'tiktok', 'pinterest');
ALTER VIEW ads.ads_campaigns
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER status SET DEFAULT 'active',
    ALTER budget_cents SET DEFAULT 0,
    ALTER created_at SET DEFAULT now(),
    ALTER updated_at SET DEFAULT now(),
    ALTER metadata SET DEFAULT '{}'::jsonb,
    ALTER client_id SET DEFAULT 0;

-- Refuses a row that the view's own rules do not allow, naming the column.
CREATE FUNCTION ads.check_ads_campaign(_row ads.ads_campaigns) RETURNS void LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _values jsonb := to_jsonb(_row);
    _required text;
BEGIN
    FOREACH _required IN ARRAY ARRAY['id', 'campaign_id', 'platform', 'campaign_name', 'status', 'budget_cents',
                                     'start_date', 'created_at', 'updated_at', 'client_id'] LOOP
        IF _values ->> _required IS NULL THEN
            RAISE EXCEPTION 'null value in column "%" of relation "ads_campaigns" violates not-null constraint', _required
                USING ERRCODE = 'not_null_violation', SCHEMA = 'ads', TABLE = 'ads_campaigns', COLUMN = _required;
        END IF;
    END LOOP;
    IF _row.platform NOT IN ('meta', 'google', 'organic', 'tiktok', 'pinterest') THEN
        RAISE EXCEPTION 'new row for relation "ads_campaigns" violates check constraint "ads_campaigns_platform_check"'
            USING ERRCODE = 'check_violation', SCHEMA = 'ads', TABLE = 'ads_campaigns', COLUMN = 'platform',
                CONSTRAINT = 'ads_campaigns_platform_check',
                HINT = 'Column platform takes meta, google, organic, tiktok or pinterest.';
    ELSIF _row.status NOT IN ('active', 'paused', 'draft', 'archived') THEN
        RAISE EXCEPTION 'new row for relation "ads_campaigns" violates check constraint "ads_campaigns_status_check"'
            USING ERRCODE = 'check_violation', SCHEMA = 'ads', TABLE = 'ads_campaigns', COLUMN = 'status',
                CONSTRAINT = 'ads_campaigns_status_check',
                HINT = 'Column status takes active, paused, draft or archived.';
    END IF;
END;
$$;

CREATE FUNCTION ads.insert_ads_campaign() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _currency char(3) := coalesce(NEW.currency, (SELECT c.currency FROM core.clients c WHERE c.id = NEW.client_id));
BEGIN
    PERFORM ads.check_ads_campaign(NEW);
    INSERT INTO ads.campaigns (id, client_id, platform, platform_campaign_id, name, status, budget_amount, currency,
        target_roas, start_date, end_date, utm_source, utm_medium, utm_campaign, created_at, updated_at, metadata)
    VALUES (NEW.id, NEW.client_id, NEW.platform, NEW.campaign_id, NEW.campaign_name, NEW.status,
        NEW.budget_cents / 10::numeric ^ core.minor_digits(_currency), _currency, NEW.target_roas,
        NEW.start_date::timestamp AT TIME ZONE 'UTC', NEW.end_date::timestamp AT TIME ZONE 'UTC',
        NEW.utm_source, NEW.utm_medium, NEW.utm_campaign, NEW.created_at, NEW.updated_at, NEW.metadata)
    RETURNING currency INTO NEW.currency;
    RETURN NEW;
END;
$$;

-- Changes only what the caller changed, so that what the view cannot show (removed, an hour of the day) stays.
CREATE FUNCTION ads.update_ads_campaign() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM ads.check_ads_campaign(NEW);
    UPDATE ads.campaigns c SET
        id = NEW.id, client_id = NEW.client_id, platform = NEW.platform, platform_campaign_id = NEW.campaign_id,
        name = CASE WHEN NEW.campaign_name = OLD.campaign_name THEN c.name ELSE NEW.campaign_name END,
        status = CASE WHEN NEW.status = OLD.status THEN c.status ELSE NEW.status END,
        budget_amount = CASE WHEN NEW.budget_cents = OLD.budget_cents AND NEW.currency IS NOT DISTINCT FROM OLD.currency
            THEN c.budget_amount ELSE NEW.budget_cents / 10::numeric ^ core.minor_digits(NEW.currency) END,
        currency = NEW.currency, target_roas = NEW.target_roas,
        start_date = CASE WHEN NEW.start_date = OLD.start_date THEN c.start_date
            ELSE NEW.start_date::timestamp AT TIME ZONE ads.zone_of_account(c.client_id, c.ad_account_id) END,
        end_date = CASE WHEN NEW.end_date = OLD.end_date THEN c.end_date
            ELSE NEW.end_date::timestamp AT TIME ZONE ads.zone_of_account(c.client_id, c.ad_account_id) END,
        utm_source = NEW.utm_source, utm_medium = NEW.utm_medium, utm_campaign = NEW.utm_campaign,
        created_at = NEW.created_at, updated_at = NEW.updated_at, metadata = NEW.metadata
    WHERE c.client_id = OLD.client_id AND c.id = OLD.id
    RETURNING c.updated_at INTO NEW.updated_at;
    RETURN CASE WHEN FOUND THEN NEW END;
END;
$$;

CREATE FUNCTION ads.zone_of_account(_client integer, _account uuid) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT timezone FROM ads.ad_accounts WHERE client_id = _client AND id = _account), 'UTC')
$$;

CREATE FUNCTION ads.delete_ads_campaign() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM ads.campaigns WHERE client_id = OLD.client_id AND id = OLD.id;
    RETURN CASE WHEN FOUND THEN OLD END;
END;
$$;

CREATE TRIGGER insert_campaign INSTEAD OF INSERT ON ads.ads_campaigns FOR EACH ROW
EXECUTE FUNCTION ads.insert_ads_campaign();
CREATE TRIGGER update_campaign INSTEAD OF UPDATE ON ads.ads_campaigns FOR EACH ROW
EXECUTE FUNCTION ads.update_ads_campaign();
CREATE TRIGGER delete_campaign INSTEAD OF DELETE ON ads.ads_campaigns FOR EACH ROW
EXECUTE FUNCTION ads.delete_ads_campaign();

COMMENT ON VIEW ads.ads_campaigns IS 'ads.campaigns in whole cents and dates; writes go to ads.campaigns. A removed campaign shows as archived, one of unknown status as paused: unknown is never active. Platforms outside the five of its CHECK do not show.';
COMMENT ON COLUMN ads.ads_campaigns.id IS 'Key of the campaign.';
COMMENT ON COLUMN ads.ads_campaigns.campaign_id IS 'The campaign''s id at the platform.';
COMMENT ON COLUMN ads.ads_campaigns.platform IS 'meta, google, organic, tiktok or pinterest.';
COMMENT ON COLUMN ads.ads_campaigns.campaign_name IS 'What the platform calls the campaign; its id when it has no name.';
COMMENT ON COLUMN ads.ads_campaigns.status IS 'active, paused, draft or archived; removed shows as archived, unknown as paused.';
COMMENT ON COLUMN ads.ads_campaigns.budget_cents IS 'Budget in the smallest unit of the currency; 0 without one.';
COMMENT ON COLUMN ads.ads_campaigns.target_roas IS 'Revenue wanted for each unit spent; NULL without a target.';
COMMENT ON COLUMN ads.ads_campaigns.start_date IS 'First day in the zone of the account, UTC without one; the day it was first written when not known.';
COMMENT ON COLUMN ads.ads_campaigns.end_date IS 'Last day in the zone of the account; NULL while it has no end.';
COMMENT ON COLUMN ads.ads_campaigns.utm_source IS 'utm_source of its links.';
COMMENT ON COLUMN ads.ads_campaigns.utm_medium IS 'utm_medium of its links.';
COMMENT ON COLUMN ads.ads_campaigns.utm_campaign IS 'utm_campaign of its links.';
COMMENT ON COLUMN ads.ads_campaigns.created_at IS 'When the campaign was written (UTC).';
COMMENT ON COLUMN ads.ads_campaigns.updated_at IS 'When the campaign last changed (UTC).';
COMMENT ON COLUMN ads.ads_campaigns.metadata IS 'What only this platform says about the campaign.';
COMMENT ON COLUMN ads.ads_campaigns.client_id IS 'Client the campaign belongs to; 0 is the agency itself.';
COMMENT ON COLUMN ads.ads_campaigns.currency IS 'ISO 4217 code of the cents.';

-- The older name of the daily figures, to be read only.
CREATE VIEW ads.ads_metrics_daily WITH (security_invoker = true) AS
SELECT m.id, m.client_id, m.campaign_id, c.platform_campaign_id, c.platform::text AS platform, c.name AS campaign_name,
    m.metric_date, m.spend_cents, m.impressions, m.clicks, m.conversions, m.revenue_cents, m.cpc_cents, m.cpa_cents,
    m.roas, m.ctr, m.conversion_rate, m.created_at, m.updated_at
FROM ads.ads_daily_metrics m JOIN ads.campaigns c ON c.client_id = m.client_id AND c.id = m.campaign_id;

CREATE FUNCTION ads.refuse_old_name() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'ads_metrics_daily is read only' USING ERRCODE = 'object_not_in_prerequisite_state',
        HINT = 'Write to ads.ads_daily_metrics.';
END;
$$;
CREATE TRIGGER read_only INSTEAD OF INSERT OR UPDATE OR DELETE ON ads.ads_metrics_daily FOR EACH ROW
EXECUTE FUNCTION ads.refuse_old_name();

COMMENT ON VIEW ads.ads_metrics_daily IS 'ads.ads_daily_metrics under its older name with the campaign''s names beside it; read only.';
COMMENT ON COLUMN ads.ads_metrics_daily.id IS 'Key of the day''s row.';
COMMENT ON COLUMN ads.ads_metrics_daily.client_id IS 'Client the row belongs to; 0 is the agency itself.';
COMMENT ON COLUMN ads.ads_metrics_daily.campaign_id IS 'Campaign that the figures are of.';
COMMENT ON COLUMN ads.ads_metrics_daily.platform_campaign_id IS 'The campaign''s id at the platform.';
COMMENT ON COLUMN ads.ads_metrics_daily.platform IS 'Platform of the campaign.';
COMMENT ON COLUMN ads.ads_metrics_daily.campaign_name IS 'Name of the campaign; NULL when it has none.';
COMMENT ON COLUMN ads.ads_metrics_daily.metric_date IS 'The day, in the zone of the account.';
COMMENT ON COLUMN ads.ads_metrics_daily.spend_cents IS 'Money spent in the smallest unit of the currency.';
COMMENT ON COLUMN ads.ads_metrics_daily.impressions IS 'Times shown.';
COMMENT ON COLUMN ads.ads_metrics_daily.clicks IS 'Clicks.';
COMMENT ON COLUMN ads.ads_metrics_daily.conversions IS 'Conversions, in fractions where a model shares them.';
COMMENT ON COLUMN ads.ads_metrics_daily.revenue_cents IS 'Revenue that the platform claims, in the smallest unit of the currency.';
COMMENT ON COLUMN ads.ads_metrics_daily.cpc_cents IS 'Cost of a click in whole cents; NULL without clicks.';
COMMENT ON COLUMN ads.ads_metrics_daily.cpa_cents IS 'Cost of a conversion in whole cents; NULL without conversions.';
COMMENT ON COLUMN ads.ads_metrics_daily.roas IS 'Revenue of each unit spent; NULL without spend.';
COMMENT ON COLUMN ads.ads_metrics_daily.ctr IS 'Clicks of each impression as a fraction; NULL without impressions.';
COMMENT ON COLUMN ads.ads_metrics_daily.conversion_rate IS 'Conversions of each click as a fraction; NULL without clicks.';
COMMENT ON COLUMN ads.ads_metrics_daily.created_at IS 'When the row was written (UTC).';
COMMENT ON COLUMN ads.ads_metrics_daily.updated_at IS 'When the row last changed (UTC).';

-- One inbox over the alerts of advertising and those of the watch. Names come by subquery, not by join: each side then
-- is a plain scan, so the newest alerts are read in order from the two indexes without a sort of all.
CREATE VIEW ads.alert_inbox WITH (security_invoker = true) AS
SELECT 'ads'::text AS origin, a.id, a.client_id,
    concat_ws(': ', CASE a.alert_type WHEN 'ROAS_DROP' THEN 'ROAS drop' WHEN 'CPA_SPIKE' THEN 'CPA spike'
            WHEN 'ZERO_CONVERSIONS' THEN 'No conversions' ELSE initcap(replace(a.alert_type, '_', ' ')) END,
        coalesce((SELECT coalesce(c.name, c.platform_campaign_id) FROM ads.campaigns c
                  WHERE c.client_id = a.client_id AND c.id = a.campaign_id), a.platform)) AS title,
    a.message,
    CASE a.severity WHEN 'LOW' THEN 'info' WHEN 'MEDIUM' THEN 'warning' WHEN 'HIGH' THEN 'critical'
        WHEN 'CRITICAL' THEN 'critical' ELSE 'warning' END AS severity,
    a.severity::text AS severity_raw,
    CASE WHEN a.resolved_at IS NOT NULL THEN 'resolved' WHEN a.acknowledged_at IS NOT NULL THEN 'acknowledged'
        ELSE 'open' END AS state,
    a.created_at, a.acknowledged_at, a.acknowledged_by::text AS acknowledged_by, a.resolved_at,
    coalesce((SELECT coalesce(c.name, c.platform_campaign_id) FROM ads.campaigns c
              WHERE c.client_id = a.client_id AND c.id = a.campaign_id), a.platform) AS subject,
    a.metric_name::text AS metric,
    trim_scale(a.metric_value)::text AS value, trim_scale(a.threshold_value)::text AS threshold
FROM ads.alerts a
UNION ALL
SELECT 'watch', w.id, w.client_id, w.title, w.message, w.severity::text, w.severity::text,
    CASE WHEN w.state = 'resolved' THEN 'resolved' WHEN w.is_acknowledged THEN 'acknowledged' ELSE 'open' END,
    w.created_at, w.acknowledged_at, w.acknowledged_by::text, w.resolved_at, coalesce(w.entity_name, w.external_id),
    (SELECT r.field_name::text FROM watch.watchtower_rules r
     WHERE r.client_id = w.rule_client_id AND r.id = w.rule_id),
    w.current_value::text,
    (SELECT r.threshold_value::text FROM watch.watchtower_rules r
     WHERE r.client_id = w.rule_client_id AND r.id = w.rule_id)
FROM watch.watchtower_alerts w;

COMMENT ON VIEW ads.alert_inbox IS 'Alerts of advertising and of the watch in one shape.';
COMMENT ON COLUMN ads.alert_inbox.origin IS 'Table the alert stands in: ads (ads.alerts) or watch (watch.watchtower_alerts).';
COMMENT ON COLUMN ads.alert_inbox.id IS 'Key of the alert in its table.';
COMMENT ON COLUMN ads.alert_inbox.client_id IS 'Client the alert belongs to; 0 is the agency itself.';
COMMENT ON COLUMN ads.alert_inbox.title IS 'What is wrong and where, in a few words.';
COMMENT ON COLUMN ads.alert_inbox.message IS 'What is wrong, in a sentence.';
COMMENT ON COLUMN ads.alert_inbox.severity IS 'info, warning or critical: LOW is info, MEDIUM warning, HIGH and CRITICAL critical; an alert without one counts as warning.';
COMMENT ON COLUMN ads.alert_inbox.severity_raw IS 'The severity in the word of its table.';
COMMENT ON COLUMN ads.alert_inbox.state IS 'open, acknowledged or resolved.';
COMMENT ON COLUMN ads.alert_inbox.created_at IS 'When the alert was raised (UTC).';
COMMENT ON COLUMN ads.alert_inbox.acknowledged_at IS 'When somebody took it (UTC); NULL until then.';
COMMENT ON COLUMN ads.alert_inbox.acknowledged_by IS 'Who took it.';
COMMENT ON COLUMN ads.alert_inbox.resolved_at IS 'When it ended (UTC); NULL while it lasts.';
COMMENT ON COLUMN ads.alert_inbox.subject IS 'Name of the campaign, platform or entity it is about; NULL for an account as a whole.';
COMMENT ON COLUMN ads.alert_inbox.metric IS 'Figure that raised it; NULL when the reader may not see the rule.';
COMMENT ON COLUMN ads.alert_inbox.value IS 'The figure as it was, as text.';
COMMENT ON COLUMN ads.alert_inbox.threshold IS 'The value that it passed, as text; NULL when there is none or the reader may not see the rule.';
