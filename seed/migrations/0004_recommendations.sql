-- Recommendations, each with the documents it leans on.

CREATE TABLE recommendations (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id uuid NOT NULL REFERENCES companies,
	trend_id uuid NOT NULL REFERENCES trend_windows,
	action text NOT NULL CHECK (action IN ('buy', 'sell', 'hold', 'watch')),
	status text NOT NULL DEFAULT 'open'
		CHECK (status IN ('open', 'executed', 'expired', 'rejected')),
	confidence fraction NOT NULL,
	portfolio_fraction fraction NOT NULL,
	thesis text NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	CHECK (created_at < expires_at),
	CHECK (action IN ('buy', 'sell') OR portfolio_fraction = 0)
);

CREATE INDEX recommendations_company_id ON recommendations (company_id, created_at DESC);
CREATE INDEX recommendations_trend_id ON recommendations (trend_id);
CREATE INDEX recommendations_status ON recommendations (status, confidence DESC);
CREATE INDEX recommendations_action ON recommendations (action, confidence DESC);

CREATE TABLE recommendation_citations (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	recommendation_id uuid NOT NULL REFERENCES recommendations ON DELETE CASCADE,
	document_id uuid NOT NULL REFERENCES documents,
	ordinal integer NOT NULL CHECK (ordinal > 0),
	quote text NOT NULL CHECK (quote <> ''),
	UNIQUE (recommendation_id, ordinal)
);

CREATE INDEX recommendation_citations_document_id ON recommendation_citations (document_id);
