// What the pages share: asking the API, and turning what it says into elements.
// Text is set as text and never as markup, so that no value needs escaping.

"use strict";

async function get(path) {
	const answer = await fetch(path, { headers: { accept: "application/json" } });
	if (!answer.ok)
		throw new Error(`${path}: ${answer.status}`);
	return answer.json();
}

function h(name, attributes, ...children) {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes || {}))
		if (value !== null && value !== undefined && value !== false)
			element.setAttribute(key, value);
	element.append(...children.flat(Infinity).map(child => child ?? "–"));
	return element;
}

const money = value => value === null ? "–" : Number(value).toLocaleString("en-US",
	{ style: "currency", currency: "USD", maximumFractionDigits: Math.abs(value) < 1e5 ? 2 : 0 });
const short = value => value === null ? "–" : Number(value).toLocaleString("en-US",
	{ notation: "compact", maximumFractionDigits: 2 });
const percent = value => value === null ? "–" : `${(100 * value).toFixed(1)} %`;
// with hyphens that do not break: a date stays on its line
const day = value => value === null ? "–" : value.slice(0, 10).replaceAll("-", "\u2011");
const time = value => value === null ? "–" : `${day(value)} ${value.slice(11, 16)}`;
const words = value => value.replaceAll("_", " ");

const GOOD = ["bullish", "buy", "positive", "filled", "executed", "succeeded", "champion", "supporting", "low"];
const BAD = ["bearish", "sell", "negative", "rejected", "failed", "critical", "block", "opposing"];
const SO_SO = ["mixed", "watch", "deferred", "degraded", "warn", "pending", "high", "moderate"];

function badge(word) {
	const tone = GOOD.includes(word) ? "up" : BAD.includes(word) ? "down"
		: SO_SO.includes(word) ? "warn" : "faint";
	return h("span", { class: `badge ${tone}` }, words(word));
}

function signed(value, format) {
	return h("span", { class: value > 0 ? "up" : value < 0 ? "down" : "faint" },
		(value > 0 ? "+" : "") + format(value));
}

function meter(value) {
	return h("span", { class: "meter", title: percent(value), role: "img",
		"aria-label": percent(value) }, h("i", { style: `width: ${100 * value}%` }));
}

function company(id, label) {
	return h("a", { href: `company.html?id=${encodeURIComponent(id)}` }, label);
}

// Columns are [title, what of a row, number?].
function table(rows, ...columns) {
	if (rows.length === 0)
		return h("p", { class: "faint" }, "Nothing here yet.");
	const cell = (name, numeric, child) => h(name, numeric ? { class: "number" } : {}, child);
	return h("table", {},
		h("thead", {}, h("tr", {}, columns.map(([title, , numeric]) => cell("th", numeric, title)))),
		h("tbody", {}, rows.map(row =>
			h("tr", {}, columns.map(([, of, numeric]) => cell("td", numeric, of(row)))))));
}

function card(title, body, wide) {
	return h("section", { class: wide ? "card wide" : "card" }, h("h2", {}, title), body);
}

function tiles(...pairs) {
	return h("div", { class: "tiles" }, pairs.map(([label, value]) =>
		h("div", { class: "tile" }, h("span", {}, label), h("strong", {}, value))));
}

const grid = (...cards) => h("div", { class: "grid" }, cards);

function line(values, label) {
	const space = "http://www.w3.org/2000/svg";
	const svg = document.createElementNS(space, "svg");
	const low = Math.min(...values), span = Math.max(...values) - low || 1;
	const points = values.map((value, index) =>
		`${(100 * index / Math.max(1, values.length - 1)).toFixed(2)},${(38 - 36 * (value - low) / span).toFixed(2)}`);
	svg.setAttribute("class", "line");
	svg.setAttribute("viewBox", "0 0 100 40");
	svg.setAttribute("preserveAspectRatio", "none");
	svg.setAttribute("role", "img");
	svg.setAttribute("aria-label", label);
	for (const [shape, drawn] of [["polygon", ["0,40", ...points, "100,40"]], ["polyline", points]]) {
		const element = document.createElementNS(space, shape);
		element.setAttribute("points", drawn.join(" "));
		svg.append(element);
	}
	return svg;
}

const MENU = [["index", "Home"], ["companies", "Companies"], ["trends", "Trends"],
	["recommendations", "Recommendations"], ["portfolio", "Portfolio"], ["risk", "Risk"],
	["documents", "Documents"], ["events", "Events"], ["agents", "Agents"]];

function menu(page) {
	return h("header", {}, h("nav", { "aria-label": "Pages" },
		h("a", { class: "brand", href: "/" }, "◢ stonks"),
		MENU.map(([name, label]) => h("a", {
			href: name === "index" ? "/" : `${name}.html`,
			"aria-current": name === page ? "page" : null }, label))));
}

// PAGES is in pages.js: the page's name to a function that gives its elements.
async function show() {
	const page = document.body.dataset.page;
	const main = document.querySelector("main");
	document.body.prepend(menu(page));
	try {
		main.append(...await PAGES[page](new URLSearchParams(location.search)));
	} catch (problem) {
		main.append(h("p", { class: "card", role: "alert" }, `This page could not be loaded: ${problem.message}`));
	}
	document.body.dataset.ready = "yes";
}

document.addEventListener("DOMContentLoaded", show);
