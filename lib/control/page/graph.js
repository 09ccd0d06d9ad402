/* The graph as SVG: cells and edges are made when the layout is, and with every reading only their texts,
 * widths and colours change. */

const DRAWN_MAX = 300; /* nodes: a picture of more shows nothing, and its layout takes long */
const drawn = {signature: "", width: 0, nodes: new Map(), edges: new Map()};

function sizeFor(width) {
	const narrow = width < 560;
	return {width, narrow, nodeWidths: narrow ? [104, 96] : [148, 132], nodeHeight: narrow ? 50 : 58,
		gapX: narrow ? 8 : 14, gapY: narrow ? 30 : 34, margin: 16};
}

function showGraph(view) {
	const box = byId("graph");
	const width = Math.max(280, Math.floor(box.clientWidth));
	const signature = JSON.stringify([view.loop.name, width,
		view.graph.nodes.map((node) => [node.name, node.kind, node.rank]),
		view.graph.edges.map((edge) => [edge.from, edge.to, edge.back])]);
	if (signature !== drawn.signature) {
		const focused = document.activeElement?.getAttribute("data-name");
		drawGraph(box, view.graph, sizeFor(width));
		drawn.signature = signature;
		drawn.nodes.get(focused)?.element.focus(); /* a new one, in the place of the old */
	}
	for (const node of view.runtime.nodes)
		if (drawn.nodes.has(node.name))
			updateCell(drawn.nodes.get(node.name), node);
	for (const edge of view.edges)
		if (drawn.edges.has(`${edge.from}\n${edge.to}`))
			updateEdge(drawn.edges.get(`${edge.from}\n${edge.to}`), edge);
}

function drawGraph(box, graph, size) {
	drawn.nodes.clear();
	drawn.edges.clear();
	const n = graph.nodes.length;
	if (n === 0 || n > DRAWN_MAX)
		return box.replaceChildren(html("p", {class: "none"}, n ? `${n} nodes: see their table.` : ""));
	const layout = layoutGraph(graph, size);
	const root = svg("svg", {width: layout.width, height: layout.height, role: "group",
		viewBox: `0 0 ${layout.width} ${layout.height}`,
		"aria-label": "The graph: inputs above, outputs below"});
	const edges = svg("g", {"aria-hidden": "true"}), nodes = svg("g", {});
	for (const edge of layout.edges)
		edges.append(makeEdge(edge));
	for (const node of graph.nodes)
		nodes.append(makeCell(node, layout.nodes.get(node.name),
			{...size, nodeWidth: layout.nodeWidth}));
	root.append(edges, nodes);
	box.replaceChildren(root);
	for (const {name, label, fit} of drawn.nodes.values())
		fitText(label, name, fit);
}

/* --- Edges --- */

function makeEdge(edge) {
	const title = svg("title", {});
	const line = svg("path", {d: edge.path, class: "line"});
	const flow = svg("path", {d: edge.path, class: "flow"});
	const tip = svg("path", {class: "tip"});
	const element = svg("g", {class: edge.back ? "edge back" : "edge"}, title, line, flow, tip);
	drawn.edges.set(`${edge.from}\n${edge.to}`, {element, title, line, flow, tip, ...edge});
	return element;
}

function updateEdge(edge, {rate, exact: known}) {
	const wide = rate > 0 ? 1.2 + 1.05 * Math.log10(1 + rate) : 1;
	const width = round(edge.back ? 1 + wide / 3 : wide);
	setAttribute(edge.line, "stroke-width", width);
	setAttribute(edge.flow, "stroke-width", width < 3 ? 1.2 : round(width * 0.3));
	edge.element.toggleAttribute("data-wide", width >= 3);
	if (edge.back)
		setAttribute(edge.tip, "d", `M${round(edge.x - width / 2 - 2.5)} ${edge.y - ARROW}` +
			`h${round(width + 5)}L${round(edge.x)} ${edge.y}z`);
	setAttribute(edge.element, "data-speed",
		!(rate > 0) ? "none" : rate < 100 ? "slow" : rate < 1e5 ? "middle" : "fast");
	setText(edge.title, `${edge.from} to ${edge.to}: ${known ? "" : "about "}${si(rate)}/s`);
}

