-- Events of the world, and what each does to each company.

CREATE TABLE global_events (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name text NOT NULL UNIQUE,
	kind text NOT NULL CHECK (kind IN ('monetary', 'trade', 'conflict',
		'energy', 'regulation', 'disaster')),
	severity text NOT NULL CHECK (severity IN ('low', 'moderate', 'high', 'critical')),
	region text NOT NULL CHECK (region IN ('americas', 'europe', 'china', 'asia', 'global')),
	confidence fraction NOT NULL,
	summary text NOT NULL,
	started_at timestamptz NOT NULL,
	ended_at timestamptz,
	CHECK (ended_at IS NULL OR ended_at > started_at)
);

CREATE INDEX global_events_severity ON global_events (severity, started_at DESC);
CREATE INDEX global_events_kind ON global_events (kind, started_at DESC);
CREATE INDEX global_events_started_at ON global_events (started_at DESC);

CREATE TABLE macro_impacts (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	event_id uuid NOT NULL REFERENCES global_events ON DELETE CASCADE,
	company_id uuid NOT NULL REFERENCES companies,
	direction text NOT NULL CHECK (direction IN ('positive', 'negative', 'mixed')),
	impact polarity NOT NULL,
	confidence fraction NOT NULL,
	channel text NOT NULL CHECK (channel IN ('demand', 'cost', 'supply', 'financing', 'regulation')),
	rationale text NOT NULL,
	UNIQUE (event_id, company_id)
);

CREATE INDEX macro_impacts_company_id ON macro_impacts (company_id);
