/* Where the graph's nodes and edges are drawn: layers from the inputs down, by the longest way that leads
 * to a node; an order within each layer that crosses few edges; edges that go back around the side. The
 * layout is made when the nodes, the edges or the width change, not with every reading. */

const SWEEPS = 12;
const LANE = 11; /* between edges that go back */
const ARROW = 7; /* the tip of one that goes back */
const PASSING = 12; /* room for an edge that passes through a layer */
const BUNDLE = 4; /* more edges of one node than these pass through a layer together */

/* `size` is {width, nodeWidths, nodeHeight, gapX, gapY, margin}. Gives {width, height, nodeWidth, nodes:
 * name -> {x, y}, edges: [{from, to, back, path, x, y}]}, x and y being a node's upper left corner and an
 * edge's end. Layers are broken into ever shorter ones, until they fit the width that there is. */
function layoutGraph(graph, size) {
	const widest = Math.max(2, Math.floor(size.width / size.nodeWidths[0]));
	let least;
	for (let most = widest; most >= 2; most--)
		for (const nodeWidth of size.nodeWidths) {
			const layout = tryLayout(graph, {...size, nodeWidth, most});
			if (layout.width <= size.width)
				return layout;
			least = least && least.width <= layout.width ? least : layout;
		}
	return least;
}

function tryLayout(graph, size) {
	const place = new Map();
	const ranked = [...graph.nodes].sort((a, b) =>
		Number(isInput(b)) - Number(isInput(a)) || a.rank - b.rank);
	ranked.forEach((node, i) => place.set(node.name, {name: node.name, order: i, layer: 0}));
	const edges = mergedEdges(graph, place);
	const side = Math.ceil(edges.filter((edge) => edge.back).length / 2) * LANE + 10;
	assignLayers(place, edges, size.most);
	const layers = withPassing(place, edges);
	orderLayers(layers);
	const width = placeLayers(layers, {...size, inner: size.width - 2 * side}) + 2 * side;
	for (const cell of layers.flat())
		cell.x += side;
	return {
		width, nodeWidth: size.nodeWidth,
		height: layers.length * (size.nodeHeight + size.gapY) - size.gapY + 2 * size.margin,
		nodes: new Map([...place].map(([name, cell]) =>
			[name, {x: cell.x - size.nodeWidth / 2, y: cell.y}])),
		edges: routeEdges(edges, layers.flat(), size),
	};
}

function isInput(node) {
	return node.kind.endsWith("input");
}

/* One edge for all nexts that lead from one node to the same other one. An edge against the ranks goes
 * back, so that the others have no cycle. */
function mergedEdges(graph, place) {
	const edges = new Map();
	for (const {from, to, back} of graph.edges) {
		const source = place.get(from), target = place.get(to);
		if (source && target)
			edges.set(`${from}\n${to}`, {from, to, source, target,
				back: back || source.order >= target.order, cells: []});
	}
	return [...edges.values()];
}

/* The longest way from the inputs; a layer of more than `most` nodes is broken into several. */
function assignLayers(place, edges, most) {
	const cells = [...place.values()];
	const forward = edges.filter((edge) => !edge.back)
		.sort((a, b) => a.source.order - b.source.order);
	for (const edge of forward)
		edge.target.layer = Math.max(edge.target.layer, edge.source.layer + 1);
	const taken = [];
	for (const cell of cells)
		taken[cell.layer] = (taken[cell.layer] || 0) + 1;
	let start = 0;
	const starts = Array.from(taken, (count) => {
		const at = start;
		start += Math.max(1, Math.ceil((count || 0) / most));
		return at;
	});
	const filled = [];
	for (const cell of cells) {
		const layer = cell.layer;
		const n = Math.ceil(taken[layer] / Math.ceil(taken[layer] / most));
		filled[layer] = (filled[layer] || 0) + 1;
		cell.layer = starts[layer] + Math.floor((filled[layer] - 1) / n);
	}
}

