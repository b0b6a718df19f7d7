  /* scalars.js - the numbers of runs, a chart for each tag, by the part of the tag before the slash. */
  const charts = new Map();
  const SCALAR_CARDS = 120;
  function scalarBar(redraw) {
    const out = el('output', {}, view.smooth.toFixed(2));
    const smooth = el('input', {type: 'range', min: '0', max: '0.99', step: '0.01', value: view.smooth, id: 'smoothing',
      oninput: () => { view.smooth = +smooth.value; out.textContent = view.smooth.toFixed(2); redraw(); }});
    const log = el('button', {type: 'button', id: 'log-scale', 'aria-pressed': String(view.log),
      onclick: () => { view.log = !view.log; log.setAttribute('aria-pressed', view.log); redraw(); announce(view.log ? 'logarithmic scale' : 'linear scale'); }}, 'Log scale');
    const filter = el('input', {type: 'search', placeholder: 'part of a tag', value: view.filter,
      oninput: () => { view.filter = filter.value; redraw(true); }});
    return el('div', {class: 'bar', role: 'group', 'aria-label': 'How curves are drawn'},
      el('label', {}, 'Smoothing', smooth, out), log,
      choice('Across', view.axis, [['step', 'steps'], ['relative', 'time since start'], ['wall', 'time of day']],
        (v) => { view.axis = v; charts.forEach((c) => { c.zoomed = null; c.at = -1; }); redraw(); }),
      el('label', {}, 'Show', filter));
  }
  function byTag(list) {
    const tags = new Map();
    for (const s of list) { if (!tags.has(s.tag)) tags.set(s.tag, []); tags.get(s.tag).push(s); }
    return tags;
  }
  function tagGroups(tags) {
    const groups = new Map();
    for (const tag of [...tags].sort()) {
      const group = tag.includes('/') ? tag.slice(0, tag.indexOf('/')) : '';
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(tag);
    }
    return [...groups].sort((a, b) => (a[0] === '' ? -1 : b[0] === '' ? 1 : a[0] < b[0] ? -1 : 1));
  }
  let scalarLayout = '';
  function drawScalars(content) {
    if (!data.scalars.length) { scalarLayout = ''; fill(content, nothingYet('numbers', 'runnel/c/summary.h: rn_summary_scalar, rn_events_add_scalar')); return; }
    const tags = byTag(data.scalars);
    const shown = [...tags.keys()].filter((t) => t.toLowerCase().includes(view.filter.toLowerCase()));
    const layout = JSON.stringify(shown);
    if (layout !== scalarLayout || !content.querySelector('.cards-all')) {
      scalarLayout = layout;
      if (!content.querySelector('.bar')) fill(content, scalarBar((again) => { if (again) drawScalars(content); else updateCharts(); }), el('div', {class: 'cards-all'}));
      layCards(content.querySelector('.cards-all'), shown);
    }
    updateCharts();
  }
  function layCards(hole, shown) {
    const some = shown.slice(0, SCALAR_CARDS);
    for (const tag of some) if (!charts.has(tag)) charts.set(tag, new Chart(tag));
    fill(hole, shown.length > some.length ? el('p', {class: 'quiet'}, `The first ${some.length} of ${shown.length} tags; type a part of a tag to see others.`) : null,
      tagGroups(some).map(([group, list]) => el('section', {'aria-label': group || 'numbers'},
        group ? el('h2', {class: 'group-title'}, shorten(group, 80)) : null, el('div', {class: 'cards'}, list.map((t) => charts.get(t).node)))),
      some.length ? null : el('p', {class: 'quiet'}, 'No tag has that in it.'));
  }
  function updateCharts() {
    const tags = byTag(data.scalars);
    for (const [tag, chart] of charts) if (chart.node.isConnected && tags.has(tag)) chart.update(tags.get(tag));
  }
  function nothingYet(what, how) {
    return emptyBox(isLive ? `No ${what} yet. They appear here as soon as a run writes them.` : `The event files of this folder hold no ${what}.`,
      el('span', {}, 'Written by ', el('code', {}, how), '.'));
  }
