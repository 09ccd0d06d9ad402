"use strict";

/* Numbers as people read them, and the few ways in which elements are made and changed. */

const PREFIXES = ["", "k", "M", "G", "T", "P"];

/* Three digits: "0", "4.20", "38.1", "999", "1.61 M". */
function si(value) {
	if (!Number.isFinite(value))
		return "–";
	let i = 0;
	while (Math.abs(value) >= 999.5 && i < PREFIXES.length - 1) {
		value /= 1000;
		i++;
	}
	const text = digits(value);
	return PREFIXES[i] ? `${text} ${PREFIXES[i]}` : text;
}

function digits(value) {
	const size = Math.abs(value);
	if (size < 0.005)
		return size > 0 ? "<0.01" : "0";
	return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

function exact(value) {
	return Number.isFinite(value) ? value.toLocaleString("en-US") : "–";
}

function percent(share) {
	if (!Number.isFinite(share))
		return "–";
	const value = share * 100;
	if (value < 0.1)
		return value > 0 ? "<0.1 %" : "0 %";
	return `${value.toFixed(value < 9.95 ? 1 : 0)} %`;
}

/* A short time in nanoseconds. */
function nsec(value) {
	if (!Number.isFinite(value))
		return "–";
	for (const unit of ["ns", "µs", "ms"]) {
		if (value < 999.5)
			return `${unit === "ns" && value >= 99.95 ? Math.round(value) : digits(value)} ${unit}`;
		value /= 1000;
	}
	return `${digits(value)} s`;
}

/* A long one: its two largest units. */
function duration(nanoseconds) {
	if (!Number.isFinite(nanoseconds))
		return "–";
	const s = Math.max(0, Math.floor(nanoseconds / 1e9));
	const m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
	if (d > 0)
		return `${d} d ${h % 24} h`;
	if (h > 0)
		return `${h} h ${m % 60} min`;
	return m > 0 ? `${m} min ${s % 60} s` : `${s} s`;
}

/* --- Elements --- */

const SVG = "http://www.w3.org/2000/svg";

function byId(id) {
	return document.getElementById(id);
}

function html(tag, attributes, ...children) {
	return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
	return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
	for (const name in attributes)
		element.setAttribute(name, attributes[name]);
	element.append(...children);
	return element;
}

/* What is there already is not written again: the browser need not look at it. */
function setText(element, text) {
	const first = element.firstChild;
	if (first && first.nodeType === Node.TEXT_NODE) {
		if (first.data !== text)
			first.data = text;
	} else {
		element.prepend(text);
	}
}

function setAttribute(element, name, value) {
	const text = String(value);
	if (element.getAttribute(name) !== text)
		element.setAttribute(name, text);
}

/* One child of `parent` for each item, in their order, made once for a key and updated from then on;
 * those of keys that are gone are removed. make() returns {element, ...}, and update gets that. */
const ROWS_MAX = 400;
const rowsOf = new WeakMap();

function keyed(parent, items, keyOf, make, update) {
	const before = rowsOf.get(parent) || new Map();
	const rows = new Map();
	let at = parent.firstElementChild;
	for (const item of items.slice(0, ROWS_MAX)) {
		const key = keyOf(item);
		if (rows.has(key))
			continue;
		const row = before.get(key) || make(item);
		before.delete(key);
		rows.set(key, row);
		update(row, item);
		if (row.element === at)
			at = at.nextElementSibling;
		else
			parent.insertBefore(row.element, at);
	}
	for (const row of before.values())
		row.element.remove();
	rowsOf.set(parent, rows);
}
