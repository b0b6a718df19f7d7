  /* graph.js - the graph panel: which boxes are open, which is looked at, zoom, keys. */
  const graphs = new Map(); /* by index in data.graphs: {tree, source} */
  const look = {graph: 0, mode: 'kind', selected: null, focus: null, timeline: -1};
  let sheet = null; /* the parts of the panel that stay while boxes change */

  function graphAt(i) {
    const source = data.graphs[i].graph;
    let g = graphs.get(i);
    if (!g || g.source !== source) {
      g = {source, tree: new Tree(source)};
      for (const c of g.tree.root.children) if (g.tree.root.children.length <= 2 && c.kind === 'scope') c.open = true;
      graphs.set(i, g);
    }
    return g;
  }
  const tree = () => graphAt(look.graph).tree;
  /* What is known of each node's last run: {time, device, kernel, plugin, memory}. */
  function whatRan() {
    const runs = data.graphs[look.graph].runs;
    const steps = data.timelines.filter((t) => runs.includes(t.run)).flatMap((t) => t.items);
    const step = steps[steps.length - 1];
    return step ? timesOfNodes(step, tree()) : new Map();
  }
  function graphTitle(i) {
    const runs = data.graphs[i].runs.map(runName);
    return runs.length ? shorten(runs.join(', '), 60) : 'graph ' + (i + 1);
  }

  function drawGraphs(content) {
    if (!data.graphs.length) { sheet = null; fill(content, nothingYet('graph', 'runnel/c/summary.h: rn_events_add_graph')); return; }
    if (look.graph >= data.graphs.length || !data.graphs[look.graph].runs.length) look.graph = Math.max(0, data.graphs.findIndex((g) => g.runs.length));
    buildSheet(content);
    redraw(true);
  }
  function buildSheet(content) {
    const svg = svgEl('svg', {role: 'tree', 'aria-label': 'The graph. Arrow keys move between boxes, Enter opens and closes, I tells more, plus and minus zoom, 0 shows all.'},
      svgEl('defs', {}, svgEl('marker', {id: 'arrow', viewBox: '0 0 8 8', refX: '7', refY: '4', markerWidth: '7', markerHeight: '7', orient: 'auto-start-reverse', markerUnits: 'userSpaceOnUse'},
        svgEl('path', {d: 'M0,0.8L8,4L0,7.2z', class: 'arrow-head'}))));
    const layer = svgEl('g', {role: 'presentation'});
    svg.append(layer);
    const legend = el('div', {class: 'legend', 'aria-label': 'What colours mean'}), side = el('div', {class: 'side', role: 'region', 'aria-label': 'Details', tabindex: '-1'});
    const button = (label, text, call) => el('button', {type: 'button', 'aria-label': label, title: label, onclick: call}, text);
    const zoom = d3.zoom().scaleExtent([0.02, 6]).on('zoom', () => layer.setAttribute('transform', d3.event.transform)).filter(() => !d3.event.button);
    sheet = {svg, layer, legend, side, zoom, content};
    const choices = data.graphs.map((g, i) => [String(i), graphTitle(i)]).filter((_, i) => data.graphs[i].runs.length);
    fill(content,
      el('div', {class: 'bar', role: 'group', 'aria-label': 'What is shown of the graph'}, searchBox(),
        choices.length > 1 ? choice('Graph of', String(look.graph), choices, (v) => { look.graph = +v; look.selected = look.focus = null; redraw(true); }) : null,
        choice('Colour by', look.mode, Object.entries(paintings).map(([k, p]) => [k, p.title]), (v) => { look.mode = v; redraw(); announce('coloured by ' + paintings[v].title); }),
        el('button', {type: 'button', onclick: () => { closeAll(tree().root); redraw(true); }}, 'Fold all'),
        el('span', {class: 'quiet small', id: 'graph-size'})),
      el('div', {class: 'graph'},
        el('div', {class: 'graph-frame'}, svg, el('div', {class: 'zoom', role: 'group', 'aria-label': 'Zoom'},
          button('Zoom in', '+', () => zoomBy(1.4)), button('Zoom out', '−', () => zoomBy(1 / 1.4)), button('Show all', 'all', () => fit())), legend),
        side),
      tableBehind('Nodes as a table', nodesTable));
    d3.select(svg).call(zoom).on('dblclick.zoom', null);
    svg.addEventListener('click', (e) => clicked(e));
    svg.addEventListener('keydown', (e) => boxKey(e));
    svg.addEventListener('pointerdown', () => svg.classList.remove('keys'));
    svg.addEventListener('focusin', (e) => { const b = boxOf(e.target); if (b) setFocus(b, true); });
    /* Shown for the first time, or in a window of another size. */
    new ResizeObserver(() => { if (sheet && svg.clientWidth && sheet.fitted !== svg.clientWidth) fit(0.5); }).observe(svg);
  }
  function boxOf(node) { const g = node.closest ? node.closest('.box') : null; return g ? d3.select(g).datum() : null; }

  function redraw(refit) {
    const t = tree(), ran = whatRan(), painter = new Painter(t, look.mode, ran);
    sheet.ran = ran;
    const hadFocus = sheet.layer.contains(document.activeElement);
    layOut(t.root, t);
    const layer = d3.select(sheet.layer);
    layer.selectAll('*').remove();
    const visible = [];
    absolute(t.root, 0, 0, (b) => { if (b !== t.root) visible.push(b); });
    for (const b of visible) if (b.open) drawBox(layer, b, t, painter);
    for (const b of [t.root, ...visible.filter((v) => v.open)]) { drawWays(layer, b); drawStubs(layer, b); }
    for (const b of visible) if (!b.open) drawBox(layer, b, t, painter);
    sheet.lines = layer.append('g').attr('class', 'links');
    sheet.visible = visible;
    if (!visible.includes(look.focus)) look.focus = visible[0] || null;
    if (look.selected && !visible.includes(look.selected)) look.selected = null;
    fill(sheet.legend, painter.legend());
    byId('graph-size').textContent = plural(t.nodes.length, 'node');
    markFocus(hadFocus);
    markSelected();
    if (refit) fit(0.5);
  }
  function closeAll(box) { for (const c of box.children) { c.open = false; c.laid = false; closeAll(c); } box.laid = false; }

  /* ---- zoom */
  function zoomBy(f) { d3.select(sheet.svg).call(sheet.zoom.scaleBy, f); }
  /* All of it, but not smaller than atLeast: then from the top. */
  function fit(atLeast) {
    const w = sheet.svg.clientWidth, h = sheet.svg.clientHeight, root = tree().root;
    if (!w || !h) return;
    sheet.fitted = w;
    const k = Math.max(atLeast || 0, Math.min(1.3, 0.96 * w / root.w, 0.96 * h / root.h));
    d3.select(sheet.svg).call(sheet.zoom.transform, d3.zoomIdentity.translate(Math.max(8 - k * FRAME.side, (w - k * root.w) / 2), k * root.h < h ? Math.max(0, (h - k * root.h) / 2 - 4) : 8).scale(k));
  }
  function centre(box, atLeast) {
    const k = Math.max(d3.zoomTransform(sheet.svg).k, atLeast || 0);
    d3.select(sheet.svg).call(sheet.zoom.transform, d3.zoomIdentity.translate(sheet.svg.clientWidth / 2 - k * box.X, sheet.svg.clientHeight / 2 - k * box.Y).scale(k));
  }
  function isInSight(box) {
    const t = d3.zoomTransform(sheet.svg), [x, y] = t.apply([box.X, box.Y]);
    return x > 20 && y > 20 && x < sheet.svg.clientWidth - 20 && y < sheet.svg.clientHeight - 20;
  }

  /* ---- opening, closing, selecting */
  function toggle(box) {
    if (box.node !== null) return choose(box);
    const before = d3.zoomTransform(sheet.svg).apply([box.X, box.Y - box.h / 2]);
    box.open = !box.open;
    markDirty(box);
    look.focus = box;
    look.selected = box;
    redraw();
    keepInPlace(box, before);
    announce(`${boxName(box, tree())}, ${box.open ? 'opened, ' + plural(box.children.length, 'box', 'boxes') : 'closed'}`);
  }
  /* What was opened stays under the eye: its upper side does not move; if it is far larger than the sheet, it is fitted. */
  function keepInPlace(box, before) {
    const t = d3.zoomTransform(sheet.svg), w = sheet.svg.clientWidth, h = sheet.svg.clientHeight;
    const k = box.open ? Math.max(0.3, Math.min(t.k, 0.94 * w / box.w, Math.max(t.k * 0.5, 0.94 * h / box.h))) : t.k;
    let x = before[0] - k * box.X, y = before[1] - k * (box.Y - box.h / 2);
    const left = x + k * (box.X - box.w / 2), right = x + k * (box.X + box.w / 2), bottom = y + k * (box.Y + box.h / 2), top = y + k * (box.Y - box.h / 2);
    if (right > w - 8) x -= right - w + 8;
    if (left < 8 && k * box.w < w) x += 8 - left;
    if (bottom > h - 8) y -= Math.min(bottom - h + 8, Math.max(0, top - 8));
    d3.select(sheet.svg).call(sheet.zoom.transform, d3.zoomIdentity.translate(x, y).scale(k));
  }
  function choose(box) {
    look.selected = box;
    look.focus = box;
    markFocus(false);
    markSelected();
    announce(boxName(box, tree()));
  }
  function clicked(e) {
    if (e.defaultPrevented) return;
    const box = boxOf(e.target);
    if (!box) { look.selected = null; markSelected(); return; }
    if (box.node === null && (!box.open || onHead(e, box))) toggle(box); else choose(box);
    const g = byId('box-' + box.id);
    if (g) g.focus({preventScroll: true});
  }
  function onHead(e, box) {
    const rect = sheet.svg.getBoundingClientRect(), y = d3.zoomTransform(sheet.svg).invertY(e.clientY - rect.top);
    return y - (box.Y - box.h / 2) < FRAME.top;
  }
  /* Opens all that is around a node, selects it, brings it into sight. */
  function goTo(node) {
    const box = tree().leaf[node];
    for (const b of ancestry(box)) if (b !== box && !b.open) { b.open = true; markDirty(b); }
    look.selected = look.focus = box;
    redraw();
    centre(box, 0.9);
    announce('at ' + boxName(box, tree()));
  }

  function goToName(name) {
    const node = sheet ? tree().names.get(name) : undefined;
    if (node !== undefined) goTo(node);
  }

  /* ---- focus: one box is in the order of tabs, arrows move to the nearest one that way */
  function setFocus(box, isThere) {
    if (look.focus === box) return;
    look.focus = box;
    markFocus(!isThere);
  }
  function markFocus(take) {
    for (const g of sheet.layer.querySelectorAll('.box[tabindex="0"]')) g.setAttribute('tabindex', '-1');
    const g = look.focus && byId('box-' + look.focus.id);
    if (!g) return;
    g.setAttribute('tabindex', '0');
    if (take) { g.focus({preventScroll: true}); if (!isInSight(look.focus)) centre(look.focus); }
  }
  const DIRECTIONS = {ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0]};
  function neighbour(from, [dx, dy]) {
    let best = null, least = Infinity;
    const inner = (a, b) => { for (let p = b.parent; p; p = p.parent) if (p === a) return true; return false; };
    for (const b of sheet.visible) {
      if (b === from || inner(b, from)) continue;
      const x = b.X - from.X, y = (b.open ? b.Y - b.h / 2 : b.Y) - (from.open ? from.Y - from.h / 2 : from.Y), along = x * dx + y * dy, across = Math.abs(x * dy) + Math.abs(y * dx);
      if (along < 3) continue;
      const cost = along + 2.2 * across;
      if (cost < least) { least = cost; best = b; }
    }
    return best;
  }
  function boxKey(e) {
    const box = look.focus;
    sheet.svg.classList.add('keys');
    if (!box) return;
    if (DIRECTIONS[e.key]) { const to = neighbour(box, DIRECTIONS[e.key]); if (to) setFocus(to); }
    else if (e.key === 'Enter' || e.key === ' ') toggle(box);
    else if (e.key === 'Escape' && (box.open || box.parent.parent)) toggle(box.open ? box : box.parent);
    else if (e.key === 'i' || e.key === 'I') { choose(box); sheet.side.focus(); }
    else if (e.key === '+' || e.key === '=') zoomBy(1.4);
    else if (e.key === '-') zoomBy(1 / 1.4);
    else if (e.key === '0') fit();
    else return;
    e.preventDefault();
  }

  /* ---- what is selected: its box, its details, lines to what it reads and what reads it */
  function markSelected() {
    for (const g of sheet.layer.querySelectorAll('.box.selected')) { g.classList.remove('selected'); g.setAttribute('aria-selected', 'false'); }
    const g = look.selected && byId('box-' + look.selected.id);
    if (g) { g.classList.add('selected'); g.setAttribute('aria-selected', 'true'); }
    sheet.lines.selectAll('*').remove();
    if (look.selected && !look.selected.open) for (const [a, b] of linksOf(look.selected)) drawLink(a, b);
    fill(sheet.side, details(look.selected));
    const node = look.selected && look.selected.node !== null ? tree().nodes[look.selected.node].n : null;
    if (current && current.id === 'graph') history.replaceState(null, '', node !== null && node.length < 500 ? '#graph:' + encodeURIComponent(node) : '#graph');
  }
  function linksOf(box) {
    const t = tree(), pairs = new Map(), own = new Set(t.under(box));
    const note = (a, b) => { if (a !== b && !a.open && !b.open && pairs.size < 60) pairs.set(a.id + ' ' + b.id, [a, b]); };
    for (const i of own) {
      const n = t.nodes[i];
      for (let k = 0; n.i && k < n.i.length; k += 2) if (!own.has(n.i[k]) && t.leaf[n.i[k]]) note(t.seen(n.i[k]), box);
      for (const r of t.readers[i]) if (!own.has(r.to)) note(box, t.seen(r.to));
    }
    return pairs.values();
  }
  function drawLink(a, b) {
    const from = [a.X, a.Y + a.h / 2], to = [b.X, b.Y - b.h / 2], pull = Math.max(24, Math.abs(to[1] - from[1]) / 2.4);
    sheet.lines.append('path').attr('class', 'link-line').attr('marker-end', 'url(#arrow)')
      .attr('d', `M${from}C${from[0]},${from[1] + pull} ${to[0]},${to[1] - pull} ${to}`);
  }
  function nodesTable() {
    const t = tree();
    return dataTable('Nodes', ['Node', 'Operation', 'Part', 'First output', 'Device', 'Time#'], t.nodes.slice(0, 1000).map((n, i) => {
      const ran = sheet.ran.get(i);
      return [el('button', {type: 'button', class: 'link', onclick: () => goTo(i)}, shorten(n.n, 80)), shorten(n.o, 40), PARTS[n.p || 0], n.t ? shorten(n.t[0], 40) : '',
        (ran && ran.device) || n.d || '', ran ? formatMicros(ran.time) : ''];
    }).concat(t.nodes.length > 1000 ? [[`and ${t.nodes.length - 1000} more`, '', '', '', '', '']] : []));
  }
