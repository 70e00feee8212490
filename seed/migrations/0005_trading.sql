-- Accounts, orders, positions and the engine that decides on them; daily prices
-- are here too, since the backtest is the trading service's.

CREATE TABLE accounts (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name text NOT NULL UNIQUE,
	mode text NOT NULL CHECK (mode IN ('paper', 'live', 'backtest')),
	currency text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
	cash numeric(18,2) NOT NULL CHECK (cash >= 0),
	opened_at timestamptz NOT NULL
);

CREATE TABLE orders (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	account_id uuid NOT NULL REFERENCES accounts,
	company_id uuid NOT NULL REFERENCES companies,
	recommendation_id uuid REFERENCES recommendations,
	client_key text NOT NULL UNIQUE CHECK (client_key <> ''),
	side text NOT NULL CHECK (side IN ('buy', 'sell')),
	kind text NOT NULL DEFAULT 'market' CHECK (kind IN ('market', 'limit')),
	quantity integer NOT NULL CHECK (quantity > 0),
	limit_price numeric(14,4) CHECK (limit_price > 0),
	status text NOT NULL DEFAULT 'pending'
		CHECK (status IN ('pending', 'submitted', 'filled', 'cancelled', 'rejected')),
	submitted_at timestamptz NOT NULL DEFAULT now(),
	closed_at timestamptz,
	CHECK ((kind = 'limit') = (limit_price IS NOT NULL)),
	CHECK (closed_at IS NULL OR closed_at >= submitted_at)
);

CREATE INDEX orders_account_id ON orders (account_id);
CREATE INDEX orders_company_id ON orders (company_id, submitted_at DESC);
CREATE INDEX orders_recommendation_id ON orders (recommendation_id);
CREATE INDEX orders_status ON orders (status, submitted_at DESC);
CREATE INDEX orders_submitted_at ON orders (submitted_at DESC, id);

CREATE TABLE order_fills (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	order_id uuid NOT NULL REFERENCES orders ON DELETE CASCADE,
	quantity integer NOT NULL CHECK (quantity > 0),
	price numeric(14,4) NOT NULL CHECK (price > 0),
	fee numeric(10,4) NOT NULL DEFAULT 0 CHECK (fee >= 0),
	filled_at timestamptz NOT NULL
);

CREATE INDEX order_fills_order_id ON order_fills (order_id);

CREATE TABLE positions (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	account_id uuid NOT NULL REFERENCES accounts,
	company_id uuid NOT NULL REFERENCES companies,
	quantity integer NOT NULL CHECK (quantity > 0),
	average_price numeric(14,4) NOT NULL CHECK (average_price > 0),
	opened_at timestamptz NOT NULL,
	UNIQUE (account_id, company_id)
);

CREATE INDEX positions_company_id ON positions (company_id);

CREATE TABLE trading_decisions (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id uuid NOT NULL REFERENCES companies,
	recommendation_id uuid NOT NULL REFERENCES recommendations,
	order_id uuid REFERENCES orders ON DELETE SET NULL,
	outcome text NOT NULL CHECK (outcome IN ('executed', 'skipped', 'deferred')),
	reason text NOT NULL CHECK (reason <> ''),
	confidence fraction NOT NULL,
	decided_at timestamptz NOT NULL
);

CREATE INDEX trading_decisions_company_id ON trading_decisions (company_id, decided_at DESC);
CREATE INDEX trading_decisions_recommendation_id ON trading_decisions (recommendation_id);
CREATE INDEX trading_decisions_order_id ON trading_decisions (order_id);
CREATE INDEX trading_decisions_outcome ON trading_decisions (outcome, decided_at DESC);

-- One active configuration an account; older versions stay to be looked up.
CREATE TABLE engine_configurations (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	account_id uuid NOT NULL REFERENCES accounts,
	version integer NOT NULL CHECK (version > 0),
	active boolean NOT NULL DEFAULT false,
	risk_tier text NOT NULL CHECK (risk_tier IN ('conservative', 'moderate', 'aggressive')),
	minimum_confidence fraction NOT NULL,
	maximum_position fraction NOT NULL,
	stop_loss fraction NOT NULL,
	poll_seconds integer NOT NULL CHECK (poll_seconds BETWEEN 1 AND 86400),
	settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
	created_at timestamptz NOT NULL,
	UNIQUE (account_id, version)
);

CREATE UNIQUE INDEX engine_configurations_active
	ON engine_configurations (account_id) WHERE active;

CREATE TABLE portfolio_snapshots (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	account_id uuid NOT NULL REFERENCES accounts,
	taken_at timestamptz NOT NULL,
	cash numeric(18,2) NOT NULL CHECK (cash >= 0),
	invested numeric(18,2) NOT NULL CHECK (invested >= 0),
	total numeric(18,2) NOT NULL,
	drawdown fraction NOT NULL,
	UNIQUE (account_id, taken_at),
	CHECK (total = cash + invested)
);

CREATE TABLE prices (
	company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
	day date NOT NULL,
	open numeric(14,4) NOT NULL CHECK (open > 0),
	high numeric(14,4) NOT NULL,
	low numeric(14,4) NOT NULL CHECK (low > 0),
	close numeric(14,4) NOT NULL CHECK (close > 0),
	volume bigint NOT NULL CHECK (volume >= 0),
	PRIMARY KEY (company_id, day),
	CHECK (low <= least(open, close) AND greatest(open, close) <= high)
);

CREATE INDEX prices_day ON prices (day);
