  /* boxes.js - boxes, frames and lines as SVG, and what they are coloured by. */
  const KIND_COLOURS = ['op', 'variable', 'fed', 'constant', 'control', 'call', 'unknown'];
  function kindOf(box, tree) {
    if (box.node !== null) return KIND_COLOURS[tree.nodes[box.node].k || 0];
    return box.kind === 'variable' ? 'variable' : 'scope';
  }
  function shapePath(kind, w, h) {
    const x = -w / 2, y = -h / 2;
    if (kind === 'variable') {
      const r = 5;
      return `M${x},${y + r}a${w / 2},${r} 0 0 1 ${w},0v${h - 2 * r}a${w / 2},${r} 0 0 1 ${-w},0zm0,0a${w / 2},${r} 0 0 0 ${w},0`;
    }
    if (kind === 'fed') return `M${x + 8},${y}h${w - 8}l-8,${h}h${8 - w}z`;
    if (kind === 'constant') return `M${x + h / 2},${y}h${w - h}a${h / 2},${h / 2} 0 0 1 0,${h}h${h - w}a${h / 2},${h / 2} 0 0 1 0,${-h}z`;
    if (kind === 'control') return `M${x + 9},${y}h${w - 18}l9,${h / 2}l-9,${h / 2}h${18 - w}l-9,${-h / 2}z`;
    const r = 6;
    return `M${x + r},${y}h${w - 2 * r}a${r},${r} 0 0 1 ${r},${r}v${h - 2 * r}a${r},${r} 0 0 1 ${-r},${r}h${2 * r - w}a${r},${r} 0 0 1 ${-r},${-r}v${2 * r - h}a${r},${r} 0 0 1 ${r},${-r}z`;
  }
  /* What a box says to who cannot see it. */
  function boxName(box, tree) {
    const n = box.node !== null ? tree.nodes[box.node] : null;
    if (n) return `${shorten(n.n, 120)}, ${n.o}${n.k ? ', ' + KINDS[n.k] : ''}`;
    const what = {part: 'part of the graph', scope: 'name scope', variable: 'variable', functions: 'functions', some: 'neighbours'}[box.kind];
    return `${shorten(box.label, 120)}, ${what} of ${plural(box.count, 'node')}`;
  }

  /* ---- colours */
  const NOT_SAID = 'not said, or did not run';
  const paintings = {
    kind: {title: 'kind', of: null},
    op: {title: 'operation', of: (n) => n.o},
    device: {title: 'device', of: (n, ran) => (ran && ran.device) || n.d || NOT_SAID},
    time: {title: 'time', of: null},
  };
  function Painter(tree, mode, ran) {
    this.tree = tree;
    this.mode = mode;
    this.ran = ran;
    if (mode === 'op' || mode === 'device') this.count();
    if (mode === 'time') this.measure();
  }
  Painter.prototype.textOf = function (i) { return paintings[this.mode].of(this.tree.nodes[i], this.ran.get(i)); };
  Painter.prototype.count = function () {
    const counts = new Map();
    this.tree.nodes.forEach((n, i) => { if (n.k !== 3 || this.mode === 'device') { const t = this.textOf(i); counts.set(t, (counts.get(t) || 0) + 1); } });
    this.texts = [...counts].sort((a, b) => b[1] - a[1]).map((c) => c[0]);
    this.colours = new Map(this.texts.filter((t) => t !== NOT_SAID).slice(0, 7).map((t, i) => [t, colour('paint' + [0, 1, 2, 3, 4, 5, 7][i])]));
  };
  Painter.prototype.colourOf = function (text) { return this.colours.get(text) || colour('paint6'); };
  Painter.prototype.measure = function () {
    const total = (box) => { box.time = box.node !== null ? (this.ran.get(box.node) || {time: 0}).time : d3.sum(box.children, total); return box.time; };
    this.total = total(this.tree.root);
    const heat = d3.scalePow().exponent(0.4).domain([0, d3.max(this.tree.leaf, (b) => b.time) || 1]).range([0, 100]).clamp(true);
    this.degree = heat;
    this.heat = (t) => `color-mix(in srgb, ${colour('heat-high')} ${heat(t).toFixed(0)}%, ${colour('heat-low')})`;
  };
  /* [{colour, share}]: one for a node; for a closed box, what is in it. */
  Painter.prototype.fills = function (box) {
    if (this.mode === 'time') return [{colour: box.time > 0 ? this.heat(box.time) : colour('sunken'), share: 1}];
    if (this.mode === 'kind') return [{colour: colour(kindOf(box, this.tree)), share: 1}];
    if (box.node !== null) return [{colour: this.colourOf(this.textOf(box.node)), share: 1}];
    const counts = new Map(), all = this.tree.under(box);
    for (const i of all) { const t = this.textOf(i); counts.set(t, (counts.get(t) || 0) + 1); }
    return [...counts].sort((a, b) => b[1] - a[1]).map(([t, c]) => ({colour: this.colourOf(t), share: c / all.length}));
  };
  Painter.prototype.isDark = function (box) { return this.mode === 'time' && box.time > 0 && this.degree(box.time) > 55; };
  /* The second line of a box, where it is what the colour says. */
  Painter.prototype.says = function (box) { return this.mode === 'time' && box.time > 0 ? formatMicros(box.time) : null; };
  Painter.prototype.legend = function () {
    if (this.mode === 'kind') {
      const there = new Set(this.tree.nodes.map((n) => n.k || 0));
      return [el('span', {}, swatch(colour('scope'), colour('scope-line')), 'folded scope'),
        ...[...there].sort().map((k) => el('span', {}, swatch(colour(KIND_COLOURS[k]), colour(KIND_COLOURS[k] + '-line')), KINDS[k]))];
    }
    if (this.mode === 'time') {
      if (!this.total) return [el('span', {}, 'No timeline of this graph: a run that writes run metadata gives the times.')];
      return [el('span', {}, 'no time', el('span', {class: 'ramp', 'aria-hidden': 'true'}), formatMicros(d3.max(this.tree.leaf, (b) => b.time))), el('span', {}, `${formatMicros(this.total)} in all, summed over threads and devices`)];
    }
    const list = this.texts.slice(0, 7).map((t) => el('span', {}, swatch(this.colourOf(t), colour('rule')), shorten(t, 40)));
    if (this.texts.length > 7) list.push(el('span', {}, swatch(colour('paint6'), colour('rule')), plural(this.texts.length - 7, 'other')));
    return list;
  };

  /* ---- drawing */
  const bend = d3.line().curve(d3.curveMonotoneY), loop = d3.line().curve(d3.curveBasis);
  function edgeWidth(bytes) { return bytes > 0 ? Math.min(5, 0.9 + Math.log10(1 + bytes / 64) * 0.75) : 1; }
  function drawWays(layer, box) {
    const left = box.X - box.w / 2, top = box.Y - box.h / 2;
    for (const w of box.ways || []) {
      const points = w.points.map((p) => (p[0] === 'in' ? [box.X, top] : p[0] === 'out' ? [box.X, top + box.h] : [left + p[0], top + p[1]]));
      const path = layer.append('path').attr('class', w.data.control ? 'edge control' : 'edge')
        .attr('d', (w.down ? bend : loop)(points)).attr('marker-end', w.points[w.points.length - 1][0] === 'out' ? null : 'url(#arrow)')
        .style('stroke-width', edgeWidth(w.data.bytes));
      const what = w.data.control ? 'control' : [...w.data.types].join(', ') || 'values';
      path.append('title').text(`${w.data.count > 1 ? w.data.count + ' × ' : ''}${shorten(what, 120)}`);
      if (w.text) layer.append('text').attr('class', 'edge-label').attr('x', left + w.at[0]).attr('y', top + w.at[1] + 3).text(w.text);
    }
  }
  function drawStubs(layer, box) {
    for (const s of box.stubs || []) {
      const x = s.box.X + s.box.w / 2 - 16, y = s.box.Y + s.side * s.box.h / 2;
      layer.append('path').attr('class', s.data.control ? 'edge control' : 'edge').attr('marker-end', s.side < 0 ? 'url(#arrow)' : null)
        .attr('d', s.side < 0 ? `M${x + 8},${y - 13}L${x},${y}` : `M${x},${y}l6,10`).append('title').text(s.side < 0 ? 'reads from outside of this frame' : 'is read outside of this frame');
    }
  }
  function drawBox(layer, box, tree, painter) {
    const isGroup = box.node === null, kind = kindOf(box, tree);
    const g = layer.append('g').datum(box).attr('class', 'box' + (box.open ? ' frame' : ''))
      .attr('transform', `translate(${box.X},${box.Y})`).attr('id', 'box-' + box.id).attr('tabindex', '-1').attr('role', 'treeitem')
      .attr('aria-level', box.depth).attr('aria-label', boxName(box, tree)).attr('aria-expanded', isGroup ? String(box.open) : null).attr('aria-selected', 'false');
    const d = shapePath(box.open ? 'scope' : kind, box.w, box.h);
    const shape = g.append('path').attr('class', 'shape').attr('d', d);
    g.append('path').attr('class', 'ring').attr('d', shapePath('scope', box.w + 8, box.h + 8));
    if (box.open) {
      g.append('text').attr('x', -box.w / 2 + 12).attr('y', -box.h / 2 + 17).text(shorten(box.label, Math.max(6, Math.floor((box.w - 40) / 7))));
      g.append('text').attr('class', 'plus').attr('x', box.w / 2 - 16).attr('y', -box.h / 2 + 17).text('−');
      return;
    }
    const fills = painter.fills(box);
    shape.style('stroke', colour(kind + '-line')).style('fill', fills[0].colour).style('stroke-dasharray', kind === 'unknown' ? '4 2' : null);
    if (fills.length > 1) {
      shape.style('fill', colour('paper'));
      let x = -box.w / 2 + 5;
      for (const f of fills.slice(0, 8)) {
        const w = (box.w - 10) * f.share;
        g.append('rect').attr('x', x).attr('y', box.h / 2 - 6).attr('height', 3.5).attr('width', Math.max(0.5, w)).style('fill', f.colour);
        x += w;
      }
    }
    const lines = [box.lines[0], painter.says(box) || box.lines[1]].filter(Boolean), two = lines.length > 1,
       shift = (kind === 'variable' ? 4 : 0) - (fills.length > 1 ? 3 : 0);
    g.append('text').attr('y', (two ? -2 : 4) + shift).text(lines[0]);
    g.classed('dark', painter.isDark(box));
    if (two) g.append('text').attr('class', 'sub').attr('y', 11 + shift).text(lines[1]);
    if (isGroup) g.append('text').attr('class', 'plus').attr('x', box.w / 2 - 9).attr('y', -box.h / 2 + (kind === 'variable' ? 17 : 13)).text('+');
  }
