  /* search.js - a node by a part of its name or its operation, in a combobox with a list. */
  function findNodes(text) {
    const wanted = text.toLowerCase(), t = tree(), found = [];
    if (!wanted) return [];
    t.nodes.forEach((n, i) => {
      const name = n.n.toLowerCase(), last = name.slice(name.lastIndexOf('/') + 1), at = name.indexOf(wanted);
      if (at < 0 && !n.o.toLowerCase().includes(wanted)) return;
      const rank = name === wanted ? 0 : last === wanted ? 1 : last.startsWith(wanted) ? 2 : at >= 0 ? 3 : 4;
      found.push({i, rank: rank + (n.p ? 0.5 : 0) + Math.min(0.4, n.n.length / 1000)});
    });
    return found.sort((a, b) => a.rank - b.rank).map((f) => f.i);
  }
  function searchBox() {
    const list = el('ul', {role: 'listbox', id: 'found', 'aria-label': 'Nodes found', hidden: true});
    const input = el('input', {type: 'search', id: 'search', placeholder: 'find a node', 'aria-label': 'Find a node', role: 'combobox', 'aria-expanded': 'false',
      'aria-controls': 'found', 'aria-autocomplete': 'list', autocomplete: 'off', spellcheck: 'false'});
    let found = [], at = -1;
    function close() { list.hidden = true; input.setAttribute('aria-expanded', 'false'); input.removeAttribute('aria-activedescendant'); }
    function mark(to) {
      at = to;
      [...list.children].forEach((li, i) => li.setAttribute('aria-selected', i === at));
      if (at >= 0) { input.setAttribute('aria-activedescendant', 'found-' + at); list.children[at].scrollIntoView({block: 'nearest'}); }
    }
    function take(i) { if (i === undefined) return; close(); goTo(i); }
    input.addEventListener('input', () => {
      const all = findNodes(input.value.trim());
      found = all.slice(0, 40);
      fill(list, found.map((i, k) => el('li', {role: 'option', id: 'found-' + k, 'aria-selected': 'false', onpointerdown: (e) => { e.preventDefault(); take(i); }},
        shorten(tree().nodes[i].n, 90), ' ', el('small', {}, shorten(tree().nodes[i].o, 30)))));
      list.hidden = !found.length;
      input.setAttribute('aria-expanded', String(found.length > 0));
      mark(found.length ? 0 : -1);
      if (input.value.trim()) announce(all.length ? plural(all.length, 'node') + ' found' : 'no node found');
    });
    input.addEventListener('keydown', (e) => {
      if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); if (found.length) mark((at + (e.key === 'ArrowDown' ? 1 : -1) + found.length) % found.length); }
      else if (e.key === 'Enter') { e.preventDefault(); take(found[Math.max(0, at)]); }
      else if (e.key === 'Escape') close();
    });
    input.addEventListener('blur', () => setTimeout(close, 150));
    return el('div', {class: 'search'}, input, list);
  }
