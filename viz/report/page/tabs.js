  /* tabs.js - the sections. A panel is drawn when it is first seen, and again when what it shows has changed. */
  const panels = [];
  let current = null;
  function addPanel(id, title, keys, count, draw) {
    const panel = {id, title, keys, count, draw, stale: true};
    panel.tab = el('button', {type: 'button', role: 'tab', id: 'tab-' + id, 'aria-controls': 'panel-' + id, 'aria-selected': 'false',
      tabindex: '-1', onclick: () => select(panel), onkeydown: (e) => tabKey(e, panel)}, title, el('span', {class: 'count'}));
    panel.content = el('div', {});
    panel.node = el('section', {role: 'tabpanel', id: 'panel-' + id, 'aria-labelledby': 'tab-' + id, hidden: true},
      el('h2', {class: 'print-title'}, title), panel.content);
    byId('tabs').append(panel.tab);
    byId('panels').append(panel.node);
    panels.push(panel);
    onChange(keys, () => { panel.stale = true; recount(); if (panel === current && !isHeld(panel)) drawPanel(panel); });
    panel.content.addEventListener('focusout', (e) => { if (panel === current && !panel.content.contains(e.relatedTarget)) drawPanel(panel); });
  }
  /* Who is in a panel with the keyboard is not thrown out of it by news: it is drawn when they leave. Curves and the
   * graph keep their elements. */
  function isHeld(panel) {
    const at = document.activeElement;
    return panel.id !== 'scalars' && panel.id !== 'graph' && panel.content.contains(at) && at.matches(':focus-visible');
  }
  function drawPanel(panel) {
    if (!panel.stale) return;
    panel.stale = false;
    panel.draw(panel.content);
  }
  function select(panel, quietly) {
    for (const p of panels) {
      p.tab.setAttribute('aria-selected', p === panel);
      p.tab.tabIndex = p === panel ? 0 : -1;
      p.node.hidden = p !== panel;
    }
    current = panel;
    hideTip();
    byId('runs').hidden = !['scalars', 'histograms', 'images'].includes(panel.id);
    document.querySelector('.columns').classList.toggle('alone', byId('runs').hidden);
    drawPanel(panel);
    if (!quietly) history.replaceState(null, '', '#' + panel.id);
  }
  function selectById(id) { const p = panels.find((q) => q.id === id); if (p) select(p); return p; }
  function tabKey(e, panel) {
    const at = panels.indexOf(panel);
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: panels.length - 1}[e.key];
    if (to === undefined) return;
    e.preventDefault();
    const next = panels[(to + panels.length) % panels.length];
    select(next);
    next.tab.focus();
  }
  function recount() {
    for (const p of panels) {
      const n = p.count();
      p.tab.querySelector('.count').textContent = n || '';
      p.tab.classList.toggle('nothing', !n);
    }
  }
  function decodeHash() { try { return decodeURIComponent(location.hash.slice(1)); } catch (e) { return ''; } }
  function startTabs() {
    recount();
    /* #graph, or #graph:NODE, as the address says while a node is selected. */
    const [id, ...name] = decodeHash().split(':');
    const wanted = panels.find((p) => p.id === id);
    select(wanted || panels.find((p) => p.count() > 0 && p.id !== 'machine') || panels[0], true);
    if (id === 'graph' && name.length) goToName(name.join(':'));
    addEventListener('beforeprint', () => panels.forEach(drawPanel));
  }