/* The layers' cells: nodes, and a narrow one wherever an edge passes through a layer. */
function withPassing(place, edges) {
	const layers = [];
	const put = (cell) => {
		while (layers.length <= cell.layer)
			layers.push([]);
		cell.up = [];
		cell.down = [];
		layers[cell.layer].push(cell);
		return cell;
	};
	for (const cell of place.values())
		put(cell);
	const forward = edges.filter((one) => !one.back), passing = new Map();
	const outs = grouped(forward, (edge) => edge.from), ins = grouped(forward, (edge) => edge.to);
	for (const edge of forward) {
		const from = ins.get(edge.to).length > BUNDLE ? "" : edge.from;
		const to = outs.get(edge.from).length > BUNDLE ? "" : edge.to;
		edge.cells = [edge.source];
		for (let layer = edge.source.layer + 1; layer < edge.target.layer; layer++) {
			const key = `${layer}\n${from}\n${to || from ? to : edge.to}`;
			if (!passing.has(key))
				passing.set(key, put({layer, passing: true}));
			edge.cells.push(passing.get(key));
		}
		edge.cells.push(edge.target);
		for (let i = 1; i < edge.cells.length; i++) {
			edge.cells[i - 1].down.push(edge.cells[i]);
			edge.cells[i].up.push(edge.cells[i - 1]);
		}
	}
	return layers;
}

/* --- The order within the layers --- */

/* From the nodes' own order and from some with layers reversed: what is best from one beginning may be far
 * from another. */
function orderLayers(layers) {
	let best, fewest = Infinity;
	for (let start = 0; start < 8 && fewest > 0; start++) {
		const tried = layers.map((layer, i) =>
			(start >> i % 3 & 1 ? [...layer].reverse() : [...layer]));
		number(tried);
		for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
			for (const layer of sweep % 2 === 0 ? tried : [...tried].reverse())
				sortLayer(layer, sweep % 2 === 0 ? "up" : "down");
			const count = crossings(tried);
			if (count < fewest) {
				fewest = count;
				best = tried.map((layer) => [...layer]);
			}
		}
	}
	best.forEach((layer, i) => { layers[i] = layer; });
	number(layers);
}

function number(layers) {
	for (const layer of layers)
		layer.forEach((cell, i) => { cell.at = i / Math.max(1, layer.length - 1); });
}

/* By the mean place of the neighbours above or below. */
function sortLayer(layer, towards) {
	for (const cell of layer)
		cell.want = cell[towards].length ? mean(cell[towards], "at") : cell.at;
	layer.sort((a, b) => a.want - b.want);
	number([layer]);
}

function mean(cells, key) {
	return cells.reduce((sum, cell) => sum + cell[key], 0) / cells.length;
}

function crossings(layers) {
	let count = 0;
	for (const layer of layers) {
		const ends = layer.flatMap((cell) => cell.down.map((to) => [cell.at, to.at]));
		for (let i = 0; i < ends.length; i++)
			for (let j = i + 1; j < ends.length; j++)
				count += (ends[i][0] - ends[j][0]) * (ends[i][1] - ends[j][1]) < 0;
	}
	return count;
}

/* --- Coordinates --- */

/* Cells are drawn towards their neighbours, in turns from above and below; gives the width taken. */
function placeLayers(layers, size) {
	const widthOf = (cell) => (cell.passing ? PASSING : size.nodeWidth + size.gapX);
	layers.forEach((layer, i) => {
		let x = (size.inner - layer.reduce((sum, cell) => sum + widthOf(cell), 0)) / 2;
		for (const cell of layer) {
			cell.y = size.margin + i * (size.nodeHeight + size.gapY);
			cell.x = x + widthOf(cell) / 2;
			x += widthOf(cell);
		}
	});
	for (let sweep = 0; sweep < SWEEPS; sweep++) {
		for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse())
			settle(layer, widthOf, size.inner);
	}
	const left = Math.min(...layers.flat().map((cell) => cell.x - widthOf(cell) / 2));
	const right = Math.max(...layers.flat().map((cell) => cell.x + widthOf(cell) / 2));
	const width = Math.max(size.inner, right - left);
	for (const cell of layers.flat())
		cell.x += (width - right - left) / 2;
	return width;
}

/* The places nearest to where the cells want to be that keep order and distance: neighbours that would
 * overlap become one block, at the mean of what its cells want. */
