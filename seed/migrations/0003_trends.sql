-- Trend windows: many pieces of intelligence folded into one direction per
-- company and span, with the evidence that carried it and what it projects.

CREATE TABLE trend_windows (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id uuid NOT NULL REFERENCES companies,
	span text NOT NULL CHECK (span IN ('1d', '7d', '30d', '90d')),
	direction text NOT NULL CHECK (direction IN ('bullish', 'bearish', 'mixed', 'neutral')),
	strength fraction NOT NULL,
	confidence fraction NOT NULL,
	contradiction fraction NOT NULL,
	starts_at timestamptz NOT NULL,
	ends_at timestamptz NOT NULL,
	computed_at timestamptz NOT NULL,
	UNIQUE (company_id, span, ends_at),
	CHECK (starts_at < ends_at)
);

CREATE INDEX trend_windows_span ON trend_windows (span, strength DESC);
CREATE INDEX trend_windows_direction ON trend_windows (direction, strength DESC);

CREATE TABLE trend_evidence (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	trend_id uuid NOT NULL REFERENCES trend_windows ON DELETE CASCADE,
	intelligence_id uuid NOT NULL REFERENCES intelligence,
	stance text NOT NULL CHECK (stance IN ('supporting', 'opposing')),
	weight fraction NOT NULL,
	UNIQUE (trend_id, intelligence_id)
);

CREATE INDEX trend_evidence_intelligence_id ON trend_evidence (intelligence_id);

CREATE TABLE trend_projections (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	trend_id uuid NOT NULL REFERENCES trend_windows ON DELETE CASCADE,
	horizon_days integer NOT NULL CHECK (horizon_days > 0),
	low numeric(14,4) NOT NULL,
	expected numeric(14,4) NOT NULL,
	high numeric(14,4) NOT NULL,
	probability fraction NOT NULL,
	UNIQUE (trend_id, horizon_days),
	CHECK (low <= expected AND expected <= high)
);
