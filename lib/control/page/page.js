/* The page: asks once a second while it is seen, and puts what it learns into the document. A server that
 * is gone is asked for until it is back. */

const PERIOD = 1000;
const state = {wanted: "", timer: 0, busy: false, view: null, goneSince: 0};

/* --- Tables --- */

function cells(names) {
	const row = {element: html("tr", {})};
	for (const [name, label, type] of names) {
		row[name] = html(name === "name" ? "th" : "td",
			{class: type || "", ...(name === "name" ? {scope: "row"} : {"data-label": label})});
		row.element.append(row[name]);
	}
	return row;
}

function showNone(id, items) {
	byId(`${id}-none`).hidden = items.length > 0;
	byId(id).hidden = items.length === 0;
}

function makeNode() {
	const row = cells([["name", ""], ["state", "State"], ["rate", "Packets/s", "n"],
		["vectors", "Vectors/call", "n"], ["clocks", "Clocks/packet", "n"],
		["share", "Share", "n share"], ["calls", "Calls/s", "n"], ["dropped", "Dropped", "n"],
		["total", "Packets", "n"]]);
	row.bar = svg("rect", {height: 4, width: 0, rx: 2});
	row.shareText = html("span", {});
	row.share.append(row.shareText, svg("svg", {width: 48, height: 4, "aria-hidden": "true"},
		svg("rect", {class: "rail", width: 48, height: 4, rx: 2}), row.bar));
	return row;
}

function updateNode(row, node) {
	const {rate, vectors, clocks, share, calls} = node.change;
	setText(row.name, node.name);
	setText(row.state, node.state);
	setAttribute(row.element, "class", node.state === "disabled" ? "off" : "");
	setAttribute(row.element, "data-name", node.name);
	setText(row.rate, si(rate));
	setText(row.vectors, si(vectors));
	setText(row.clocks, nsec(clocks));
	setText(row.shareText, percent(share));
	setAttribute(row.bar, "width", round(48 * (share || 0)));
	setText(row.calls, si(calls));
	setText(row.dropped, exact(node.dropped));
	setText(row.total, exact(node.vectors));
}

function makeProcess() {
	const row = cells([["name", ""], ["state", "State"], ["runs", "Runs/s", "n"],
		["p50", "Late p50", "n"], ["p99", "p99", "n"], ["max", "max", "n"],
		["bars", "Lateness", "bars"], ["stack", "Stack", "n"]]);
	row.all = svg("path", {class: "all"});
	row.recent = svg("path", {class: "recent"});
	row.title = svg("title", {});
	row.bars.append(svg("svg", {width: BARS * BAR, height: BAR_HEIGHT, role: "img"}, row.title,
		svg("path", {class: "ticks", d: [10, 20, 30].map((at) => `M${at * BAR} 0V${BAR_HEIGHT}`)
			.join("")}), row.all, row.recent));
	return row;
}

function updateProcess(row, process) {
	const {late, stack, was} = process;
	setText(row.name, process.name);
	setText(row.state, process.state);
	setAttribute(row.element, "data-state", process.state);
	setText(row.runs, si(process.rate));
	setText(row.p50, late.count ? nsec(late.p50_nsec) : "–");
	setText(row.p99, late.count ? nsec(late.p99_nsec) : "–");
	setText(row.max, late.count ? nsec(late.max_nsec) : "–");
	setAttribute(row.all, "d", bars(late.buckets, () => true));
	setAttribute(row.recent, "d", was === undefined ? "" :
		bars(late.buckets, (i) => late.buckets[i] !== (was ? was.buckets[i] : 0)));
	setText(row.title, `${exact(late.count)} timed waits; the bright bars grew just now`);
	setText(row.stack, `${Math.round(stack.used / 1024)}/${Math.round(stack.size / 1024)}`);
}

/* Bucket i counts 2^i to 2^(i+1) ns: 2^10 is about 1 us, 2^20 1 ms, 2^30 1 s. Heights are logarithmic, so
 * that one late wait in a million is still seen. */
const BARS = 32, BAR = 3, BAR_HEIGHT = 18;

function bars(buckets, wanted) {
	const top = Math.log2(1 + Math.max(1, ...buckets));
	let path = "";
	buckets.forEach((count, i) => {
		const height = Math.max(1.5, round(Math.log2(1 + count) / top * BAR_HEIGHT));
		if (count > 0 && wanted(i))
			path += `M${i * BAR} ${BAR_HEIGHT}v${-height}h${BAR - 0.6}v${height}z`;
	});
	return path;
}

function makeDrop() {
	const row = cells([["severity", "Severity"], ["node", "Node"], ["reason", "Reason"],
		["rate", "Per second", "n"], ["total", "Total", "n"]]);
	row.severity.append(html("i", {}));
	row.word = html("span", {class: "word"});
	row.severity.append(row.word);
	return row;
}

function updateDrop(row, drop) {
	setAttribute(row.element, "data-severity", drop.severity);
	setText(row.word, drop.severity);
	setText(row.node, drop.node);
	setText(row.reason, drop.reason);
	setText(row.rate, si(drop.rate));
	setText(row.total, exact(drop.count));
}

function makeLink() {
	const row = {name: html("b", {}), word: html("em", {}), since: html("span", {})};
	row.element = html("li", {}, html("i", {}), row.name, row.word, row.since);
	return row;
}

