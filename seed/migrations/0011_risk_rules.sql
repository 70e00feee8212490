-- The rules by which an order is held against its account's limits. In the
-- database, since two routes ask: one for an order that is only thought of, one
-- for an order that is there.

-- True, or the rule that the request breaks (check_violation, the caller's 422).
CREATE FUNCTION holds(condition boolean, otherwise text)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF condition IS NOT TRUE THEN
		RAISE check_violation USING MESSAGE = otherwise;
	END IF;
	RETURN true;
END
$$;

-- An order that is only thought of: a body is read into this type, and what the
-- domains refuse is 422 as it would be for a table.
CREATE DOMAIN order_side AS text NOT NULL CHECK (VALUE IN ('buy', 'sell'));
CREATE DOMAIN order_quantity AS integer NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN order_price AS numeric CHECK (VALUE > 0);
CREATE TYPE proposed_order AS (
	account text,
	ticker text,
	side order_side,
	quantity order_quantity,
	price order_price
);

-- One row a limit of the account, and one if trading the company is locked at the
-- time of its last price. Values are fractions of the account's total but for
-- order_value; cash_reserve alone is a floor.
CREATE FUNCTION risk_findings(account uuid, company uuid, side text, quantity integer, price numeric)
RETURNS TABLE (kind text, severity text, threshold numeric, value numeric, breached boolean)
LANGUAGE sql STABLE AS $$
	WITH ask AS (
		SELECT quantity * price AS notional,
			CASE side WHEN 'buy' THEN quantity * price ELSE -quantity * price END AS change
	), held AS (
		SELECT a.cash, a.cash + coalesce(sum(v.market_value), 0) AS total,
			coalesce(sum(v.market_value) FILTER (WHERE v.company_id = company), 0) AS own,
			coalesce(sum(v.market_value) FILTER (WHERE v.sector_id = c.sector_id), 0) AS sector
		FROM accounts a
		JOIN companies c ON c.id = company
		LEFT JOIN position_values v ON v.account_id = a.id
		WHERE a.id = account
		GROUP BY a.id
	), measured AS (
		SELECT l.kind, l.severity, l.threshold, round(CASE l.kind
			WHEN 'order_value' THEN ask.notional
			WHEN 'position_fraction' THEN (held.own + ask.change) / held.total
			WHEN 'sector_fraction' THEN (held.sector + ask.change) / held.total
			WHEN 'cash_reserve' THEN (held.cash - ask.change) / held.total
			WHEN 'drawdown' THEN coalesce((SELECT s.drawdown FROM portfolio_snapshots s
				WHERE s.account_id = account ORDER BY s.taken_at DESC LIMIT 1), 0)
			END, 4) AS value
		FROM risk_limits l CROSS JOIN ask CROSS JOIN held
		WHERE l.account_id = account AND l.enabled
	)
	SELECT m.kind, m.severity, m.threshold, m.value,
		CASE m.kind WHEN 'cash_reserve' THEN m.value < m.threshold
			ELSE m.value > m.threshold OR m.value < 0 END
	FROM measured m
	UNION ALL
	SELECT 'lockout', 'block', 0, 1, true
	FROM last_prices p
	WHERE p.company_id = company AND EXISTS (
		SELECT FROM lockouts k
		WHERE k.company_id = company
		AND (p.day + time '20:00') AT TIME ZONE 'UTC' BETWEEN k.starts_at AND k.ends_at)
$$;

CREATE FUNCTION risk_verdict(findings jsonb)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN findings @> '[{"breached": true, "severity": "block"}]' THEN 'block'
		WHEN findings @> '[{"breached": true, "severity": "warn"}]' THEN 'warn'
		ELSE 'pass' END
$$;
