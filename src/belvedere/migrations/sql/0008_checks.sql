-- Shapes of documents, for CHECK constraints: true for what fits, false for everything else, NULL for NULL.
CREATE FUNCTION outreach.is_scores(_scores jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof(_scores) <> 'object' THEN false ELSE (
        SELECT coalesce(bool_and(
            key IN ('performance', 'accessibility', 'best_practices', 'seo')
            AND CASE jsonb_typeof(value) WHEN 'null' THEN true
                WHEN 'number' THEN value::numeric BETWEEN 0 AND 100 ELSE false END), true)
        FROM jsonb_each(_scores)) END
$$;

-- Whole numbers from 0 to `_most`, as a document writes them.
CREATE FUNCTION outreach.is_count(_value jsonb, _most integer) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof(_value) <> 'number' THEN false
        ELSE _value::numeric BETWEEN 0 AND _most AND _value::numeric = trunc(_value::numeric) END
$$;

CREATE FUNCTION outreach.is_zone_name(_value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_typeof(_value) = 'string'
        AND _value #>> '{}' ~ '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9][A-Za-z0-9_+-]*){0,2}$'
$$;

-- A list of `_least` to `_most` different values of one kind, each written as the pattern says.
CREATE FUNCTION outreach.is_list_of(_list jsonb, _pattern text, _kind text, _least integer, _most integer)
RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof(_list) <> 'array' THEN false ELSE (
        SELECT count(*) BETWEEN _least AND _most AND count(DISTINCT value) = count(*)
            AND coalesce(bool_and(jsonb_typeof(value) = _kind AND value #>> '{}' ~ _pattern), true)
        FROM jsonb_array_elements(_list)) END
$$;

CREATE FUNCTION outreach.is_send_window(_window jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof(_window) <> 'object' THEN false ELSE coalesce(
        _window - ARRAY['timezone', 'fallback_timezone', 'days', 'start', 'end', 'min_gap_seconds', 'jitter_seconds',
                        'holidays'] = '{}'::jsonb
        AND outreach.is_zone_name(_window -> 'timezone')
        AND coalesce(_window ->> 'fallback_timezone' <> 'recipient'
                     AND outreach.is_zone_name(_window -> 'fallback_timezone'), NOT _window ? 'fallback_timezone')
        AND outreach.is_list_of(_window -> 'days', '^[1-7]$', 'number', 1, 7)
        AND jsonb_typeof(_window -> 'start') = 'string' AND jsonb_typeof(_window -> 'end') = 'string'
        AND _window ->> 'start' ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
        AND _window ->> 'end' ~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'
        AND _window ->> 'start' <> _window ->> 'end'
        AND coalesce(outreach.is_count(_window -> 'min_gap_seconds', 86400), true)
        AND coalesce(outreach.is_count(_window -> 'jitter_seconds', 86400), true)
        AND coalesce(outreach.is_list_of(_window -> 'holidays', '^[A-Z]{2}(-[A-Z0-9]{1,3})?$', 'string', 0, 50), true),
        false) END
$$;

CREATE FUNCTION outreach.is_variants(_variants jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof(_variants) <> 'array' THEN false ELSE (
        SELECT count(*) BETWEEN 2 AND 8 AND count(DISTINCT value ->> 'key') = count(*)
            AND bool_and(coalesce(jsonb_typeof(value) = 'object' AND jsonb_typeof(value -> 'key') = 'string'
                                  AND value ->> 'key' ~ '^[A-Za-z0-9_-]{1,32}$', false))
        FROM jsonb_array_elements(_variants)) END
$$;

-- Shares for the very keys of the variants, each between 0 and 1, adding up to 1 within a millionth.
CREATE FUNCTION outreach.is_split_of(_variants jsonb, _split jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof(_split) <> 'object' OR jsonb_typeof(_variants) <> 'array' THEN false ELSE coalesce((
        SELECT bool_and(CASE jsonb_typeof(value) WHEN 'number'
                             THEN value::numeric > 0 AND value::numeric < 1 ELSE false END)
            AND abs(sum(CASE jsonb_typeof(value) WHEN 'number' THEN value::numeric END) - 1) <= 0.000001
            AND array_agg(key ORDER BY key COLLATE "C") = (
                SELECT array_agg(variant ->> 'key' ORDER BY variant ->> 'key' COLLATE "C")
                FROM jsonb_array_elements(_variants) AS variant)
        FROM jsonb_each(_split)), false) END
$$;
