-- The AI agents that read, weigh and decide; the variants tried of each, and
-- what each run of a variant cost and was worth.

CREATE TABLE ai_agents (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9-]*$'),
	purpose text NOT NULL,
	enabled boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL
);

CREATE TABLE agent_variants (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	agent_id uuid NOT NULL REFERENCES ai_agents ON DELETE CASCADE,
	name text NOT NULL,
	model text NOT NULL,
	prompt_version integer NOT NULL CHECK (prompt_version > 0),
	temperature numeric NOT NULL CHECK (temperature BETWEEN 0 AND 2),
	traffic_share fraction NOT NULL,
	status text NOT NULL CHECK (status IN ('champion', 'challenger', 'retired')),
	created_at timestamptz NOT NULL,
	UNIQUE (agent_id, name)
);

CREATE UNIQUE INDEX agent_variants_champion ON agent_variants (agent_id) WHERE status = 'champion';

CREATE TABLE agent_performance_logs (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	variant_id uuid NOT NULL REFERENCES agent_variants ON DELETE CASCADE,
	document_id uuid REFERENCES documents ON DELETE SET NULL,
	ran_at timestamptz NOT NULL,
	latency_ms numeric(10,1) NOT NULL CHECK (latency_ms >= 0),
	input_tokens integer NOT NULL CHECK (input_tokens >= 0),
	output_tokens integer NOT NULL CHECK (output_tokens >= 0),
	succeeded boolean NOT NULL,
	score fraction,
	CHECK (succeeded = (score IS NOT NULL))
);

CREATE INDEX agent_performance_logs_variant_id ON agent_performance_logs (variant_id, ran_at DESC);
CREATE INDEX agent_performance_logs_document_id ON agent_performance_logs (document_id);
