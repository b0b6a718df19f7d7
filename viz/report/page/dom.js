  /* dom.js - elements. Data becomes text and attributes only, never markup. */
  const byId = (id) => document.getElementById(id);
  function put(node, attributes, children) {
    for (const name in attributes) {
      const value = attributes[name];
      if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
    }
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) node.append(child);
    return node;
  }
  function el(tag, attributes, ...children) { return put(document.createElement(tag), attributes, children); }
  function svgEl(tag, attributes, ...children) {
    return put(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
  }
  function fill(node, ...children) { node.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined)); }
  function colour(name) { return 'var(--' + name + ')'; }
  function swatch(fillColour, line) {
    const s = el('span', {class: 'swatch', 'aria-hidden': 'true'});
    s.style.background = fillColour;
    if (line) s.style.borderColor = line;
    return s;
  }

  let announcing = 0;
  function announce(text) {
    clearTimeout(announcing);
    announcing = setTimeout(() => { byId('announce').textContent = text; }, 60);
  }

  /* lines: [[text, ...], ...] rows of a table below a title. */
  function showTip(x, y, title, rows) {
    const tip = byId('tip');
    fill(tip, title ? el('strong', {}, shorten(title, 300)) : null,
      rows.length ? el('table', {}, rows.map((r) => el('tr', {}, r.map((c) => el('td', {}, c))))) : null);
    tip.hidden = false;
    const w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = Math.max(4, x + 16 + w > innerWidth ? x - w - 12 : x + 16) + 'px';
    tip.style.top = Math.max(4, y + 16 + h > innerHeight ? y - h - 10 : y + 14) + 'px';
  }
  function hideTip() { byId('tip').hidden = true; }

  /* A table with a caption for readers; numeric columns are those whose head ends in '#'. */
  function dataTable(caption, head, rows) {
    const isNumber = head.map((h) => h.endsWith('#'));
    const cell = (tag, c, i) => el(tag, {class: isNumber[i] ? 'number' : null, scope: tag === 'th' ? 'col' : null}, c);
    return el('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption},
      el('table', {class: 'data'}, el('caption', {class: 'unseen'}, caption),
        el('thead', {}, el('tr', {}, head.map((h, i) => cell('th', h.replace(/#$/, ''), i)))),
        el('tbody', {}, rows.map((r) => el('tr', {}, r.map((c, i) => cell('td', c, i)))))));
  }
  /* Made when it is opened, and again whenever what it tells has changed. */
  function tableBehind(label, make) {
    const hole = el('div', {});
    const details = el('details', {ontoggle: () => { if (details.open) fill(hole, make()); }}, el('summary', {}, label), hole);
    details.refresh = () => { if (details.open) fill(hole, make()); };
    return details;
  }
  function emptyBox(...text) { return el('div', {class: 'empty'}, ...text.map((t) => el('p', {}, t))); }
  function choice(label, value, options, onchange) {
    const select = el('select', {onchange: () => onchange(select.value)},
      options.map(([v, text]) => el('option', {value: v, selected: v === value}, text)));
    return el('label', {}, label, select);
  }