function updateLink(row, link) {
	setAttribute(row.element, "data-up", link.up);
	setText(row.name, link.name);
	setText(row.word, link.up ? "up" : "down");
	setText(row.since, `${duration(link.age)}, ${exact(link.changes)} ` +
		(link.changes === 1 ? "change" : "changes"));
}

/* --- The head --- */

function showTiles(view) {
	const {loop, loopChange: change} = view;
	setText(byId("in"), `${si(view.input)}/s`);
	setText(byId("drop-rate"), Number.isFinite(view.input) ? `${si(view.drops)}/s` : "–");
	setText(byId("turns"), `${si(change.turns)}/s`);
	setText(byId("idle"), percent(change.idle));
	setText(byId("busy"), Number.isFinite(view.input) ? percent(Math.min(1, view.busy)) : "–");
	setText(byId("frames"), `${exact(loop.frames_free)} of ${exact(loop.frames)}`);
	const line = sparkline(view.history, 120, 28);
	setAttribute(document.querySelector("#spark .line"), "d", line);
	setAttribute(document.querySelector("#spark .area"), "d", line && `${line}V28H${120 - 120 /
		(HISTORY - 1) * (view.history.length - 1)}z`);
}

function sparkline(values, width, height) {
	const top = Math.max(...values, 1);
	const step = width / (HISTORY - 1);
	const start = width - step * (values.length - 1);
	return values.map((value, i) => `${i ? "L" : "M"}${round(start + i * step)} ` +
		`${round(height - 1 - value / top * (height - 3))}`).join("");
}

function showServer(version, loops, loop) {
	setText(byId("program"), version.program || "");
	setText(byId("about"), `gyre ${version.version}, process ${version.pid}`);
	setText(byId("uptime"), duration(version.uptime_nsec));
	const select = byId("loop"), several = loops.length > 1;
	select.hidden = byId("loop-label").hidden = !several;
	byId("loop-only").hidden = several;
	setText(byId("loop-only"), loop ? loop.name : "");
	keyed(select, several ? loops : [], (one) => one.name,
		(one) => ({element: html("option", {value: one.name}, one.name)}), () => {});
	if (several && select.value !== loop.name)
		select.value = loop.name;
	document.title = loop ? `${loop.name} – gyre` : "gyre";
}

function showStatus(kind, text) {
	setAttribute(byId("status"), "data-state", kind);
	setText(byId("status-text"), text);
	document.body.classList.toggle("stale", kind === "bad");
}

/* --- The second's work --- */

function show(view) {
	state.view = view;
	showTiles(view);
	showGraph(view);
	showNone("nodes", view.runtime.nodes);
	keyed(document.querySelector("#nodes tbody"), view.runtime.nodes, (one) => one.name, makeNode,
		updateNode);
	showNone("processes", view.processes.processes);
	keyed(document.querySelector("#processes tbody"), view.processes.processes, (one) => one.id,
		makeProcess, updateProcess);
	showNone("drops", view.errors.errors);
	keyed(document.querySelector("#drops tbody"), view.errors.errors,
		(one) => `${one.node}\n${one.reason}`, makeDrop, updateDrop);
	showNone("links", view.links.links);
	keyed(byId("links"), view.links.links, (one) => one.name, makeLink, updateLink);
}

async function turn() {
	const reading = await read(state.wanted);
	showServer(reading.version, reading.loops, reading.loop);
	if (!reading.loop)
		return showStatus("bad", "The server has no loop");
	if (!reading.runtime)
		throw new Refused(`loop ${reading.loop.name} is late`);
	const view = compare(reading);
	if (view)
		show(view);
	state.goneSince = 0;
	showStatus("live", saved.length > 0 ? "Saved" : "Live");
}

/* The readings of a saved page, each once; the last one stays. */
async function replay() {
	for (await turn(); saved.length > 1; await turn())
		saved.shift();
}

function failed(error) {
	state.goneSince = state.goneSince || Date.now();
	const since = duration((Date.now() - state.goneSince) * 1e6);
	if (error instanceof Refused) {
		showStatus("bad", `No answer for ${since}: ${error.message}`);
	} else if (error instanceof TypeError || error.name === "TimeoutError") {
		showStatus("bad", `Server gone for ${since}, still asking`);
		document.title = "gone – gyre";
	} else {
		throw error;
	}
}

async function tick() {
	clearTimeout(state.timer);
	if (state.busy || document.hidden || saved.length > 0)
		return;
	state.busy = true;
	const began = performance.now();
	try {
		await turn().catch(failed);
	} finally {
		state.busy = false;
		if (!document.hidden)
			state.timer = setTimeout(tick, Math.max(100, PERIOD - (performance.now() - began)));
	}
}

function choose() {
	state.wanted = new URLSearchParams(location.hash.slice(1)).get("loop") || "";
	tick();
}

byId("loop").addEventListener("change", (event) => {
	location.hash = new URLSearchParams({loop: event.target.value});
});
window.addEventListener("hashchange", choose);
document.addEventListener("visibilitychange", tick);
new ResizeObserver(() => state.view && showGraph(state.view)).observe(byId("graph"));
watchGraph();
(saved.length > 0 ? replay : choose)();
