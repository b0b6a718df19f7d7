  /* histograms.js - how values were spread, over the steps: ridges, or bands between quantiles. */
  let histogramStyle = 'ridges';
  function drawHistograms(content) {
    if (!data.histograms.length) return fill(content, nothingYet('histograms', 'runnel/c/summary.h: rn_summary_histogram'));
    const shown = data.histograms.filter((h) => isShown(h.run));
    fill(content,
      el('div', {class: 'bar'}, choice('Drawn as', histogramStyle, [['ridges', 'ridges, one a step'], ['bands', 'bands between quantiles']],
        (v) => { histogramStyle = v; drawHistograms(content); }), el('span', {class: 'quiet small'}, histogramStyle === 'ridges'
        ? 'The newest step is in front. Heights grow with the root of how many values there are, so that few are seen beside many.' : 'The bands hold 38, 68 and 87 of a hundred values; the line is the median; outside are the least and the greatest.')),
      el('div', {class: 'cards'}, shown.slice(0, 80).map(histogramCard)),
      shown.length > 80 ? el('p', {class: 'quiet'}, `The first 80 of ${shown.length}.`) : null);
  }
  function histogramCard(h) {
    const svg = svgEl('svg', {tabindex: '0', role: 'group', 'aria-roledescription': 'chart',
      'aria-label': `${shorten(h.tag, 120)}, run ${shorten(runName(h.run), 60)}: ${plural(h.items.length, 'histogram')}. Up and down arrows go through the steps.`});
    const last = h.items[h.items.length - 1];
    const card = el('article', {class: 'card', 'aria-label': shorten(h.tag, 200)},
      el('div', {class: 'card-head'}, el('h3', {title: h.tag}, shorten(h.tag, 50)),
        el('span', {class: 'last'}, data.runs.length > 1 ? shorten(runName(h.run), 24) : last ? 'mean ' + formatNumber(last.mean) : '')), svg,
      h.seen > h.items.length ? el('p', {class: 'quiet small'}, `${h.seen} histograms, ${h.items.length} of them shown.`) : null,
      tableBehind('Table', () => dataTable(h.tag, ['Step#', 'Least#', 'Median#', 'Mean#', 'Greatest#', 'Values#'],
        h.items.map((i) => [formatNumber(i.step), formatNumber(i.min), formatNumber(i.quantiles[3]), formatNumber(i.mean), formatNumber(i.max), formatNumber(i.count)]))));
    const paint = () => (histogramStyle === 'ridges' ? drawRidges : drawBands)(svg, h);
    new ResizeObserver(() => { if (svg.clientWidth && svg.drawn !== svg.clientWidth) { svg.drawn = svg.clientWidth; paint(); } }).observe(svg);
    return card;
  }
  function isNumber(v) { return v !== null && isFinite(v); }
  function tellItem(h, item, where) {
    showTip(where[0], where[1], h.tag, [['step', formatNumber(item.step)], ['values', formatNumber(item.count)], ['mean', formatNumber(item.mean)],
      ['median', formatNumber(item.quantiles[3])], ['from', formatNumber(item.min)], ['to', formatNumber(item.max)]]);
  }
  /* Arrow keys go through the steps; light(i) marks one. */
  function stepsByKey(svg, h, items, light) {
    let at = items.length;
    svg.onkeydown = (e) => {
      const move = {ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1}[e.key];
      if (!move || !items.length) return;
      e.preventDefault();
      at = Math.max(0, Math.min(items.length - 1, at + move));
      const box = svg.getBoundingClientRect();
      light(at);
      tellItem(h, items[at], [box.left + box.width / 2, box.top]);
      announce(`step ${items[at].step}: mean ${formatNumber(items[at].mean)}, from ${formatNumber(items[at].min)} to ${formatNumber(items[at].max)}`);
    };
    svg.onblur = () => { light(-1); hideTip(); };
  }
  /* The share of an item's values in each of n equal parts of [low, high]. */
  function shares(item, low, high, n) {
    const out = new Array(n).fill(0), width = (item.max - item.min) / item.bins.length, part = (high - low) / n, total = d3.sum(item.bins) || 1;
    item.bins.forEach((b, k) => {
      const from = (item.min + k * width - low) / part, to = from + width / part;
      for (let i = Math.max(0, Math.floor(from)); i < n && i <= to; i++) {
        const overlap = Math.min(to, i + 1) - Math.max(from, i);
        if (overlap > 0 || to === from) out[i] += b / total * (to > from ? overlap / (to - from) : 1);
      }
    });
    return out;
  }
  /* Not more ridges than the eye tells apart, the last one among them. */
  function someRidges(items) {
    const every = Math.ceil(items.length / 26);
    return items.filter((_, i) => (items.length - 1 - i) % every === 0);
  }
  function drawRidges(svg, h) {
    const items = someRidges(h.items.filter((i) => isNumber(i.min) && isNumber(i.max)));
    const w0 = svg.clientWidth || 340, h0 = 240, m = {left: 8, right: 46, top: 54, bottom: 22}, w = w0 - m.left - m.right, height = h0 - m.top - m.bottom;
    const root = d3.select(svg).attr('viewBox', [0, 0, w0, h0]).attr('height', h0);
    root.selectAll('*').remove();
    if (!items.length) { root.append('text').attr('x', 10).attr('y', 40).attr('class', 'track-name').text('no numbers in it'); return; }
    let [low, high] = [d3.min(items, (i) => i.min), d3.max(items, (i) => i.max)];
    if (low === high) { low -= 0.5; high += 0.5; }
    const x = d3.scaleLinear().domain([low, high]).range([0, w]), parts = 64;
    const y = d3.scaleLinear().domain([0, Math.max(1, items.length - 1)]).range([0, height]);
    const rows = items.map((i) => shares(i, low, high, parts)), most = d3.max(rows, (r) => d3.max(r)) || 1;
    const rise = d3.scaleSqrt().domain([0, most]).range([0, Math.min(m.top - 4, height)]);
    const g = root.append('g').attr('transform', `translate(${m.left},${m.top})`);
    g.append('g').attr('class', 'axis').attr('transform', `translate(0,${height})`).call(d3.axisBottom(x).ticks(5).tickFormat(formatNumber).tickSizeOuter(0));
    const middle = (i) => x(low + (i + 0.5) / parts * (high - low));
    const area = (_, k) => d3.area().curve(d3.curveMonotoneX).x((v, i) => middle(i)).y0(y(k)).y1((v) => y(k) - rise(v))(rows[k]);
    const shade = d3.scaleLinear().domain([0, Math.max(1, items.length - 1)]).range([0.18, 0.75]);
    const ridges = g.selectAll('.ridge').data(items).join('path').attr('class', 'ridge').attr('d', area)
      .style('fill', (_, k) => `color-mix(in srgb, ${runColour(h.run)} ${Math.round(100 * shade(k))}%, ${colour('paper')})`).style('stroke', (_, k) => `color-mix(in srgb, ${runColour(h.run)} ${Math.round(60 + 40 * shade(k))}%, ${colour('paper')})`);
    ridges.on('pointermove', function (item) { ridges.classed('lit', false); d3.select(this).classed('lit', true); tellItem(h, item, [d3.event.clientX, d3.event.clientY]); })
      .on('pointerleave', () => { ridges.classed('lit', false); hideTip(); });
    const labels = items.length > 1 ? [0, Math.floor((items.length - 1) / 2), items.length - 1] : [0];
    g.selectAll('.track-name').data([...new Set(labels)]).join('text').attr('class', 'track-name').attr('x', w + 6)
      .attr('y', (k) => (items.length > 1 ? y(k) : height)).text((k) => d3.format('~s')(items[k].step));
    stepsByKey(svg, h, items, (at) => ridges.classed('lit', (_, k) => k === at));
  }
  function drawBands(svg, h) {
    const items = h.items.filter((i) => isNumber(i.min) && isNumber(i.max));
    const w0 = svg.clientWidth || 340, h0 = 230, m = {left: 52, right: 10, top: 10, bottom: 22}, w = w0 - m.left - m.right, height = h0 - m.top - m.bottom;
    const root = d3.select(svg).attr('viewBox', [0, 0, w0, h0]).attr('height', h0);
    root.selectAll('*').remove();
    if (!items.length) return;
    const x = d3.scaleLinear().domain(d3.extent(items, (i) => i.step)).range([0, w]);
    const y = d3.scaleLinear().domain([d3.min(items, (i) => i.min), d3.max(items, (i) => i.max)]).range([height, 0]).nice();
    const g = root.append('g').attr('transform', `translate(${m.left},${m.top})`);
    g.append('g').attr('class', 'axis').attr('transform', `translate(0,${height})`).call(d3.axisBottom(x).ticks(5).tickFormat(d3.format('~s')).tickSizeOuter(0));
    g.append('g').attr('class', 'axis').call(d3.axisLeft(y).ticks(5).tickFormat(formatNumber).tickSize(-w)).call((a) => a.select('.domain').remove());
    const row = (i) => [i.min, ...i.quantiles, i.max];
    const band = (a, b) => d3.area().x((i) => x(i.step)).y0((i) => y(row(i)[a])).y1((i) => y(row(i)[b]))(items);
    for (const [a, b, opacity] of [[0, 8, .1], [1, 7, .16], [2, 6, .2], [3, 5, .28]])
      g.append('path').attr('d', band(a, b)).style('fill', runColour(h.run)).style('fill-opacity', opacity);
    g.append('path').attr('class', 'curve').attr('d', d3.line().x((i) => x(i.step)).y((i) => y(i.quantiles[3]))(items)).style('stroke', runColour(h.run));
    const mark = g.append('line').attr('class', 'cursor').attr('y2', height).style('display', 'none');
    const light = (at) => mark.style('display', at < 0 ? 'none' : null).attr('x1', at < 0 ? 0 : x(items[at].step)).attr('x2', at < 0 ? 0 : x(items[at].step));
    root.on('pointermove', () => {
      const at = d3.scan(items, (a, b) => Math.abs(x(a.step) - d3.mouse(g.node())[0]) - Math.abs(x(b.step) - d3.mouse(g.node())[0]));
      light(at);
      tellItem(h, items[at], [d3.event.clientX, d3.event.clientY]);
    }).on('pointerleave', () => { light(-1); hideTip(); });
    stepsByKey(svg, h, items, light);
  }
