-- Limits an account must keep, what an order was found to do to them, who
-- approved it, and when a company must not be traded at all.

CREATE TABLE risk_limits (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	account_id uuid NOT NULL REFERENCES accounts,
	kind text NOT NULL CHECK (kind IN ('order_value', 'position_fraction',
		'sector_fraction', 'cash_reserve', 'drawdown')),
	threshold numeric NOT NULL CHECK (threshold > 0),
	severity text NOT NULL DEFAULT 'block' CHECK (severity IN ('warn', 'block')),
	enabled boolean NOT NULL DEFAULT true,
	updated_at timestamptz NOT NULL,
	UNIQUE (account_id, kind),
	CHECK (kind = 'order_value' OR threshold <= 1)
);

CREATE TABLE risk_evaluations (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	order_id uuid NOT NULL REFERENCES orders ON DELETE CASCADE,
	verdict text NOT NULL CHECK (verdict IN ('pass', 'warn', 'block')),
	notional numeric(18,2) NOT NULL CHECK (notional >= 0),
	findings jsonb NOT NULL CHECK (jsonb_typeof(findings) = 'array'),
	evaluated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX risk_evaluations_order_id ON risk_evaluations (order_id, evaluated_at DESC);
CREATE INDEX risk_evaluations_verdict ON risk_evaluations (verdict);

CREATE TABLE approvals (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	order_id uuid NOT NULL UNIQUE REFERENCES orders ON DELETE CASCADE,
	status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected')),
	requested_by text NOT NULL CHECK (requested_by <> ''),
	requested_at timestamptz NOT NULL DEFAULT now(),
	decided_by text,
	decided_at timestamptz,
	note text,
	CHECK ((status = 'pending') = (decided_at IS NULL)),
	CHECK ((status = 'pending') = (decided_by IS NULL)),
	CHECK (decided_at IS NULL OR decided_at >= requested_at)
);

CREATE INDEX approvals_status ON approvals (status, requested_at);

CREATE TABLE lockouts (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
	reason text NOT NULL CHECK (reason IN ('earnings', 'loss_streak', 'news', 'manual')),
	starts_at timestamptz NOT NULL,
	ends_at timestamptz NOT NULL,
	CHECK (starts_at < ends_at)
);

CREATE INDEX lockouts_company_id ON lockouts (company_id, ends_at);
