  /* timeline.js - what ran when: a row for each thread of the host and each queue of a device. */
  const SPAN_COLOURS = [0, 3, 7, 2, 1, 4, 5, 6, 7, 7, 5, 6]; /* of --paint, by kind */
  const STEP_KIND = 11;
  function kindName(step, kind) { return step.kinds[kind] || 'other'; }
  const shownStep = {key: null};

  /* A node's time is what spans call their own: a device's own clock where it has one, else the host's. */
  function timesOfNodes(step, t) {
    const times = new Map();
    const add = (name, s, share, covers) => {
      const i = t.names.get(name);
      if (i === undefined) return;
      const now = times.get(i) || {time: 0, count: 0, device: deviceName(s), kernel: s.kernel, plugin: s.plugin, shape: s.shape, bytes: s.bytes, covers};
      now.time += s.own * share;
      now.count++;
      times.set(i, now);
    };
    for (const s of step.spans) {
      if (!(s.own > 0) || s.scope) continue;
      if (s.covers) for (const name of s.covers) add(name, s, 1 / s.covers.length, s.covers.length > 1 ? `one of ${s.covers.length} run as one` : null);
      else if (s.node) add(s.node, s, 1, null);
    }
    return times;
  }
  function deviceName(s) { return (s.device || 'host').replace(/^\/device:/, ''); }
  function rowName(s) {
    if (s.track) return `${deviceName(s)} ${s.track}`;
    return s.queue > 0 ? `${deviceName(s)} queue ${s.queue}` : `host thread ${s.thread}`;
  }
  function timelineSteps() { return data.timelines.flatMap((t) => t.items.map((item, i) => ({run: t.run, item, key: t.run + ' ' + item.step + ' ' + i}))); }
  function drawTimelines(content) {
    const steps = timelineSteps();
    if (!steps.length) return fill(content, nothingYet('timeline of a step', 'runnel/c/trace.h: rn_events_add_run_metadata'));
    const now = steps.find((s) => s.key === shownStep.key) || steps[steps.length - 1];
    const bar = el('div', {class: 'bar'},
      choice('Step', now.key, steps.map((s) => [s.key, `${data.runs.length > 1 ? shorten(runName(s.run), 30) + ', ' : ''}step ${s.item.step}`]), (v) => { shownStep.key = v; drawTimelines(content); }));
    const chart = el('div', {class: 'card timeline'});
    fill(content, bar, chart, el('div', {class: 'two'}, slowest(now, 'node', 'The slowest nodes'), slowest(now, 'op', 'The slowest operations')),
      now.item.left_out ? el('p', {class: 'quiet'}, `${now.item.left_out} more spans are left out.`) : null);
    new Timeline(chart, now, bar);
  }
  function slowest(now, what, title) {
    const sums = new Map();
    for (const s of now.item.spans) {
      if (!(s.own > 0)) continue;
      const key = (what === 'op' ? operationOf(s, now.run) : s.node) || s.node || s.op || '?', sum = sums.get(key) || {time: 0, count: 0, s};
      sum.time += s.own;
      sum.count++;
      sums.set(key, sum);
    }
    const list = [...sums].sort((a, b) => b[1].time - a[1].time).slice(0, 20), most = list.length ? list[0][1].time : 1;
    const bar = (v) => { const b = el('span', {class: 'bar-cell', 'aria-hidden': 'true'}); b.style.width = 70 * v / most + 'px'; return b; };
    return el('section', {class: 'card', 'aria-label': title}, el('h3', {}, title), dataTable(title,
      what === 'node' ? ['Node', 'Operation', 'Device', 'Time'] : ['Operation', 'Spans#', 'Time'],
      list.map(([key, v]) => {
        const time = el('span', {class: 'whole'}, bar(v.time), formatMicros(v.time));
        return what === 'node' ? [nodeButton(key, now.run), shorten(operationOf(v.s, now.run), 40), el('span', {class: 'whole'}, deviceName(v.s)), time] : [shorten(key, 50), String(v.count), time];
      })));
  }
  /* What was run as one has the operations of its nodes. */
  function operationOf(s, run) {
    const g = graphOfRun(run);
    if (s.op || !s.covers || g < 0) return s.op || '';
    const t = graphAt(g).tree;
    return s.covers.map((name) => t.names.get(name)).filter((i) => i !== undefined).map((i) => t.nodes[i].o).join(' + ');
  }
  function graphOfRun(run) { return data.graphs.findIndex((g) => g.runs.includes(run)); }
  function nodeButton(name, run) {
    const g = graphOfRun(run), node = g >= 0 ? graphAt(g).tree.names.get(name) : undefined;
    if (node === undefined) return shorten(name, 60);
    return el('button', {type: 'button', class: 'link', title: 'Show in the graph', onclick: () => { look.graph = g; selectById('graph'); goTo(node); }}, shorten(name, 60));
  }

  function Timeline(hole, now, bar) {
    this.hole = hole;
    this.now = now;
    this.spans = now.item.spans.filter((s) => s.kind !== STEP_KIND);
    this.end = d3.max(now.item.spans, (s) => s.end) || 1;
    const names = [...new Set(this.spans.map(rowName))].sort();
    this.rows = names.map((name) => ({name, spans: this.spans.filter((s) => rowName(s) === name).sort((a, b) => a.begin - b.begin || b.end - a.end)}));
    this.rows.forEach(nest);
    let y = 26;
    for (const r of this.rows) { r.y = y; y += r.depth * 18 + 8; }
    this.height = y + 4;
    this.svg = svgEl('svg', {tabindex: '0', role: 'group', 'aria-roledescription': 'timeline', height: this.height,
      'aria-label': `Timeline of step ${now.item.step}: ${plural(this.spans.length, 'span')} in ${plural(this.rows.length, 'row')}, ${formatMicros(this.end)}. Left and right go through a row, up and down change rows, plus and minus zoom.`});
    this.told = el('p', {class: 'quiet small'}, `${formatMicros(this.end)} for the step. Scroll over it to zoom, drag to move, double-click for all.`);
    fill(hole, this.svg, this.told, el('div', {class: 'legend'}, this.legend()),
      tableBehind('Table', () => this.table()));
    this.at = {row: 0, span: -1};
    this.svg.addEventListener('keydown', (e) => this.key(e));
    this.svg.addEventListener('blur', () => hideTip());
    new ResizeObserver(() => { if (this.svg.clientWidth && this.width !== this.svg.clientWidth) this.start(); }).observe(this.svg);
  }
  /* Spans within spans lie below them. */
  function nest(row) {
    const ends = [];
    row.depth = 1;
    for (const s of row.spans) {
      let level = 0;
      while (level < ends.length && ends[level] > s.begin + 1e-9) level++;
      ends[level] = s.end;
      s.level = Math.min(level, 7);
      row.depth = Math.max(row.depth, s.level + 1);
    }
  }
  Timeline.prototype.kinds = function () { return [...new Set(this.spans.map((s) => s.kind))].sort((a, b) => a - b); };
  /* Kinds that share a colour share its place. */
  Timeline.prototype.legend = function () {
    const words = new Map();
    for (const k of this.kinds()) words.set(this.colour(k), [...(words.get(this.colour(k)) || []), kindName(this.now.item, k)]);
    return [...words].map(([c, list]) => el('span', {}, swatch(c, colour('rule')), list.join(', ')));
  };
  Timeline.prototype.colour = function (kind) { return colour('paint' + (kind in SPAN_COLOURS ? SPAN_COLOURS[kind] : 6)); };
  Timeline.prototype.start = function () {
    this.width = this.svg.clientWidth;
    this.left = Math.min(190, this.width * 0.28);
    const full = d3.scaleLinear().domain([0, this.end]).range([this.left, this.width - 8]);
    this.full = full;
    this.x = this.x ? full.copy().domain(this.x.domain()) : full;
    const root = d3.select(this.svg);
    root.selectAll('*').remove();
    root.append('clipPath').attr('id', 'timeline-clip').append('rect').attr('x', this.left).attr('width', this.width - this.left).attr('height', this.height);
    this.axis = root.append('g').attr('class', 'axis').attr('transform', 'translate(0,18)');
    for (const r of this.rows) {
      root.append('rect').attr('class', 'track').attr('x', this.left).attr('y', r.y).attr('width', Math.max(0, this.width - this.left - 8)).attr('height', r.depth * 18 + 2).attr('rx', 3);
      root.append('text').attr('class', 'track-name').attr('x', 2).attr('y', r.y + 13).text(shorten(r.name, Math.floor(this.left / 6.6))).append('title').text(r.name);
    }
    this.layer = root.append('g').attr('clip-path', 'url(#timeline-clip)');
    this.zoom = d3.zoom().scaleExtent([1, 20000]).translateExtent([[this.left, 0], [this.width - 8, this.height]]).extent([[this.left, 0], [this.width - 8, this.height]])
      .on('zoom', () => { this.x = d3.event.transform.rescaleX(this.full); this.draw(); });
    root.call(this.zoom).on('dblclick.zoom', null).on('dblclick', () => root.call(this.zoom.transform, d3.zoomIdentity));
    this.draw();
  };
  /* Only what is in sight and wider than a third of a pixel, or first at its pixel. */
  Timeline.prototype.inSight = function () {
    const [from, to] = this.x.domain(), out = [];
    for (const r of this.rows) {
      const last = [];
      for (const s of r.spans) {
        if (s.end < from || s.begin > to) continue;
        const a = this.x(s.begin), b = this.x(s.end);
        if (b - a < 0.4 && last[s.level] !== undefined && a - last[s.level] < 0.7) continue;
        last[s.level] = b;
        out.push({s, r, a, w: Math.max(1, b - a)});
      }
    }
    return out;
  };
  Timeline.prototype.draw = function () {
    this.axis.call(d3.axisTop(this.x).ticks(Math.max(2, this.width / 130)).tickFormat((v) => formatMicros(v) || '0').tickSizeOuter(0));
    const shown = this.inSight(), lit = this.lit;
    this.layer.selectAll('rect').data(shown).join('rect').attr('class', (d) => (d.s === lit ? 'span lit' : 'span')).attr('x', (d) => d.a).attr('width', (d) => d.w)
      .attr('y', (d) => d.r.y + 1 + d.s.level * 18).attr('height', 16).attr('rx', 2).style('fill', (d) => this.colour(d.s.kind))
      .on('pointermove', (d) => this.tip(d.s, [d3.event.clientX, d3.event.clientY])).on('pointerleave', hideTip).on('click', (d) => this.tell(d.s));
    this.layer.selectAll('text').data(shown.filter((d) => d.w > 34)).join('text').attr('class', 'span-name').attr('x', (d) => Math.max(d.a, this.left) + 4)
      .attr('y', (d) => d.r.y + 13 + d.s.level * 18).text((d) => shorten((d.s.node || d.s.op || kindName(this.now.item, d.s.kind)).split('/').slice(-2).join('/'), Math.max(1, Math.floor((Math.min(d.a + d.w, this.width) - Math.max(d.a, this.left) - 8) / 5.6))));
  };
  function spanRows(s, step, run) {
    return [['what', kindName(step, s.kind)], ['operation', operationOf(s, run)], ['time', formatMicros(s.end - s.begin)], ['from', formatMicros(s.begin) || '0'], ['device', deviceName(s)],
      ['kernel', s.kernel], ['plugin', s.plugin], ['output', s.shape], ['bytes', s.bytes ? formatBytes(s.bytes) : ''], ['alive on the device', s.memory ? formatBytes(s.memory) : ''],
      ['within', s.scope], ['nodes', s.covers ? shorten(s.covers.join(', '), 200) : '']].filter((r) => r[1]).map((r) => [r[0], shorten(String(r[1]), 200)]);
  }
  Timeline.prototype.tip = function (s, where) { showTip(where[0], where[1], s.node || kindName(this.now.item, s.kind), spanRows(s, this.now.item, this.now.run)); };
  Timeline.prototype.tell = function (s) {
    this.lit = s;
    this.draw();
    fill(this.told, el('strong', {}, nodeButton(s.node || kindName(this.now.item, s.kind), this.now.run)), ' ' + spanRows(s, this.now.item, this.now.run).map((r) => r.join(' ')).join('; '));
    announce(`${s.node || kindName(this.now.item, s.kind)}, ${formatMicros(s.end - s.begin)}, ${rowName(s)}`);
  };
  Timeline.prototype.key = function (e) {
    const row = this.rows[this.at.row], root = d3.select(this.svg);
    if (e.key === 'ArrowRight') this.at.span = Math.min(row.spans.length - 1, this.at.span + 1);
    else if (e.key === 'ArrowLeft') this.at.span = Math.max(0, this.at.span - 1);
    else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') this.at = {row: Math.max(0, Math.min(this.rows.length - 1, this.at.row + (e.key === 'ArrowDown' ? 1 : -1))), span: 0};
    else if (e.key === '+' || e.key === '=') root.call(this.zoom.scaleBy, 1.6);
    else if (e.key === '-') root.call(this.zoom.scaleBy, 1 / 1.6);
    else if (e.key === '0' || e.key === 'Escape') root.call(this.zoom.transform, d3.zoomIdentity);
    else return;
    e.preventDefault();
    const s = this.rows[this.at.row].spans[this.at.span];
    if (!s || !e.key.startsWith('Arrow')) return;
    this.tell(s);
    const [from, to] = this.x.domain();
    if (s.begin < from || s.end > to) root.call(this.zoom.translateTo, this.full((s.begin + s.end) / 2), 0);
  };
  Timeline.prototype.table = function () {
    return dataTable('Spans by time', ['Begin#', 'Time#', 'Node', 'What', 'Row', 'Kernel'], this.spans.slice().sort((a, b) => b.end - b.begin - (a.end - a.begin)).slice(0, 300)
      .map((s) => [formatMicros(s.begin) || '0', formatMicros(s.end - s.begin), shorten(s.node || '', 60), kindName(this.now.item, s.kind), rowName(s), shorten(s.kernel || '', 40)]));
  };