/* --- Cells --- */

function makeCell(node, at, size) {
	const {nodeWidth: width, nodeHeight: height, narrow} = size;
	const radius = node.kind === "internal" ? 4 : 12;
	const text = (name, x, y) => svg("text", {class: name, x, y});
	const bar = (name, w) => svg("rect",
		{class: name, x: 10, y: height - 7, width: w, height: 2, rx: 1});
	const cell = {name: node.name, narrow, fit: width - (narrow ? 14 : 20), meterWidth: width - 20,
		title: svg("title", {}),
		heat: svg("rect", {class: "heat", width, height, rx: radius}),
		meter: bar("meter", 0),
		label: text("name", narrow ? 8 : 10, narrow ? 14 : 16),
		share: text("share", width - 10, 32),
		rate: text("rate", narrow ? 8 : 10, narrow ? 28 : 32),
		detail: text("detail", narrow ? 8 : 10, narrow ? 40 : 45)};
	cell.element = svg("g", {class: "cell", tabindex: 0, role: "img", "data-name": node.name,
		transform: `translate(${round(at.x)} ${round(at.y)})`},
	cell.title, svg("rect", {class: "box", width, height, rx: radius}), cell.heat,
	bar("rail", width - 20), cell.meter, cell.label, cell.rate, cell.detail);
	if (!narrow)
		cell.element.append(cell.share);
	drawn.nodes.set(node.name, cell);
	return cell.element;
}

/* Cut where it is too wide, but for its end, which tells the likes of rx-0 apart. */
function fitText(label, text, width) {
	setText(label, text);
	for (let n = text.length - 5; n > 1 && label.getComputedTextLength() > width; n--)
		setText(label, `${text.slice(0, n)}…${text.slice(-4)}`);
}

function updateCell(cell, node) {
	const {rate, vectors, clocks, share} = node.change;
	const disabled = node.state === "disabled";
	const perCall = si(vectors) + (cell.narrow ? "" : "/call"), cost = nsec(clocks);
	setText(cell.rate, disabled ? "disabled" : `${si(rate)}/s`);
	setText(cell.share, disabled ? "" : percent(share));
	setText(cell.detail, rate > 0 && !disabled ? `${perCall} · ${cost}` : "");
	setAttribute(cell.element, "class", disabled ? "cell off" : rate > 0 ? "cell" : "cell quiet");
	setAttribute(cell.heat, "fill-opacity", share > 0 ? (Math.sqrt(share) * 0.8).toFixed(2) : 0);
	setAttribute(cell.meter, "width", round((share || 0) * cell.meterWidth));
	const told = disabled ? "disabled" : `${si(rate)} packets per second, ${digits(vectors || 0)} ` +
		`per call, ${cost} per packet, ${percent(share)} of the time`;
	setAttribute(cell.element, "aria-label", `${node.name}: ${told}`);
	setText(cell.title, `${node.name} (${node.kind}, class ${node.class})\n${told}`);
}

/* The edges of the node under the pointer or with the focus stand out. */
function watchGraph() {
	const box = byId("graph");
	const mark = (event) => {
		const cell = event.target.closest(".cell");
		const name = cell && (event.type === "pointerover" || event.type === "focusin")
			? cell.getAttribute("data-name") : null;
		box.classList.toggle("marked", name !== null);
		for (const edge of drawn.edges.values())
			edge.element.classList.toggle("near", edge.from === name || edge.to === name);
	};
	for (const type of ["pointerover", "pointerout", "focusin", "focusout"])
		box.addEventListener(type, mark);
}
