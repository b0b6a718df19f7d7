  /* details.js - all that is known of the box that is selected. */
  function details(box) {
    if (!box) return [el('h3', {}, 'Nothing selected'), el('p', {class: 'quiet'}, 'Click a box: a folded one opens, a node tells its attributes, inputs and outputs here. ' +
      'Drag to move, scroll to zoom; with the keyboard, Tab into the graph, then arrows, Enter, plus and minus.')];
    return box.node !== null ? nodeDetails(box.node) : groupDetails(box);
  }
  function pairs(list) { return el('dl', {}, list.filter((p) => p[1] !== '' && p[1] !== undefined && p[1] !== null).map(([k, v]) => [el('dt', {}, k), el('dd', {}, v)])); }
  function nodeLink(i, more) {
    const n = tree().nodes[i];
    return el('li', {}, el('button', {type: 'button', class: 'link', onclick: () => goTo(i)}, shorten(n.n, 120)), more ? el('span', {class: 'quiet'}, ' ' + more) : null);
  }
  function listOf(title, items) {
    if (!items.length) return null;
    return [el('h4', {}, `${title} (${items.length})`), el('ul', {}, items.slice(0, 40)), items.length > 40 ? el('p', {class: 'quiet small'}, `and ${items.length - 40} more`) : null];
  }
  function nodeDetails(i) {
    const t = tree(), n = t.nodes[i], ran = sheet.ran.get(i), inputs = [], attributes = [];
    for (let k = 0; n.i && k < n.i.length; k += 2) {
      const from = t.nodes[n.i[k]], port = n.i[k + 1];
      if (from) inputs.push(nodeLink(n.i[k], (port ? ':' + port + ' ' : '') + ((from.t && from.t[port]) || '')));
    }
    for (let k = 0; n.a && k < n.a.length; k += 2) attributes.push([n.a[k], n.a[k + 1] || '""']);
    return [el('h3', {}, n.n.slice(n.n.lastIndexOf('/') + 1) || '(no name)'), el('p', {class: 'quiet small'}, n.n),
      pairs([['operation', n.o], ['kind', t.trained.has(i) ? 'trained variable' : KINDS[n.k || 0]], ['part', PARTS[n.p || 0]], ['asked for', n.d],
        ['ran on', ran && ran.device], ['kernel', ran && ran.kernel], ['plugin', ran && ran.plugin], ['time', ran && formatMicros(ran.time) + (ran.count > 1 ? ' in ' + ran.count + ' calls' : '')],
        ['with others', ran && ran.covers], ['output', ran && ran.shape], ['memory', ran && ran.bytes ? formatBytes(ran.bytes) : null]]),
      n.t ? [el('h4', {}, `Outputs (${n.t.length})`), el('ul', {}, n.t.map((text, k) => el('li', {}, k + ': ' + text + (n.b[k] > 0 ? ', ' + formatBytes(n.b[k]) : ''))))] : null,
      listOf('Inputs', inputs), listOf('Waits for', (n.c || []).filter((c) => t.nodes[c]).map((c) => nodeLink(c))),
      listOf('Read by', t.readers[i].map((r) => nodeLink(r.to, r.control ? 'waits' : ''))),
      attributes.length ? [el('h4', {}, `Attributes (${attributes.length})`), pairs(attributes)] : null];
  }
  function groupDetails(box) {
    const t = tree(), inside = t.under(box), ops = new Map();
    for (const i of inside) ops.set(t.nodes[i].o, (ops.get(t.nodes[i].o) || 0) + 1);
    const time = d3.sum(inside, (i) => (sheet.ran.get(i) || {time: 0}).time);
    const bytes = d3.sum(inside.filter((i) => t.nodes[i].k === 1), (i) => Math.max(0, (t.nodes[i].b || [0])[0]));
    return [el('h3', {}, box.label), box.path !== box.label ? el('p', {class: 'quiet small'}, box.path) : null,
      pairs([['holds', plural(box.count, 'node')], ['variables', bytes ? formatBytes(bytes) : ''], ['time', time ? formatMicros(time) : '']]),
      el('p', {}, el('button', {type: 'button', onclick: () => toggle(box)}, box.open ? 'Close' : 'Open')),
      listOf('Operations', [...ops].sort((a, b) => b[1] - a[1]).map(([op, c]) => el('li', {}, c + ' ' + shorten(op, 60)))),
      listOf('Nodes', inside.map((i) => nodeLink(i, t.nodes[i].o)))];
  }
