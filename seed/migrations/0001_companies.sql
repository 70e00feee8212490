-- The registry: what is traded, under which names, and where news of it comes from.
-- Every child of a company that only describes it goes with it; what has been
-- written or traded about it (later files) keeps it from being deleted.

-- A domain without precision: a value out of range is then a check violation
-- (the caller's 422) and never a numeric overflow.
CREATE DOMAIN fraction AS numeric CHECK (VALUE >= 0 AND VALUE <= 1);
CREATE DOMAIN polarity AS numeric CHECK (VALUE >= -1 AND VALUE <= 1);

CREATE TABLE sectors (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name text NOT NULL UNIQUE CHECK (name <> ''),
	cyclical boolean NOT NULL DEFAULT true
);

CREATE TABLE exchanges (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	mic text NOT NULL UNIQUE CHECK (mic ~ '^[A-Z]{4}$'),
	name text NOT NULL,
	currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE TABLE companies (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	ticker text NOT NULL UNIQUE CHECK (ticker ~ '^[A-Z][A-Z0-9.]{0,9}$'),
	name text NOT NULL CHECK (name <> ''),
	sector_id uuid NOT NULL REFERENCES sectors,
	exchange_id uuid NOT NULL REFERENCES exchanges,
	country text NOT NULL DEFAULT 'US' CHECK (country ~ '^[A-Z]{2}$'),
	market_cap bigint CHECK (market_cap > 0),
	active boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX companies_sector_id ON companies (sector_id);
CREATE INDEX companies_exchange_id ON companies (exchange_id);
CREATE INDEX companies_name ON companies (lower(name) text_pattern_ops);
CREATE INDEX companies_inactive ON companies (ticker) WHERE NOT active;

CREATE TABLE company_aliases (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
	alias text NOT NULL CHECK (alias <> ''),
	kind text NOT NULL DEFAULT 'brand'
		CHECK (kind IN ('brand', 'former', 'legal', 'product', 'subsidiary'))
);

CREATE UNIQUE INDEX company_aliases_company_alias
	ON company_aliases (company_id, lower(alias));
CREATE INDEX company_aliases_alias ON company_aliases (lower(alias) text_pattern_ops);

CREATE TABLE competitors (
	company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
	competitor_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
	relationship text NOT NULL DEFAULT 'direct'
		CHECK (relationship IN ('direct', 'indirect', 'supplier', 'customer')),
	strength fraction NOT NULL,
	PRIMARY KEY (company_id, competitor_id),
	CHECK (company_id <> competitor_id)
);

CREATE INDEX competitors_competitor_id ON competitors (competitor_id);

-- A source without a company is one that tells of the whole market.
CREATE TABLE sources (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	company_id uuid REFERENCES companies ON DELETE CASCADE,
	name text NOT NULL CHECK (name <> ''),
	kind text NOT NULL
		CHECK (kind IN ('filings', 'news', 'market', 'macro', 'web')),
	url text NOT NULL UNIQUE CHECK (url ~ '^https?://'),
	credibility fraction NOT NULL DEFAULT 0.5,
	poll_seconds integer NOT NULL DEFAULT 900 CHECK (poll_seconds BETWEEN 10 AND 604800),
	enabled boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX sources_company_id ON sources (company_id);
CREATE INDEX sources_kind ON sources (kind);

CREATE TABLE company_exposures (
	company_id uuid NOT NULL REFERENCES companies ON DELETE CASCADE,
	region text NOT NULL CHECK (region IN ('americas', 'europe', 'china', 'asia', 'other')),
	revenue_share fraction NOT NULL,
	PRIMARY KEY (company_id, region)
);
