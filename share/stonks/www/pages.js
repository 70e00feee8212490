// One function a page. Each asks for all it needs at once, and gives the
// elements in order.

"use strict";

const title = (text, lead) => [h("h1", {}, text), h("p", { class: "lead" }, lead)];

const trendColumns = [
	["Company", t => t.company_id ? company(t.company_id, t.ticker) : t.ticker],
	["Span", t => t.span], ["Direction", t => badge(t.direction)],
	["Strength", t => meter(t.strength)], ["Confidence", t => percent(t.confidence), true]];

const orderColumns = [
	["Company", o => o.ticker], ["Side", o => badge(o.side)], ["Kind", o => o.kind],
	["Quantity", o => String(o.quantity), true],
	["Limit", o => money(o.limit_price), true], ["Status", o => badge(o.status)],
	["Submitted", o => time(o.submitted_at)]];

const PAGES = {
	async index() {
		const [sum, events, advice, health] = await Promise.all([get("/api/summary"),
			get("/api/global-events?limit=5"), get("/api/recommendations?status=open&limit=5"),
			get("/api/ops/pipeline/health")]);
		return [...title("Today", `Read up to ${time(sum.last_document_at)} UTC.`),
			tiles(["Companies", String(sum.companies)], ["Documents", String(sum.documents)],
				["Open recommendations", String(sum.open_recommendations)],
				["Critical events", String(sum.critical_events)]),
			grid(card("Strongest trends of the week", table(sum.strongest_trends,
				...trendColumns.filter(([name]) => name !== "Span"))),
				card("Recommendations", table(advice, ["Company", r => company(r.company_id, r.ticker)],
					["Action", r => badge(r.action)], ["Confidence", r => percent(r.confidence), true])),
				card("In the world", table(events, ["Event", e => e.name],
					["Severity", e => badge(e.severity)])),
				card(health.healthy ? "Pipeline: all stages well" : "Pipeline: a stage is ailing",
					table(health.stages, ["Stage", s => s.stage], ["Last run", s => badge(s.status)],
						["Handled", s => String(s.processed), true], ["Failed", s => String(s.failed), true])))];
	},

	async companies() {
		const [companies, sectors] = await Promise.all([get("/api/companies"), get("/api/sectors")]);
		return [...title("Companies", "What is followed, at the last close."),
			grid(card("All", table(companies, ["Ticker", c => company(c.id, c.ticker)],
				["Name", c => c.name], ["Sector", c => c.sector], ["Exchange", c => c.exchange],
				["Price", c => money(c.price), true], ["Worth", c => short(c.market_cap), true],
				["", c => c.active ? "" : badge("not listed")]), true),
			card("Sectors", table(sectors, ["Sector", s => s.name],
				["Companies", s => String(s.companies), true],
				["Worth", s => short(s.market_cap), true]), true))];
	},

	async company(query) {
		const base = `/api/companies/${encodeURIComponent(query.get("id") ?? "")}`;
		const it = await get(base);
		const [sources, aliases, rivals, documents, intelligence, trends, advice, impacts, orders,
			positions, prices] = await Promise.all([get(`${base}/sources`), get(`${base}/aliases`),
			get(`${base}/competitors`), get(`${base}/documents?limit=20`),
			get(`${base}/intelligence?limit=20`), get(`${base}/trends`), get(`${base}/recommendations`),
			get(`/api/companies/${it.ticker}/macro-impacts`), get(`${base}/orders?limit=20`),
			get(`${base}/positions`), get(`${base}/prices`)]);
		document.title = `${it.ticker} – stonks`;
		return [...title(`${it.name} (${it.ticker})`, `${it.sector}, ${it.exchange}. ` +
				`Also known as ${aliases.map(a => a.alias).join(", ") || "nothing else"}.`),
			tiles(["Price", money(it.price)], ["Worth", short(it.market_cap)],
				["Held", String(positions.reduce((sum, p) => sum + p.quantity, 0))],
				["Not realised", signed(positions.reduce((sum, p) => sum + p.unrealized, 0), money)]),
			grid(card("Close", prices.length ? line(prices.map(p => p.close),
				`from ${prices[0].close} to ${prices.at(-1).close}`) : table([]), true),
			card("Trends", table(trends, ...trendColumns.slice(1))),
			card("Recommendations", table(advice, ["Action", r => badge(r.action)],
				["Status", r => r.status], ["Thesis", r => r.thesis])),
			card("What was understood", table(intelligence, ["Catalyst", i => words(i.catalyst)],
				["Sentiment", i => signed(i.sentiment, v => v.toFixed(2)), true],
				["Confidence", i => percent(i.confidence), true], ["Facts", i => i.facts.join(" ")]), true),
			card("Documents", table(documents, ["Published", d => day(d.published_at)],
				["Kind", d => words(d.kind)], ["Title", d => d.title])),
			card("The world's part", table(impacts, ["Event", m => m.event],
				["Impact", m => signed(m.impact, v => v.toFixed(2)), true], ["Through", m => m.channel])),
			card("Competitors", table(rivals, ["Company", r => company(r.id, r.ticker)],
				["Name", r => r.name], ["Relation", r => r.relationship], ["Strength", r => meter(r.strength)])),
			card("Sources", table(sources, ["Name", s => s.name], ["Kind", s => s.kind],
				["Credibility", s => meter(s.credibility)])),
			card("Orders", table(orders, ...orderColumns.slice(1)), true))];
	},

	async trends() {
		const [week, quarter] = await Promise.all([get("/api/trends?span=7d"), get("/api/trends?span=90d")]);
		const strongest = week.length ? await get(`/api/trends/${week[0].id}`) : null;
		return [...title("Trends", "What the news of a company adds up to, the strongest first."),
			grid(card("One week", table(week, ...trendColumns)),
				card("Ninety days", table(quarter, ...trendColumns)),
				strongest ? card(`What carries ${strongest.ticker}, ${strongest.span}`,
					table(strongest.evidence, ["Document", e => e.document], ["Stance", e => badge(e.stance)],
						["Weight", e => meter(e.weight)], ["Says", e => e.summary]), true) : "",
				strongest ? card("Where it leads", table(strongest.projections,
					["Days", p => String(p.horizon_days), true], ["Low", p => money(p.low), true],
					["Expected", p => money(p.expected), true], ["High", p => money(p.high), true],
					["Probability", p => percent(p.probability), true]), true) : "")];
	},

	async recommendations() {
		const [advice, decisions] = await Promise.all([get("/api/recommendations"), get("/api/decisions")]);
		return [...title("Recommendations", "With what they lean on, and what became of them."),
			grid(advice.map(r => h("section", { class: "card" },
				h("h2", {}, company(r.company_id, r.ticker), " ", badge(r.action), " ", badge(r.status)),
				h("p", {}, `${r.thesis} Confidence ${percent(r.confidence)}.`),
				r.citations.map(c => h("blockquote", {}, `${c.quote} — ${c.title}`)))),
			card("Decisions", table(decisions, ["When", d => time(d.decided_at)], ["Company", d => d.ticker],
				["Outcome", d => badge(d.outcome)], ["Why", d => d.reason]), true))];
	},

	async portfolio() {
		const [sum, history, positions, orders] = await Promise.all([get("/api/portfolio"),
			get("/api/portfolio/history?limit=200"), get("/api/positions"), get("/api/orders?limit=20")]);
		return [...title("Portfolio", `Account ${sum.name}, in ${sum.currency}.`),
			tiles(["Total", money(sum.total)], ["Cash", money(sum.cash)], ["Invested", money(sum.invested)],
				["Not realised", signed(sum.unrealized, money)]),
			grid(card("Total, day by day", history.length ? line(history.map(s => s.total),
				`from ${history[0].total} to ${history.at(-1).total}`) : table([]), true),
			card("Positions", table(positions, ["Company", p => company(p.company_id, p.ticker)],
				["Quantity", p => String(p.quantity), true], ["Bought at", p => money(p.average_price), true],
				["Now", p => money(p.market_price), true], ["Value", p => money(p.market_value), true],
				["Not realised", p => signed(p.unrealized, money), true]), true),
			card("Orders", table(orders, ...orderColumns), true))];
	},

	async risk() {
		const [sum, waiting] = await Promise.all([get("/api/risk/summary"), get("/api/orders?status=pending")]);
		return [...title("Risk", `Account ${sum.account} against its limits.`),
			tiles(["Below the peak", percent(sum.drawdown)], ["At the worst", percent(sum.worst_drawdown)],
				["Lockouts", String(sum.lockouts.length)], ["Orders that wait", String(waiting.length)]),
			grid(card("Limits", table(sum.limits, ["Limit", l => words(l.kind)],
				["Threshold", l => l.kind === "order_value" ? money(l.threshold) : percent(l.threshold), true],
				["Past it", l => badge(l.severity)])),
			card("Invested by sector", table(sum.sectors, ["Sector", s => s.name],
				["Value", s => money(s.value), true], ["Share", s => meter(s.share)])),
			card("Lockouts", table(sum.lockouts, ["Company", k => k.ticker], ["Reason", k => words(k.reason)],
				["From", k => day(k.starts_at)], ["To", k => day(k.ends_at)])),
			card("Orders that wait", table(waiting, ...orderColumns.slice(0, 5))))];
	},

	async documents() {
		const [documents, ingestion, feeds] = await Promise.all([get("/api/documents?limit=60"),
			get("/api/ops/ingestion/summary"), get("/api/ops/ingestion/sources?limit=10")]);
		return [...title("Documents", "What was read, and how the reading goes."),
			tiles(["Fetched", String(ingestion.fetched)], ["Size", `${short(ingestion.bytes)}B`],
				["New", String(ingestion.outcomes.new)], ["Failed", percent(ingestion.failure_rate)]),
			grid(card("Newest first", table(documents, ["Published", d => day(d.published_at)],
				["Company", d => d.ticker], ["Kind", d => words(d.kind)], ["Title", d => d.title],
				["Words", d => String(d.word_count), true]), true),
			card("Sources that fail most", table(feeds, ["Source", s => s.name], ["Kind", s => s.kind],
				["Fetched", s => String(s.fetched), true], ["Failed", s => String(s.failed), true]), true))];
	},

	async events() {
		const events = await get("/api/global-events");
		const worst = await Promise.all(events.filter(e => e.severity === "critical")
			.map(e => get(`/api/global-events/${e.id}`)));
		return [...title("Events", "What happens in the world, and to whom it matters."),
			grid(card("Newest first", table(events, ["Since", e => day(e.started_at)], ["Event", e => e.name],
				["Region", e => e.region], ["Severity", e => badge(e.severity)],
				["Companies", e => String(e.companies), true],
				["Confidence", e => percent(e.confidence), true]), true),
			worst.map(e => card(e.name, table(e.impacts, ["Company", m => m.ticker],
				["Impact", m => signed(m.impact, v => v.toFixed(2)), true], ["Through", m => m.channel]))))];
	},

	async agents() {
		const agents = await get("/api/agents");
		const runs = await Promise.all(agents.map(a => get(`/api/agents/${a.id}/performance`)));
		return [...title("Agents", "Who reads, weighs and writes; and which variant does it best."),
			grid(agents.map((a, index) => h("section", { class: "card" },
				h("h2", {}, a.name, " ", a.enabled ? "" : badge("off")), h("p", { class: "faint" }, a.purpose),
				table(runs[index], ["Variant", v => v.name], ["", v => badge(v.status)],
					["Runs", v => String(v.runs), true], ["Score", v => percent(v.score), true],
					["P95", v => v.p95_latency_ms === null ? "–" : `${Math.round(v.p95_latency_ms)} ms`, true]))))];
	},
};
