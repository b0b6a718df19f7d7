  /* layout.js - where boxes go: each open box is laid out for itself by dagre, innermost first, and keeps its layout until
   * something in it opens or closes. Edges that come from outside enter at the middle of a frame's upper side and leave at
   * that of its lower side. Boxes without edges stand in rows below, parts (training, saving, ...) beside the model. */
  const FRAME = {top: 26, side: 14, bottom: 14};
  function textWidth(text, size) { return text.length * size * 0.58; }
  function boxLines(box, tree) {
    const n = box.node !== null ? tree.nodes[box.node] : null;
    const name = shorten(box.label, 26);
    if (n) {
      const type = n.t && (n.k === 1 || n.k === 2) ? shorten(n.t[0], 26) : null;
      return [name, type || (n.k === 3 ? null : n.o !== box.label ? shorten(n.o, 26) : null)].filter(Boolean);
    }
    if (box.kind === 'variable') {
      const own = box.children.find((c) => c.node !== null && tree.nodes[c.node].k === 1);
      return [name, own && tree.nodes[own.node].t ? shorten(tree.nodes[own.node].t[0], 26) : plural(box.count, 'node')];
    }
    return [name, plural(box.count, 'node')];
  }
  function closedSize(box, tree) {
    box.lines = boxLines(box, tree);
    const isSmall = box.node !== null && tree.nodes[box.node].k === 3;
    const w = Math.max(isSmall ? 34 : 58, textWidth(box.lines[0], 11.5) + 26, textWidth(box.lines[1] || '', 9.5) + 22);
    box.w = box.node === null ? w + 14 : w;
    box.h = isSmall ? 22 : box.lines.length > 1 ? 38 : 28;
    if (box.kind === 'variable' || (box.node !== null && tree.nodes[box.node].k === 1)) box.h += 8;
  }
  function markDirty(box) { for (let b = box; b; b = b.parent) b.laid = false; }
  function layOut(box, tree) {
    if (!box.open) return closedSize(box, tree);
    if (box.laid) return;
    for (const c of box.children) layOut(c, tree);
    const aside = box.children.filter(isAside), inside = box.children.filter((c) => !isAside(c));
    const size = arrange(box, inside);
    placeAside(box, aside, size);
    box.w = size.w + 2 * FRAME.side;
    box.h = size.h + FRAME.top + FRAME.bottom;
    if (box.parent) box.w = Math.max(box.w, textWidth(box.label, 11.5) + 70);
    box.laid = true;
  }
  function placeAside(box, aside, size) {
    if (!aside.length) return;
    const left = size.w > 0 ? size.w + 46 : 0;
    let y = 0, widest = 0;
    for (const a of aside) {
      a.x = FRAME.side + left + a.w / 2;
      a.y = FRAME.top + y + a.h / 2;
      y += a.h + 18;
      widest = Math.max(widest, a.w);
    }
    for (const a of aside) if (!a.open) a.x += (widest - a.w) / 2;
    size.w = left + widest;
    size.h = Math.max(size.h, y - 18);
  }
  /* Gives children their places and box.lines their ways; returns the size of it all. */
  function arrange(box, inside) {
    const ids = new Set(inside.map((c) => c.id));
    const edges = [...box.edges.values()].filter((e) => ids.has(e.from.id) && ids.has(e.to.id));
    const isPart = !box.parent || isAside(box);
    let enters = isPart ? [] : [...box.enters.values()].filter((e) => ids.has(e.to.id));
    let leaves = isPart ? [] : [...box.leaves.values()].filter((e) => ids.has(e.from.id));
    box.stubs = [];
    enters = fewer(enters, (e) => e.to, new Set(edges.map((e) => e.to)), -1, box.stubs);
    leaves = fewer(leaves, (e) => e.from, new Set(edges.map((e) => e.from)), 1, box.stubs);
    const touched = new Set();
    for (const e of edges) { touched.add(e.from.id); touched.add(e.to.id); }
    const flowing = touched.size > 0;
    for (const e of enters) if (flowing || inside.length === 1) touched.add(e.to.id);
    for (const e of leaves) if (flowing || inside.length === 1) touched.add(e.from.id);
    const own = {ways: [], size: {w: 0, h: 0}};
    if (touched.size) flow(box, inside.filter((c) => touched.has(c.id)), edges, enters.filter((e) => touched.has(e.to.id)), leaves.filter((e) => touched.has(e.from.id)), own);
    rows(inside.filter((c) => !touched.has(c.id)), own);
    box.ways = own.ways;
    return own.size;
  }
  /* A fan of lines to all of many boxes hides how they follow each other: those that have a line within the frame too
   * get a short stub. */
  function fewer(ways, end, others, side, stubs) {
    if (ways.length <= 6) return ways;
    for (const w of ways) if (others.has(end(w))) stubs.push({box: end(w), side, data: w});
    return ways.filter((w) => !others.has(end(w)));
  }
  function flow(box, boxes, edges, enters, leaves, own) {
    const g = new dagre.graphlib.Graph();
    const many = edges.length > 150;
    g.setGraph({rankdir: 'TB', ranksep: many ? 24 : 30, nodesep: 16, edgesep: 8, ranker: many ? 'tight-tree' : 'network-simplex'});
    g.setDefaultEdgeLabel(() => ({}));
    for (const b of boxes) g.setNode(b.id, {width: b.w, height: b.h});
    if (enters.length) g.setNode('in', {width: 1, height: 1});
    if (leaves.length) g.setNode('out', {width: 1, height: 1});
    const labels = edges.length <= 24;
    for (const e of edges) {
      const text = labels && !e.control && e.types.size === 1 && e.count === 1 ? shorten([...e.types][0], 24) : '';
      const label = {data: e, text, weight: e.control ? 1 : 2};
      if (text) Object.assign(label, {width: textWidth(text, 8.5), height: 10, labelpos: 'c'});
      g.setEdge(e.from.id, e.to.id, label);
    }
    for (const e of enters) g.setEdge('in', e.to.id, {data: e});
    for (const e of leaves) g.setEdge(e.from.id, 'out', {data: e});
    dagre.layout(g);
    const dx = FRAME.side, dy = FRAME.top;
    for (const b of boxes) { const p = g.node(b.id); b.x = p.x + dx; b.y = p.y + dy; }
    own.size.w = g.graph().width;
    own.size.h = g.graph().height;
    for (const key of g.edges()) own.ways.push(way(g.edge(key), key, g, boxes, dx, dy));
  }
  function way(edge, key, g, boxes, dx, dy) {
    const points = edge.points.map((p) => [p.x + dx, p.y + dy]);
    const a = edge.data.from, b = edge.data.to, start = points[0], end = points[points.length - 1];
    const down = end[1] >= start[1];
    if (a && key.v !== 'in' && down) points[0] = [a.x, a.y + a.h / 2];
    if (b && key.w !== 'out' && down) points[points.length - 1] = [b.x, b.y - b.h / 2];
    if (key.v === 'in') points.splice(0, 1, ['in', 0], [g.node('in').x + dx, FRAME.top - 3]);
    if (key.w === 'out') points.splice(points.length - 1, 1, [g.node('out').x + dx, g.graph().height + dy + 2], ['out', 0]);
    return {data: edge.data, points, down, text: edge.text, at: edge.text ? [edge.x + dx, edge.y + dy] : null};
  }
  function rows(boxes, own) {
    if (!boxes.length) return;
    const wanted = Math.max(own.size.w, Math.sqrt(d3.sum(boxes, (b) => (b.w + 14) * (b.h + 14)) * 1.7));
    let x = 0, y = own.size.h ? own.size.h + 22 : 0, tall = 0, widest = own.size.w;
    for (const b of boxes) {
      if (x > 0 && x + b.w > wanted) { x = 0; y += tall + 14; tall = 0; }
      b.x = FRAME.side + x + b.w / 2;
      b.y = FRAME.top + y + b.h / 2;
      x += b.w + 14;
      tall = Math.max(tall, b.h);
      widest = Math.max(widest, x - 14);
    }
    own.size.w = widest;
    own.size.h = y + tall;
  }
  /* Places on the whole sheet: X and Y of each visible box's middle. */
  function absolute(box, left, top, visit) {
    box.X = left + box.w / 2;
    box.Y = top + box.h / 2;
    visit(box);
    if (box.open) for (const c of box.children) absolute(c, left + c.x - c.w / 2, top + c.y - c.h / 2, visit);
  }
