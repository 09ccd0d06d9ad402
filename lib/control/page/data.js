/* The server's readings, and what two of them say together. Nothing here touches the document; nothing
 * but the last reading of one loop is kept, and a minute of one number. */

const TIMEOUT = 5000;
const GRAPH_EVERY = 10; /* readings, for edges that were changed; new nodes are seen at once */
const HISTORY = 60; /* readings */

/* The server answered, but not with what was asked for. */
class Refused extends Error {}

/* A page that was saved has readings in it, one after the other, in place of a server. */
const saved = JSON.parse(document.getElementById("saved")?.textContent || "[]");

async function ask(method, params) {
	if (saved.length > 0)
		return saved[0][method];
	const query = params ? "?" + new URLSearchParams(params) : "";
	const response = await fetch(`/api/${method}${query}`,
		{cache: "no-store", signal: AbortSignal.timeout(TIMEOUT)});
	const body = await response.json().catch(() => ({}));
	if (!response.ok || body.error)
		throw new Refused(body.error ? body.error.message : `HTTP status ${response.status}`);
	return body;
}

const kept = {version: null, loop: "", reading: null, graph: null, age: 0, history: []};

function forget() {
	kept.reading = kept.graph = null;
	kept.history = [];
}

/* Another process under the same address, or the same one started anew. */
function restarted(before, now) {
	return before && (before.pid !== now.pid || before.uptime_nsec > now.uptime_nsec);
}

function sameNodes(graph, nodes) {
	return graph.nodes.length === nodes.length &&
		graph.nodes.every((node, i) => node.name === nodes[i].name);
}

/* Everything about one loop: `wanted`, or the first if there is none of that name. */
async function read(wanted) {
	const [version, {loops}] = await Promise.all([ask("version"), ask("loops")]);
	if (restarted(kept.version, version))
		forget();
	kept.version = version;
	const loop = loops.find((one) => one.name === wanted) || loops[0];
	if (!loop || loop.answered === false)
		return {version, loops, loop};
	if (kept.loop !== loop.name)
		forget();
	kept.loop = loop.name;
	const params = {loop: loop.name};
	const [runtime, processes, errors, links] = await Promise.all([
		ask("runtime", {...params, total: true}), ask("processes", params),
		ask("errors", {...params, total: true}), ask("links", params)]);
	if (!kept.graph || ++kept.age >= GRAPH_EVERY || !sameNodes(kept.graph, runtime.nodes)) {
		kept.graph = await ask("graph", {...params, format: "json"});
		kept.age = 0;
	}
	return {version, loops, loop, runtime, processes, errors, links, graph: kept.graph};
}

/* --- Differences --- */

/* Per second; what became smaller began anew, and a second ago there was nothing of it. */
function rate(now, before, seconds) {
	return seconds > 0 ? (now >= before ? now - before : now) / seconds : NaN;
}

function byKey(items, keyOf) {
	return new Map(items.map((item) => [keyOf(item), item]));
}

/* Sampled calls stand for all of them; when none was sampled since, the last cost is kept. */
function nodeChange(node, before, seconds) {
	const fresh = !before || node.calls < before.calls || node.vectors < before.vectors;
	const old = fresh ? {calls: 0, vectors: 0, sampled_calls: 0, sampled_items: 0,
		sampled_clocks: 0, change: {}} : before;
	const calls = node.calls - old.calls, items = node.vectors - old.vectors;
	const sampled = node.sampled_calls - old.sampled_calls;
	const sampledItems = node.sampled_items - old.sampled_items;
	const clocks = node.sampled_clocks - old.sampled_clocks;
	const perCall = sampled > 0 ? clocks / sampled : old.change.perCall;
	const perItem = sampledItems > 0 ? clocks / sampledItems : old.change.perItem;
	const known = before && !fresh && seconds > 0;
	return {
		perCall, perItem,
		rate: known ? items / seconds : NaN,
		calls: known ? calls / seconds : NaN,
		vectors: known && items > 0 ? items / calls : NaN,
		clocks: known && items > 0 ? perItem : NaN,
		share: known ? Math.min(1, (calls > 0 ? calls * perCall : 0) / (seconds * 1e9)) : NaN,
		out: known ? outgoing(node, old) / seconds : NaN,
	};
}

