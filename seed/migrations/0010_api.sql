-- What the routes share. The functions check a request's parameters; what they
-- raise has the SQLSTATE of the error that it is, so that the server answers
-- 400 (invalid_text_representation) or 409 (unique_violation).

CREATE FUNCTION bounded_integer(value text, fallback integer, low integer, high integer)
RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF value IS NULL THEN
		RETURN fallback;
	END IF;
	IF value !~ '^-?[0-9]{1,9}$' OR value::integer NOT BETWEEN low AND high THEN
		RAISE invalid_text_representation USING MESSAGE =
			format('a number from %s to %s is wanted', low, high);
	END IF;
	RETURN value::integer;
END
$$;

CREATE FUNCTION page_limit(value text)
RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT bounded_integer(value, 50, 1, 200) $$;

CREATE FUNCTION page_offset(value text)
RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT bounded_integer(value, 0, 0, 1000000) $$;

-- A filter's value must be one of those that can match at all.
CREATE FUNCTION one_of(value text, VARIADIC allowed text[])
RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF value IS NOT NULL AND value <> ALL (allowed) THEN
		RAISE invalid_text_representation USING MESSAGE =
			format('one of %s is wanted', array_to_string(allowed, ', '));
	END IF;
	RETURN value;
END
$$;

CREATE FUNCTION calendar_day(value text, fallback date)
RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN coalesce(value::date, fallback);
EXCEPTION WHEN data_exception THEN
	RAISE invalid_text_representation USING MESSAGE = 'a date as YYYY-MM-DD is wanted';
END
$$;

CREATE FUNCTION body_object(body text)
RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF body IS NULL OR jsonb_typeof(body::jsonb) <> 'object' THEN
		RAISE invalid_text_representation USING MESSAGE = 'a JSON object is wanted';
	END IF;
	RETURN body::jsonb;
END
$$;

-- The body as a row: its members over those of base. A value that its column
-- cannot hold, a number past all bounds as much as a word, is the caller's error.
CREATE FUNCTION body_record(base anyelement, body text)
RETURNS anyelement LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN jsonb_populate_record(base, body_object(body));
EXCEPTION WHEN data_exception THEN
	RAISE invalid_text_representation USING MESSAGE = SQLERRM;
END
$$;

-- True, or the conflict that forbids it. Volatile, so that it is asked of the rows
-- that a statement reaches and never while the statement is planned.
CREATE FUNCTION agrees(condition boolean, otherwise text)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF condition IS NOT TRUE THEN
		RAISE unique_violation USING MESSAGE = otherwise;
	END IF;
	RETURN true;
END
$$;

-- The last close of each company. A lateral probe of the primary key, so that it
-- costs one index lookup a company however long the history grows.
CREATE VIEW last_prices AS
SELECT c.id AS company_id, p.day, p.close
FROM companies c
CROSS JOIN LATERAL (
	SELECT day, close FROM prices
	WHERE company_id = c.id ORDER BY day DESC LIMIT 1
) p;

CREATE VIEW company_cards AS
SELECT c.id, c.ticker, c.name, s.name AS sector, x.mic AS exchange,
	c.country, c.market_cap, c.active
FROM companies c
JOIN sectors s ON s.id = c.sector_id
JOIN exchanges x ON x.id = c.exchange_id;

CREATE VIEW position_values AS
SELECT p.id, p.account_id, p.company_id, c.ticker, c.sector_id, p.quantity,
	p.average_price, l.close AS market_price,
	round(p.quantity * l.close, 2) AS market_value,
	round(p.quantity * (l.close - p.average_price), 2) AS unrealized,
	p.opened_at
FROM positions p
JOIN companies c ON c.id = p.company_id
JOIN last_prices l ON l.company_id = p.company_id;