function settle(layer, widthOf, inner) {
	const blocks = [];
	let offset = 0;
	for (const cell of layer) {
		const near = [...cell.up, ...cell.down];
		const want = near.length ? mean(near, "x") : cell.x;
		cell.offset = offset + widthOf(cell) / 2;
		offset += widthOf(cell);
		blocks.push({sum: want - cell.offset, cells: [cell]});
		while (blocks.length > 1 && overlap(blocks[blocks.length - 2], blocks[blocks.length - 1])) {
			const last = blocks.pop(), into = blocks[blocks.length - 1];
			into.sum += last.sum;
			into.cells.push(...last.cells);
		}
	}
	for (const block of blocks) {
		/* Between the borders, where the layer fits between them. */
		const start = Math.max(0, Math.min(block.sum / block.cells.length, inner - offset));
		for (const cell of block.cells)
			cell.x = start + cell.offset;
	}
}

function overlap(left, right) {
	return left.sum / left.cells.length > right.sum / right.cells.length;
}

/* --- Paths --- */

function routeEdges(edges, cells, size) {
	const half = (cell) => (cell.passing ? PASSING : size.nodeWidth) / 2 + LANE;
	const side = {left: Math.min(...cells.map((cell) => cell.x - half(cell))),
		right: Math.max(...cells.map((cell) => cell.x + half(cell)))};
	const lanes = {left: 0, right: 0}, middle = (side.left + side.right) / 2;
	for (const edge of edges.filter((one) => one.back)) {
		edge.lane = (edge.source.x + edge.target.x) / 2 < middle ? "left" : "right";
		edge.level = lanes[edge.lane]++;
	}
	assignPorts(edges, "source", size, (edge) => edge.cells[1]);
	assignPorts(edges, "target", size, (edge) => edge.cells[edge.cells.length - 2]);
	return edges.map((edge) => ({from: edge.from, to: edge.to, back: edge.back,
		x: edge.targetX, y: edge.target.y,
		path: edge.back ? pathBack(edge, size, side) : pathForward(edge, size)}));
}

/* Edges leave and reach a node side by side, in the order of where they come from or go. */
function assignPorts(edges, end, size, neighbour) {
	for (const [cell, group] of grouped(edges, (edge) => edge[end])) {
		const key = (edge) => (!edge.back ? neighbour(edge).x : edge.lane === "left" ? -1e6 : 1e6);
		group.sort((a, b) => key(a) - key(b));
		const step = Math.min(16, size.nodeWidth * 0.7 / group.length);
		group.forEach((edge, i) => {
			edge[`${end}X`] = cell.x + (i - (group.length - 1) / 2) * step;
		});
	}
}

function pathForward(edge, size) {
	let x = edge.sourceX, y = edge.source.y + size.nodeHeight;
	let path = `M${round(x)} ${round(y)}`;
	edge.cells.slice(1).forEach((cell) => {
		const toX = cell.passing ? cell.x : edge.targetX;
		const middle = (y + cell.y) / 2;
		path += `C${round(x)} ${round(middle)} ${round(toX)} ${round(middle)} ${round(toX)} ` +
			`${round(cell.y)}`;
		x = toX;
		y = cell.y;
		if (cell.passing) {
			y += size.nodeHeight;
			path += `V${round(y)}`;
		}
	});
	return path;
}

/* Down into the gap below the source, along the side, and from the gap above into the target. */
function pathBack(edge, size, side) {
	const left = edge.lane === "left";
	const laneX = side[edge.lane] + (left ? -edge.level : edge.level) * LANE;
	const shift = 5 + (edge.level % 3) * 4, r = 5, turn = left ? -r : r;
	const bottom = edge.source.y + size.nodeHeight + shift, top = edge.target.y - shift - 4;
	return `M${round(edge.sourceX)} ${round(edge.source.y + size.nodeHeight)}V${round(bottom - r)}` +
		`q0 ${r} ${turn} ${r}H${round(laneX - turn)}q${turn} 0 ${turn} ${-r}V${round(top + r)}` +
		`q0 ${-r} ${-turn} ${-r}H${round(edge.targetX + turn)}q${-turn} 0 ${-turn} ${r}` +
		`V${round(edge.target.y - ARROW)}`;
}

function round(value) {
	return Math.round(value * 10) / 10;
}