/* Items that went on to a next; an input brings all that it makes. */
function outgoing(node, before) {
	if (node.kind === "output")
		return 0;
	const made = isInput(node) ? 0 : node.created - (before.created || 0);
	const ended = ["dropped", "punted", "kept"]
		.reduce((sum, way) => sum + node[way] - (before[way] || 0), 0);
	return Math.max(0, node.vectors - before.vectors + made - ended);
}

/* The graph does not count items on its edges, only at its nodes: what is sent equals what arrives, and
 * that leaves but one answer for a node with one next, or with one feeder. Where it leaves several, the
 * shares are fitted to both ends in turn, and marked as estimates. */
function edgeRates(graph, changes) {
	const edges = new Map();
	for (const {from, to, back} of graph.edges)
		if (to !== null && changes.has(from) && changes.has(to))
			edges.set(`${from}\n${to}`, {from, to, back, rate: 1});
	const list = [...edges.values()];
	const outs = grouped(list, (edge) => edge.from);
	const ins = grouped(list, (edge) => edge.to);
	for (let i = 0; i < 30; i++) {
		for (const [to, group] of ins)
			scale(group, changes.get(to).rate);
		for (const [from, group] of outs)
			scale(group, changes.get(from).out);
	}
	for (const edge of list)
		edge.exact = outs.get(edge.from).length === 1 || ins.get(edge.to).length === 1;
	return list;
}

function grouped(items, keyOf) {
	const groups = new Map();
	for (const item of items) {
		const key = keyOf(item);
		if (groups.has(key))
			groups.get(key).push(item);
		else
			groups.set(key, [item]);
	}
	return groups;
}

function scale(edges, total) {
	const sum = edges.reduce((so, edge) => so + edge.rate, 0);
	for (const edge of edges)
		edge.rate = sum > 0 && total > 0 ? edge.rate * total / sum : 0;
}

/* A reading and the one before it make what is shown; null when nothing has passed between them. */
function compare(reading) {
	const before = kept.reading && kept.reading.runtime.now_nsec <= reading.runtime.now_nsec
		? kept.reading : null;
	const {loop, runtime, processes, errors, links} = reading;
	const seconds = before ? (runtime.now_nsec - before.runtime.now_nsec) / 1e9 : 0;
	if (before && seconds === 0)
		return null;
	const old = byKey(before ? before.runtime.nodes : [], (node) => node.name);
	const changes = new Map();
	for (const node of runtime.nodes)
		changes.set(node.name, node.change = nodeChange(node, old.get(node.name), seconds));
	const view = {...reading, seconds, changes, edges: edgeRates(reading.graph, changes),
		loopChange: loopChange(loop, before && before.loop)};
	const processSeconds = before ? (processes.now_nsec - before.processes.now_nsec) / 1e9 : 0;
	compareRows(processes.processes, before && before.processes.processes, (one) => one.id,
		(one, was) => {
			one.rate = rate(one.runs, was.runs, processSeconds);
			one.was = was.late;
		});
	compareRows(errors.errors, before && before.errors.errors,
		(one) => `${one.node}\n${one.reason}`,
		(one, was) => { one.rate = rate(one.count, was.count, seconds); });
	for (const link of links.links)
		link.age = runtime.now_nsec - link.changed_nsec;
	remember(reading, view);
	return view;
}

/* A row that the last reading did not have has counted from nothing since then. */
function compareRows(rows, before, keyOf, change) {
	const old = byKey(before || [], keyOf);
	const none = {runs: 0, count: 0, late: null}; /* no reading of it */
	for (const row of rows) {
		const was = old.get(keyOf(row));
		if (before)
			change(row, was || none);
	}
}

function loopChange(loop, before) {
	const seconds = before ? (loop.now_nsec - before.now_nsec) / 1e9 : 0;
	if (!(seconds > 0) || loop.turns < before.turns)
		return {turns: NaN, idle: NaN};
	const turns = loop.turns - before.turns;
	return {turns: turns / seconds, idle: turns ? (loop.idle_turns - before.idle_turns) / turns : NaN};
}

function remember(reading, view) {
	const inputs = reading.runtime.nodes.filter(isInput);
	view.input = inputs.reduce((sum, node) => sum + node.change.rate, 0);
	view.busy = reading.runtime.nodes.reduce((sum, node) => sum + (node.change.share || 0), 0);
	view.drops = reading.errors.errors.reduce((sum, one) => sum + (one.rate || 0), 0);
	kept.history = [...kept.history, view.input].filter(Number.isFinite).slice(-HISTORY);
	view.history = kept.history;
	kept.reading = reading;
}
