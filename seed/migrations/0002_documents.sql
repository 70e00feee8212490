-- What was read, and what was understood of it. The text itself lies in object
-- storage under (object_bucket, object_key); the row keeps its digest.

CREATE TABLE documents (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id uuid NOT NULL REFERENCES companies,
	source_id uuid NOT NULL REFERENCES sources,
	kind text NOT NULL CHECK (kind IN ('article', 'filing', 'press_release', 'transcript')),
	title text NOT NULL CHECK (title <> ''),
	url text NOT NULL UNIQUE,
	language text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2}$'),
	published_at timestamptz NOT NULL,
	retrieved_at timestamptz NOT NULL,
	word_count integer NOT NULL CHECK (word_count > 0),
	object_bucket text NOT NULL CHECK (length(object_bucket) BETWEEN 3 AND 63),
	object_key text NOT NULL,
	content_sha256 text NOT NULL CHECK (content_sha256 ~ '^[0-9a-f]{64}$'),
	UNIQUE (object_bucket, object_key),
	CHECK (retrieved_at >= published_at)
);

CREATE INDEX documents_company_id ON documents (company_id, published_at DESC);
CREATE INDEX documents_source_id ON documents (source_id);
CREATE INDEX documents_kind ON documents (kind, published_at DESC);
CREATE INDEX documents_published_at ON documents (published_at DESC, id);

CREATE TABLE document_mentions (
	document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
	company_id uuid NOT NULL REFERENCES companies,
	mentions integer NOT NULL CHECK (mentions > 0),
	PRIMARY KEY (document_id, company_id)
);

CREATE INDEX document_mentions_company_id ON document_mentions (company_id);

CREATE TABLE intelligence (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
	company_id uuid NOT NULL REFERENCES companies,
	catalyst text NOT NULL CHECK (catalyst IN ('earnings', 'product', 'legal',
		'supply_chain', 'leadership', 'macro', 'regulation')),
	sentiment polarity NOT NULL,
	impact fraction NOT NULL,
	confidence fraction NOT NULL,
	horizon text NOT NULL CHECK (horizon IN ('intraday', 'short', 'medium', 'long')),
	summary text NOT NULL,
	extracted_at timestamptz NOT NULL,
	UNIQUE (document_id, company_id)
);

CREATE INDEX intelligence_company_id ON intelligence (company_id, extracted_at DESC);
CREATE INDEX intelligence_catalyst ON intelligence (catalyst);

CREATE TABLE intelligence_facts (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	intelligence_id uuid NOT NULL REFERENCES intelligence ON DELETE CASCADE,
	ordinal integer NOT NULL CHECK (ordinal > 0),
	fact text NOT NULL,
	verified boolean NOT NULL DEFAULT false,
	UNIQUE (intelligence_id, ordinal)
);
