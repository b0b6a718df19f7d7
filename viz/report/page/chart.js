  /* chart.js - curves of several runs over one axis (D3). */
  const view = {smooth: 0.6, log: false, axis: 'step', filter: ''};

  /* An exponential mean that does not begin at zero (as Adam corrects its moments). */
  function smoothed(values, weight) {
    if (!(weight > 0)) return values;
    let mean = 0, seen = 0;
    return values.map((v) => {
      if (v === null) return null;
      mean = mean * weight + v * (1 - weight);
      seen++;
      return mean / (1 - Math.pow(weight, seen));
    });
  }
  function xOf(series, i) {
    if (view.axis === 'step') return series.step[i];
    if (view.axis === 'relative') return series.time[i];
    return new Date(1000 * (data.runs[series.run].started + series.time[i]));
  }
  function axisName() { return {step: 'step', relative: 'time since the start of the run', wall: 'time of day'}[view.axis]; }
  function formatX(x) { return view.axis === 'step' ? 'step ' + formatNumber(x) : view.axis === 'relative' ? formatSeconds(x) : x.toLocaleTimeString(); }

  function Chart(tag) {
    this.tag = tag;
    this.svg = svgEl('svg', {tabindex: '0', role: 'group', 'aria-roledescription': 'chart'});
    this.last = el('span', {class: 'last'});
    this.wide = el('button', {type: 'button', 'aria-pressed': 'false', 'aria-label': 'Wide: ' + shorten(tag, 80), onclick: () => this.toggleWide()}, 'wide');
    this.note = el('p', {class: 'quiet small'});
    this.table = tableBehind('Table', () => this.makeTable());
    this.node = el('article', {class: 'card', 'aria-label': shorten(tag, 200)},
      el('div', {class: 'card-head'}, el('h3', {title: tag}, shorten(tag, 60)), this.last, this.wide), this.svg, this.note, this.table);
    this.zoomed = null;
    this.at = -1;
    this.svg.addEventListener('pointermove', (e) => this.hover(e));
    this.svg.addEventListener('pointerleave', () => this.leave());
    this.svg.addEventListener('keydown', (e) => this.key(e));
    this.svg.addEventListener('blur', () => this.leave());
    new ResizeObserver(() => { if (this.width !== this.svg.clientWidth) this.draw(); }).observe(this.svg);
  }
  Chart.prototype.toggleWide = function () {
    const on = this.node.classList.toggle('wide');
    this.wide.setAttribute('aria-pressed', on);
    this.draw();
  };
  Chart.prototype.update = function (series) {
    this.series = series;
    this.draw();
    this.table.refresh();
  };
  /* Points as drawn: [x, raw, smooth]; on a logarithmic scale what is not above zero leaves a gap. */
  Chart.prototype.points = function () {
    let hidden = 0;
    const curves = this.series.filter((s) => isShown(s.run)).map((s) => {
      const smooth = smoothed(s.value, view.smooth);
      const ok = (v) => { if (v === null) return null; if (view.log && v <= 0) { hidden++; return null; } return v; };
      return {run: s.run, points: s.step.map((_, i) => [xOf(s, i), ok(s.value[i]), ok(smooth[i])])};
    });
    return {curves, hidden};
  };
  Chart.prototype.scales = function (curves, w, h) {
    const xs = curves.flatMap((c) => c.points.map((p) => p[0]));
    const inside = (p) => !this.zoomed || (p[0] >= this.zoomed[0] && p[0] <= this.zoomed[1]);
    const ys = curves.flatMap((c) => c.points.filter(inside).flatMap((p) => [p[1], p[2]])).filter((v) => v !== null);
    let x = (view.axis === 'wall' ? d3.scaleTime() : d3.scaleLinear()).domain(this.zoomed || d3.extent(xs)).range([0, w]);
    let [low, high] = ys.length ? d3.extent(ys) : view.log ? [0.1, 1] : [0, 1];
    if (low === high) { const room = view.log ? low / 2 : Math.abs(low) / 10 || 1; low -= room; high += room; }
    const y = view.log ? d3.scaleLog() : d3.scaleLinear();
    const room = view.log ? 0 : (high - low) * 0.05;
    return {x, y: y.domain([low - room, high + room]).range([h, 0])};
  };
  Chart.prototype.draw = function () {
    if (!this.series) return;
    const w0 = this.svg.clientWidth || 340, h0 = this.node.classList.contains('wide') ? 360 : 210;
    const m = {left: 52, right: 10, top: 10, bottom: 22}, w = w0 - m.left - m.right, h = h0 - m.top - m.bottom;
    const {curves, hidden} = this.points();
    const {x, y} = this.scales(curves, w, h);
    Object.assign(this, {width: w0, x, y, m, w, h, curves});
    const root = d3.select(this.svg).attr('viewBox', [0, 0, w0, h0]).attr('height', h0);
    root.selectAll('*').remove();
    const g = root.append('g').attr('transform', `translate(${m.left},${m.top})`);
    const yTicks = view.log ? d3.axisLeft(y).ticks(5, '~g') : d3.axisLeft(y).ticks(5).tickFormat(formatNumber);
    const xTicks = d3.axisBottom(x).ticks(Math.max(2, w / 90));
    if (view.axis === 'step') xTicks.tickFormat(d3.format('~s'));
    if (view.axis === 'relative') xTicks.tickFormat(formatSeconds);
    g.append('g').attr('class', 'axis').attr('transform', `translate(0,${h})`).call(xTicks.tickSizeOuter(0));
    g.append('g').attr('class', 'axis').call(yTicks.tickSize(-w)).call((a) => a.select('.domain').remove());
    const clip = 'clip-' + Math.random().toString(36).slice(2);
    root.append('clipPath').attr('id', clip).append('rect').attr('width', w).attr('height', h + 2).attr('y', -1);
    const inner = g.append('g').attr('clip-path', `url(#${clip})`);
    inner.append('g').attr('class', 'brush').call(d3.brushX().extent([[0, 0], [w, h]]).on('end', () => this.brushed()));
    const line = (k) => d3.line().defined((p) => p[k] !== null).x((p) => x(p[0])).y((p) => y(p[k]));
    for (const c of curves) {
      const stroke = runColour(c.run);
      if (view.smooth > 0) inner.append('path').attr('class', 'curve raw').attr('d', line(1)(c.points)).style('stroke', stroke);
      inner.append('path').attr('class', 'curve').attr('d', line(2)(c.points)).style('stroke', stroke);
      if (c.points.length < 30) inner.append('g').selectAll('circle').data(c.points.filter((p) => p[2] !== null)).join('circle')
        .attr('r', 2.2).attr('cx', (p) => x(p[0])).attr('cy', (p) => y(p[2])).style('fill', stroke);
    }
    inner.selectAll('path.curve, circle').style('pointer-events', 'none');
    this.mark = inner.append('g').style('pointer-events', 'none');
    this.tell(hidden);
  };
  Chart.prototype.tell = function (hidden) {
    const lasts = this.curves.map((c) => c.points[c.points.length - 1]).filter(Boolean);
    const values = this.series.filter((s) => isShown(s.run)).map((s) => s.value[s.value.length - 1]);
    this.last.textContent = values.length === 1 ? formatNumber(values[0]) : '';
    const thinned = this.series.filter((s) => s.seen > s.step.length && isShown(s.run));
    const notes = [];
    if (hidden) notes.push(plural(hidden, 'value') + ' at or below zero cannot be shown on a logarithmic scale.');
    if (thinned.length) notes.push(`${d3.format(',')(d3.max(thinned, (s) => s.seen))} points, about ${d3.max(thinned, (s) => s.step.length)} of them shown.`);
    if (this.zoomed) notes.push('A part of the run; double-click or Escape shows all.');
    this.note.textContent = notes.join(' ');
    this.svg.setAttribute('aria-label', `${shorten(this.tag, 120)} over ${axisName()}, ${plural(lasts.length, 'run')}. ` +
      'Left and right arrows read the values; plus and minus zoom.');
  };
  Chart.prototype.brushed = function () {
    const e = d3.event;
    if (!e.selection || !e.sourceEvent) { if (e.sourceEvent && e.sourceEvent.detail >= 2) this.reset(); return; }
    const [a, b] = e.selection;
    if (b - a > 4) this.zoomed = [this.x.invert(a), this.x.invert(b)];
    this.draw();
  };
  Chart.prototype.reset = function () { this.zoomed = null; this.draw(); };
  Chart.prototype.zoomBy = function (factor) {
    const [a, b] = this.x.domain().map(Number);
    const middle = this.cursorX !== undefined && this.at >= 0 ? Number(this.cursorX) : (a + b) / 2, half = (b - a) * factor / 2;
    const all = d3.extent(this.curves.flatMap((c) => c.points.map((p) => Number(p[0]))));
    const to = [Math.max(all[0], middle - half), Math.min(all[1], middle + half)];
    this.zoomed = to[0] <= all[0] && to[1] >= all[1] ? null : view.axis === 'wall' ? to.map((t) => new Date(t)) : to;
    this.draw();
  };
  Chart.prototype.nearest = function (x0) {
    const left = d3.bisector((p) => p[0]).left;
    return this.curves.map((c) => {
      if (!c.points.length) return null;
      let i = left(c.points, x0);
      if (i > 0 && (i === c.points.length || x0 - c.points[i - 1][0] < c.points[i][0] - x0)) i--;
      return {run: c.run, point: c.points[i]};
    }).filter(Boolean);
  };
  Chart.prototype.show = function (near, where) {
    this.mark.selectAll('*').remove();
    if (!near.length) return;
    const px = this.x(near[0].point[0]);
    this.mark.append('line').attr('class', 'cursor').attr('x1', px).attr('x2', px).attr('y2', this.h);
    for (const n of near) if (n.point[2] !== null)
      this.mark.append('circle').attr('r', 3.4).attr('cx', this.x(n.point[0])).attr('cy', this.y(n.point[2])).style('fill', runColour(n.run));
    const rows = near.map((n) => [el('span', {}, swatch(runColour(n.run)), shorten(runName(n.run), 40)),
      formatNumber(n.point[1]), view.smooth > 0 ? '≈ ' + formatNumber(n.point[2]) : '', formatX(n.point[0])]);
    showTip(where[0], where[1], this.tag, rows);
  };
  Chart.prototype.hover = function (e) {
    if (!this.curves || e.buttons) return;
    const box = this.svg.getBoundingClientRect();
    const px = (e.clientX - box.left) * this.width / box.width - this.m.left;
    if (px < -6 || px > this.w + 6) return this.leave();
    this.show(this.nearest(this.x.invert(px)), [e.clientX, e.clientY]);
  };
  Chart.prototype.leave = function () { if (this.mark) this.mark.selectAll('*').remove(); hideTip(); };
  Chart.prototype.key = function (e) {
    if (e.key === '+' || e.key === '=') this.zoomBy(0.5);
    else if (e.key === '-') this.zoomBy(2);
    else if (e.key === 'Escape') this.reset();
    else if (['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(e.key)) this.step(e.key);
    else return;
    e.preventDefault();
  };
  Chart.prototype.step = function (key) {
    const xs = [...new Set(this.curves.flatMap((c) => c.points.map((p) => Number(p[0]))))].sort((a, b) => a - b);
    if (!xs.length) return;
    const to = {ArrowLeft: this.at < 0 ? xs.length - 1 : this.at - 1, ArrowRight: this.at + 1, Home: 0, End: xs.length - 1}[key];
    this.at = Math.max(0, Math.min(xs.length - 1, to));
    this.cursorX = xs[this.at];
    const near = this.nearest(xs[this.at]), box = this.svg.getBoundingClientRect();
    this.show(near, [box.left + (this.x(xs[this.at]) + this.m.left) * box.width / this.width, box.top + 20]);
    announce(near.map((n) => `${runName(n.run)}: ${formatNumber(n.point[1])} at ${formatX(n.point[0])}`).join('; '));
  };
  Chart.prototype.makeTable = function () {
    const rows = this.series.filter((s) => isShown(s.run)).flatMap((s) => {
      const every = Math.max(1, Math.ceil(s.step.length / 200));
      return s.step.map((step, i) => [runName(s.run), formatNumber(step), formatNumber(s.value[i]), formatSeconds(s.time[i])])
        .filter((_, i) => i % every === 0 || i === s.step.length - 1);
    });
    return dataTable(this.tag + ', values', ['Run', 'Step#', 'Value#', 'Time since start#'], rows);
  };
